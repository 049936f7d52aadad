/* Shows that smoothed bins of long series are those of all points, whatever was kept on the way.
 * How: more points than a mark stands for; zooms at random places, points that come behind, late
 * ones, on every axis; each answer against a walk through all points. */
#include "../../server/series_smooth.h"
#include "../harness.h"
#include "readers_smooth.h"

#include <math.h>
#include <string.h>

enum { BATCH = 20000, LONG = 220000 };

static struct point sent[LONG + 4 * BATCH];
static size_t sent_count;
static struct blocks_point batch[BATCH];

/* Sends the next points; those of late come before all others. */
static track_status send(struct points *p, size_t count, bool late, uint64_t *state)
{
    const char *name = "loss";
    struct points_batch b = {.names = &name, .name_count = 1};
    size_t keep = late ? 0 : sent_count;
    memmove(sent + keep + count, sent + keep, (sent_count - keep) * sizeof(*sent));
    int64_t first = late ? -(int64_t)(sent_count + count) * 2 : (int64_t)sent_count * 2;
    for (size_t i = 0; i < count; i++) {
        int64_t step = first + (int64_t)i * 2 + (int64_t)(readers_next(state) % 2);
        double value = readers_next(state) % 50 ? sin((double)step / 900) : (double)NAN;
        sent[keep + i] = (struct point){step, NOW_US + step * 1000, value};
        batch[i] = (struct blocks_point){step, NOW_US + step * 1000, value, 0};
    }
    sent_count += count;
    b.in = (struct blocks_in){batch, count, NULL, 0};
    return points_add(p, &b);
}

static bool agrees(struct points *p, struct smooth_ask smooth, enum bins_x x, bool zoom,
                   uint64_t *state)
{
    AUTO_ARENA arena = ARENA(64 << 20);
    const char *run = RUN_A;
    struct series_ref key = {"loss", NULL};
    struct bins_ask ask = {.runs = &run, .run_count = 1, .keys = &key, .key_count = 1, .x = x};
    struct bins_answer answer;
    ask.smooth = smooth;
    ask.bins = 1 + (uint32_t)(readers_next(state) % 2000);
    if (zoom) {
        const struct point *at = &sent[readers_next(state) % sent_count];
        ask.from = x == BINS_STEP ? at->step : at->time_us - (x == BINS_RELATIVE ? NOW_US : 0);
        ask.to = ask.from + (int64_t)(readers_next(state) % (x == BINS_STEP ? 60000 : 60000000));
        ask.has_from = ask.has_to = true;
    }
    struct readers_points all = {sent, sent_count, x == BINS_RELATIVE ? NOW_US : 0};
    return series_bins(p->tail, &ask, &arena, &answer, &p->f.err) == TRACK_OK &&
           readers_smooth_agrees(&ask, &answer.grid, &all, &answer.series[0]);
}

TEST(series_smooth, goes_on_from_what_was_kept)
{
    POINTS(p);
    uint64_t state = 9;
    struct smooth_ask ask = {SMOOTH_EMA, SMOOTH_BY_POINT, -1e-4, 0};
    struct smooth_ask other = {SMOOTH_EMA, SMOOTH_BY_STEP, -1e-3, 0};
    sent_count = 0;
    while (sent_count < LONG) {
        CHECK(send(&p, BATCH, false, &state) == TRACK_OK);
    }
    CHECK(agrees(&p, ask, BINS_STEP, true, &state)); /* first seen from inside */
    for (int i = 0; i < 4; i++) {
        for (enum bins_x x = BINS_STEP; x <= BINS_RELATIVE; x++) {
            CHECK(agrees(&p, ask, x, false, &state) && agrees(&p, other, x, true, &state));
            CHECK(agrees(&p, ask, x, true, &state));
        }
        CHECK(send(&p, i == 1 ? 1 : BATCH / 2, i == 1, &state) == TRACK_OK);
    }
}

