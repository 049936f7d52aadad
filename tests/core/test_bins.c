/* Shows that bins are what their definition says, on any series, and that no spike is lost.
 * How: random series with NaN, infinities, negative and repeated steps, against a calculation point
 * by point; grids at the ends of int64; order and sums at the ends of double. */
#include "../../core/bins.h"
#include "../fault.h"
#include "../harness.h"

#include <math.h>
#include <string.h>

enum { POINTS = 3000 };

static uint64_t next(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 24;
}

static double any_value(uint64_t *state)
{
    static const double special[] = {NAN, INFINITY, -INFINITY, -0.0, 1e308, -1e308, 5e-324};
    uint64_t choice = next(state) % 40;
    return choice < 7 ? special[choice] : (double)(next(state) % 2000) / 7 - 100;
}

/* Fills x ascending, with repeats, from a random start. */
static void fill(uint64_t *state, int64_t x[POINTS], double values[POINTS])
{
    int64_t now = (int64_t)(next(state) % 5000) - 4000;
    int64_t stride = (int64_t)1 << next(state) % 30;
    for (size_t i = 0; i < POINTS; i++) {
        x[i] = now;
        values[i] = any_value(state);
        now += (int64_t)(next(state) % 3) * stride;
    }
}

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* The bin at index by definition; n is 0 if it is empty. */
static struct bin by_definition(const struct bins_grid *grid, uint32_t index, const int64_t *x,
                                const double *values)
{
    struct bin bin = {.index = index, .min = INFINITY, .max = -INFINITY};
    long double sum = 0;
    for (size_t i = 0; i < POINTS; i++) {
        if (floor_divide(x[i], grid->width) != grid->number + index) {
            continue;
        }
        bin.x_first = bin.n ? bin.x_first : x[i];
        bin.first = bin.n ? bin.first : values[i];
        bin.x_last = x[i];
        bin.last = values[i];
        bin.n++;
        bin.nan += isnan(values[i]) != 0;
        bin.pinf += values[i] == INFINITY;
        bin.ninf += values[i] == -INFINITY;
        if (isfinite(values[i])) {
            bool least = bins_order(values[i]) < bins_order(bin.min);
            bool greatest = bins_order(values[i]) > bins_order(bin.max);
            bin.min = least ? values[i] : bin.min; /* -0.0 is below 0.0 */
            bin.max = greatest ? values[i] : bin.max;
            sum += (long double)values[i];
        }
    }
    uint32_t finite = bin.n - bin.nan - bin.pinf - bin.ninf;
    bin.mean = finite ? (double)(sum / finite) : NAN;
    bin.min = finite ? bin.min : NAN;
    bin.max = finite ? bin.max : NAN;
    return bin;
}

static bool same_double(double a, double b)
{
    return memcmp(&a, &b, sizeof(a)) == 0 || (isnan(a) && isnan(b));
}

static bool same_bin(const struct bin *a, const struct bin *b)
{
    double largest = fmax(fabs(a->min), fabs(a->max));
    bool mean = same_double(a->mean, b->mean) || fabs(a->mean - b->mean) <= largest * 0x1p-40;
    return a->index == b->index && a->n == b->n && a->nan == b->nan && a->pinf == b->pinf &&
           a->ninf == b->ninf && a->x_first == b->x_first && a->x_last == b->x_last &&
           same_double(a->first, b->first) && same_double(a->last, b->last) &&
           same_double(a->min, b->min) && same_double(a->max, b->max) && mean;
}

/* Every bin of the grid, those that are empty too. */
static void check_all(const struct bins *b, const int64_t *x, const double *values)
{
    size_t at = 0;
    for (uint32_t index = 0; index < b->grid->count; index++) {
        struct bin want = by_definition(b->grid, index, x, values);
        if (want.n == 0) {
            CHECK(at == b->count || b->at[at].index > index);
            continue;
        }
        CHECK(at < b->count && same_bin(&b->at[at], &want));
        at++;
    }
    CHECK(at == b->count);
}

