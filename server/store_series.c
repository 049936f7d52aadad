#include "store_series.h"

#include "../core/hash.h"
#include "store_base.h"
#include "store_text.h"

#include <math.h>

static track_status put_row(struct db *db, const struct series_put *call, int64_t project,
                            const struct series_row *r, track_error *err)
{
    int64_t key;
    TRY(hash_series(text_bytes(r->name), text_bytes(r->context), &key, err));
    return db_exec(db, QUERY_series_put,
                   DB_IN(db_i(call->run_node), db_i(key), db_i(project), db_i(r->step_scale),
                         db_f(r->last), db_i(!isnan(r->last)), db_i(r->last_step), db_i(r->last_us),
                         db_f(r->vmin), db_i(r->vmin_step), db_f(r->vmax), db_i(r->vmax_step),
                         db_i(r->n), db_f(r->vsum), db_i(r->bad), db_i(r->first_step),
                         db_f(r->first)),
                   err);
}

static track_status put_work(struct ticket *t, struct db *db, track_error *err)
{
    const struct series_put *call = (const struct series_put *)(const void *)t;
    struct db_value c[2];
    TRY(db_find(db, QUERY_run_project, DB_IN(db_i(call->run_node)), t->arena, c, err));
    if (!c[0].type) {
        return FAIL(err, TRACK_NOT_FOUND, "no run of number %lld", (long long)call->run_node);
    }
    if (db_get_i(&c[1]) != call->epoch) {
        return FAIL(err, TRACK_CONFLICT, "run %lld was rewound meanwhile",
                    (long long)call->run_node);
    }
    for (size_t i = 0; i < call->count; i++) {
        TRY(put_row(db, call, db_get_i(&c[0]), &call->rows[i], err));
    }
    return call->last_part
               ? db_exec(db, QUERY_run_series_seq,
                         DB_IN(db_i(call->run_node), db_i(call->series_seq), db_i(call->over)), err)
               : TRACK_OK;
}

track_status store_series_put(struct store *s, struct series_put *call, track_error *err)
{
    if (call->count > SERIES_PUT_MAX) {
        return FAIL(err, TRACK_TOO_LARGE, "a call puts at most %d series, not %zu", SERIES_PUT_MAX,
                    call->count);
    }
    return store_submit(s, &call->ticket, put_work, err);
}

static track_status list_row(void *data, const struct db_value *c, track_error *err)
{
    struct gather *g = data;
    void *at;
    TRY(gather_add(g, &at, err));
    struct series_row *r = at;
    *r = (struct series_row){
        .step_scale = db_get_i(&c[2]),
        .last = db_get_f(&c[3]),
        .last_step = db_get_i(&c[5]),
        .last_us = db_get_i(&c[6]),
        .vmin = db_get_f(&c[7]),
        .vmin_step = db_get_i(&c[8]),
        .vmax = db_get_f(&c[9]),
        .vmax_step = db_get_i(&c[10]),
        .n = db_get_i(&c[11]),
        .bad = db_get_i(&c[12]),
        .vsum = db_get_f(&c[13]),
        .first_step = db_get_i(&c[14]),
        .first = db_get_f(&c[15]),
    };
    TRY(db_copy_text(g->arena, &c[0], &r->name, err));
    return db_copy_text(g->arena, &c[1], &r->context, err);
}

track_status store_series_list(struct store *s, const char *run, struct arena *arena,
                               struct series_list *out, track_error *err)
{
    AUTO_READ struct read r = {0};
    struct run_brief found;
    struct gather g = GATHER(arena, struct series_row);
    TRY(run_check_id(run, err));
    TRY(store_read_begin(s, &r, err));
    TRY(run_find(r.db, run, &found, err));
    TRY(db_run(r.db, QUERY_series_list, DB_IN(db_i(found.node)), list_row, &g, err));
    *out = (struct series_list){g.at, g.count};
    return TRACK_OK;
}

static track_status add_node(void *data, const struct db_value *c, track_error *err)
{
    void *at;
    TRY(gather_add(data, &at, err));
    *(int64_t *)at = db_get_i(&c[0]);
    return TRACK_OK;
}

track_status store_series_stale(struct store *s, int64_t project_node, struct arena *arena,
                                struct node_list *out, track_error *err)
{
    AUTO_READ struct read r = {0};
    struct gather g = GATHER(arena, int64_t);
    TRY(store_read_begin(s, &r, err));
    TRY(project_node ? db_run(r.db, QUERY_run_stale, DB_IN(db_i(project_node)), add_node, &g, err)
                     : db_run(r.db, QUERY_run_stale_all, NULL, add_node, &g, err));
    *out = (struct node_list){g.at, g.count};
    return TRACK_OK;
}

track_status store_series_rested(struct store *s, struct arena *arena, struct node_list *out,
                                 track_error *err)
{
    AUTO_READ struct read r = {0};
    struct gather g = GATHER(arena, int64_t);
    TRY(store_read_begin(s, &r, err));
    TRY(db_run(r.db, QUERY_run_stale_rested, NULL, add_node, &g, err));
    *out = (struct node_list){g.at, g.count};
    return TRACK_OK;
}
