/* Sealers make packs of journal rows, mergers of packs. */
#include "model.h"

#include <stdio.h>
#include <string.h>

enum { ARENA_BYTES = 1 << 20 };

static int64_t bits(uint64_t set)
{
    int64_t n = 0;
    for (; set; set &= set - 1) {
        n++;
    }
    return n;
}

/* Journal rows of the run, of all of its writers. */
struct rows {
    struct journal_head *at; /* [count] */
    size_t count;
};

static track_status read_rows(struct world *w, struct arena *arena, struct rows *out,
                              track_error *err)
{
    struct head_ask ask = {.run_node = MODEL_RUN};
    out->at = ARENA_ARRAY(arena, struct journal_head, PACK_HEADS_MAX);
    return out->at ? journal_heads(w->db, &ask, out->at, &out->count, err)
                   : FAIL(err, TRACK_NOMEM, "no room for rows");
}

/* Adds a row that was read to the ranges. */
static void add_row(struct actor *a, const struct journal_head *h)
{
    struct pack_range *last = a->range_count ? &a->ranges[a->range_count - 1] : NULL;
    if (last && memcmp(last->writer, h->writer, sizeof(h->writer)) == 0 &&
        last->seq_hi + 1 == h->seq_lo) {
        last->seq_hi = h->seq_hi;
        last->rows++;
        return;
    }
    last = &a->ranges[a->range_count++];
    *last = (struct pack_range){.seq_lo = h->seq_lo, .seq_hi = h->seq_hi, .rows = 1};
    memcpy(last->writer, h->writer, sizeof(h->writer));
}

/* Reads some rows, in one snapshot. */
static track_status read_journal(struct world *w, struct actor *a, track_error *err)
{
    AUTO_ARENA arena = ARENA(ARENA_BYTES);
    struct rows rows;
    uint64_t set = 0;
    TRY(read_rows(w, &arena, &rows, err));
    a->range_count = 0;
    uint64_t keep = 30 + model_random(w, 71);
    for (size_t i = 0; i < rows.count && a->range_count < MODEL_RANGES; i++) {
        struct bytes body;
        if (model_random(w, 100) >= keep) {
            continue;
        }
        TRY(journal_body(w->db, MODEL_RUN, &rows.at[i], &arena, &body, err));
        set |= UINT64_C(1) << body.at[0];
        add_row(a, &rows.at[i]);
    }
    if (a->range_count > 0) {
        model_piece(w, set, 0, &a->piece);
        a->at = 1;
    }
    return TRACK_OK;
}

/* The mutant: a range wants as many rows as there are. */
static track_status recount(struct world *w, struct actor *a, track_error *err)
{
    AUTO_ARENA arena = ARENA(ARENA_BYTES);
    struct rows rows;
    TRY(read_rows(w, &arena, &rows, err));
    for (size_t i = 0; i < a->range_count; i++) {
        struct pack_range *r = &a->ranges[i];
        r->rows = 0;
        for (size_t k = 0; k < rows.count; k++) {
            const struct journal_head *h = &rows.at[k];
            r->rows += memcmp(h->writer, r->writer, sizeof(h->writer)) == 0 &&
                       h->seq_lo >= r->seq_lo && h->seq_hi <= r->seq_hi;
        }
    }
    return TRACK_OK;
}

/* The mutant: packs that are gone are not asked for. */
static track_status forget_gone(struct world *w, struct actor *a, track_error *err)
{
    size_t kept = 0;
    for (size_t i = 0; i < a->old_count; i++) {
        int64_t sealed_us;
        bool found;
        struct bytes digest = {a->digests[i], sizeof(a->digests[i])};
        TRY(db_find_i(w->db, QUERY_pack_find, DB_IN(db_i(MODEL_RUN), db_b(digest)), &sealed_us,
                      &found, err));
        if (found) {
            memmove(a->digests[kept++], a->digests[i], sizeof(a->digests[i]));
        }
    }
    a->old_count = kept;
    return TRACK_OK;
}

static track_status mutate(struct world *w, struct actor *a, track_error *err)
{
    if (w->without == WITHOUT_SEAL_COUNT) {
        TRY(recount(w, a, err));
    }
    if (w->without == WITHOUT_MERGE_COUNT) {
        TRY(forget_gone(w, a, err));
    }
    return w->without == WITHOUT_INTENT ? model_make_loose(w, a, err) : TRACK_OK;
}

