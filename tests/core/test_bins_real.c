/* Shows that bins over another metric are what their definition says.
 * How: two random series with repeats, gaps, NaN and infinities; the place of each point is looked
 * for among all points of the other, each bin is calculated again; grids of every size. */
#include "../../core/bins_real.h"
#include "../fault.h"
#include "../harness.h"
#include "many.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct many xs, ys;
static struct real_point points[MANY_MAX];

/* The place of a point by definition; NaN: none. */
static double place_of(size_t at)
{
    double row = (double)NAN, step = (double)NAN;
    for (size_t i = 0; i < xs.count; i++) {
        if (xs.steps[i] == ys.steps[at] && isfinite(xs.values[i])) {
            step = xs.values[i];
            row = xs.times_us[i] == ys.times_us[at] ? xs.values[i] : row;
        }
    }
    return isnan(row) ? step : row;
}

static void check_bin(const struct real_grid *grid, const struct bin *bin, size_t last)
{
    uint32_t n = 0, nan = 0, pinf = 0, ninf = 0;
    double min = INFINITY, max = -INFINITY, first_x = INFINITY, last_x = -INFINITY;
    long double sum = 0;
    size_t first = SIZE_MAX, end = SIZE_MAX, finite_end = SIZE_MAX;
    double finite_x = -INFINITY;
    for (size_t i = 0; i < ys.count; i++) {
        double x = place_of(i), v = ys.values[i];
        if (isnan(x) || floor(x / grid->width) != grid->number + bin->index) {
            continue;
        }
        n++;
        nan += isnan(v) != 0;
        pinf += v == INFINITY;
        ninf += v == -INFINITY;
        first = x < first_x ? i : first;
        first_x = fmin(first_x, x);
        end = x >= last_x ? i : end;
        last_x = fmax(last_x, x);
        if (isfinite(v)) {
            finite_end = x >= finite_x ? i : finite_end;
            finite_x = fmax(finite_x, x);
            min = fmin(min, v);
            max = fmax(max, v);
            sum += (long double)v;
        }
    }
    CHECK(bin->n == n && bin->nan == nan && bin->pinf == pinf && bin->ninf == ninf && n > 0);
    CHECK(bin->real_first == first_x && bin->real_last == last_x && last == finite_end);
    CHECK(memcmp(&bin->first, &ys.values[first], 8) == 0);
    CHECK(memcmp(&bin->last, &ys.values[end], 8) == 0);
    if (isfinite(min)) {
        double most = fmax(fabs(min), fabs(max));
        double mean = (double)(sum / (long double)(n - nan - pinf - ninf));
        CHECK(bin->min == min && bin->max == max && fabs(bin->mean - mean) <= most * 0x1p-40);
    } else {
        CHECK(isnan(bin->min) && isnan(bin->mean));
    }
}

static void check_round(uint64_t *state, uint32_t bins)
{
    AUTO_ARENA arena = ARENA(8 << 20);
    struct stretch x = many_stretch(&xs), y = many_stretch(&ys);
    struct real_range range = {INFINITY, -INFINITY};
    struct real_grid grid;
    struct real_bins out;
    size_t count = real_join(&x, &y, points), expected = 0, seen = 0;
    for (size_t i = 0; i < ys.count; i++) {
        double place = place_of(i);
        CHECK(isnan(place) || (points[expected].at == i && points[expected].x == place));
        expected += isnan(place) ? 0 : 1;
    }
    CHECK_INT(count, expected);
    for (size_t i = 0; i < count; i++) {
        range.first = fmin(range.first, points[i].x);
        range.last = fmax(range.last, points[i].x);
    }
    if (count == 0) {
        return;
    }
    bool whole = many_next(state) % 2;
    range.last = whole ? range.last : range.first / 2 + range.last / 2;
    real_grid_fill(range, bins, &grid);
    struct real_places places = {&grid, &y, points, count};
    CHECK(real_bins_fill(&places, &arena, &out, NULL) == TRACK_OK);
    for (size_t i = 0; i < out.count; i++) {
        check_bin(&grid, &out.at[i], out.last[i]);
        seen += out.at[i].n;
    }
    CHECK(!whole || seen == count); /* none is lost */
}

