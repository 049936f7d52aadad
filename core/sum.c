#include "sum.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

/* Adds one value (two-sum). */
static void sum_put(struct sum *s, double value)
{
    double high = s->high + value, part = high - s->high;
    s->low += (s->high - (high - part)) + (value - part);
    s->high = high;
}

static void sum_rescale(struct sum *s)
{
    if (s->scale == 0) {
        s->high = ldexp(s->high, -SUM_SCALE_BITS);
        s->low = ldexp(s->low, -SUM_SCALE_BITS);
        s->scale = SUM_SCALE_BITS;
    }
}

/* Adds the finite values as long as the sum stays a double; false if it does not. */
static bool sum_add_plain(struct sum *s, const double *values, size_t count)
{
    double high = s->high, low = s->low;
    for (size_t i = 0; i < count; i++) {
        double value = fabs(values[i]) <= DBL_MAX ? values[i] : 0;
        double next = high + value, part = next - high;
        low += (high - (next - part)) + (value - part);
        high = next;
    }
    if (!isfinite(high) || !isfinite(low)) {
        return false;
    }
    s->high = high;
    s->low = low;
    return true;
}

void sum_add(struct sum *s, const double *values, size_t count)
{
    if (s->scale == 0 && sum_add_plain(s, values, count)) {
        return;
    }
    sum_rescale(s); /* in smaller units */
    for (size_t i = 0; i < count; i++) {
        if (isfinite(values[i])) {
            sum_put(s, ldexp(values[i], -SUM_SCALE_BITS));
        }
    }
}

void sum_merge(struct sum *s, const struct sum *in)
{
    struct sum next = *s, other = *in;
    if (next.scale == 0 && other.scale == 0) {
        sum_put(&next, other.high);
        next.low += other.low;
    }
    if (next.scale || other.scale || !isfinite(next.high) || !isfinite(next.low)) {
        next = *s;
        sum_rescale(&next);
        sum_rescale(&other);
        sum_put(&next, other.high);
        next.low += other.low;
    }
    *s = next;
}

double sum_mean(const struct sum *s, uint64_t n)
{
    return ldexp((s->high + s->low) / (double)n, s->scale);
}
