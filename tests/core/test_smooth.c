/* Shows that smoothed values are those of their definition, at any point of any series.
 * How: random series with repeats, gaps, NaN and infinities, times that go back; each value against
 * the sum over all points before it, however the series is cut into pieces. */
#include "../../core/bins.h"
#include "../../core/smooth.h"
#include "../fault.h"
#include "../harness.h"
#include "many.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { POINTS = 700 };

static struct many series;

/* u of the finite points up to each point, by definition. */
static int64_t us[MANY_MAX];

static void us_fill(enum smooth_by by)
{
    int64_t greatest = INT64_MIN, number = 0;
    for (size_t i = 0; i < series.count; i++) {
        if (!isfinite(series.values[i])) {
            continue;
        }
        int64_t u = by == SMOOTH_BY_POINT  ? ++number
                    : by == SMOOTH_BY_STEP ? series.steps[i]
                                           : series.times_us[i];
        greatest = u > greatest ? u : greatest;
        us[i] = greatest;
    }
}

static int by_value(const void *left, const void *right)
{
    uint64_t a = bins_order(*(const double *)left), b = bins_order(*(const double *)right);
    return (a > b) - (a < b);
}

/* The value at finite point at. */
static double by_definition(const struct smooth_ask *ask, size_t at)
{
    static double window[MANY_MAX];
    long double sum = 0, mass = 0;
    size_t count = 0;
    for (size_t i = 0; i <= at; i++) {
        if (!isfinite(series.values[i])) {
            continue;
        }
        long double apart = (long double)us[at] - (long double)us[i];
        long double weight = exp2l((long double)ask->keep * apart);
        sum += weight * (long double)series.values[i];
        mass += weight;
        if (apart < (long double)ask->window) {
            window[count++] = series.values[i];
        }
    }
    if (ask->kind == SMOOTH_EMA) {
        return (double)(sum / mass);
    }
    qsort(window, count, sizeof(*window), by_value);
    double middle = window[(count - 1) / 2] / 2 + window[count / 2] / 2;
    return ask->kind == SMOOTH_MIN   ? window[0]
           : ask->kind == SMOOTH_MAX ? window[count - 1]
                                     : middle;
}

static double largest(void)
{
    double most = 0;
    for (size_t i = 0; i < series.count; i++) {
        most = isfinite(series.values[i]) ? fmax(most, fabs(series.values[i])) : most;
    }
    return most;
}

/* Adds the series in pieces of random size and looks at the value behind each. */
static void check_series(const struct smooth_ask *ask, uint64_t *state)
{
    AUTO_ARENA arena = ARENA(8 << 20);
    struct smooth s;
    struct stretch left = many_stretch(&series);
    double error = ask->kind == SMOOTH_EMA ? largest() * 0x1p-36 : 0;
    size_t at = 0, last = SIZE_MAX;
    us_fill(ask->by);
    smooth_init(&s, ask, &arena);
    while (left.count) {
        struct stretch piece = left;
        piece.count = many_next(state) % 60 + 1;
        piece.count = piece.count < left.count ? piece.count : left.count;
        bool any = false;
        for (size_t i = 0; i < piece.count; i++, at++) {
            last = isfinite(series.values[at]) ? at : last;
            any = any || isfinite(series.values[at]);
        }
        CHECK(smooth_add(&s, &piece) == any);
        CHECK(last == SIZE_MAX || fabs(smooth_value(&s) - by_definition(ask, last)) <= error);
        left = stretch_from(&left, piece.count);
    }
    CHECK(smooth_end(&s, NULL) == TRACK_OK);
}

TEST(smooth, is_what_its_definition_says)
{
    uint64_t state = 5;
    for (int round = 0; round < 6; round++) {
        many_fill(&series, POINTS, round % 2, &state);
        for (enum smooth_by by = SMOOTH_BY_POINT; by <= SMOOTH_BY_TIME; by++) {
            int64_t spread = by == SMOOTH_BY_TIME
                                 ? series.times_us[series.count - 1] - series.times_us[0]
                                 : (int64_t)POINTS;
            for (enum smooth_kind kind = SMOOTH_EMA; kind <= SMOOTH_MAX; kind++) {
                struct smooth_ask ask = {kind, by, -40.0 / (double)(llabs(spread) + 1),
                                         llabs(spread) / 20 + 1};
                check_series(&ask, &state);
            }
        }
    }
}

/* Weights as people know them: w^k, and the sum of weights instead of a first value of 0. */
TEST(smooth, exponential_means_are_debiased)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    int64_t x[] = {0, 1, 3, 3};
    double values[] = {4, 8, (double)NAN, 2};
    struct smooth_ask ask = {SMOOTH_EMA, SMOOTH_BY_STEP, -1, 0};
    struct smooth s;
    struct stretch all = {x, x, values, 1};
    smooth_init(&s, &ask, &arena);
    CHECK(smooth_add(&s, &all) && smooth_value(&s) == 4);
    all.count = 2;
    smooth_init(&s, &ask, &arena);
    CHECK(smooth_add(&s, &all) && fabs(smooth_value(&s) - 10 / 1.5) < 1e-12);
    all.count = 4;
    smooth_init(&s, &ask, &arena);
    CHECK(smooth_add(&s, &all) && fabs(smooth_value(&s) - (4 / 8.0 + 8 / 4.0 + 2) / 1.375) < 1e-12);
}

TEST(smooth, values_at_the_end_of_double_stay_inside)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    int64_t x[] = {INT64_MIN, INT64_MAX, INT64_MAX};
    double values[] = {1.7e308, -1.7e308, 1.7e308};
    struct stretch all = {x, x, values, 3};
    for (enum smooth_kind kind = SMOOTH_EMA; kind <= SMOOTH_MAX; kind++) {
        struct smooth_ask ask = {kind, SMOOTH_BY_STEP, -1e-3, INT64_MAX};
        struct smooth s;
        smooth_init(&s, &ask, &arena);
        CHECK(smooth_add(&s, &all) && isfinite(smooth_value(&s)));
        CHECK(smooth_end(&s, NULL) == TRACK_OK);
    }
}

TEST(smooth, refuses_a_window_of_too_many_points)
{
    AUTO_ARENA arena = ARENA(4 << 20);
    static int64_t x[SMOOTH_WINDOW_MAX + 1];
    static double values[SMOOTH_WINDOW_MAX + 1];
    struct smooth_ask ask = {SMOOTH_MEDIAN, SMOOTH_BY_STEP, 0, 2};
    struct stretch all = {x, x, values, SMOOTH_WINDOW_MAX};
    struct smooth s;
    smooth_init(&s, &ask, &arena);
    smooth_add(&s, &all);
    CHECK(smooth_end(&s, NULL) == TRACK_OK && smooth_value(&s) == 0);
    all.count = 1;
    smooth_add(&s, &all);
    CHECK(smooth_end(&s, NULL) == TRACK_TOO_LARGE);
}

TEST(smooth, says_when_there_is_no_memory)
{
    struct smooth_ask ask = {SMOOTH_MIN, SMOOTH_BY_STEP, 0, 1 << 20};
    int64_t x = 1;
    double value = 1;
    struct stretch one = {&x, &x, &value, 1};
    AUTO_ARENA arena = ARENA(16);
    struct smooth s;
    smooth_init(&s, &ask, &arena);
    smooth_add(&s, &one);
    CHECK(smooth_end(&s, NULL) == TRACK_NOMEM);
}