TEST(bins, are_those_of_their_definition)
{
    static int64_t x[POINTS];
    static double values[POINTS];
    uint64_t state = 1;
    for (int round = 0; round < 40; round++) {
        AUTO_ARENA arena = ARENA(1 << 22);
        struct bins_grid grid;
        struct bins b;
        fill(&state, x, values);
        struct bins_range range = {x[0], x[POINTS - 1]};
        if (round % 2) {
            range = (struct bins_range){x[next(&state) % 1000], x[2000 + next(&state) % 1000]};
        }
        bins_grid_fill((enum bins_x)(round % 3), range, (uint32_t)(next(&state) % 300 + 1), &grid);
        bins_init(&b, &grid, &arena);
        for (size_t i = 0, more; i < POINTS; i += more) { /* in pieces of any size */
            more = next(&state) % 700;
            more = more < POINTS - i ? more : POINTS - i;
            bins_add(&b, x + i, values + i, more);
        }
        CHECK(bins_end(&b, NULL) == TRACK_OK);
        check_all(&b, x, values);
    }
}

TEST(bins, lose_no_spike)
{
    static int64_t x[POINTS];
    static double values[POINTS];
    for (size_t spike = 0; spike < POINTS; spike += 97) {
        AUTO_ARENA arena = ARENA(1 << 20);
        struct bins_grid grid;
        struct bins b;
        double max = 0;
        for (size_t i = 0; i < POINTS; i++) {
            x[i] = (int64_t)i;
            values[i] = i == spike ? 1000.0 : 1.0;
        }
        bins_grid_fill(BINS_STEP, (struct bins_range){0, POINTS - 1}, 10, &grid);
        bins_init(&b, &grid, &arena);
        bins_add(&b, x, values, POINTS);
        CHECK(bins_end(&b, NULL) == TRACK_OK && !bins_are_exact(b.at, b.count));
        for (size_t i = 0; i < b.count; i++) {
            max = fmax(max, b.at[i].max);
        }
        CHECK(max == 1000.0);
    }
}

TEST(bins, lie_on_the_grid_of_0)
{
    struct bins_grid g;
    bins_grid_fill(BINS_STEP, (struct bins_range){0, 999}, 1000, &g);
    CHECK(g.width == 1 && g.from == 0 && g.to == 1000 && g.count == 1000);
    bins_grid_fill(BINS_STEP, (struct bins_range){0, 1000}, 1000, &g);
    CHECK(g.width == 2 && g.to == 1002 && g.count == 501);
    bins_grid_fill(BINS_STEP, (struct bins_range){-5, 1000}, 100, &g);
    CHECK(g.width == 16 && g.from == -16 && g.to == 1008 && g.number == -1);
    bins_grid_fill(BINS_TIME, (struct bins_range){1234567, 61234567}, 100, &g);
    CHECK(g.width == 1000000 && g.from == 1000000 && g.to == 62000000);
    bins_grid_fill(BINS_RELATIVE, (struct bins_range){-1, 200}, 100, &g);
    CHECK(g.width == 5 && g.from == -5 && g.to == 205);
    bins_grid_fill(BINS_STEP, (struct bins_range){7, 7}, 1, &g);
    CHECK(g.width == 1 && g.from == 7 && g.to == 8 && g.count == 1);
    bins_grid_fill(BINS_STEP, (struct bins_range){-1, 1}, 1, &g);
    CHECK(g.width == 2 && g.count == 2);
}

