/* store_gc - blobs that nothing refers to go.
 *
 * Uploads that were never named, packs that were merged.  One slice of the blob table a call, so
 * that nobody waits; bytes go an hour later, with store_reap.
 * Uses: store, store_object.  One thread at a time.
 */
#ifndef SERVER_STORE_GC_H
#define SERVER_STORE_GC_H
#include "store.h"

enum { GC_SLICE = 256 /* blobs that a call looks at */ };
#define GC_REST_US (INT64_C(600) * 1000000) /* between two passes over the table */

/* Where a pass is; begins as all zero. */
struct gc {
    unsigned char after[32]; /* digest */
    size_t after_size;       /* 0: at the beginning */
    int64_t rest_until_us;
    int64_t collected; /* blobs, since the start */
};

/* Goes on with a pass: of the next GC_SLICE blobs, drops those that were not referred to for
 * BLOB_GRACE_US and are not now.
 *
 * TRACK_TIMEOUT, TRACK_BUSY  too much to do now: call again.
 * and what the ticket says.
 *
 * Tests: tests/server/test_store_gc.c, tests/model
 */
track_status store_gc(struct store *s, struct gc *gc, int64_t now_us, track_error *err);
#endif