/* The change, as the server makes it. */
static track_status change(struct world *w, struct actor *a, track_error *err)
{
    struct object object = model_object(&a->piece);
    struct bytes olds[MODEL_OLDS];
    TRY(mutate(w, a, err));
    for (size_t i = 0; i < a->old_count; i++) {
        olds[i] = (struct bytes){a->digests[i], sizeof(a->digests[i])};
    }
    struct pack pack = {.digest = object.digest,
                        .kind = PACK_POINTS,
                        .level = a->piece.level,
                        .n = bits(a->piece.set),
                        .series = 1};
    struct pack_change call = {
        .run_node = MODEL_RUN,
        .ranges = a->ranges,
        .range_count = a->range_count,
        .olds = olds,
        .old_count = a->old_count,
        .news = &pack,
        .objects = &object,
        .new_count = 1,
        .now_us = w->now_us,
    };
    TRY(pack_change_work(&call.ticket, w->db, err));
    w->counts.settled += call.done_before;
    return w->without == WITHOUT_LOSER && object.loc[0]
               ? db_exec(w->db, QUERY_loose_remove, DB_IN(db_t(object.loc)), err)
               : TRACK_OK;
}

/* The mutant: rows go in a transaction of their own. */
static track_status take_rows(struct world *w, struct actor *a, track_error *err)
{
    for (size_t i = 0; i < a->range_count; i++) {
        const struct pack_range *r = &a->ranges[i];
        struct bytes writer = {r->writer, sizeof(r->writer)};
        TRY(db_run(w->db, QUERY_journal_seal,
                   DB_IN(db_i(MODEL_RUN), db_b(writer), db_i(r->seq_lo), db_i(r->seq_hi)), NULL,
                   NULL, err));
    }
    return TRACK_OK;
}

/* The last steps of both: 3 changes rows. */
static void finish(struct world *w, struct actor *a, int *count)
{
    if (a->at == 3 && w->without == WITHOUT_ONE_TRANSACTION && a->range_count > 0) {
        a->at += model_commit(w, a, take_rows) == DONE;
        return;
    }
    if (a->at == 4) {
        a->range_count = 0;
    }
    enum outcome outcome = model_commit(w, a, change);
    *count += outcome == DONE;
    if (outcome != AGAIN) {
        a->at = 0;
    }
}

track_status model_sealer(struct world *w, struct actor *a, track_error *err)
{
    if (a->at == 0) {
        a->old_count = 0;
        return read_journal(w, a, err);
    }
    if (a->at >= 3) {
        finish(w, a, &w->counts.sealed);
        return TRACK_OK;
    }
    model_upload(w, a);
    return TRACK_OK;
}

/* Chooses packs of one level. */
static track_status read_packs(struct world *w, struct actor *a, track_error *err)
{
    AUTO_ARENA arena = ARENA(ARENA_BYTES);
    struct pack_list list;
    TRY(pack_list(w->db, MODEL_RUN, &arena, &list, err));
    a->old_count = 0;
    int64_t level = (int64_t)model_random(w, 3);
    for (size_t i = 0; i < list.count && a->old_count < MODEL_OLDS; i++) {
        const struct pack *p = &list.at[i];
        if (p->level != level || model_chance(w, 20)) {
            continue;
        }
        memcpy(a->digests[a->old_count], p->digest.at, sizeof(a->digests[0]));
        snprintf(a->locs[a->old_count], sizeof(a->locs[0]), "%s", p->loc);
        a->olds[a->old_count++] = *p;
    }
    a->since_us = w->now_us;
    a->at = a->old_count >= 2 ? -1 : 0;
    return TRACK_OK;
}

/* Reads the bytes of the packs that were chosen; gone is only what a long sleep explains. */
static void read_olds(struct world *w, struct actor *a)
{
    uint64_t set = 0;
    for (size_t i = 0; i < a->old_count; i++) {
        struct pack p = a->olds[i];
        uint64_t part;
        p.loc = a->locs[i];
        p.digest = (struct bytes){a->digests[i], sizeof(a->digests[i])};
        if (!model_content(w, &p, &part)) {
            if (p.loc[0] && w->now_us - a->since_us < OBJECT_GRACE_US) {
                model_violate(w, "bytes of a pack went under a merger");
            }
            a->at = 0;
            return;
        }
        set |= part;
    }
    model_piece(w, set, a->olds[0].level + 1, &a->piece);
    a->at = 1;
}

track_status model_merger(struct world *w, struct actor *a, track_error *err)
{
    if (a->at == 0) {
        a->range_count = 0;
        return read_packs(w, a, err);
    }
    if (a->at == -1) {
        read_olds(w, a);
    } else if (a->at == 3) {
        finish(w, a, &w->counts.merged);
    } else {
        model_upload(w, a);
    }
    return TRACK_OK;
}