TEST(bins, reach_both_ends_of_int64)
{
    static const int64_t x[] = {INT64_MIN, INT64_MIN + 1, -1, 0, INT64_MAX};
    static const double values[] = {1, 2, 3, 4, 5};
    for (int axis = BINS_STEP; axis <= BINS_TIME; axis++) {
        for (uint32_t bins = 1; bins <= BINS_MAX; bins *= 4) {
            AUTO_ARENA arena = ARENA(1 << 20);
            struct bins_grid g;
            struct bins b;
            uint32_t n = 0;
            bins_grid_fill((enum bins_x)axis, (struct bins_range){INT64_MIN, INT64_MAX}, bins, &g);
            CHECK(g.count <= (bins < 4 ? 4 : bins) && g.from == INT64_MIN && g.to == INT64_MAX);
            bins_init(&b, &g, &arena);
            bins_add(&b, x, values, 5);
            CHECK(bins_end(&b, NULL) == TRACK_OK);
            for (size_t i = 0; i < b.count; i++) {
                n += b.at[i].n;
            }
            CHECK_INT(n, 5);
        }
    }
}

TEST(bins, average_what_would_overflow_or_cancel)
{
    static const int64_t x[4] = {0, 0, 0, 0};
    static const double large[] = {1.7e308, 1.7e308, 1.7e308, 1.7e308};
    static const double cancel[] = {1e300, 1.0, -1e300, 3.0};
    AUTO_ARENA arena = ARENA(1 << 20);
    struct bins_grid g;
    struct bins b;
    bins_grid_fill(BINS_STEP, (struct bins_range){0, 0}, 1, &g);
    bins_init(&b, &g, &arena);
    bins_add(&b, x, large, 4);
    CHECK(bins_end(&b, NULL) == TRACK_OK && b.at[0].mean == 1.7e308);
    bins_init(&b, &g, &arena);
    bins_add(&b, x, cancel, 4);
    CHECK(bins_end(&b, NULL) == TRACK_OK && b.at[0].mean == 1.0);
    CHECK(!bins_are_exact(b.at, b.count));
}

TEST(bins, order_every_double)
{
    static const double sorted[] = {-INFINITY, -1e308, -1, -5e-324,  -0.0, 0.0,
                                    5e-324,    1,      2,  INFINITY, NAN,  -NAN};
    for (size_t i = 1; i < sizeof(sorted) / sizeof(sorted[0]); i++) {
        CHECK(bins_order(sorted[i - 1]) < bins_order(sorted[i]));
    }
    CHECK(bins_order(-INFINITY) == 0);
}

TEST(bins, refuse_what_is_not_in_order)
{
    static const int64_t x[] = {0, 10, 0, 10, 0};
    static const double values[] = {1, 2, 3, 4, 5};
    AUTO_ARENA arena = ARENA(1 << 20);
    struct bins_grid g;
    struct bins b;
    bins_grid_fill(BINS_STEP, (struct bins_range){0, 10}, 2, &g);
    bins_init(&b, &g, &arena);
    for (size_t i = 0; i < 5; i++) {
        bins_add(&b, x + i, values + i, 1);
    }
    CHECK(bins_end(&b, NULL) == TRACK_CORRUPT);
}

static track_status work(void)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    struct bins_grid g;
    struct bins b;
    static const double one = 1;
    bins_grid_fill(BINS_STEP, (struct bins_range){0, 499}, 500, &g);
    bins_init(&b, &g, &arena);
    for (int64_t x = 0; x < 500; x++) {
        bins_add(&b, &x, &one, 1);
    }
    TRY(bins_end(&b, NULL));
    return b.count == 500 && bins_are_exact(b.at, b.count) ? TRACK_OK : TRACK_CORRUPT;
}

TEST(bins, survive_each_allocation_failing)
{
    CHECK(fault_each(work) >= 2);
}

TEST(bins, keep_the_arenas_limit)
{
    AUTO_ARENA arena = ARENA(sizeof(struct bin) * 64 - 1);
    struct bins_grid g;
    struct bins b;
    int64_t x = 0;
    double one = 1;
    bins_grid_fill(BINS_STEP, (struct bins_range){0, 499}, 500, &g);
    bins_init(&b, &g, &arena);
    bins_add(&b, &x, &one, 1);
    CHECK(bins_end(&b, NULL) == TRACK_NOMEM);
}
