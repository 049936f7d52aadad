/* check_base - what the parts of a check share.
 *
 * Uses: check, store.  Not for others.
 */
#ifndef SERVER_CHECK_BASE_H
#define SERVER_CHECK_BASE_H
#include "check.h"
#include "db.h"
#include "store_base.h"

/* A check under way. */
struct check {
    const struct check_options *options;
    struct check_counts *counts;
    struct store *store;
    struct db *db; /* the reader that rows are taken from */
};

/* Counts one finding that means damage, and says it. */
void check_wrong(struct check *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Rows against frames: every run, every writer, every frame. */
track_status check_journal(struct check *c, track_error *err);

/* Rows against packs: each is what its row says, and holds what its own directory says. */
track_status check_packs(struct check *c, track_error *err);

/* Rows against bytes: every blob is there and has its digest; objects without a row. */
track_status check_blobs(struct check *c, track_error *err);
#endif
