#include "checkpoint.h"

#include "base64.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char proof_head[] = "c2sp.org/tlog-proof@v1\nindex ";

enum { HEAD_BYTES = sizeof(proof_head) - 1 };

void checkpoint_put(struct buf *out, const struct checkpoint *c)
{
    char size[32];
    snprintf(size, sizeof(size), "\n%" PRIu64 "\n", c->size);
    buf_put(out, c->origin.at, c->origin.size);
    buf_text(out, size);
    base64_put(out, (struct bytes){c->root.at, DIGEST_BYTES});
    buf_byte(out, '\n');
}

/* A number below 2^48 without leading zeros. */
static bool take_number(struct bytes text, uint64_t *out)
{
    uint64_t value = 0;
    if (text.size == 0 || text.size > 15 || (text.at[0] == '0' && text.size > 1)) {
        return false;
    }
    for (size_t i = 0; i < text.size; i++) {
        if (text.at[i] < '0' || text.at[i] > '9') {
            return false;
        }
        value = value * 10 + (text.at[i] - (unsigned)'0');
    }
    *out = value;
    return value >> MERKLE_LEVELS == 0;
}

static track_status take_digest(struct bytes line, struct digest *out, track_error *err)
{
    AUTO_BUF plain = BUF(256);
    TRY(base64_take(&plain, line, err));
    if (plain.size != DIGEST_BYTES) {
        return FAIL(err, TRACK_INVALID, "a hash of %zu bytes", plain.size);
    }
    memcpy(out->at, plain.at, DIGEST_BYTES);
    return TRACK_OK;
}

track_status checkpoint_take(struct bytes text, struct checkpoint *out, track_error *err)
{
    struct bytes origin, size, root;
    struct checkpoint c;
    if (!bytes_take_line(&text, &origin) || !bytes_take_line(&text, &size) ||
        !bytes_take_line(&text, &root) || origin.size == 0) {
        return FAIL(err, TRACK_INVALID, "a checkpoint has three lines: origin, size, root");
    }
    c.origin = origin;
    if (!take_number(size, &c.size)) {
        return FAIL(err, TRACK_INVALID, "%.*s is no number of entries",
                    (int)(size.size < 40 ? size.size : 40), (const char *)size.at);
    }
    TRY(take_digest(root, &c.root, err));
    *out = c;
    return TRACK_OK;
}

void receipt_put(struct buf *out, const struct receipt *r)
{
    char index[32];
    snprintf(index, sizeof(index), "%" PRIu64 "\n", r->index);
    buf_text(out, proof_head);
    buf_text(out, index);
    for (size_t i = 0; i < r->proof.count; i++) {
        base64_put(out, (struct bytes){r->proof.at[i].at, DIGEST_BYTES});
        buf_byte(out, '\n');
    }
    buf_byte(out, '\n');
    buf_put(out, r->checkpoint.at, r->checkpoint.size);
}

track_status receipt_take(struct bytes in, struct receipt *out, track_error *err)
{
    struct receipt r = {.index = 0};
    struct bytes line;
    if (in.size < HEAD_BYTES || memcmp(in.at, proof_head, HEAD_BYTES) != 0) {
        return FAIL(err, TRACK_INVALID, "a receipt begins with c2sp.org/tlog-proof@v1 and index");
    }
    in = (struct bytes){in.at + HEAD_BYTES, in.size - HEAD_BYTES};
    if (!bytes_take_line(&in, &line) || !take_number(line, &r.index)) {
        return FAIL(err, TRACK_INVALID, "the index of a receipt is no number");
    }
    bool whole;
    while ((whole = bytes_take_line(&in, &line)) && line.size > 0) {
        if (r.proof.count == MERKLE_HASHES_MAX) {
            return FAIL(err, TRACK_INVALID, "a receipt has over %d hashes", MERKLE_HASHES_MAX);
        }
        TRY(take_digest(line, &r.proof.at[r.proof.count++], err));
    }
    if (!whole || in.size == 0) {
        return FAIL(err, TRACK_INVALID, "a receipt ends before its checkpoint");
    }
    r.checkpoint = in;
    *out = r;
    return TRACK_OK;
}
