#include "seal_run.h"

#include "seal_out.h"
#include "seal_set.h"
#include "store_base.h"

#include <string.h>

enum {
    READ_BYTES = 256 << 20, /* rows with their bodies and dictionaries */
    WORK_BYTES = 128 << 20, /* builder, tables, packs on their way */
    RANGES_MAX = PACK_CHANGE_MAX,
    RUN_ID_BYTES = 16,
};

/* Rows of one snapshot. */
struct batch {
    const struct seal_ask *ask;
    struct arena *arena;
    struct gather rows; /* of struct batch_row */
    unsigned char run[RUN_ID_BYTES];
    struct metric_def_list defs; /* of the run */
    int64_t bytes, points;
    bool more;
};

struct batch_row {
    struct journal_head head;
    struct bytes body;
    const struct journal_keys *keys; /* of its writer; the first row of a writer has them */
};

static size_t bytes_max(const struct seal_ask *ask)
{
    return ask->bytes_max ? ask->bytes_max : SEAL_BYTES_MAX;
}

static bool is_full(const struct batch *b)
{
    return (size_t)b->bytes >= bytes_max(b->ask) || b->points >= SEAL_POINTS_MAX ||
           b->rows.count >= SEAL_ROWS_MAX;
}

static track_status add_row(struct batch *b, struct db *db, const struct journal_head *head,
                            track_error *err)
{
    void *at;
    const struct batch_row *rows = b->rows.at;
    bool first = b->rows.count == 0 || memcmp(rows[b->rows.count - 1].head.writer, head->writer,
                                              sizeof(head->writer)) != 0;
    TRY(gather_add(&b->rows, &at, err));
    struct batch_row *row = at;
    *row = (struct batch_row){.head = *head};
    TRY(journal_body(db, b->ask->run_node, head, b->arena, &row->body, err));
    if (first) {
        struct journal_keys *keys = ARENA_NEW(b->arena, struct journal_keys);
        if (!keys) {
            return FAIL(err, TRACK_NOMEM, "no room for the keys of a writer");
        }
        struct bytes writer = {head->writer, sizeof(head->writer)};
        TRY(journal_key_list(db, b->ask->run_node, writer, b->arena, keys, err));
        row->keys = keys;
    }
    b->bytes += head->bytes;
    b->points += head->points;
    return TRACK_OK;
}

/* Adds rows of a page, up to what is sealed at once. */
static track_status add_page(struct batch *b, struct db *db, const struct journal_head *page,
                             size_t count, track_error *err)
{
    for (size_t i = 0; i < count && !b->more; i++) {
        b->more = is_full(b);
        TRY(b->more ? TRACK_OK : add_row(b, db, &page[i], err));
    }
    return TRACK_OK;
}

static track_status read_rows(struct batch *b, struct db *db, track_error *err)
{
    struct head_ask heads = {.run_node = b->ask->run_node, .epoch = b->ask->epoch};
    struct journal_head *page = ARENA_ARRAY(b->arena, struct journal_head, PACK_HEADS_MAX);
    struct journal_head last;
    size_t count = PACK_HEADS_MAX;
    if (!page) {
        return FAIL(err, TRACK_NOMEM, "no room for %d journal rows", PACK_HEADS_MAX);
    }
    while (count == PACK_HEADS_MAX && !b->more) {
        TRY(journal_heads(db, &heads, page, &count, err));
        TRY(add_page(b, db, page, count, err));
        if (count > 0) {
            last = page[count - 1];
            heads.after = &last;
        }
    }
    return TRACK_OK;
}

static track_status read_batch(struct batch *b, track_error *err)
{
    AUTO_READ struct read r = {0};
    struct run run;
    TRY(store_read_begin(b->ask->store, &r, err));
    TRY(read_rows(b, r.db, err));
    if (b->rows.count == 0) {
        return TRACK_OK;
    }
    TRY(run_get(r.db, b->ask->run_node, b->arena, &run, err));
    TRY(metric_def_list(r.db, b->ask->run_node, b->arena, &b->defs, err));
    struct bytes id = {(const unsigned char *)run.id, strlen(run.id)};
    return hash_decode_hex(id, b->run, sizeof(b->run), err);
}

/* Rows on their way to a pack. */
struct sealing {
    struct batch *batch;
    struct seal_set set;
    struct pack_range *ranges; /* [RANGES_MAX] */
    size_t range_count;
    struct seal_did did;
};