/* A chart that is asked for again while its run goes on, with the same bins. */
TEST(series_smooth, goes_on_with_the_bins_of_the_last_answer)
{
    POINTS(p);
    AUTO_ARENA arena = ARENA(64 << 20);
    uint64_t state = 4;
    const char *run = RUN_A;
    struct series_ref key = {"loss", NULL};
    struct bins_ask ask = {.runs = &run, .run_count = 1, .keys = &key, .key_count = 1};
    struct bins_answer answer;
    sent_count = 0;
    while (sent_count < LONG) {
        CHECK(send(&p, BATCH, false, &state) == TRACK_OK);
    }
    ask.smooth = (struct smooth_ask){SMOOTH_EMA, SMOOTH_BY_STEP, -1e-4, 0};
    ask.bins = 1000;
    ask.has_from = ask.has_to = true;
    ask.to = (int64_t)sent_count * 4;
    for (int i = 0; i < 5; i++) {
        struct readers_points all = {sent, sent_count, 0};
        CHECK(series_bins(p.tail, &ask, &arena, &answer, NULL) == TRACK_OK);
        CHECK(i == 3 || readers_smooth_agrees(&ask, &answer.grid, &all, &answer.series[0]));
        ask.from = i == 2 ? 100000 : 0; /* its end alone, and from the start again */
        CHECK(send(&p, BATCH / 3, false, &state) == TRACK_OK);
    }
}

/* Times in disorder: the order of a time axis is not that of steps. */
TEST(series_smooth, follows_the_axis_where_times_go_back)
{
    POINTS(p);
    AUTO_ARENA arena = ARENA(16 << 20);
    const char *run = RUN_A, *name = "loss";
    struct blocks_point in[] = {{0, NOW_US + 2, 8, 0}, {1, NOW_US, 4, 0}, {2, NOW_US + 1, 2, 0}};
    struct points_batch b = {.names = &name, .name_count = 1, .in = {in, 3, NULL, 0}};
    struct series_ref key = {"loss", NULL};
    struct bins_ask ask = {.runs = &run, .run_count = 1, .keys = &key, .key_count = 1, .bins = 10};
    struct bins_answer answer;
    ask.smooth = (struct smooth_ask){SMOOTH_EMA, SMOOTH_BY_POINT, -1, 0};
    ask.x = BINS_TIME;
    CHECK(points_add(&p, &b) == TRACK_OK);
    CHECK(series_bins(p.tail, &ask, &arena, &answer, NULL) == TRACK_OK);
    const struct bin *bins = answer.series[0].bins;
    CHECK(answer.series[0].count == 3 && bins[0].smooth == 4);
    CHECK(fabs(bins[1].smooth - (2 + 4 / 2.0) / 1.5) < 1e-12);
    CHECK(fabs(bins[2].smooth - (8 + 2 / 2.0 + 4 / 4.0) / 1.75) < 1e-12);
    ask.x = BINS_STEP;
    CHECK(series_bins(p.tail, &ask, &arena, &answer, NULL) == TRACK_OK);
    CHECK(answer.series[0].bins[0].smooth == 8);
}

TEST(series_smooth, is_part_of_the_version)
{
    POINTS(p);
    AUTO_ARENA arena = ARENA(16 << 20);
    const char *run = RUN_A;
    struct series_ref key = {"loss", NULL};
    struct bins_ask ask = {.runs = &run, .run_count = 1, .keys = &key, .key_count = 1, .bins = 10};
    struct bins_answer a, b;
    CHECK(points_add_one(&p, "loss", 1, 1) == TRACK_OK);
    CHECK(series_bins(p.tail, &ask, &arena, &a, NULL) == TRACK_OK);
    ask.smooth = (struct smooth_ask){SMOOTH_EMA, SMOOTH_BY_POINT, -1, 0};
    CHECK(series_bins(p.tail, &ask, &arena, &b, NULL) == TRACK_OK);
    CHECK(a.series[0].version != b.series[0].version);
    ask.smooth.keep = -2;
    CHECK(series_bins(p.tail, &ask, &arena, &a, NULL) == TRACK_OK);
    CHECK(a.series[0].version != b.series[0].version);
}
