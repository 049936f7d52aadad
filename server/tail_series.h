/* tail_series - the points of one series in memory.
 *
 * A set in the order (step, time, value as ordered bits), exact repeats dropped: chunks of up to
 * TAIL_CHUNK_POINTS with each column in its narrowest form, 8 bytes a point and less for what
 * trainers log.  New points wait unsorted until the series is settled.
 * Uses: bins, fail, tail_chunk.  Not shared between threads without a hand-over.
 */
#ifndef SERVER_TAIL_SERIES_H
#define SERVER_TAIL_SERIES_H
#include "tail_chunk.h"

enum { TAIL_PENDING_POINTS = 4096 }; /* then they are settled */

/* What is known of all points of a series; kept up to date by settling. */
struct tail_summary {
    int64_t n, nan, pinf, ninf;
    int64_t time_min_us, time_max_us;
    double min, max;            /* finite; NaN when there is none */
    int64_t min_step, max_step; /* the first step where it was so */
    double sum_high, sum_low;   /* of finite values */
};

/* Points that lie in a pack: tail_pack.h. */
struct tail_part {
    const struct tail_pack *pack;
    const struct pack_series *series;
    int64_t step_last; /* points behind it are hidden; the first one is not */
};

/* What is known of all points, wherever they lie; n 0: there is none. */
struct tail_whole {
    struct point first, last;
    struct tail_summary summary;
};

/* Invariant: everything in chunks is settled; pending is not in the summary yet. */
struct tail_series {
    int64_t id;
    const char *name, *context; /* the run's */
    int64_t rank;               /* named in context; -1: none */
    struct tail_whole whole;    /* if is_whole; then chunks and parts lie apart: tail_whole.h */
    bool is_whole;
    struct tail_part *parts; /* [part_count] */
    size_t part_count, part_room;
    struct tail_summary summary; /* of chunks */
    struct tail_chunk *chunks;   /* [chunk_count] */
    size_t chunk_count, chunk_room;
    struct point *pending; /* [pending_count] */
    size_t pending_count, pending_room;
    struct tail_marks *marks; /* of smoothing: tail_marks.h */
    size_t bytes;             /* of memory, of all this */
    int64_t put_n;            /* summary.n when its row was stored last; 0: never */
};

/* Adds rows of a column, in any order.
 *
 * TRACK_NOMEM  no memory; the series then lacks some of them.
 */
struct tail_column {
    const int64_t *steps, *times_us; /* [count] */
    const double *values;            /* [count] */
    size_t count;
};
track_status tail_series_add(struct tail_series *s, const struct tail_column *in, track_error *err);

/* Brings pending points into the chunks.
 *
 * TRACK_NOMEM  no memory; the series is as before.
 *
 * Tests: tests/server/test_tail_series.c
 */
track_status tail_series_settle(struct tail_series *s, track_error *err);

/* Adds points that lie in a pack.  TRACK_NOMEM. */
track_status tail_series_add_part(struct tail_series *s, struct tail_part part, track_error *err);

/* Forgets the parts: their points were added. */
void tail_series_drop_parts(struct tail_series *s);

/* Index of the first chunk that reaches step or goes beyond it; chunk_count: none. */
size_t tail_series_find(const struct tail_series *s, int64_t step);

void tail_series_release(struct tail_series *s);
#endif
