/* check_base - what the parts of a check share.
 *
 * Uses: check, store, tail.  Not for others.
 */
#ifndef SERVER_CHECK_BASE_H
#define SERVER_CHECK_BASE_H
#include "check.h"
#include "db.h"
#include "store_base.h"
#include "store_pack.h"
#include "tail.h"

/* A check under way. */
struct check {
    const struct check_options *options;
    struct check_counts *counts;
    struct store *store;
    struct tail *tail;
    struct db *db; /* the reader that rows are taken from */
};

/* Counts one finding that means damage, and says it. */
void check_wrong(struct check *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for a row that is derived: it can be written again, and is going to be if that was asked
 * for.
 *
 *   loss  it counts more than there is: the row is wrong, or what it was made of is gone.
 */
void check_derived(struct check *c, bool loss, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Runs the work of a ticket that repairs, and waits for it. */
track_status check_repair(struct check *c, struct ticket *t, ticket_work *work, track_error *err);

/* A run as the list gives it. */
struct check_run {
    int64_t node, epoch;
    const char *id;
    unsigned char binary[16];
};

/* Calls fn with every run, deleted ones too; its arena ends with the call. */
typedef track_status check_run_fn(struct check *c, const struct check_run *run, struct arena *arena,
                                  track_error *err);
track_status check_runs(struct check *c, check_run_fn *fn, track_error *err);

/* Rows against frames: every run, every writer, every frame. */
track_status check_journal(struct check *c, track_error *err);

/* Rows against packs: each is what its row says, and holds what its own directory says. */
track_status check_packs(struct check *c, track_error *err);

/* Series that fill several final packs: the digest over all of them.  packs: of one run. */
track_status check_splits(struct check *c, const struct check_run *run,
                          const struct pack_list *packs, track_error *err);

/* Rows that are derived, against what they are made of. */
track_status check_series(struct check *c, track_error *err);
track_status check_facts(struct check *c, track_error *err);

/* Rows against bytes: every blob is there and has its digest; objects without a row. */
track_status check_blobs(struct check *c, track_error *err);
#endif
