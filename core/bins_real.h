/* bins_real - bins of a series over the values of another one.
 *
 * The points of both are joined by their steps; bins lie on a grid of doubles that is anchored at
 * 0, as those of bins.h are.  Nothing is interpolated: a point where the other series has no number
 * has no place, and is counted.
 *
 * Uses: arena, bins, bucket, fail, number, stretch, sum.  Pure; any thread.
 */
#ifndef CORE_BINS_REAL_H
#define CORE_BINS_REAL_H
#include "arena.h"
#include "bins.h"
#include "stretch.h"

/* Both ends are inside; both are finite. */
struct real_range {
    double first, last;
};

/* Bin i holds the x with floor(x / width) == number + i, as doubles give it. */
struct real_grid {
    double width;    /* 1, 2 or 5 x 10^n */
    double number;   /* of the first bin; whole, at most 2^52 in size */
    double from, to; /* edges of the range, as far as doubles go */
    uint32_t count;
};

/* Fills a grid over range: the smallest width that gives at most bins bins.
 *
 *   range  first <= last.
 *   bins   1..BINS_MAX.  Two may come where one was asked for, around 0; up to 4 where no wider
 * ones fit into double.
 */
void real_grid_fill(struct real_range range, uint32_t bins, struct real_grid *out);

/* A point of a series with its place. */
struct real_point {
    double x;
    size_t at; /* index in the series */
};

/* Finds the place of each point of y: the value of x in the same row (step and time), else the last
 * one of the same step; of several the greatest, NaN and infinities are none.
 *
 *   x, y  in order.
 *   out   [y->count] at most, in the order of y.
 *
 * Returns how many have a place.
 *
 * Cost:  5 ns a point.
 * Tests: tests/core/test_bins_real.c
 */
size_t real_join(const struct stretch *x, const struct stretch *y, struct real_point *out);

/* Bins of points, by index. */
struct real_bins {
    struct bin *at; /* [count]; real_first and real_last are set */
    size_t *last;   /* [count]: index in y of the last finite point; SIZE_MAX: none */
    size_t count;
};

/* Points with their places. */
struct real_places {
    const struct real_grid *grid;
    const struct stretch *y;   /* the series */
    struct real_point *points; /* [count]; they are sorted */
    size_t count;
};

/* Fills bins: order within a bin is x, then that of the series.  Points outside the grid are passed
 * over.
 *
 * TRACK_NOMEM  the arena's limit.
 *
 * Cost:  15 ns a point where x ascends, 150 ns where it must be sorted.
 * Tests: tests/core/test_bins_real.c (against a calculation by definition)
 */
track_status real_bins_fill(const struct real_places *in, struct arena *arena,
                            struct real_bins *out, track_error *err);
#endif
