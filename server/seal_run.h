/* seal_run - journal rows of one run become packs.
 *
 * Rows are read in one snapshot, decoded, sorted and packed without holding anything; then one
 * transaction takes exactly these rows and adds the packs.  If somebody was faster, nothing
 * happens.
 * Uses: seal_out, seal_set, store_pack.  One thread.
 */
#ifndef SERVER_SEAL_RUN_H
#define SERVER_SEAL_RUN_H
#include "store_pack.h"

enum {
    SEAL_BYTES_MAX = 8 << 20, /* of frames, at once */
    SEAL_ROWS_MAX = 1 << 16,
};

struct seal_ask {
    struct store *store;
    int64_t run_node, epoch;
    int64_t now_us;
    size_t bytes_max; /* 0: SEAL_BYTES_MAX */
};

struct seal_did {
    int64_t rows, points, bytes; /* that left the journal; points with repeats */
    bool more;                   /* there are rows that were not looked at */
};

/* Seals some rows of a run and epoch, if there are any to be sealed.
 *
 * TRACK_CONFLICT   somebody else seals the same rows: look again later.
 * TRACK_NOT_FOUND  the run is gone.
 * TRACK_CORRUPT    a row is damaged; nothing of the run is sealed then.
 * and what uploads and tickets say.
 *
 * Tests: tests/server/test_seal_run.c
 */
track_status seal_run(const struct seal_ask *ask, struct seal_did *out, track_error *err);
#endif
