#include "bins_real.h"

#include "number.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

/* factor x 10^power as the nearest double; false beyond the doubles. */
static bool width_make(int factor, int power, double *out)
{
    char text[8] = {(char)('0' + factor), 'e', power < 0 ? '-' : '+'};
    int size = abs(power);
    text[3] = (char)('0' + size / 100);
    text[4] = (char)('0' + size / 10 % 10);
    text[5] = (char)('0' + size % 10);
    return number_decode((struct bytes){(const unsigned char *)text, 6}, out) && *out > 0;
}

static double bins_between(struct real_range range, double width)
{
    return floor(range.last / width) - floor(range.first / width);
}

/* The least width that number and count can be told apart with. */
static double width_least(struct real_range range, uint32_t bins)
{
    double largest = fmax(fabs(range.first), fabs(range.last));
    double spread = range.last / bins - range.first / bins;
    if (range.first == range.last && largest < 0x1p52) {
        return 1;
    }
    return fmax(fmax(spread, largest * 0x1p-52), DBL_MIN);
}

static double width_find(struct real_range range, uint32_t bins)
{
    enum { POWER_MIN = -307 };
    static const int factors[] = {1, 2, 5};
    double least = width_least(range, bins), width = least, next;
    int power = (int)floor(log10(least)) - 1;
    power = power < POWER_MIN ? POWER_MIN : power;
    for (int i = 0; width_make(factors[i % 3], power + i / 3, &next); i++) {
        width = next;
        if (width >= least * (1 - 0x1p-50) && bins_between(range, width) < bins) {
            break;
        }
    }
    return width;
}

void real_grid_fill(struct real_range range, uint32_t bins, struct real_grid *out)
{
    uint32_t most = bins < 2 ? 2 : bins; /* around 0 there are always two */
    if (bins == 1 && (range.first < 0) == (range.last < 0)) {
        most = 1;
    }
    out->width = width_find(range, most);
    out->number = floor(range.first / out->width);
    out->count = (uint32_t)bins_between(range, out->width) + 1;
    out->from = fmax(out->number * out->width, -DBL_MAX);
    out->to = fmin((out->number + out->count) * out->width, DBL_MAX);
}

/* The points of x at one step, and what stands over a row of that step. */
struct places {
    const struct stretch *x;
    size_t from, to;
    size_t row;          /* from here on: times that were not looked for yet */
    int64_t row_time_us; /* what was looked for last, if row is not from */
    double last, here;   /* of the step, of the row: the last number; NaN: none */
};

static void places_find(struct places *p, int64_t step)
{
    const struct stretch *x = p->x;
    for (p->from = p->to; p->from < x->count && x->steps[p->from] < step; p->from++) {
    }
    p->last = p->here = (double)NAN;
    for (p->to = p->from; p->to < x->count && x->steps[p->to] == step; p->to++) {
        p->last = isfinite(x->values[p->to]) ? x->values[p->to] : p->last;
    }
    p->row = p->from;
}

/* The place of a point of this step; times ascend from call to call. */
static double places_get(struct places *p, int64_t time_us)
{
    const struct stretch *x = p->x;
    if (p->row == p->from || p->row_time_us != time_us) {
        p->here = (double)NAN;
        for (; p->row < p->to && x->times_us[p->row] <= time_us; p->row++) {
            bool good = x->times_us[p->row] == time_us && isfinite(x->values[p->row]);
            p->here = good ? x->values[p->row] : p->here;
        }
        p->row_time_us = time_us;
    }
    return isnan(p->here) ? p->last : p->here;
}

size_t real_join(const struct stretch *x, const struct stretch *y, struct real_point *out)
{
    struct places p = {.x = x};
    size_t count = 0;
    for (size_t i = 0; i < y->count; i++) {
        if (p.to == p.from || x->steps[p.from] != y->steps[i]) {
            places_find(&p, y->steps[i]);
        }
        double place = places_get(&p, y->times_us[i]);
        if (!isnan(place)) {
            out[count++] = (struct real_point){place, i};
        }
    }
    return count;
}

static int by_x(const void *left, const void *right)
{
    const struct real_point *a = left, *b = right;
    if (a->x != b->x) {
        return a->x < b->x ? -1 : 1;
    }
    return a->at < b->at ? -1 : a->at > b->at;
}

/* What a bin is filled from. */
struct filling {
    struct bucket_values values;
    struct sum sum;
};

static void bin_add(struct bin *bin, struct filling *f, const struct real_point *p, double value)
{
    if (bin->n++ == 0) {
        bin->real_first = p->x;
        bin->first = value;
    }
    bin->real_last = p->x;
    bin->last = value;
    bucket_add_values(&f->values, &value, 1);
    sum_add(&f->sum, &value, 1);
}

static void bin_close(struct bin *bin, const struct filling *f)
{
    bin->nan = f->values.nan;
    bin->pinf = f->values.pinf;
    bin->ninf = f->values.ninf;
    bin->smooth = (double)NAN;
    uint32_t finite = bin->n - bin->nan - bin->pinf - bin->ninf;
    if (finite == 0) {
        bin->min = bin->max = bin->mean = (double)NAN;
        return;
    }
    bin->min = f->values.min;
    bin->max = f->values.max;
    bin->mean = fmin(fmax(sum_mean(&f->sum, finite), bin->min), bin->max);
}

static void points_sort(struct real_point *points, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (points[i].x < points[i - 1].x) {
            qsort(points, count, sizeof(*points), by_x);
            return;
        }
    }
}

track_status real_bins_fill(const struct real_places *in, struct arena *arena,
                            struct real_bins *out, track_error *err)
{
    const struct real_grid *grid = in->grid;
    const struct real_point *points = in->points;
    size_t count = in->count;
    size_t room = count < grid->count ? count : grid->count;
    *out = (struct real_bins){.at = ARENA_ARRAY(arena, struct bin, room + 1),
                              .last = ARENA_ARRAY(arena, size_t, room + 1)};
    if (!out->at || !out->last) {
        return FAIL(err, TRACK_NOMEM, "bins: no memory for %zu of them", room);
    }
    points_sort(in->points, count);
    struct filling f = {.values = BUCKET_NO_VALUES};
    for (size_t i = 0; i < count; i++) {
        double number = floor(points[i].x / grid->width) - grid->number;
        if (!(number >= 0 && number < grid->count)) {
            continue;
        }
        uint32_t index = (uint32_t)number;
        if (out->count == 0 || out->at[out->count - 1].index != index) {
            if (out->count) {
                bin_close(&out->at[out->count - 1], &f);
            }
            f = (struct filling){.values = BUCKET_NO_VALUES};
            out->last[out->count] = SIZE_MAX;
            out->at[out->count++] = (struct bin){.index = index};
        }
        double value = in->y->values[points[i].at];
        bin_add(&out->at[out->count - 1], &f, &points[i], value);
        if (isfinite(value)) {
            out->last[out->count - 1] = points[i].at;
        }
    }
    if (out->count) {
        bin_close(&out->at[out->count - 1], &f);
    }
    return TRACK_OK;
}
