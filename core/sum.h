/* sum - doubles added without losing bits.
 *
 * A sum is kept as two doubles, so it does not show in what order they were added: parts may be
 * summed alone and put together.
 * Uses: nothing.  Pure; any thread.
 */
#ifndef CORE_SUM_H
#define CORE_SUM_H
#include <stddef.h>
#include <stdint.h>

enum { SUM_SCALE_BITS = 64 };

/* The sum is (high + low) * 2^scale.  All zero: nothing was added. */
struct sum {
    double high, low; /* finite */
    int scale;        /* 0, or SUM_SCALE_BITS since the sum would have left double */
};

/* Adds the finite ones of values [count]; at most 2^32 of them in all.
 *
 * Source: Knuth, The Art of Computer Programming 2, 4.2.2, theorem B (two-sum).
 */
void sum_add(struct sum *s, const double *values, size_t count);

/* Adds another sum. */
void sum_merge(struct sum *s, const struct sum *in);

/* The sum divided by n >= 1, which may be larger than a double by one bit at most.
 *
 * Tests: tests/core/test_sum.c
 */
double sum_mean(const struct sum *s, uint64_t n);
#endif
