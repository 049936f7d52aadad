#include "bins.h"

#include <math.h>
#include <string.h>

enum { STEP_SHIFT_MAX = 62 };

/* Sums of an edge and a width may leave int64. */
typedef int wide __attribute__((mode(TI))); /* 128 bits */

static int64_t saturate(wide value)
{
    return value > INT64_MAX ? INT64_MAX : value < INT64_MIN ? INT64_MIN : (int64_t)value;
}

/* Bins of this width over range, less one. */
static uint64_t bins_between(struct bins_range range, int64_t width)
{
    return (uint64_t)bins_number(width, range.last) - (uint64_t)bins_number(width, range.first);
}

static int64_t width_of_steps(struct bins_range range, uint32_t bins)
{
    int shift = 0;
    while (shift < STEP_SHIFT_MAX && bins_between(range, (int64_t)1 << shift) >= bins) {
        shift++;
    }
    return (int64_t)1 << shift;
}

static int64_t width_of_times(struct bins_range range, uint32_t bins)
{
    static const int64_t factors[] = {1, 2, 5};
    int64_t power = 1, width = 1;
    for (int i = 0;; i++) {
        width = power * factors[i % 3];
        if (bins_between(range, width) < bins || width >= INT64_MAX / 4) {
            return width;
        }
        power *= i % 3 == 2 ? 10 : 1;
    }
}

void bins_grid_fill(enum bins_x x, struct bins_range range, uint32_t bins, struct bins_grid *out)
{
    uint32_t most = bins < 2 ? 2 : bins; /* around 0 there are always two */
    if (bins == 1 && (range.first < 0) == (range.last < 0)) {
        most = 1;
    }
    out->width = x == BINS_STEP ? width_of_steps(range, most) : width_of_times(range, most);
    out->number = bins_number(out->width, range.first);
    out->count = (uint32_t)bins_between(range, out->width) + 1;
    out->from = saturate((wide)out->number * out->width);
    out->to = saturate(((wide)out->number + out->count) * out->width);
}

uint32_t bins_place(const struct bins_grid *grid, int64_t x, int64_t *last)
{
    int64_t number = bins_number(grid->width, x);
    if (number < grid->number) {
        *last = saturate((wide)grid->number * grid->width - 1);
        return UINT32_MAX;
    }
    uint64_t index = (uint64_t)number - (uint64_t)grid->number;
    *last = index < grid->count ? saturate(((wide)number + 1) * grid->width - 1) : INT64_MAX;
    return index < grid->count ? (uint32_t)index : UINT32_MAX;
}

/* Where -Inf stands when doubles are sorted by sign and magnitude: NaN with a sign come before. */
static const uint64_t order_of_minus_inf = ((uint64_t)1 << 52) - 1;

uint64_t bins_order(double value)
{
    uint64_t bits, sign = (uint64_t)1 << 63;
    memcpy(&bits, &value, sizeof(bits));
    bits = bits & sign ? ~bits : bits | sign;
    return bits - order_of_minus_inf; /* wraps round, so that NaN with a sign come last */
}

void bins_init(struct bins *b, const struct bins_grid *grid, struct arena *arena)
{
    *b = (struct bins){.grid = grid, .arena = arena};
}

static bool bins_reserve(struct bins *b)
{
    if (b->count < b->room) {
        return true;
    }
    size_t room = b->room ? 2 * b->room : 64;
    room = room < b->grid->count ? room : b->grid->count;
    struct bin *at = ARENA_ARRAY(b->arena, struct bin, room);
    if (!at) {
        b->status = TRACK_NOMEM;
        return false;
    }
    if (b->count) {
        memcpy(at, b->at, b->count * sizeof(*at));
    }
    b->at = at;
    b->room = room;
    return true;
}