/* False: no more ranges fit. */
static bool add_range(struct sealing *s, const struct journal_head *head)
{
    struct pack_range *last = s->range_count ? &s->ranges[s->range_count - 1] : NULL;
    bool follows = last && memcmp(last->writer, head->writer, sizeof(head->writer)) == 0 &&
                   last->seq_hi + 1 == head->seq_lo;
    if (!follows) {
        if (s->range_count == RANGES_MAX) {
            return false;
        }
        last = &s->ranges[s->range_count++];
        *last = (struct pack_range){.seq_lo = head->seq_lo};
        memcpy(last->writer, head->writer, sizeof(head->writer));
    }
    last->seq_hi = head->seq_hi;
    last->rows++;
    return true;
}

/* Takes what one row holds; *taken: it fitted. */
static track_status take_row(struct sealing *s, const struct batch_row *row, struct seal_keys *keys,
                             bool *taken, track_error *err)
{
    *taken = !seal_set_full(&s->set) && add_range(s, &row->head);
    if (!*taken) {
        return TRACK_OK;
    }
    s->did.rows++;
    s->did.points += row->head.points;
    s->did.bytes += row->head.bytes;
    return seal_set_add(&s->set, &row->head, row->body, keys, err);
}

static track_status take_rows(struct sealing *s, track_error *err)
{
    const struct batch_row *rows = s->batch->rows.at;
    struct seal_keys keys = {NULL, NULL};
    bool taken = true;
    for (size_t i = 0; i < s->batch->rows.count; i++) {
        if (rows[i].keys) {
            keys.keys = rows[i].keys;
            keys.series = ARENA_ARRAY(s->set.arena, struct seal_series *, keys.keys->count + 1);
            if (!keys.series) {
                return FAIL(err, TRACK_NOMEM, "no room for %zu keys", keys.keys->count);
            }
        }
        TRY(take_row(s, &rows[i], &keys, &taken, err));
        if (!taken) {
            s->did.more = true;
            return TRACK_OK;
        }
    }
    return TRACK_OK;
}

static track_status pack_series(struct sealing *s, const struct pack_options *options,
                                struct arena *arena, track_error *err)
{
    struct pack_builder *builder;
    if (s->set.count == 0) {
        return TRACK_OK;
    }
    TRY(pack_build_open(options, arena, &builder, err));
    TRY(seal_set_build(&s->set, builder, err));
    return pack_build_end(builder, err);
}

static track_status pack_lines(struct sealing *s, const struct pack_options *options,
                               struct arena *arena, track_error *err)
{
    struct pack_lines_builder *builder;
    if (s->set.lines.batches.size == 0) {
        return TRACK_OK;
    }
    TRY(pack_lines_open(options, arena, &builder, err));
    TRY(seal_lines_build(&s->set.lines, builder, err));
    return pack_lines_end(builder, err);
}

static track_status pack_rows(struct sealing *s, struct arena *arena, track_error *err)
{
    const struct seal_ask *ask = s->batch->ask;
    struct seal_out *out = NULL;
    struct pack_head head = {.kind = PACK_POINTS, .epoch = (uint32_t)ask->epoch};
    struct pack_change change = {
        .run_node = ask->run_node, .ranges = s->ranges, .range_count = s->range_count};
    memcpy(head.run, s->batch->run, sizeof(head.run));
    TRY(seal_out_begin(ask->store, arena, ask->now_us, &out, err));
    struct pack_options options = seal_out_options(out, &head, 0);
    track_status status = pack_series(s, &options, arena, err);
    options.head.kind = PACK_LINES;
    status = status == TRACK_OK ? pack_lines(s, &options, arena, err) : status;
    status = status == TRACK_OK ? seal_out_commit(out, &change, err) : status;
    seal_out_release(out);
    return status;
}

static track_status seal_batch(struct batch *b, struct seal_did *out, track_error *err)
{
    AUTO_ARENA arena = ARENA(WORK_BYTES);
    struct sealing s = {.batch = b,
                        .set = {.arena = &arena, .defs = &b->defs, .lines = SEAL_LINES},
                        .did = {.more = b->more}};
    s.ranges = ARENA_ARRAY(&arena, struct pack_range, RANGES_MAX);
    if (!s.ranges) {
        return FAIL(err, TRACK_NOMEM, "no room for %d ranges", RANGES_MAX);
    }
    track_status status = take_rows(&s, err);
    if (status == TRACK_OK && s.range_count > 0) {
        status = pack_rows(&s, &arena, err);
    }
    seal_set_release(&s.set);
    TRY(status);
    *out = s.did;
    return TRACK_OK;
}

track_status seal_run(const struct seal_ask *ask, struct seal_did *out, track_error *err)
{
    AUTO_ARENA arena = ARENA(READ_BYTES);
    struct batch b = {.ask = ask, .arena = &arena, .rows = GATHER(&arena, struct batch_row)};
    *out = (struct seal_did){0};
    TRY(read_batch(&b, err));
    return b.rows.count > 0 ? seal_batch(&b, out, err) : TRACK_OK;
}
