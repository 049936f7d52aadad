/* Shows that bins of runs are what their definition says, whatever was logged how.
 * How: random points of several writers, late, repeated, NaN, infinite, in many frames; each bin of
 * each axis is calculated again from all points that were ever sent. */
#include "../../server/series.h"
#include "../harness.h"
#include "points.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { POINTS = 6000, BATCH = 500 };

static struct blocks_point sent[POINTS];

static uint64_t next(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 24;
}

/* Steps around 0 with repeats and late ones; two series. */
static void fill(uint64_t *state, bool in_order)
{
    static const double special[] = {NAN, INFINITY, -INFINITY, -0.0, 1e300};
    for (size_t i = 0; i < POINTS; i++) {
        uint64_t choice = next(state) % 60;
        int64_t late = in_order ? 0 : (int64_t)(next(state) % 800);
        int64_t step = (int64_t)i / 2 - 1000 - late;
        double value = choice < 5 ? special[choice] : (double)(next(state) % 9) / 4;
        sent[i] = (struct blocks_point){step, NOW_US + step * 997, value, (uint32_t)(i % 2)};
        if (!in_order && choice == 7) {
            sent[i] = sent[next(state) % (i + 1)];
        }
    }
}

static track_status send(struct points *p, uint64_t *state)
{
    static const char *const names[] = {"loss", "acc"};
    for (size_t i = 0; i < POINTS; i += BATCH) {
        struct points_batch b = {.names = names, .name_count = 2};
        b.writer = (unsigned char)(next(state) % 3);
        b.in = (struct blocks_in){sent + i, BATCH, NULL, 0};
        TRY(points_add(p, &b));
    }
    return TRACK_OK;
}

static int64_t x_of(const struct blocks_point *p, enum bins_x x, int64_t started)
{
    return x == BINS_STEP ? p->step : x == BINS_TIME ? p->time_us : p->time_us - started;
}

static bool repeated(size_t i)
{
    for (size_t j = 0; j < i; j++) {
        if (sent[j].key == sent[i].key && sent[j].step == sent[i].step &&
            sent[j].time_us == sent[i].time_us &&
            bins_order(sent[j].value) == bins_order(sent[i].value)) {
            return true;
        }
    }
    return false;
}

static bool is_repeat[POINTS];

/* Compares one bin with all points that lie in it; false if it differs. */
static bool bin_is_right(const struct bin *bin, const struct bins_grid *grid, enum bins_x x,
                         uint32_t key)
{
    uint32_t n = 0, nan = 0, pinf = 0, ninf = 0;
    double min = INFINITY, max = -INFINITY;
    long double sum = 0;
    int64_t from = grid->from + bin->index * grid->width, first = INT64_MAX, last = INT64_MIN;
    for (size_t i = 0; i < POINTS; i++) {
        int64_t at = x_of(&sent[i], x, NOW_US);
        double value = sent[i].value;
        if (sent[i].key != key || is_repeat[i] || at < from || at >= from + grid->width) {
            continue;
        }
        n++;
        nan += isnan(value) != 0;
        pinf += value == INFINITY;
        ninf += value == -INFINITY;
        first = at < first ? at : first;
        last = at > last ? at : last;
        if (isfinite(value)) {
            min = fmin(min, value);
            max = fmax(max, value);
            sum += (long double)value;
        }
    }
    uint32_t finite = n - nan - pinf - ninf;
    bool right = bin->n == n && bin->nan == nan && bin->pinf == pinf && bin->ninf == ninf &&
                 bin->x_first == first && bin->x_last == last;
    double largest = fmax(fabs(min), fabs(max));
    return right &&
           (finite == 0 || (bin->min == min && bin->max == max &&
                            fabs(bin->mean - (double)(sum / finite)) <= largest * 0x1p-40));
}

static void check_axis(struct points *p, enum bins_x x, uint32_t bins)
{
    AUTO_ARENA arena = ARENA(64 << 20);
    const char *run = RUN_A;
    struct series_ref keys[] = {{"loss", NULL}, {"acc", NULL}, {"absent", NULL}};
    struct bins_ask ask = {.runs = &run, .run_count = 1, .keys = keys, .key_count = 3, .x = x};
    struct bins_answer answer;
    ask.bins = bins;
    CHECK(series_bins(p->tail, &ask, &arena, &answer, NULL) == TRACK_OK);
    CHECK(answer.count == 2 && answer.grid.count <= bins);
    for (size_t s = 0; s < 2; s++) {
        uint64_t n = 0;
        for (size_t i = 0; i < answer.series[s].count; i++) {
            const struct bin *bin = &answer.series[s].bins[i];
            CHECK(bin_is_right(bin, &answer.grid, x, (uint32_t)s));
            n += bin->n;
        }
        uint64_t want = 0;
        for (size_t i = 0; i < POINTS; i++) {
            want += sent[i].key == s && !is_repeat[i];
        }
        CHECK_INT(n, want); /* none is lost */
    }
}

