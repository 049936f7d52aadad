#include "store_pack.h"

#include "../core/hash.h"
#include "store_base.h"

#include <string.h>

/* What the statement that takes rows out of the journal returned. */
struct taken {
    int64_t rows, frames, points;
};

static track_status taken_row(void *data, const struct db_value *c, track_error *err)
{
    (void)err;
    struct taken *t = data;
    t->rows++;
    t->frames += db_get_i(&c[1]) - db_get_i(&c[0]) + 1;
    t->points += db_get_i(&c[2]);
    return TRACK_OK;
}

/* Takes a range; *got gets the rows that were there.  Points go only where packs come. */
static track_status take_range(const struct pack_change *call, const struct pack_range *range,
                               struct db *db, int64_t *got, track_error *err)
{
    struct taken t = {0};
    struct db_value run = db_i(call->run_node);
    struct db_value writer = db_b((struct bytes){range->writer, sizeof(range->writer)});
    TRY(db_run(db, QUERY_journal_seal, DB_IN(run, writer, db_i(range->seq_lo), db_i(range->seq_hi)),
               taken_row, &t, err));
    *got += t.rows;
    if (t.points > 0 && call->new_count == 0) {
        return BROKEN(err, "%lld points leave the journal for no pack", (long long)t.points);
    }
    return t.rows == 0 ? TRACK_OK
                       : db_exec(db, QUERY_writer_sealed,
                                 DB_IN(run, writer, db_i(t.frames), db_i(t.points)), err);
}

/* Takes a pack that was merged away, and its blob if nothing else refers to it and nobody has sent
 * the same bytes since it was sealed. */
static track_status take_pack(const struct pack_change *call, struct bytes digest, struct db *db,
                              int64_t *got, track_error *err)
{
    int64_t sealed_us;
    bool found, gone;
    TRY(db_find_i(db, QUERY_pack_remove, DB_IN(db_i(call->run_node), db_b(digest)), &sealed_us,
                  &found, err));
    *got += found;
    return found ? object_collect(db, digest, sealed_us + 1, call->now_us, &gone, err) : TRACK_OK;
}

/* Takes all that is to go; *got of *want were there. */
static track_status take_all(const struct pack_change *call, struct db *db, int64_t *got,
                             int64_t *want, track_error *err)
{
    *got = 0;
    *want = (int64_t)call->old_count;
    for (size_t i = 0; i < call->range_count; i++) {
        TRY(take_range(call, &call->ranges[i], db, got, err));
        *want += call->ranges[i].rows;
    }
    for (size_t i = 0; i < call->old_count; i++) {
        TRY(take_pack(call, call->olds[i], db, got, err));
    }
    return TRACK_OK;
}

/* All the new packs are there. */
static track_status find_news(const struct pack_change *call, struct db *db, bool *out,
                              track_error *err)
{
    *out = true;
    for (size_t i = 0; i < call->new_count && *out; i++) {
        int64_t sealed_us;
        TRY(db_find_i(db, QUERY_pack_find, DB_IN(db_i(call->run_node), db_b(call->news[i].digest)),
                      &sealed_us, out, err));
    }
    return TRACK_OK;
}

static track_status add_new(const struct pack_change *call, size_t i, struct db *db,
                            track_error *err)
{
    bool known;
    const struct pack *p = &call->news[i];
    TRY(object_adopt(db, &call->objects[i], call->now_us, &known, err));
    return db_exec(db, QUERY_pack_add,
                   DB_IN(db_i(call->run_node), db_b(p->digest), db_i(p->kind), db_i(p->epoch),
                         db_i(p->level), db_i(p->rev), db_i(p->n), db_i(p->series),
                         db_i(p->step_lo), db_i(p->step_hi), db_i(p->us_lo), db_i(p->us_hi),
                         db_i(call->now_us)),
                   err);
}

