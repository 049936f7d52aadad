#include "sum.h"

#include <math.h>

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

void sum_add(struct sum *s, const double *values, size_t count)
{
    struct sum next = *s;
    for (size_t i = 0; next.scale == 0 && i < count; i++) {
        if (isfinite(values[i])) {
            sum_put(&next, values[i]);
        }
    }
    if (next.scale == 0 && isfinite(next.high) && isfinite(next.low)) {
        *s = next;
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