/* Ends the last bin. */
static void bins_close(struct bins *b)
{
    if (b->count == 0) {
        return;
    }
    struct bin *bin = &b->at[b->count - 1];
    bin->nan = b->values.nan;
    bin->pinf = b->values.pinf;
    bin->ninf = b->values.ninf;
    uint32_t finite = bin->n - bin->nan - bin->pinf - bin->ninf;
    if (finite == 0) {
        bin->min = bin->max = bin->mean = (double)NAN;
        return;
    }
    bin->min = b->values.min;
    bin->max = b->values.max;
    bin->mean = fmin(fmax(sum_mean(&b->sum, finite), bin->min), bin->max);
}

/* The bin of this index: the last one or a new one; NULL without memory, or behind the last. */
static struct bin *bins_get(struct bins *b, uint32_t index)
{
    if (b->count && b->at[b->count - 1].index == index) {
        return &b->at[b->count - 1];
    }
    if (b->count && b->at[b->count - 1].index > index) {
        b->status = TRACK_CORRUPT; /* x went back */
        return NULL;
    }
    bins_close(b);
    if (!bins_reserve(b)) {
        return NULL;
    }
    b->sum = (struct sum){0};
    b->values = (struct bucket_values)BUCKET_NO_VALUES;
    b->at[b->count] = (struct bin){.index = index};
    return &b->at[b->count++];
}

/* How many of x [count], ascending, are at most last; looks near the start first. */
static size_t count_to(const int64_t *x, size_t count, int64_t last)
{
    size_t low = 0, high = 1;
    while (high < count && x[high] <= last) {
        low = high;
        high *= 2;
    }
    high = high < count ? high : count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (x[middle] <= last) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The bin that holds x; NULL outside the grid, or without memory. */
static struct bin *bins_find(struct bins *b, int64_t x, int64_t *number)
{
    *number = bins_number(b->grid->width, x);
    uint64_t index = (uint64_t)*number - (uint64_t)b->grid->number;
    return index < b->grid->count ? bins_get(b, (uint32_t)index) : NULL;
}

void bins_add(struct bins *b, const int64_t *x, const double *values, size_t count)
{
    const struct bins_grid *grid = b->grid;
    size_t i = grid->from > INT64_MIN && count ? count_to(x, count, grid->from - 1) : 0;
    while (i < count && b->status == TRACK_OK) {
        int64_t number;
        struct bin *bin = bins_find(b, x[i], &number);
        if (!bin) {
            return; /* behind the grid, or no memory */
        }
        int64_t last = saturate(((wide)number + 1) * grid->width - 1);
        size_t more = count_to(x + i, count - i, last);
        if (bin->n == 0) {
            bin->x_first = x[i];
            bin->first = values[i];
        }
        bucket_add_values(&b->values, values + i, more);
        sum_add(&b->sum, values + i, more);
        bin->n += (uint32_t)more;
        i += more;
        bin->x_last = x[i - 1];
        bin->last = values[i - 1];
    }
}

void bins_add_bucket(struct bins *b, struct bins_range range, const struct bucket *in)
{
    int64_t number;
    struct bin *bin = b->status == TRACK_OK ? bins_find(b, range.first, &number) : NULL;
    if (!bin) {
        return;
    }
    if (bin->n == 0) {
        bin->x_first = range.first;
        bin->first = in->first.value;
    }
    bucket_merge_values(&b->values, &in->values);
    sum_merge(&b->sum, &in->sum);
    bin->n += in->n;
    bin->x_last = range.last;
    bin->last = in->last.value;
}

track_status bins_end(struct bins *b, track_error *err)
{
    if (b->status == TRACK_CORRUPT) {
        return FAIL(err, TRACK_CORRUPT, "points that are not in order");
    }
    if (b->status != TRACK_OK) {
        return FAIL(err, b->status, "bins: no memory beyond %zu of them", b->count);
    }
    bins_close(b);
    return TRACK_OK;
}

bool bins_are_exact(const struct bin *bins, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (bins[i].n > 1) {
            return false;
        }
    }
    return true;
}
