/* tail_source - the points of a series wherever they lie, for those who read through them.
 *
 *     struct tail_ask ask = {.steps = {from, to}, .by_step = true, .width = grid.width};
 *     TRY(tail_source_open(s, &ask, &reading, &sources, err));
 *     bins_add_sources(&bins, axis, sources.at, sources.count, err)     or
 *     tail_source_merge(&sources, from, &merge, err), stretch_merge_next(&merge, ...)
 *
 * Uses: bins_merge, stretch, tail_pack.  One thread, one request.
 */
#ifndef SERVER_TAIL_SOURCE_H
#define SERVER_TAIL_SOURCE_H
#include "tail_readers.h"

/* What is going to be looked at. */
struct tail_ask {
    struct bins_range steps; /* the rest may be left out */
    bool by_step;            /* in bins of steps that are width wide: 2^n */
    int64_t width;           /* of bins; 0: points are read one by one */
    struct bins_range times; /* of bins of times: the rest may be left out */
};

/* Places that hold points of a series, apart from each other. */
struct tail_sources {
    struct bins_source *at; /* [count] */
    size_t count;
    struct arena *arena;
};

/*   s    whole (tail_whole.h); must not change until all is read.
 *   out  in the reading's arena, as everything it needs.
 *
 * TRACK_CORRUPT  a pack is damaged.
 * TRACK_NOMEM    no memory.
 *
 * Tests: tests/server/test_tail_pack.c
 */
track_status tail_source_open(const struct tail_series *s, const struct tail_ask *ask,
                              struct tail_reading *r, struct tail_sources *out, track_error *err);

/* Begins reading points in order, from some way before a step. */
track_status tail_source_merge(const struct tail_sources *in, int64_t step,
                               struct stretch_merge *out, track_error *err);
#endif
