/* bucket - what is known of points that lie together in a series.
 *
 * All that a bin of a chart shows, in a form that can be put together: the bucket of two stretches
 * comes from the buckets of each.
 * Uses: stretch, sum.  Pure; any thread.
 */
#ifndef CORE_BUCKET_H
#define CORE_BUCKET_H
#include "stretch.h"
#include "sum.h"

#include <math.h>
#include <stdbool.h>

/* Values of points, but for their sum. */
struct bucket_values {
    double min, max;          /* finite ones, -0.0 below 0.0; +Inf and -Inf where there are none */
    uint32_t nan, pinf, ninf; /* how many are NaN, +Inf, -Inf */
};
#define BUCKET_NO_VALUES                  \
    {                                     \
        .min = INFINITY, .max = -INFINITY \
    }

/* Points, or none: n is 0 and nothing else counts. */
struct bucket {
    struct point first, last;         /* in their order */
    int64_t time_min_us, time_max_us; /* of all points */
    struct bucket_values values;
    struct sum sum; /* finite values */
    uint32_t n;     /* all points */
};

/* How many values are finite. */
static inline uint32_t bucket_finite(const struct bucket *b)
{
    return b->n - b->values.nan - b->values.pinf - b->values.ninf;
}

/* Adds points, in order, that lie behind those of b; at most 2^32 - 1 of them in all.
 *
 * Cost:  3-4 ns a point (bench/pack.c).
 * Tests: tests/core/test_bucket.c
 */
void bucket_add(struct bucket *b, const struct stretch *in);

/* Adds what lies behind b. */
void bucket_merge(struct bucket *b, const struct bucket *in);

/* The same two for values alone. */
void bucket_add_values(struct bucket_values *v, const double *values, size_t count);
void bucket_merge_values(struct bucket_values *v, const struct bucket_values *in);

/* False if no points give this bucket: its counts, times or values contradict each other. */
bool bucket_is_sound(const struct bucket *b);

/* True if they are the same, bit for bit. */
bool bucket_same(const struct bucket *a, const struct bucket *b);
#endif
