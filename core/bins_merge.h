/* bins_merge - bins of a series that lies in several places, mostly from what is summed up already.
 *
 * Where a bucket lies in one bin alone, it counts as it is; where it crosses the edge of a bin, or
 * shares its stretch with another source (which may hold the same points), its points are read.  So
 * the bins are those of all points, each once, whatever lies where.
 * Uses: arena, bins, bucket, bytes, stretch.  Not shared between threads without a hand-over.
 */
#ifndef CORE_BINS_MERGE_H
#define CORE_BINS_MERGE_H
#include "bins.h"

enum { BINS_SORT_MAX = 4000000 }; /* points with times in disorder */

/* A place that holds points of the series: a pack, or the tail. */
struct bins_source {
    const struct bucket *at; /* [count], in order and apart; n 0: first, last and the times alone
                                are known.  Buckets outside the grid may be left out. */
    size_t count;
    struct stretch_source points; /* the same points */
};

/* x of points: their step, or their time less an origin (0 but for BINS_RELATIVE). */
struct bins_axis {
    enum bins_x x;
    int64_t origin_us;
};

/* time - origin, kept inside int64. */
int64_t bins_time_since(int64_t time_us, int64_t origin_us);

/* Adds everything that the sources hold on the grid of b, which is empty so far.
 *
 * TRACK_TOO_LARGE  over BINS_SORT_MAX points in a row whose times are in disorder.
 * TRACK_NOMEM      no memory.
 * and what the sources say.
 *
 * Cost:  40 ns a bucket; 8 ns a point that is read, and reading it (bench/pack.c).
 * Tests: tests/core/test_bins_merge.c (against all points in one place)
 */
track_status bins_add_sources(struct bins *b, struct bins_axis axis,
                              const struct bins_source *sources, size_t count, track_error *err);
#endif
