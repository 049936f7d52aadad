#include "blobs.h"
#include "live.h"
#include "store_base.h"
#include "store_object.h"

#include <string.h>

enum { ARENA_BYTES = 16 << 20, LOC_MAX = 100, WAIT_MS = 5000 };

struct reap {
    struct ticket ticket;
    int64_t now_us;
    struct gather changed; /* of struct changed: runs whose state changed */
};

struct changed {
    char id[33];
    int64_t project;
};

/* Ids in a column, as far as they are ids. */
static track_status add_id(void *data, const struct db_value *c, track_error *err)
{
    void *at;
    TRY(gather_add(data, &at, err));
    struct changed *to = at;
    size_t size = c[0].as.bytes.size < 32 ? c[0].as.bytes.size : 32;
    memcpy(to->id, c[0].as.bytes.at, size);
    return TRACK_OK;
}

static track_status find_projects(struct db *db, struct gather *runs, track_error *err)
{
    struct changed *at = runs->at;
    for (size_t i = 0; i < runs->count; i++) {
        struct run_brief run;
        TRY(run_find(db, at[i].id, &run, err));
        at[i].project = run.project_number;
    }
    return TRACK_OK;
}

/* Gives runs their final state when nobody is left to wait for. */
static track_status end_runs(struct reap *call, struct db *db, track_error *err)
{
    struct gather ending = GATHER(call->ticket.arena, struct changed);
    TRY(db_run(db, QUERY_run_ending, NULL, add_id, &ending, err));
    const struct changed *at = ending.at;
    for (size_t i = 0; i < ending.count; i++) {
        struct run_brief run;
        bool done = false;
        void *to;
        TRY(run_find(db, at[i].id, &run, err));
        TRY(run_complete(db, run.node, call->now_us - RUN_SILENT_US, &done, err));
        if (done) {
            TRY(gather_add(&call->changed, &to, err));
            *(struct changed *)to = at[i];
        }
    }
    return TRACK_OK;
}

struct locs {
    char at[LOC_MAX][BLOBS_LOC_BYTES + 1];
    size_t count;
};

static track_status add_loc(void *data, const struct db_value *c, track_error *err)
{
    struct locs *l = data;
    if (c[0].as.bytes.size != BLOBS_LOC_BYTES || l->count == LOC_MAX) {
        return FAIL(err, TRACK_CORRUPT, "a loose object has a location of %zu bytes",
                    c[0].as.bytes.size);
    }
    memcpy(l->at[l->count++], c[0].as.bytes.at, BLOBS_LOC_BYTES);
    return TRACK_OK;
}

/* Objects first, rows after them: a crash between leaves a row, and removing twice is harmless. */
static track_status remove_dead(struct reap *call, struct db *db, track_error *err)
{
    struct locs *dead = ARENA_NEW(call->ticket.arena, struct locs);
    int64_t now = call->now_us;
    if (!dead) {
        return FAIL(err, TRACK_NOMEM, "no room for %d locations", LOC_MAX);
    }
    TRY(db_exec(db, QUERY_loose_give_up, DB_IN(db_i(now - UPLOAD_GRACE_US), db_i(now)), err));
    TRY(db_run(db, QUERY_loose_dead, DB_IN(db_i(now - OBJECT_GRACE_US)), add_loc, dead, err));
    for (size_t i = 0; i < dead->count; i++) {
        TRY(blobs_remove(store_blobs(call->ticket.store), dead->at[i], err));
        TRY(db_exec(db, QUERY_loose_remove, DB_IN(db_t(dead->at[i])), err));
    }
    return TRACK_OK;
}

static track_status work(struct ticket *t, struct db *db, track_error *err)
{
    struct reap *call = (struct reap *)(void *)t;
    call->changed = (struct gather)GATHER(t->arena, struct changed);
    TRY(db_run(db, QUERY_run_silent, DB_IN(db_i(call->now_us - RUN_SILENT_US)), add_id,
               &call->changed, err));
    TRY(end_runs(call, db, err));
    TRY(find_projects(db, &call->changed, err));
    return remove_dead(call, db, err);
}

static void after(struct ticket *t)
{
    const struct reap *call = (const struct reap *)(const void *)t;
    const struct changed *at = call->changed.at;
    for (size_t i = 0; i < call->changed.count; i++) {
        t->project = at[i].project;
        run_publish(t, LIVE_RUN, at[i].id, "state");
        run_publish(t, LIVE_PROJECT, "", "");
    }
}

track_status store_reap(struct store *s, int64_t now_us, track_error *err)
{
    AUTO_ARENA arena = ARENA(ARENA_BYTES);
    struct reap call = {.ticket = {.arena = &arena, .after = after}, .now_us = now_us};
    TRY(store_look_at_disk(s, err));
    TRY(store_submit_always(s, &call.ticket, work, err));
    return ticket_wait(store_writer(s), &call.ticket, WAIT_MS, err);
}
