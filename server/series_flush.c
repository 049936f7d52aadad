#include "series.h"
#include "series_row.h"
#include "store_base.h"
#include "tail_whole.h"

enum { SCRATCH_BYTES = 64 << 20, TRIES = 4 /* of a run that is rewound meanwhile */ };

/* Rows on their way to the table. */
struct flushing {
    struct store *store;
    struct tail_run *run;
    struct series_row *rows; /* [SERIES_PUT_MAX] */
    size_t count;
    struct arena *arena; /* of the tickets */
    bool over;
};

static track_status flushing_put(struct flushing *f, bool last_part, track_error *err)
{
    struct series_put call = {
        .run_node = f->run->node,
        .series_seq = (int64_t)f->run->version,
        .epoch = f->run->branches.epoch,
        .last_part = last_part,
        .over = f->over,
        .rows = f->rows,
        .count = f->count,
    };
    call.ticket.arena = f->arena;
    TRY(store_series_put(f->store, &call, err));
    f->count = 0;
    return ticket_wait(store_writer(f->store), &call.ticket, 0, err);
}

/* Rows that have changed since they were put last. */
static track_status flushing_fill(struct flushing *f, track_error *err)
{
    size_t rows = 0;
    for (size_t i = 0; i < f->run->series_count && rows < SERIES_ROWS_MAX; i++) {
        struct tail_series *s = &f->run->series[i];
        TRY(tail_whole_get(f->run, s, err));
        rows += s->whole.summary.n > 0;
        if (s->whole.summary.n == s->put_n) {
            continue;
        }
        TRY(series_row_fill(s, &f->rows[f->count++], err));
        s->put_n = s->whole.summary.n;
        if (f->count == SERIES_PUT_MAX) {
            TRY(flushing_put(f, false, err));
        }
    }
    f->over = rows == SERIES_ROWS_MAX;
    return flushing_put(f, true, err);
}

/* The id of a run's node. */
static track_status id_get(struct store *s, int64_t node, struct arena *arena, const char **out,
                           track_error *err)
{
    AUTO_READ struct read r = {0};
    struct run run;
    TRY(store_read_begin(s, &r, err));
    TRY(run_get(r.db, node, arena, &run, err));
    *out = run.id;
    return TRACK_OK;
}

static track_status flush_run(struct tail *t, int64_t node, track_error *err)
{
    AUTO_ARENA arena = ARENA(SCRATCH_BYTES);
    AUTO_TAIL struct tail_run *run = NULL;
    const char *id;
    TRY(id_get(tail_store(t), node, &arena, &id, err));
    TRY(tail_take(t, id, TAIL_FRESH, &run, err));
    struct flushing f = {.store = tail_store(t), .run = run, .arena = &arena};
    f.rows = ARENA_ARRAY(&arena, struct series_row, SERIES_PUT_MAX);
    if (!f.rows) {
        return FAIL(err, TRACK_NOMEM, "summaries of run %s: no memory", id);
    }
    track_status status = flushing_fill(&f, err);
    for (size_t i = 0; status != TRACK_OK && i < run->series_count; i++) {
        run->series[i].put_n = 0; /* nobody knows which rows were stored */
    }
    return status;
}

track_status series_flush_run(struct tail *t, int64_t node, track_error *err)
{
    track_error why = {0};
    track_status status = TRACK_CONFLICT;
    for (int tries = 0; tries < TRIES && status == TRACK_CONFLICT; tries++) {
        status = flush_run(t, node, &why);
    }
    return status == TRACK_OK ? TRACK_OK : FAIL(err, status, "%s", why.message);
}

track_status series_flush(struct tail *t, int64_t project_node, track_error *err)
{
    AUTO_ARENA arena = ARENA(SCRATCH_BYTES);
    struct node_list stale;
    TRY(store_series_stale(tail_store(t), project_node, &arena, &stale, err));
    for (size_t i = 0; i < stale.count; i++) {
        track_status status = series_flush_run(t, stale.at[i], err);
        if (status != TRACK_OK && status != TRACK_NOT_FOUND) {
            return status;
        }
    }
    return TRACK_OK;
}
