/* bins - many points of a series as few columns of a chart.
 *
 * Bins lie on a grid that is anchored at 0 and the same for every series and run: steps in widths
 * of 2^w, times in widths of 1, 2 or 5 x 10^n us.  Nothing is sampled: every point counts in its
 * bin, so the same points give the same bins, and no spike is lost.
 * Uses: arena, bucket, fail, sum.  Pure; any thread.
 */
#ifndef CORE_BINS_H
#define CORE_BINS_H
#include "arena.h"
#include "bucket.h"
#include "fail.h"

enum { BINS_MAX = 4096 };

/* What points are binned by.  RELATIVE is time since the start of the run; METRIC is the value of
 * another series, a double: bins_real.h. */
enum bins_x { BINS_STEP = 0, BINS_TIME = 1, BINS_RELATIVE = 2, BINS_METRIC = 3 };

/* Both ends are inside. */
struct bins_range {
    int64_t first, last;
};

/* Bin i holds from + i * width <= x < from + (i + 1) * width. */
struct bins_grid {
    int64_t width;
    int64_t from, to; /* edges of the range, where int64 ends at its ends */
    int64_t number;   /* of the first bin: floor(x / width) */
    uint32_t count;
};

/* Fills a grid over range, widened to its edges: the smallest width that gives at most bins bins.
 *
 *   range  first <= last.
 *   bins   1..BINS_MAX.  Two may come where one was asked for, around 0; up to 4 where no wider
 * ones fit into int64.
 */
void bins_grid_fill(enum bins_x x, struct bins_range range, uint32_t bins, struct bins_grid *out);

/* The index of the bin that holds x; UINT32_MAX outside the grid.
 *
 *   last  the last x for which the answer is the same.
 */
uint32_t bins_place(const struct bins_grid *grid, int64_t x, int64_t *last);

/* The bin on the line of all bins that holds x; rounds down.  Bins of steps are 2^n wide, for which
 * nothing is divided. */
static inline int64_t bins_number(int64_t width, int64_t x)
{
    if ((width & (width - 1)) == 0) {
        return x >> __builtin_ctzll((uint64_t)width);
    }
    int64_t quotient = x / width;
    return x % width < 0 ? quotient - 1 : quotient;
}

/* One bin that is not empty.  Order of points: x, then the other axis, then the value. */
struct bin {
    uint32_t index;           /* in the grid */
    uint32_t n;               /* all points, the three counts below included */
    uint32_t nan, pinf, ninf; /* NaN, +Inf, -Inf */
    union {                   /* of its first and last point */
        struct {
            int64_t x_first, x_last;
        };
        struct {
            double real_first, real_last; /* BINS_METRIC */
        };
    };
    double first, last;    /* any double */
    double min, max, mean; /* of finite values, -0.0 below 0.0; NaN where there are none */
    double smooth;         /* smooth.h, at its last finite point; for those who ask for it */
};

/* Bins being filled.  Its own affair but for at and count. */
struct bins {
    const struct bins_grid *grid;
    struct arena *arena;
    struct bin *at; /* [count], by index */
    size_t count, room;
    struct bucket_values values; /* of the last bin, with their sum */
    struct sum sum;
    track_status status;
};

/* Begins; grid and arena must outlive b. */
void bins_init(struct bins *b, const struct bins_grid *grid, struct arena *arena);

/* Adds points.  Those outside the grid are passed over.
 *
 *   x       [count], ascending, also from call to call.
 *   values  [count].
 *
 * Cost: 5-7 ns a point (bench/series.c).
 */
void bins_add(struct bins *b, const int64_t *x, const double *values, size_t count);

/* Adds points that all lie in one bin, given as a bucket; they are passed over outside the grid.
 *
 *   range  x of its first and last point; not before what was added last.
 *
 * Cost: 20 ns (bench/pack.c).
 */
void bins_add_bucket(struct bins *b, struct bins_range range, const struct bucket *in);

/* Ends: b->at [b->count] are the bins that are not empty.
 *
 * TRACK_NOMEM    the arena's limit.
 * TRACK_CORRUPT  what was added was not in order.
 *
 * Tests: tests/core/test_bins.c (against a calculation by definition)
 */
track_status bins_end(struct bins *b, track_error *err);

/* True if every bin holds at most one point: the bins are the points. */
bool bins_are_exact(const struct bin *bins, size_t count);

/* A double as a number that sorts as values do: -Inf, ..., -0.0, 0.0, ..., +Inf, then NaN of either
 * sign; different bits give different numbers. */
uint64_t bins_order(double value);
#endif
