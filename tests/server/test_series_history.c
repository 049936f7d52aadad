/* Shows that any() and all() over a series are what its points say.
 * How: random points with NaN and infinities, sealed in parts and not at all; random questions by
 * the server and by a walk over the points. */
#include "../../server/seal_run.h"
#include "../../server/series.h"
#include "../harness.h"
#include "points.h"
#include "sealed.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { POINTS_MAX = 30000 };

struct known {
    struct blocks_point at[POINTS_MAX];
    size_t count;
    uint64_t random;
};

static uint64_t pick(struct known *k, uint64_t below)
{
    k->random ^= k->random << 13;
    k->random ^= k->random >> 7;
    k->random ^= k->random << 17;
    return k->random % below;
}

/* Few values that are often hit, and now and then one that is none. */
static double value_of(struct known *k)
{
    static const double odd[] = {(double)NAN, INFINITY, -INFINITY, 100, -100};
    return pick(k, 3000) ? (double)pick(k, 9) / 4 - 1 : odd[pick(k, 5)];
}

/* Adds points behind those that are there, some of them at the same step. */
static track_status grow(struct points *p, struct known *k, size_t count)
{
    static const char *const names[] = {"loss"};
    int64_t step = k->count ? k->at[k->count - 1].step : -2000;
    size_t from = k->count;
    for (size_t i = 0; i < count; i++) {
        step += (int64_t)pick(k, 3);
        k->at[k->count] = (struct blocks_point){step, NOW_US + (int64_t)k->count, value_of(k), 0};
        k->count++;
    }
    struct points_batch b = {.names = names, .name_count = 1, .in = {k->at + from, count, NULL, 0}};
    return points_add(p, &b);
}

static bool truth(const struct known *k, const struct history_ask *ask)
{
    bool seen = false, any = false, all = true;
    for (size_t i = 0; i < k->count; i++) {
        if (k->at[i].step >= ask->from && k->at[i].step <= ask->to) {
            bool fits = filter_compares(ask->op, k->at[i].value, ask->number);
            seen = true;
            any = any || fits;
            all = all && fits;
        }
    }
    return ask->all ? seen && all : any;
}

static void random_ask(struct known *k, struct history_ask *ask)
{
    static const double numbers[] = {-100, -1, -0.75, -0.8, 0, 0.25, 1, 1.1, 99, 100, 1e300};
    int64_t first = k->at[0].step, last = k->at[k->count - 1].step;
    *ask = (struct history_ask){.run = RUN_A,
                                .key = {"loss", NULL},
                                .all = pick(k, 2),
                                .op = (enum filter_op)pick(k, 6),
                                .number = numbers[pick(k, 11)],
                                .from = INT64_MIN,
                                .to = INT64_MAX};
    if (pick(k, 3)) {
        ask->from = first - 5 + (int64_t)pick(k, (uint64_t)(last - first + 10));
        ask->to = pick(k, 2) ? ask->from + (int64_t)pick(k, 40) : last - (int64_t)pick(k, 3);
    }
}

static bool agree(struct points *p, struct known *k, int asks, size_t *yes)
{
    for (int i = 0; i < asks; i++) {
        struct history_ask ask;
        bool got = false;
        random_ask(k, &ask);
        bool want = truth(k, &ask);
        *yes += want;
        if (series_history(p->tail, &ask, &got, &p->f.err) != TRACK_OK || got != want) {
            test_fail(__FILE__, __LINE__, "%s op %d %g in %lld..%lld is %d, not %d: %s",
                      ask.all ? "all" : "any", (int)ask.op, ask.number, (long long)ask.from,
                      (long long)ask.to, got, want, p->f.err.message);
            return false;
        }
    }
    return true;
}

/* Seals what is in the journal. */
static track_status seal_all(struct points *p)
{
    struct seal_did did = {.more = true};
    struct seal_ask ask = {
        .store = p->f.store, .run_node = sealed_run(&p->f, RUN_A), .now_us = NOW_US};
    while (did.more) {
        TRY(seal_run(&ask, &did, &p->f.err));
    }
    return TRACK_OK;
}

TEST(series_history, is_what_the_points_say)
{
    POINTS(p);
    static struct known k;
    k = (struct known){.random = 16180339887};
    size_t yes = 0;
    for (int part = 0; part < 6; part++) {
        CHECK_INT(grow(&p, &k, part % 2 ? 300 : 5000), TRACK_OK);
        CHECK(agree(&p, &k, 200, &yes));
        if (part != 3) {
            CHECK_INT(seal_all(&p), TRACK_OK);
            CHECK(agree(&p, &k, 200, &yes));
        }
    }
    CHECK(yes > 400 && yes < 1900);
}

TEST(series_history, knows_nothing_of_what_is_absent)
{
    POINTS(p);
    struct history_ask ask = {
        .run = RUN_A, .key = {"none", NULL}, .from = INT64_MIN, .to = INT64_MAX};
    bool got = true;
    CHECK_INT(points_add_one(&p, "loss", 5, 1), TRACK_OK);
    CHECK(series_history(p.tail, &ask, &got, &p.f.err) == TRACK_OK && !got);
    ask.all = true;
    CHECK(series_history(p.tail, &ask, &got, &p.f.err) == TRACK_OK && !got);
    ask.key.name = "loss";
    ask.number = 1;
    CHECK(series_history(p.tail, &ask, &got, &p.f.err) == TRACK_OK && got);
    ask.from = 6; /* no point: all() of nothing is false */
    CHECK(series_history(p.tail, &ask, &got, &p.f.err) == TRACK_OK && !got);
    ask.run = RUN_B;
    CHECK_INT(series_history(p.tail, &ask, &got, &p.f.err), TRACK_NOT_FOUND);
}