TEST(bins_real, are_those_of_all_points)
{
    uint64_t state = 21;
    for (int round = 0; round < 12; round++) {
        many_fill(&xs, 500, false, &state);
        many_fill(&ys, 500, false, &state);
        for (size_t i = 0; i < ys.count; i++) { /* rows and steps that both have */
            size_t j = many_next(&state) % xs.count;
            uint64_t choice = many_next(&state) % 8;
            ys.steps[i] = choice ? xs.steps[j] : ys.steps[i];
            ys.times_us[i] = choice > 4 ? xs.times_us[j] : ys.times_us[i];
        }
        many_sort(&ys);
        check_round(&state, (uint32_t)(many_next(&state) % 300 + 1));
        check_round(&state, 4096);
    }
}

TEST(bins_real, widths_are_decimal)
{
    struct real_grid grid;
    real_grid_fill((struct real_range){0, 1}, 100, &grid);
    CHECK(grid.width == 0.02 && grid.from == 0 && grid.count == 51);
    real_grid_fill((struct real_range){-2.5e-5, 7.5e-5}, 8, &grid);
    CHECK(grid.width == 2e-5 && grid.number == -2 && grid.count == 6);
    real_grid_fill((struct real_range){5, 5}, 1000, &grid);
    CHECK(grid.width == 1 && grid.number == 5 && grid.count == 1);
    real_grid_fill((struct real_range){0, 0}, 1, &grid);
    CHECK(grid.width == 1 && grid.count == 1);
}

static void check_grid(struct real_range range, uint32_t bins)
{
    struct real_grid grid;
    real_grid_fill(range, bins, &grid);
    CHECK(grid.width > 0 && isfinite(grid.width) && isfinite(grid.from) && isfinite(grid.to));
    CHECK(grid.count >= 1 && grid.count <= (bins < 4 ? 4 : bins));
    CHECK(fabs(grid.number) <= 0x1p53);
    CHECK(floor(range.first / grid.width) == grid.number);
    CHECK(floor(range.last / grid.width) == grid.number + grid.count - 1);
}

TEST(bins_real, grids_hold_any_range)
{
    uint64_t state = 3;
    check_grid((struct real_range){-DBL_MAX, DBL_MAX}, 1);
    check_grid((struct real_range){-DBL_MAX, DBL_MAX}, 4096);
    check_grid((struct real_range){DBL_MAX, DBL_MAX}, 10);
    check_grid((struct real_range){0, 5e-324}, 4096);
    check_grid((struct real_range){1e300, 1e300 * (1 + 0x1p-52)}, 4096);
    for (int round = 0; round < 2000; round++) {
        double scale = pow(10, (double)(many_next(&state) % 600) - 300);
        double a = ((double)(many_next(&state) % 2001) - 1000) / 7 * scale;
        double b = a + (double)(many_next(&state) % 1000) * scale *
                           pow(10, -(double)(many_next(&state) % 17));
        check_grid((struct real_range){a, b}, (uint32_t)(many_next(&state) % 4096 + 1));
    }
}

TEST(bins_real, many_points_of_one_step_cost_no_square)
{
    xs.count = ys.count = MANY_MAX;
    for (size_t i = 0; i < MANY_MAX; i++) {
        xs.steps[i] = ys.steps[i] = 0;
        xs.times_us[i] = ys.times_us[i] = (int64_t)i;
        xs.values[i] = ys.values[i] = (double)i;
    }
    struct stretch x = many_stretch(&xs), y = many_stretch(&ys);
    CHECK_INT(real_join(&x, &y, points), MANY_MAX);
    CHECK(points[0].x == 0 && points[MANY_MAX - 1].x == MANY_MAX - 1);
}

TEST(bins_real, say_when_there_is_no_memory)
{
    AUTO_ARENA arena = ARENA(16);
    struct real_grid grid;
    struct real_bins out;
    struct stretch none = {0};
    real_grid_fill((struct real_range){0, 1}, 100, &grid);
    struct real_places places = {&grid, &none, points, 0};
    CHECK(real_bins_fill(&places, &arena, &out, NULL) == TRACK_NOMEM);
}
