/* bands - what the values of many runs in one bin come to: their mean and how far they spread.
 *
 * Every run of a group counts once; nothing is interpolated.
 * Uses: sum.  Pure; any thread.
 */
#ifndef CORE_BANDS_H
#define CORE_BANDS_H
#include <stddef.h>

/* Statistics, in the order in which they are written; a set of them is a mask of 1 << statistic. */
enum bands_stat {
    BANDS_MEAN,
    BANDS_MIN,
    BANDS_MAX,
    BANDS_STD,    /* of a sample: the squares' sum by n - 1; NaN for one value */
    BANDS_STDERR, /* that by the root of n */
    BANDS_P05,    /* quantiles: linear between the two nearest ranks, h = (n - 1) p */
    BANDS_P10,
    BANDS_P25,
    BANDS_P50,
    BANDS_P75,
    BANDS_P90,
    BANDS_P95,
    BANDS_COUNT,
};
enum { BANDS_USUAL = 1 << BANDS_MEAN | 1 << BANDS_MIN | 1 << BANDS_MAX };

/* Fills out with the statistics of values [n], all finite, n >= 1; sorts them.
 *
 *   mask  which; the others are left as they were.
 *
 * The same values give the same bits in whatever order they come.
 * Cost:  30-80 ns a value (bench/smooth.c).
 * Tests: tests/core/test_bands.c
 */
void bands_fill(double *values, size_t n, unsigned mask, double out[BANDS_COUNT]);
#endif