track_status pack_change_work(struct ticket *t, struct db *db, track_error *err)
{
    struct pack_change *call = (struct pack_change *)(void *)t;
    int64_t got, want;
    call->done_before = false;
    TRY(take_all(call, db, &got, &want, err));
    if (got == 0) {
        TRY(find_news(call, db, &call->done_before, err));
        if (call->done_before) {
            return TRACK_OK;
        }
    }
    if (got != want) {
        return FAIL(err, TRACK_CONFLICT,
                    "%lld of %lld rows or packs are there: somebody was faster", (long long)got,
                    (long long)want);
    }
    for (size_t i = 0; i < call->new_count; i++) {
        TRY(add_new(call, i, db, err));
    }
    return TRACK_OK;
}

static bool in_bounds(size_t count)
{
    return count <= PACK_CHANGE_MAX;
}

track_status store_pack_change(struct store *s, struct pack_change *call, track_error *err)
{
    if (call->range_count + call->old_count == 0 || (call->old_count && !call->new_count) ||
        !in_bounds(call->range_count) || !in_bounds(call->old_count) ||
        !in_bounds(call->new_count)) {
        return FAIL(err, TRACK_INVALID, "a change of packs: %zu ranges and %zu packs go, %zu come",
                    call->range_count, call->old_count, call->new_count);
    }
    for (size_t i = 0; i < call->new_count; i++) {
        call->ticket.bytes += call->objects[i].data.size;
    }
    return store_submit_always(s, &call->ticket, pack_change_work, err);
}

static track_status pack_row(void *data, const struct db_value *c, track_error *err)
{
    struct gather *g = data;
    void *at;
    TRY(gather_add(g, &at, err));
    struct pack *p = at;
    *p = (struct pack){
        .kind = db_get_i(&c[1]),
        .epoch = db_get_i(&c[2]),
        .level = db_get_i(&c[3]),
        .rev = db_get_i(&c[4]),
        .n = db_get_i(&c[5]),
        .series = db_get_i(&c[6]),
        .step_lo = db_get_i(&c[7]),
        .step_hi = db_get_i(&c[8]),
        .us_lo = db_get_i(&c[9]),
        .us_hi = db_get_i(&c[10]),
        .sealed_us = db_get_i(&c[11]),
        .size = db_get_i(&c[12]),
        .stored = db_get_i(&c[13]),
        .enc = db_get_i(&c[14]),
    };
    TRY(db_copy_bytes(g->arena, &c[0], &p->digest, err));
    return db_copy_text(g->arena, &c[15], &p->loc, err);
}

track_status pack_list(struct db *db, int64_t run_node, struct arena *arena, struct pack_list *out,
                       track_error *err)
{
    struct gather g = GATHER(arena, struct pack);
    TRY(db_run(db, QUERY_pack_list, DB_IN(db_i(run_node)), pack_row, &g, err));
    *out = (struct pack_list){g.at, g.count};
    return TRACK_OK;
}

track_status store_pack_list(struct store *s, int64_t run_node, struct arena *arena,
                             struct pack_list *out, track_error *err)
{
    AUTO_READ struct read r = {0};
    TRY(store_read_begin(s, &r, err));
    return pack_list(r.db, run_node, arena, out, err);
}

track_status store_pack_count(struct store *s, int64_t *out, track_error *err)
{
    bool found;
    AUTO_READ struct read r = {0};
    TRY(store_read_begin(s, &r, err));
    return db_find_i(r.db, QUERY_pack_count, NULL, out, &found, err);
}

static track_status node_row(void *data, const struct db_value *c, track_error *err)
{
    void *at;
    TRY(gather_add(data, &at, err));
    *(int64_t *)at = db_get_i(&c[0]);
    return TRACK_OK;
}

track_status store_pack_many(struct store *s, struct arena *arena, struct run_nodes *out,
                             track_error *err)
{
    AUTO_READ struct read r = {0};
    struct gather g = GATHER(arena, int64_t);
    TRY(store_read_begin(s, &r, err));
    TRY(db_run(r.db, QUERY_pack_many, DB_IN(db_i(PACK_FAN_IN), db_i(PACK_LARGE_BYTES)), node_row,
               &g, err));
    *out = (struct run_nodes){g.at, g.count};
    return TRACK_OK;
}
