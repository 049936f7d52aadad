#include "bucket.h"

#include <math.h>
#include <string.h>

/* Which zero is the least and which the greatest: -0.0 is below 0.0, whatever came first. */
static void values_order_zeros(struct bucket_values *v, const double *values, size_t count)
{
    bool minus = false, plus = false;
    for (size_t i = 0; i < count; i++) {
        minus = minus || (values[i] == 0 && signbit(values[i]));
        plus = plus || (values[i] == 0 && !signbit(values[i]));
    }
    v->min = v->min == 0 && minus ? -0.0 : v->min;
    v->max = v->max == 0 && plus ? 0.0 : v->max;
}

void bucket_add_values(struct bucket_values *v, const double *values, size_t count)
{
    double min = v->min, max = v->max;
    for (size_t i = 0; i < count; i++) {
        double value = values[i];
        if (isfinite(value)) {
            min = value < min ? value : min;
            max = value > max ? value : max;
        } else {
            v->nan += isnan(value) != 0;
            v->pinf += value > 0;
            v->ninf += value < 0;
        }
    }
    v->min = min;
    v->max = max;
    if (min == 0 || max == 0) {
        values_order_zeros(v, values, count);
    }
}

void bucket_merge_values(struct bucket_values *v, const struct bucket_values *in)
{
    bool less = in->min < v->min || (in->min == v->min && signbit(in->min));
    bool more = in->max > v->max || (in->max == v->max && !signbit(in->max));
    v->min = less ? in->min : v->min;
    v->max = more ? in->max : v->max;
    v->nan += in->nan;
    v->pinf += in->pinf;
    v->ninf += in->ninf;
}

static void bucket_begin(struct bucket *b, const struct point *first)
{
    *b = (struct bucket){.first = *first};
    b->time_min_us = b->time_max_us = first->time_us;
    b->values = (struct bucket_values)BUCKET_NO_VALUES;
}

void bucket_add(struct bucket *b, const struct stretch *in)
{
    if (in->count == 0) {
        return;
    }
    if (b->n == 0) {
        struct point first = stretch_get(in, 0);
        bucket_begin(b, &first);
    }
    int64_t min = b->time_min_us, max = b->time_max_us;
    for (size_t i = 0; i < in->count; i++) {
        int64_t time = in->times_us[i];
        min = time < min ? time : min;
        max = time > max ? time : max;
    }
    b->time_min_us = min;
    b->time_max_us = max;
    bucket_add_values(&b->values, in->values, in->count);
    sum_add(&b->sum, in->values, in->count);
    b->n += (uint32_t)in->count;
    b->last = stretch_get(in, in->count - 1);
}

void bucket_merge(struct bucket *b, const struct bucket *in)
{
    if (in->n == 0) {
        return;
    }
    if (b->n == 0) {
        *b = *in;
        return;
    }
    b->time_min_us = in->time_min_us < b->time_min_us ? in->time_min_us : b->time_min_us;
    b->time_max_us = in->time_max_us > b->time_max_us ? in->time_max_us : b->time_max_us;
    bucket_merge_values(&b->values, &in->values);
    sum_merge(&b->sum, &in->sum);
    b->n += in->n;
    b->last = in->last;
}

static bool values_are_sound(const struct bucket *b)
{
    const struct bucket_values *v = &b->values;
    if (bucket_finite(b) == 0) {
        return v->min == INFINITY && v->max == -INFINITY && b->sum.high == 0 && b->sum.low == 0;
    }
    return isfinite(v->min) && isfinite(v->max) && v->min <= v->max && isfinite(b->sum.high) &&
           isfinite(b->sum.low) && (b->sum.scale == 0 || b->sum.scale == SUM_SCALE_BITS);
}

bool bucket_is_sound(const struct bucket *b)
{
    uint64_t others = (uint64_t)b->values.nan + b->values.pinf + b->values.ninf;
    return b->n > 0 && others <= b->n && point_compare(&b->first, &b->last) <= 0 &&
           b->time_min_us <= b->first.time_us && b->time_min_us <= b->last.time_us &&
           b->time_max_us >= b->first.time_us && b->time_max_us >= b->last.time_us &&
           values_are_sound(b);
}

static bool same_bits(double a, double b)
{
    return memcmp(&a, &b, sizeof(a)) == 0;
}

bool bucket_same(const struct bucket *a, const struct bucket *b)
{
    const struct bucket_values *v = &a->values, *w = &b->values;
    return point_compare(&a->first, &b->first) == 0 && point_compare(&a->last, &b->last) == 0 &&
           a->time_min_us == b->time_min_us && a->time_max_us == b->time_max_us && a->n == b->n &&
           same_bits(v->min, w->min) && same_bits(v->max, w->max) && v->nan == w->nan &&
           v->pinf == w->pinf && v->ninf == w->ninf && same_bits(a->sum.high, b->sum.high) &&
           same_bits(a->sum.low, b->sum.low) && a->sum.scale == b->sum.scale;
}
