#include "bands.h"

#include "sum.h"

#include <math.h>
#include <stdlib.h>

static int ascending(const void *left, const void *right)
{
    double a, b;
    a = *(const double *)left;
    b = *(const double *)right;
    if (a == b) { /* -0.0 before 0.0, or the order in which they came would show */
        return !signbit(a) - !signbit(b);
    }
    return a < b ? -1 : 1;
}

/* Between the two values that lie nearest to it, of sorted ones. */
static double quantile(const double *values, size_t n, double p)
{
    double place = (double)(n - 1) * p, below = floor(place), share = place - below;
    size_t at = (size_t)below;
    return share > 0 ? values[at] * (1 - share) + values[at + 1] * share : values[at];
}

static double mean_of(const double *values, size_t n)
{
    struct sum sum = {0};
    sum_add(&sum, values, n);
    return fmin(fmax(sum_mean(&sum, n), values[0]), values[n - 1]);
}

/* Half the standard deviation.  Deviations are taken by the largest of them, so that their squares
 * stay inside double. */
static double half_deviation(const double *values, size_t n, double mean)
{
    double largest = fmax(mean / 2 - values[0] / 2, values[n - 1] / 2 - mean / 2), squares = 0;
    if (n == 1) {
        return (double)NAN;
    }
    for (size_t i = 0; largest > 0 && i < n; i++) {
        double part = (values[i] / 2 - mean / 2) / largest;
        squares += part * part;
    }
    return largest * sqrt(squares / (double)(n - 1));
}

void bands_fill(double *values, size_t n, unsigned mask, double out[BANDS_COUNT])
{
    static const double places[] = {0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95};
    qsort(values, n, sizeof(*values), ascending);
    double mean = mean_of(values, n), half = half_deviation(values, n, mean);
    double found[BANDS_COUNT] = {mean, values[0], values[n - 1], 2 * half,
                                 2 * (half / sqrt((double)n))};
    for (int i = BANDS_P05; i < BANDS_COUNT; i++) {
        found[i] = mask >> i & 1 ? quantile(values, n, places[i - BANDS_P05]) : 0;
    }
    for (int i = 0; i < BANDS_COUNT; i++) {
        out[i] = mask >> i & 1 ? found[i] : out[i];
    }
}
