#include "store_branch.h"

#include "live.h"
#include "store_base.h"

#include <string.h>

track_status branch_epoch(struct db *db, int64_t node, int64_t *out, track_error *err)
{
    bool found = false;
    TRY(db_find_i(db, QUERY_run_epoch, DB_IN(db_i(node)), out, &found, err));
    return found ? TRACK_OK : FAIL(err, TRACK_NOT_FOUND, "no run of number %lld", (long long)node);
}

static track_status cut_row(void *data, const struct db_value *c, track_error *err)
{
    void *at;
    TRY(gather_add(data, &at, err));
    *(struct visible_cut *)at = (struct visible_cut){db_get_i(&c[0]), db_get_i(&c[1])};
    return TRACK_OK;
}

/* Fills the rewinds of a branch, up to the last epoch that is seen of it. */
static track_status load_cuts(struct db *db, struct branch *b, struct arena *arena,
                              track_error *err)
{
    struct gather cuts = GATHER(arena, struct visible_cut);
    TRY(db_run(db, QUERY_rewind_list, DB_IN(db_i(b->node), db_i(b->visible.epoch_last)), cut_row,
               &cuts, err));
    visible_settle(cuts.at, cuts.count);
    b->visible.cuts = cuts.at;
    b->visible.count = cuts.count;
    return TRACK_OK;
}

/* What a run was forked from; node 0: it is no fork. */
struct forked {
    int64_t node, step, epoch;
};

static track_status find_fork(struct db *db, int64_t node, struct forked *out, track_error *err)
{
    AUTO_ARENA arena = ARENA(1 << 16);
    struct db_value c[3];
    *out = (struct forked){.node = 0};
    TRY(db_find(db, QUERY_fork_of, DB_IN(db_i(node)), &arena, c, err));
    if (c[0].type) {
        *out = (struct forked){db_get_i(&c[0]), db_get_i(&c[1]), db_get_i(&c[2])};
    }
    return TRACK_OK;
}

track_status branch_load(struct db *db, int64_t node, struct arena *arena, struct branch_list *out,
                         track_error *err)
{
    struct branch *at = ARENA_ARRAY(arena, struct branch, BRANCH_MAX);
    struct branch_list list = {.at = at};
    struct forked from = {.node = node, .step = INT64_MAX, .epoch = INT64_MAX};
    int64_t step_last = INT64_MAX;
    if (!at) {
        return FAIL(err, TRACK_NOMEM, "no room for the forks of a run");
    }
    TRY(branch_epoch(db, node, &list.epoch, err));
    while (from.node) {
        if (list.count == BRANCH_MAX) {
            return FAIL(err, TRACK_CORRUPT, "run %lld is a fork of over %d forks", (long long)node,
                        BRANCH_MAX - 1);
        }
        struct branch *b = &at[list.count++];
        *b = (struct branch){from.node, VISIBLE_ALL};
        b->visible.epoch_last = from.epoch;
        b->visible.step_last = from.step < step_last ? from.step : step_last;
        TRY(load_cuts(db, b, arena, err));
        (void)visible_until(&b->visible, -1, &step_last); /* what its parent has comes before all */
        TRY(find_fork(db, b->node, &from, err));
    }
    *out = list;
    return TRACK_OK;
}

track_status branch_fork(struct db *db, int64_t node, const struct branch_fork *from,
                         int64_t now_us, track_error *err)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    struct run_brief parent;
    struct branch_list above;
    TRY(run_need(db, from->parent, &parent, err));
    TRY(branch_load(db, parent.node, &arena, &above, err));
    if (above.count == BRANCH_MAX) {
        return FAIL(err, TRACK_CONFLICT,
                    "run %s is a fork of %d forks one from the other, which is the most",
                    from->parent, BRANCH_MAX - 1);
    }
    TRY(db_exec(
        db, QUERY_fork_add,
        DB_IN(db_i(parent.node), db_i(node), db_i(from->step), db_i(parent.epoch), db_i(now_us)),
        err));
    return db_exec(db, QUERY_run_series_stale, DB_IN(db_i(node)), err);
}

track_status branch_is_any(struct db *db, int64_t node, bool *out, track_error *err)
{
    struct forked from;
    TRY(find_fork(db, node, &from, err));
    *out = from.node != 0;
    return TRACK_OK;
}

track_status branch_is_fork(struct db *db, int64_t node, int64_t parent, int64_t step, bool *out,
                            track_error *err)
{
    struct forked from;
    TRY(find_fork(db, node, &from, err));
    *out = from.node == parent && from.step == step;
    return TRACK_OK;
}

static track_status rewound_row(void *data, const struct db_value *c, track_error *err)
{
    void *at;
    TRY(gather_add(data, &at, err));
    *(struct rewound *)at = (struct rewound){db_get_i(&c[0]), db_get_i(&c[1]), db_get_i(&c[2])};
    return TRACK_OK;
}

