#include "series.h"
#include "series_row.h"
#include "store_base.h"
#include "tail_whole.h"

enum {
    SCRATCH_BYTES = 64 << 20,
    TRIES = 4,    /* of a run that is rewound meanwhile */
    AT_ONCE = 64, /* runs whose rows go into the same commits */
};

/* A run whose rows are on their way to the table. */
struct flushing {
    struct arena arena; /* of rows and tickets */
    struct store *store;
    struct tail_run *run;    /* taken until all is stored */
    struct series_row *rows; /* [room] */
    size_t count, room;
    bool over;
    struct series_put call; /* the last one */
    bool sent;              /* it is to be waited for */
    track_status status;    /* the first failure */
    track_error err;
};

static track_status flushing_send(struct flushing *f, bool last_part, track_error *err)
{
    f->call = (struct series_put){
        .run_node = f->run->node,
        .series_seq = (int64_t)f->run->version,
        .epoch = f->run->branches.epoch,
        .last_part = last_part,
        .over = f->over,
        .rows = f->rows,
        .count = f->count,
    };
    f->call.ticket.arena = &f->arena;
    TRY(store_series_put(f->store, &f->call, err));
    f->sent = true;
    f->count = 0;
    return TRACK_OK;
}

static track_status flushing_wait(struct flushing *f, track_error *err)
{
    f->sent = false;
    return ticket_wait(store_writer(f->store), &f->call.ticket, 0, err);
}

/* Sends rows that have changed since they were put last; the last of them are not waited for. */
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
        if (f->count == f->room) {
            TRY(flushing_send(f, false, err));
            TRY(flushing_wait(f, err));
        }
    }
    f->over = rows == SERIES_ROWS_MAX;
    return flushing_send(f, true, err);
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

static track_status flushing_begin(struct flushing *f, struct tail *t, int64_t node,
                                   track_error *err)
{
    const char *id;
    *f = (struct flushing){.arena = ARENA(SCRATCH_BYTES), .store = tail_store(t)};
    TRY(id_get(f->store, node, &f->arena, &id, err));
    TRY(tail_take(t, id, TAIL_FRESH, &f->run, err));
    f->room = f->run->series_count < SERIES_PUT_MAX ? f->run->series_count + 1 : SERIES_PUT_MAX;
    f->rows = ARENA_ARRAY(&f->arena, struct series_row, f->room);
    if (!f->rows) {
        return FAIL(err, TRACK_NOMEM, "summaries of run %s: no memory", id);
    }
    return flushing_fill(f, err);
}

/* Waits for what was sent and gives the run back; status is what beginning said. */
static track_status flushing_end(struct flushing *f, track_status status, track_error *err)
{
    if (f->sent) {
        status = flushing_wait(f, err);
    }
    for (size_t i = 0; status != TRACK_OK && f->run && i < f->run->series_count; i++) {
        f->run->series[i].put_n = 0; /* nobody knows which rows were stored */
    }
    tail_give(&f->run);
    arena_release(&f->arena);
    return status;
}

track_status series_flush_run(struct tail *t, int64_t node, track_error *err)
{
    track_error why = {0};
    track_status status = TRACK_CONFLICT;
    for (int tries = 0; tries < TRIES && status == TRACK_CONFLICT; tries++) {
        struct flushing f;
        status = flushing_end(&f, flushing_begin(&f, t, node, &why), &why);
    }
    return status == TRACK_OK ? TRACK_OK : FAIL(err, status, "%s", why.message);
}

/* Runs [count] at once, by project and node: whoever takes several does so in this order,
 * so that nobody waits in a circle. */
static track_status flush_some(struct tail *t, const int64_t *nodes, size_t count,
                               struct flushing *many, track_error *err)
{
    track_status status = TRACK_OK;
    for (size_t i = 0; i < count; i++) {
        many[i].status = flushing_begin(&many[i], t, nodes[i], &many[i].err);
    }
    for (size_t i = 0; i < count; i++) {
        struct flushing *f = &many[i];
        f->status = flushing_end(f, f->status, &f->err);
        if (f->status == TRACK_CONFLICT) {
            f->status = series_flush_run(t, nodes[i], &f->err);
        }
        if (f->status != TRACK_OK && f->status != TRACK_NOT_FOUND && status == TRACK_OK) {
            status = FAIL(err, f->status, "%s", f->err.message);
        }
    }
    return status;
}

track_status series_flush(struct tail *t, int64_t project_node, track_error *err)
{
    AUTO_ARENA arena = ARENA(SCRATCH_BYTES);
    struct node_list stale;
    TRY(store_series_stale(tail_store(t), project_node, &arena, &stale, err));
    struct flushing *many = stale.count ? ARENA_ARRAY(&arena, struct flushing, AT_ONCE) : NULL;
    if (stale.count && !many) {
        return FAIL(err, TRACK_NOMEM, "summaries: no memory");
    }
    for (size_t i = 0; i < stale.count; i += AT_ONCE) {
        size_t count = stale.count - i < AT_ONCE ? stale.count - i : AT_ONCE;
        TRY(flush_some(t, stale.at + i, count, many, err));
    }
    return TRACK_OK;
}
