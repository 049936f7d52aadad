/* Shows that a spike of one point is on every chart: at any number of points, width, axis and range
 * around it, before and after sealing and merging.  (bench/smooth.c does it for 10 M points.) */
#include "../../server/seal_merge.h"
#include "../../server/seal_run.h"
#include "../../server/series.h"
#include "../harness.h"
#include "readers.h"
#include "sealed.h"

#include <math.h>

enum { BATCH = 20000, STRIDE = 3 };
#define SPIKE 1e6

static struct blocks_point batch[BATCH];

static track_status send(struct points *p, size_t count, size_t spike)
{
    const char *name = "loss";
    struct points_batch b = {.names = &name, .name_count = 1};
    for (size_t i = 0; i < count;) {
        size_t filled = 0;
        for (; filled < BATCH && i < count; i++) {
            int64_t step = (int64_t)i * STRIDE - 1000;
            double value = i == spike ? SPIKE : sin((double)i);
            batch[filled++] = (struct blocks_point){step, NOW_US + step * 500, value, 0};
        }
        b.in = (struct blocks_in){batch, filled, NULL, 0};
        TRY(points_add(p, &b));
    }
    return TRACK_OK;
}

static bool spike_is_seen(struct points *p, const struct bins_ask *ask)
{
    AUTO_ARENA arena = ARENA(64 << 20);
    struct bins_answer answer;
    double most = 0;
    if (series_bins(p->tail, ask, &arena, &answer, &p->f.err) != TRACK_OK) {
        return false;
    }
    for (size_t i = 0; answer.count && i < answer.series[0].count; i++) {
        most = fmax(most, answer.series[0].bins[i].max);
    }
    return most == SPIKE;
}

/* Every width on every axis, whole and around the spike. */
static bool charts_show(struct points *p, size_t spike, uint64_t *random)
{
    const char *run = RUN_A;
    struct series_ref key = {"loss", NULL};
    int64_t step = (int64_t)spike * STRIDE - 1000;
    for (uint32_t bins = 1; bins <= BINS_MAX; bins = bins * 2 + bins % 2) {
        for (enum bins_x x = BINS_STEP; x <= BINS_RELATIVE; x++) {
            struct bins_ask ask = {.runs = &run, .run_count = 1, .keys = &key, .key_count = 1};
            int64_t at = x == BINS_STEP ? step : step * 500 + (x == BINS_TIME ? NOW_US : 0);
            ask.x = x;
            ask.bins = bins;
            if (!spike_is_seen(p, &ask)) {
                return false;
            }
            ask.has_from = ask.has_to = true;
            ask.from = at - (int64_t)(readers_next(random) % 100000);
            ask.to = at + (int64_t)(readers_next(random) % 100000);
            if (!spike_is_seen(p, &ask)) {
                return false;
            }
        }
    }
    return true;
}

static track_status seal_and_merge(struct points *p)
{
    struct seal_ask seal = {.store = p->f.store,
                            .run_node = sealed_run(&p->f, RUN_A),
                            .now_us = NOW_US,
                            .bytes_max = 1 << 20};
    struct merge_ask merge = {.store = p->f.store, .run_node = seal.run_node, .now_us = NOW_US};
    struct seal_did did = {.more = true};
    size_t merged = 1;
    while (did.more) {
        TRY(seal_run(&seal, &did, &p->f.err));
    }
    while (merged) {
        TRY(merge_level(&merge, &merged, &p->f.err));
    }
    return TRACK_OK;
}

TEST(spike, is_on_every_chart)
{
    static const size_t sizes[] = {1, 2, 4097, 70000, 250000};
    uint64_t random = 77;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        POINTS(p);
        size_t spike = readers_next(&random) % sizes[i];
        CHECK(send(&p, sizes[i], spike) == TRACK_OK);
        CHECK(charts_show(&p, spike, &random));
        CHECK(seal_and_merge(&p) == TRACK_OK);
        CHECK(charts_show(&p, spike, &random));
    }
}