static track_status fill_parent(struct db *db, int64_t node, struct arena *arena,
                                struct run_branch *out, track_error *err)
{
    struct db_value c[8];
    TRY(db_find(db, QUERY_fork_from, DB_IN(db_i(node)), arena, c, err));
    if (!c[0].type) {
        return TRACK_OK;
    }
    TRY(db_copy_text(arena, &c[0], &out->parent, err));
    TRY(db_copy_text(arena, &c[1], &out->parent_name, err));
    TRY(db_copy_text(arena, &c[3], &out->parent_project, err));
    TRY(db_copy_text(arena, &c[5], &out->parent_state, err));
    out->parent_project_number = db_get_i(&c[2]);
    out->step = db_get_i(&c[4]);
    out->parent_deleted = db_get_i(&c[6]) != 0;
    return TRACK_OK;
}

track_status store_run_branch(struct store *s, const char *id, struct arena *arena,
                              struct run_branch *out, track_error *err)
{
    AUTO_READ struct read r = {0};
    struct run_brief run;
    struct gather rewinds = GATHER(arena, struct rewound);
    bool found;
    *out = (struct run_branch){.parent = NULL};
    TRY(run_check_id(id, err));
    TRY(store_read_begin(s, &r, err));
    TRY(run_find(r.db, id, &run, err));
    TRY(fill_parent(r.db, run.node, arena, out, err));
    TRY(db_run(r.db, QUERY_rewind_newest, DB_IN(db_i(run.node), db_i(REWINDS_SHOWN_MAX)),
               rewound_row, &rewinds, err));
    out->rewinds = rewinds.at;
    out->rewind_count = rewinds.count;
    return db_find_i(r.db, QUERY_fork_count, DB_IN(db_i(run.node)), &out->forks, &found, err);
}

/* Begins a new epoch. */
static track_status rewind_run(struct run_rewind *call, struct db *db, const struct run_brief *run,
                               track_error *err)
{
    struct db_value node = db_i(run->node), step = db_i(call->step), now = db_i(call->now_us);
    if (!run_is_open(run)) {
        return FAIL(err, TRACK_CONFLICT, "run %s has ended (%s): reopen it first", call->id,
                    run->state);
    }
    if (run->epoch >= REWINDS_MAX) {
        return FAIL(err, TRACK_TOO_LARGE, "run %s was rewound %d times, which is the most",
                    call->id, REWINDS_MAX);
    }
    call->new_epoch = run->epoch + 1;
    struct db_value epoch = db_i(call->new_epoch);
    TRY(db_exec(db, QUERY_rewind_add, DB_IN(node, epoch, step, now), err));
    TRY(db_exec(db, QUERY_run_rewind, DB_IN(node, epoch, now), err));
    TRY(db_exec(db, QUERY_writer_rewind, DB_IN(node, step), err));
    return db_exec(db, QUERY_series_drop, DB_IN(node), err);
}

/* Looks for a rewind that is this one. */
static track_status find_same(struct run_rewind *call, struct db *db, const struct run_brief *run,
                              track_error *err)
{
    struct db_value node = db_i(run->node), step = db_i(call->step);
    if (call->epoch >= 0) {
        TRY(db_find_i(db, QUERY_rewind_find, DB_IN(node, db_i(call->epoch), step), &call->new_epoch,
                      &call->again, err));
    }
    if (!call->again && call->writer.size) {
        TRY(db_find_i(db, QUERY_rewind_joint, DB_IN(node, step, db_b(call->writer)),
                      &call->new_epoch, &call->again, err));
    }
    return TRACK_OK;
}

static track_status work(struct ticket *t, struct db *db, track_error *err)
{
    struct run_rewind *call = (struct run_rewind *)(void *)t;
    struct run_brief run;
    TRY(run_need(db, call->id, &run, err));
    t->project = run.project_number;
    call->again = false;
    if (call->epoch > run.epoch) {
        return FAIL(err, TRACK_INVALID, "epoch %lld, the run is at %lld", (long long)call->epoch,
                    (long long)run.epoch);
    }
    TRY(find_same(call, db, &run, err));
    return call->again ? TRACK_OK : rewind_run(call, db, &run, err);
}

static void after(struct ticket *t)
{
    const struct run_rewind *call = (const struct run_rewind *)(const void *)t;
    if (!call->again) {
        run_publish(t, LIVE_RUN, call->id, "epoch");
        run_publish(t, LIVE_POINTS, call->id, "");
        run_publish(t, LIVE_TEXT, call->id, "");
    }
}

track_status store_run_rewind(struct store *s, struct run_rewind *call, track_error *err)
{
    TRY(run_check_id(call->id, err));
    call->ticket.after = after;
    return store_submit(s, &call->ticket, work, err);
}
