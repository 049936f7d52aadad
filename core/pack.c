#include "pack.h"

#include <string.h>

enum { VERSION = 1, ZERO_BYTES = 3 };

static const unsigned char magic[4] = {'T', 'K', 'P', '1'};

static int bytes_compare(struct bytes a, struct bytes b)
{
    size_t size = a.size < b.size ? a.size : b.size;
    int order = size ? memcmp(a.at, b.at, size) : 0;
    return order ? (order < 0 ? -1 : 1) : (a.size > b.size) - (a.size < b.size);
}

int pack_compare_names(const struct pack_series *a, const struct pack_series *b)
{
    int order = bytes_compare(a->name, b->name);
    order = order ? order : bytes_compare(a->context, b->context);
    return order ? order : (a->kind == PACK_TEXTS) - (b->kind == PACK_TEXTS);
}

track_status pack_encode_head(const struct pack_head *in, struct buf *out, track_error *err)
{
    size_t from = out->size;
    struct bytes all;
    buf_put(out, magic, sizeof(magic));
    buf_byte(out, VERSION);
    buf_byte(out, in->kind);
    buf_byte(out, in->flags);
    buf_byte(out, 0);
    buf_put(out, in->run, sizeof(in->run));
    buf_le32(out, in->epoch);
    buf_byte(out, in->level);
    for (int i = 0; i < ZERO_BYTES; i++) {
        buf_byte(out, 0);
    }
    buf_le64(out, in->points);
    buf_le64(out, (uint64_t)in->step_first);
    buf_le64(out, (uint64_t)in->step_last);
    buf_le32(out, in->series);
    TRY(buf_end(out, &all, err));
    buf_le32(out, hash_crc32c(0, (struct bytes){all.at + from, all.size - from}));
    return buf_end(out, &all, err);
}

static track_status head_bad(const char *what, track_error *err)
{
    return FAIL(err, TRACK_CORRUPT, "a pack's head: %s", what);
}

/* Reads what stands before the run; false: the zeros are none. */
static bool head_begin(struct reader *r, struct pack_head *out)
{
    out->kind = (enum pack_kind)reader_byte(r);
    out->flags = reader_byte(r);
    return reader_byte(r) == 0;
}

track_status pack_decode_head(struct bytes in, struct pack_head *out, track_error *err)
{
    struct reader r = {in, false};
    struct pack_head head = {0};
    if (in.size != PACK_HEAD_BYTES || memcmp(in.at, magic, sizeof(magic)) != 0) {
        return head_bad("no TKP1", err);
    }
    (void)reader_take(&r, sizeof(magic));
    if (reader_byte(&r) != VERSION) {
        return head_bad("a newer trackd wrote it", err);
    }
    bool zeros = head_begin(&r, &head);
    memcpy(head.run, reader_take(&r, sizeof(head.run)).at, sizeof(head.run));
    head.epoch = reader_le32(&r);
    head.level = reader_byte(&r);
    for (int i = 0; i < ZERO_BYTES; i++) {
        zeros = reader_byte(&r) == 0 && zeros;
    }
    head.points = reader_le64(&r);
    head.step_first = (int64_t)reader_le64(&r);
    head.step_last = (int64_t)reader_le64(&r);
    head.series = reader_le32(&r);
    if (reader_le32(&r) != hash_crc32c(0, (struct bytes){in.at, PACK_HEAD_BYTES - 4})) {
        return head_bad("a wrong CRC", err);
    }
    if (!zeros || head.flags & ~(unsigned)PACK_FINAL ||
        (head.kind != PACK_POINTS && head.kind != PACK_LINES)) {
        return head_bad("a kind or flag that is not known", err);
    }
    *out = head;
    return TRACK_OK;
}
