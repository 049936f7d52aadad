/* store_branch - rewinds of a run, and the run that it was forked from.
 *
 * A rewind begins a new epoch: points of earlier ones stay visible up to its step (core/visible.h).
 * A fork shows the points of its parent up to a step as if they were its own, then its own; they
 * are never copied.  It sees the parent as it was then: rewinds of the parent that come later
 * change nothing of it, points that come late and were logged before do.  A rewind of the fork to
 * a step before its fork hides what it has of the parent, too.  The parent's data stays as long as
 * the parent does: in the trash it still serves its forks.
 * See store.h for how reads and writes are called.
 * Uses: store, visible.
 */
#ifndef SERVER_STORE_BRANCH_H
#define SERVER_STORE_BRANCH_H
#include "../core/visible.h"
#include "store_run.h"

enum {
    BRANCH_MAX = 17,        /* a run, and 16 that it was forked from, one from the other */
    REWINDS_MAX = 10000,    /* of a run */
    REWINDS_SHOWN_MAX = 100 /* the newest */
};

/* Rewinds a run to a step: points behind it are hidden, and may be logged anew.
 *
 *   epoch   of the points that the caller has logged so far; -1: that of the run now, whatever it
 *           is.  A rewind to the same step that came after this epoch is this one: so a call may be
 *           sent again.
 *   writer  [16] who calls; size 0: not said.  If the last rewind was to the same step, and nobody
 *           of the writer's rank has logged behind it, it is this one: so each rank may say it.
 */
struct run_rewind {
    struct ticket ticket;
    const char *id;
    struct bytes writer;
    int64_t step, epoch, now_us;
    int64_t new_epoch; /* out: of points that are logged from now on */
    bool again;        /* out: it was done before */
};

/* Status of the ticket: TRACK_NOT_FOUND; TRACK_CONFLICT: the run is deleted or has ended (reopen
 * it); TRACK_INVALID: an epoch that the run has not reached; TRACK_TOO_LARGE: over REWINDS_MAX.
 *
 * Tests: tests/server/test_store_branch.c
 */
track_status store_run_rewind(struct store *s, struct run_rewind *call, track_error *err);

/* What is shown of a run. */
struct rewound {
    int64_t epoch, step, at_us;
};
struct run_branch {
    const char *parent; /* NULL: the run is no fork */
    const char *parent_name, *parent_state, *parent_project;
    int64_t parent_project_number, step;
    bool parent_deleted;
    const struct rewound *rewinds; /* [rewind_count], newest first, REWINDS_SHOWN_MAX at most */
    size_t rewind_count;
    int64_t forks; /* of it, outside the trash */
};
track_status store_run_branch(struct store *s, const char *id, struct arena *arena,
                              struct run_branch *out, track_error *err);

/* ---- for the store layer --------------------------------------------------------------------- */

/* A run whose points another one shows. */
struct branch {
    int64_t node;
    struct visible visible;
};
struct branch_list {
    const struct branch *at; /* [count], 1..BRANCH_MAX: the run itself, its parent, and so on */
    size_t count;
    int64_t epoch; /* of the run itself; the list changes only with it */
};
struct db;
track_status branch_load(struct db *db, int64_t node, struct arena *arena, struct branch_list *out,
                         track_error *err);

/* The epoch of a run. */
track_status branch_epoch(struct db *db, int64_t node, int64_t *out, track_error *err);

/* Makes a new run a fork, in the transaction that adds it.
 *
 * TRACK_NOT_FOUND  no such parent.
 * TRACK_CONFLICT   it is deleted, or a fork of forks BRANCH_MAX - 1 deep.
 */
struct branch_fork {
    const char *parent; /* id */
    int64_t step;
};
track_status branch_fork(struct db *db, int64_t node, const struct branch_fork *from,
                         int64_t now_us, track_error *err);

/* True if a run is a fork; and if it is one of this parent at this step. */
track_status branch_is_any(struct db *db, int64_t node, bool *out, track_error *err);
track_status branch_is_fork(struct db *db, int64_t node, int64_t parent, int64_t step, bool *out,
                            track_error *err);
#endif
