#include "live.h"
#include "store_base.h"
#include "store_run.h"

#include <string.h>

bool run_is_open(const struct run_brief *run)
{
    return strcmp(run->state, "running") == 0 || strcmp(run->state, "unconfirmed") == 0 ||
           strcmp(run->state, "queued") == 0;
}

track_status run_complete(struct db *db, int64_t node, int64_t silent_us, bool *done,
                          track_error *err)
{
    int64_t open = 0;
    bool found;
    *done = false;
    TRY(db_find_i(db, QUERY_run_open_writers, DB_IN(db_i(node), db_i(silent_us)), &open, &found,
                  err));
    if (open > 0) {
        return TRACK_OK;
    }
    int64_t ended;
    return db_find_i(db, QUERY_run_end, DB_IN(db_i(node)), &ended, done, err);
}

static track_status reopen(const struct run_change *call, struct db *db,
                           const struct run_brief *run, track_error *err)
{
    if (run_is_open(run)) {
        if (call->change == RUN_REOPEN && run->final_state[0]) {
            return db_exec(db, QUERY_run_reopen,
                           DB_IN(db_i(run->node), db_t(""), db_i(call->now_us)), err);
        }
        return TRACK_OK;
    }
    const char *back_to = call->change == RUN_REOPEN_LATE ? run->state : "";
    return db_exec(db, QUERY_run_reopen, DB_IN(db_i(run->node), db_t(back_to), db_i(call->now_us)),
                   err);
}

/* Stores the state that the run has once its writers are done. */
static track_status ask_for_end(const struct run_change *call, struct db *db, int64_t node,
                                track_error *err)
{
    bool coded = call->exit_code != RUN_NO_CODE;
    return db_exec(db, QUERY_run_finish,
                   DB_IN(db_i(node), db_t(call->state), coded ? db_i(call->exit_code) : db_null(),
                         db_maybe_i(call->signal),
                         db_i(call->ended_us ? call->ended_us : call->now_us), db_i(call->now_us)),
                   err);
}

static track_status finish(const struct run_change *call, struct db *db,
                           const struct run_brief *run, track_error *err)
{
    bool done;
    if (!run_is_open(run)) {
        return strcmp(run->state, call->state) == 0
                   ? TRACK_OK
                   : FAIL(err, TRACK_CONFLICT, "the run has ended as %s: reopen it first",
                          run->state);
    }
    if (run->final_state[0] == '\0') {
        TRY(ask_for_end(call, db, run->node, err));
    } else if (strcmp(run->final_state, call->state) != 0) {
        return FAIL(err, TRACK_CONFLICT, "the run ends as %s already, not as %s", run->final_state,
                    call->state);
    }
    return run_complete(db, run->node, call->now_us - RUN_SILENT_US, &done, err);
}

static track_status change(const struct run_change *call, struct db *db,
                           const struct run_brief *run, track_error *err)
{
    struct db_value node = db_i(run->node), now = db_i(call->now_us);
    switch (call->change) {
    case RUN_PATCH:
        return db_exec(db, QUERY_run_change, DB_IN(node, db_t(call->name), db_t(call->note), now),
                       err);
    case RUN_DELETE:
        return run->deleted_us ? TRACK_OK
                               : db_exec(db, QUERY_run_delete, DB_IN(node, now, now), err);
    case RUN_RESTORE:
        return db_exec(db, QUERY_run_delete, DB_IN(node, db_null(), now), err);
    case RUN_STOP:
        return db_exec(db, QUERY_run_stop, DB_IN(node, now), err);
    case RUN_REOPEN:
    case RUN_REOPEN_LATE:
        return reopen(call, db, run, err);
    case RUN_FINISH:
        return finish(call, db, run, err);
    }
    return FAIL(err, TRACK_CORRUPT, "no such change of a run: %d", (int)call->change);
}

/* Of the writers, those that a finish waits for. */
static void keep_open(struct run_change *call, struct run_receipt *all)
{
    struct run_writer *to = (struct run_writer *)(uintptr_t)all->writers;
    size_t count = 0;
    for (size_t i = 0; i < all->count; i++) {
        const struct run_writer *w = &all->writers[i];
        if (!w->closed_us && w->seen_us >= call->now_us - RUN_SILENT_US) {
            to[count++] = *w;
        }
    }
    call->open = to;
    call->open_count = count;
}

static track_status work(struct ticket *t, struct db *db, track_error *err)
{
    struct run_change *call = (struct run_change *)(void *)t;
    struct run_brief run;
    bool trash = call->change == RUN_RESTORE || call->change == RUN_DELETE;
    TRY(trash ? run_find(db, call->id, &run, err) : run_need(db, call->id, &run, err));
    TRY(change(call, db, &run, err));
    TRY(run_get(db, run.node, t->arena, &call->run, err));
    call->open = NULL;
    call->open_count = 0;
    if (call->run.final_state[0]) {
        struct run_receipt all;
        TRY(run_writers(db, run.node, t->arena, &all, err));
        keep_open(call, &all);
    }
    t->project = run.project_number;
    return TRACK_OK;
}

static void after(struct ticket *t)
{
    static const char *const fields[] = {
        [RUN_PATCH] = "name,note", [RUN_DELETE] = "deleted", [RUN_RESTORE] = "deleted",
        [RUN_STOP] = "stop",       [RUN_REOPEN] = "state",   [RUN_REOPEN_LATE] = "state",
        [RUN_FINISH] = "state",
    };
    struct run_change *call = (struct run_change *)(void *)t;
    run_publish(t, LIVE_RUN, call->run.id, fields[call->change]);
    if (call->change != RUN_PATCH && call->change != RUN_STOP) {
        run_publish(t, LIVE_PROJECT, "", "");
    }
}

static track_status check_final(const char *state, track_error *err)
{
    static const char *const states[] = {"finished", "failed", "stopped", "preempted"};
    for (size_t i = 0; state && i < sizeof(states) / sizeof(states[0]); i++) {
        if (strcmp(state, states[i]) == 0) {
            return TRACK_OK;
        }
    }
    return FAIL(err, TRACK_INVALID, "a run ends finished, failed, stopped or preempted, not %.40s",
                state ? state : "nothing");
}

track_status store_run_change(struct store *s, struct run_change *call, track_error *err)
{
    TRY(run_check_id(call->id, err));
    if (call->change == RUN_PATCH) {
        TRY(run_check_patch(call, err));
    }
    if (call->change == RUN_FINISH) {
        TRY(check_final(call->state, err));
    }
    call->ticket.after = after;
    return store_submit_always(s, &call->ticket, work, err);
}