static void check_round(uint64_t *state, bool in_order)
{
    POINTS(p);
    fill(state, in_order);
    for (size_t i = 0; i < POINTS; i++) {
        is_repeat[i] = repeated(i);
    }
    CHECK(send(&p, state) == TRACK_OK);
    for (enum bins_x x = BINS_STEP; x <= BINS_RELATIVE; x++) {
        check_axis(&p, x, 37);
        check_axis(&p, x, 4096);
    }
}

TEST(series_bins, are_those_of_all_points)
{
    uint64_t state = 3;
    check_round(&state, true);
    check_round(&state, false);
}

/* One series over two runs, a part of the range. */
TEST(series_bins, cover_many_runs_on_one_grid)
{
    POINTS(p);
    struct run_put put;
    AUTO_ARENA arena = ARENA(16 << 20);
    const char *names = "loss";
    struct blocks_point a[] = {{0, NOW_US, 1, 0}, {100, NOW_US, 2, 0}}, b[] = {{50, NOW_US, 3, 0}};
    struct points_batch first = {.names = &names, .name_count = 1, .in = {a, 2, NULL, 0}};
    struct points_batch second = {
        .run = RUN_B, .writer = 1, .names = &names, .name_count = 1, .in = {b, 1, NULL, 0}};
    CHECK(fixture_put(&p.f, RUN_B, "points", &put) == TRACK_OK);
    CHECK(points_add(&p, &first) == TRACK_OK && points_add(&p, &second) == TRACK_OK);
    const char *runs[] = {RUN_A, "0190a0b0c0d0700080000000000000cc", RUN_B};
    struct series_ref key = {"loss", NULL};
    struct bins_ask ask = {.runs = runs, .run_count = 3, .keys = &key, .key_count = 1, .bins = 10};
    struct bins_answer answer;
    CHECK(series_bins(p.tail, &ask, &arena, &answer, NULL) == TRACK_OK);
    CHECK(answer.count == 2 && answer.grid.width == 16 && answer.grid.to == 112);
    CHECK(answer.series[0].count == 2 && answer.series[1].bins[0].index == 3);
    CHECK(answer.series[0].exact && answer.series[1].exact);
    ask.has_from = true;
    ask.from = 60;
    CHECK(series_bins(p.tail, &ask, &arena, &answer, NULL) == TRACK_OK);
    CHECK(answer.grid.from == 56 && answer.series[0].count == 1 && answer.series[1].count == 0);
}

TEST(series_bins, name_only_what_the_caller_has)
{
    POINTS(p);
    AUTO_ARENA arena = ARENA(16 << 20);
    const char *run = RUN_A;
    struct series_ref key = {"loss", NULL};
    struct bins_ask ask = {.runs = &run, .run_count = 1, .keys = &key, .key_count = 1, .bins = 10};
    struct bins_answer answer;
    CHECK(points_add_one(&p, "loss", 1, 1) == TRACK_OK);
    CHECK(series_bins(p.tail, &ask, &arena, &answer, NULL) == TRACK_OK);
    struct series_have have = {run, answer.series[0].id, answer.series[0].version};
    ask.have = &have;
    ask.have_count = 1;
    CHECK(series_bins(p.tail, &ask, &arena, &answer, NULL) == TRACK_OK);
    CHECK(answer.series[0].unchanged && answer.series[0].count == 0);
    ask.columns = 1;
    CHECK(series_bins(p.tail, &ask, &arena, &answer, NULL) == TRACK_OK);
    CHECK(!answer.series[0].unchanged);
    ask.columns = 0;
    CHECK(points_add_one(&p, "loss", 1, 2) == TRACK_OK);
    CHECK(series_bins(p.tail, &ask, &arena, &answer, NULL) == TRACK_OK);
    CHECK(!answer.series[0].unchanged && answer.series[0].bins[0].n == 2);
}

TEST(series_bins, refuse_a_wrong_request)
{
    POINTS(p);
    AUTO_ARENA arena = ARENA(16 << 20);
    const char *run = RUN_A;
    struct series_ref key = {"loss", NULL};
    struct bins_ask ask = {.runs = &run, .run_count = 1, .keys = &key, .key_count = 1, .bins = 0};
    struct bins_answer answer;
    CHECK(series_bins(p.tail, &ask, &arena, &answer, NULL) == TRACK_INVALID);
    ask.bins = BINS_MAX + 1;
    CHECK(series_bins(p.tail, &ask, &arena, &answer, NULL) == TRACK_INVALID);
    ask.bins = BINS_MAX;
    CHECK(series_bins(p.tail, &ask, &arena, &answer, NULL) == TRACK_OK && answer.count == 0);
    CHECK(answer.grid.width == 1 && answer.grid.count == 0);
    ask.has_from = ask.has_to = true;
    ask.from = 1;
    CHECK(series_bins(p.tail, &ask, &arena, &answer, NULL) == TRACK_INVALID);
    ask.has_to = false;
    ask.key_count = SERIES_BINS_MAX + 1;
    CHECK(series_bins(p.tail, &ask, &arena, &answer, NULL) == TRACK_INVALID);
    ask.key_count = 0;
    CHECK(series_bins(p.tail, &ask, &arena, &answer, NULL) == TRACK_INVALID);
}
