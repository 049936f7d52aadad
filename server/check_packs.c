#include "../core/hash.h"
#include "../core/pack_check.h"
#include "../core/pack_lines.h"
#include "check_base.h"
#include "store_pack_bytes.h"

#include <string.h>

enum { RUN_BYTES = 256 << 20, LINES_BYTES = 512 << 20 /* a directory */ };

static void wrong(struct check *c, const struct pack *p, const char *what)
{
    struct digest d = {{0}};
    char hex[DIGEST_HEX_BYTES + 1];
    memcpy(d.at, p->digest.at, p->digest.size < sizeof(d.at) ? p->digest.size : sizeof(d.at));
    hash_encode_hex(&d, hex);
    check_wrong(c, "pack %s: %s", hex, what);
}

/* The row must say what the pack says of itself. */
static void compare(struct check *c, const struct pack *p, const unsigned char *run,
                    const struct pack_head *head)
{
    if (memcmp(head->run, run, sizeof(head->run)) != 0) {
        wrong(c, p, "it is of another run");
    }
    if ((int64_t)head->kind != p->kind || head->epoch != p->epoch || head->level != p->level ||
        ((head->flags & PACK_FINAL) != 0) != (p->rev > 0)) {
        wrong(c, p, "kind, epoch, level or end are not those of its row");
    }
    if ((int64_t)head->points != p->n || head->series != p->series ||
        head->step_first != p->step_lo || head->step_last != p->step_hi) {
        wrong(c, p, "it does not hold the points that its row counts");
    }
}

/* Reads all of a pack of either kind. */
static track_status check_bytes(const struct pack *p, const struct pack_blob *blob,
                                struct pack_checked *out, track_error *err)
{
    AUTO_ARENA arena = ARENA(LINES_BYTES);
    struct pack_lines_dir lines;
    if (p->kind != PACK_LINES) {
        return pack_check(blob, out, err);
    }
    TRY(pack_lines_check(blob, &lines, &arena, err));
    *out = (struct pack_checked){.head = lines.head, .points = lines.head.points};
    return TRACK_OK;
}

/* Damage is a finding; no memory or a failing disk ends the check. */
static track_status check_one(struct check *c, const struct pack *p, const unsigned char *run,
                              track_error *err)
{
    AUTO_ARENA arena = ARENA(1 << 16);
    AUTO_PACK_BYTES struct pack_bytes bytes = PACK_BYTES;
    struct pack_checked checked;
    track_error why = {0};
    TRY(pack_bytes_open(c->store, NULL, p, &arena, &bytes, err));
    struct pack_blob blob = pack_bytes_blob(&bytes);
    track_status status = check_bytes(p, &blob, &checked, &why);
    if (status == TRACK_CORRUPT) {
        wrong(c, p, why.message);
        return TRACK_OK;
    }
    if (status != TRACK_OK) {
        return FAIL(err, status, "%s", why.message);
    }
    compare(c, p, run, &checked.head);
    c->counts->packs++;
    c->counts->points += (int64_t)checked.points;
    return TRACK_OK;
}

/* A run as the list gives it. */
struct run_row {
    int64_t node;
    unsigned char id[PACK_RUN_BYTES];
};

static track_status run_row(void *data, const struct db_value *c, track_error *err)
{
    void *at;
    TRY(gather_add(data, &at, err));
    struct run_row *r = at;
    r->node = db_get_i(&c[0]);
    return hash_decode_hex(c[1].as.bytes, r->id, sizeof(r->id), err);
}

static track_status check_run_packs(struct check *c, const struct run_row *run, track_error *err)
{
    AUTO_ARENA arena = ARENA(RUN_BYTES);
    struct pack_list list;
    TRY(pack_list(c->db, run->node, &arena, &list, err));
    for (size_t i = 0; i < list.count; i++) {
        TRY(check_one(c, &list.at[i], run->id, err));
    }
    return TRACK_OK;
}

track_status check_packs(struct check *c, track_error *err)
{
    AUTO_ARENA arena = ARENA(RUN_BYTES);
    struct gather runs = GATHER(&arena, struct run_row);
    if (c->options->quick) {
        return TRACK_OK;
    }
    TRY(db_run(c->db, QUERY_check_run_list, NULL, run_row, &runs, err));
    for (size_t i = 0; i < runs.count; i++) {
        TRY(check_run_packs(c, &((const struct run_row *)runs.at)[i], err));
    }
    return TRACK_OK;
}
