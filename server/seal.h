/* seal - points leave the journal for packs, and packs become fewer, in the background.
 *
 * One thread looks at the journal every few seconds and seals the runs that are due; another, which
 * lets everybody else go first, merges packs and folds the series rows of runs that have ended.
 * Both may be killed at any time: what they do not finish has not happened.
 * Uses: seal_run, seal_merge, series, store.  Any thread.
 */
#ifndef SERVER_SEAL_H
#define SERVER_SEAL_H
#include "store.h"

/* When a run's rows of an epoch are due: one of these, or the run has ended. */
enum {
    SEAL_POINTS_MIN = 65536,
    SEAL_KEY_POINTS = 256, /* for each key: so many points, if that is more */
    SEAL_BYTES_MIN = 4 << 20,
    SEAL_OLD_S = 300, /* the oldest row */
    SEAL_IDLE_S = 60, /* the newest row */
    SEAL_EVERY_S = 5, /* between two looks at the journal */
    SEAL_BUSY = 64,   /* so many tickets wait for the writer: merging waits too, for a while */
};

struct seal; /* opaque */
struct log;

struct seal_options {
    struct store *store;
    struct log *log; /* what goes wrong; NULL: nothing is said */
    bool idle;       /* no threads: seal_pass and seal_merge are called */
};

/* What it has done since the start, and what the last pass found, for /metrics. */
struct seal_counts {
    uint64_t seals, sealed_rows, sealed_points; /* points with repeats */
    uint64_t merges, packs_merged;              /* packs that went */
    uint64_t yields;                            /* times that merging let others go first */
    uint64_t failures;
    int64_t journal_rows, journal_bytes;
};

/* Starts the threads.
 *
 *   out  close with seal_close, before the store; set only on TRACK_OK.
 *
 * TRACK_NOMEM  no memory, or no threads.
 */
track_status seal_open(const struct seal_options *options, struct seal **out, track_error *err);

/* Ends them: at once, whatever they do.  NULL is allowed. */
void seal_close(struct seal *s);

/* Seals what is due at this time.  A run that cannot be sealed is logged and passed over.
 *
 * TRACK_TIMEOUT and others  the journal could not be looked at.
 *
 * Tests: tests/server/test_seal.c
 */
track_status seal_pass(struct seal *s, int64_t now_us, track_error *err);

/* Merges the packs of all runs that have enough of them or have ended. */
track_status seal_merge(struct seal *s, int64_t now_us, track_error *err);

/* Folds the series rows of runs that have ended and are sealed, so that no search has to: there may
 * be very many of them. */
track_status seal_fold(struct seal *s, track_error *err);

void seal_count(struct seal *s, struct seal_counts *out);
#endif
