/* Shows that a group's bins come from every run of it, and that nothing is left out unsaid.
 * How: runs of random series that begin and end anywhere; each bin against the statistics of the
 * runs' own bins; versions, runs that are not there, limits. */
#include "../../server/series_group.h"
#include "../harness.h"
#include "points.h"
#include "readers.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { RUNS = 23, POINTS_EACH = 400, ALL = (1 << BANDS_COUNT) - 1 };

static char ids[RUNS + 1][33];
static const char *runs[RUNS + 1];

/* Runs with a series each; the last id is of no run. */
static void runs_fill(struct points *p, uint64_t *state)
{
    static struct blocks_point in[POINTS_EACH];
    const char *name = "loss";
    for (size_t r = 0; r <= RUNS; r++) {
        struct run_put put;
        snprintf(ids[r], sizeof(ids[r]), "0190a0b0c0d07000800000000001%04x", (unsigned)r);
        runs[r] = ids[r];
        if (r == RUNS) {
            break;
        }
        struct points_batch b = {.run = ids[r], .names = &name, .name_count = 1};
        int64_t step = (int64_t)(readers_next(state) % 300);
        for (size_t i = 0; i < POINTS_EACH; i++) {
            step += 1 + (int64_t)(readers_next(state) % 4);
            double value =
                readers_next(state) % 30 ? (double)(readers_next(state) % 900) / 9 : (double)NAN;
            in[i] = (struct blocks_point){step, NOW_US + step, value, 0};
        }
        b.in = (struct blocks_in){in, POINTS_EACH, NULL, 0};
        p->seq[0] = p->key[0] = 0;
        CHECK(fixture_put(&p->f, ids[r], "points", &put) == TRACK_OK);
        CHECK(points_add(p, &b) == TRACK_OK);
    }
}

/* Compares one bin of a group with the bins of its runs. */
static void check_index(const struct bins_answer *a, const struct bins_ask *ask, size_t number,
                        uint32_t index)
{
    const struct group_ask *group = &ask->groups[number];
    double values[RUNS], stats[BANDS_COUNT] = {0};
    uint32_t n = 0;
    for (size_t i = 0; i < a->count; i++) {
        const struct series_bins *s = &a->series[i];
        bool in = false;
        for (size_t j = 0; j < group->run_count; j++) {
            in = in || group->runs[j] == s->run_at;
        }
        for (size_t j = 0; in && j < s->count; j++) {
            double value = ask->smooth.kind ? s->bins[j].smooth : s->bins[j].mean;
            if (s->bins[j].index == index && isfinite(value)) {
                values[n++] = value;
            }
        }
    }
    const struct group_bin *found = NULL;
    for (size_t i = 0; i < a->groups[number].count; i++) {
        const struct group_bin *bin = &a->groups[number].bins[i];
        found = bin->index == index ? bin : found;
    }
    CHECK(!found == !n);
    if (found) {
        bands_fill(values, n, ask->stats, stats);
        CHECK(found->n == n && memcmp(found->stats, stats, sizeof(stats)) == 0);
    }
}

static void check_groups(struct points *p, struct bins_ask *ask)
{
    AUTO_ARENA arena = ARENA(64 << 20);
    struct bins_answer a;
    ask->members = true;
    CHECK(series_bins(p->tail, ask, &arena, &a, &p->f.err) == TRACK_OK);
    CHECK(a.count == RUNS && a.group_count == ask->group_count);
    for (size_t g = 0; g < a.group_count; g++) {
        for (uint32_t i = 0; i < a.grid.count; i++) {
            check_index(&a, ask, g, i);
        }
    }
}

TEST(series_group, has_every_run_in_every_bin)
{
    POINTS(p);
    uint64_t state = 31;
    size_t all[RUNS + 1], some[RUNS / 2];
    runs_fill(&p, &state);
    for (size_t i = 0; i <= RUNS; i++) {
        all[i] = i;
    }
    for (size_t i = 0; i < RUNS / 2; i++) {
        some[i] = 2 * i;
    }
    struct group_ask groups[] = {{"all", false, all, RUNS + 1}, {"some", false, some, RUNS / 2}};
    struct series_ref key = {"loss", NULL};
    struct bins_ask ask = {.runs = runs, .run_count = RUNS + 1, .keys = &key, .key_count = 1};
    ask.groups = groups;
    ask.group_count = 2;
    ask.stats = ALL;
    for (uint32_t bins = 1; bins <= 1000; bins += 333) {
        ask.bins = bins;
        ask.smooth = (struct smooth_ask){.kind = SMOOTH_NONE};
        check_groups(&p, &ask);
        ask.smooth = (struct smooth_ask){SMOOTH_EMA, SMOOTH_BY_STEP, -0.1, 0};
        check_groups(&p, &ask);
    }
}

TEST(series_group, says_how_many_runs_it_has)
{
    POINTS(p);
    AUTO_ARENA arena = ARENA(64 << 20);
    uint64_t state = 7;
    size_t both[] = {0, RUNS}, absent[] = {RUNS};
    runs_fill(&p, &state);
    struct group_ask groups[] = {{"a", false, both, 2}, {"", true, absent, 1}};
    struct series_ref key = {"loss", NULL};
    struct bins_ask ask = {.runs = runs, .run_count = RUNS + 1, .keys = &key, .key_count = 1};
    struct bins_answer a;
    ask.bins = 50;
    ask.groups = groups;
    ask.group_count = 2;
    ask.stats = BANDS_USUAL;
    CHECK(series_bins(p.tail, &ask, &arena, &a, NULL) == TRACK_OK);
    CHECK(a.count == 0 && a.group_count == 2); /* members were not asked for */
    CHECK(a.groups[0].runs == 1 && a.groups[0].count > 10 && a.groups[0].bins[3].n == 1);
    CHECK(a.groups[1].runs == 0 && a.groups[1].count == 0);
    CHECK(a.groups[0].id != a.groups[1].id);
}

TEST(series_group, is_only_named_where_the_caller_has_it)
{
    POINTS(p);
    AUTO_ARENA arena = ARENA(64 << 20);
    uint64_t state = 8;
    size_t two[] = {0, 1};
    runs_fill(&p, &state);
    struct group_ask group = {"a", false, two, 2};
    struct series_ref key = {"loss", NULL};
    struct bins_ask ask = {.runs = runs, .run_count = 2, .keys = &key, .key_count = 1, .bins = 64};
    struct bins_answer a, b;
    ask.groups = &group;
    ask.group_count = 1;
    ask.stats = BANDS_USUAL;
    CHECK(series_bins(p.tail, &ask, &arena, &a, NULL) == TRACK_OK);
    struct series_have have = {"group", a.groups[0].id, a.groups[0].version};
    ask.have = &have;
    ask.have_count = 1;
    CHECK(series_bins(p.tail, &ask, &arena, &b, NULL) == TRACK_OK);
    CHECK(b.groups[0].unchanged && b.groups[0].count == 0);
    ask.stats = ALL;
    CHECK(series_bins(p.tail, &ask, &arena, &b, NULL) == TRACK_OK && !b.groups[0].unchanged);
    ask.stats = BANDS_USUAL;
    struct blocks_point in = {7, NOW_US + 7, 1, 0};
    const char *name = "loss";
    struct points_batch more = {.run = ids[1], .writer = 1, .names = &name, .name_count = 1};
    more.in = (struct blocks_in){&in, 1, NULL, 0};
    CHECK(points_add(&p, &more) == TRACK_OK);
    CHECK(series_bins(p.tail, &ask, &arena, &b, NULL) == TRACK_OK && !b.groups[0].unchanged);
}

TEST(series_group, refuses_too_many_groups)
{
    POINTS(p);
    AUTO_ARENA arena = ARENA(64 << 20);
    static struct group_ask groups[SERIES_GROUPS_MAX + 1];
    const char *run = RUN_A;
    struct series_ref keys[] = {{"loss", NULL}, {"acc", NULL}};
    struct bins_ask ask = {.runs = &run, .run_count = 1, .keys = keys, .key_count = 2, .bins = 9};
    struct bins_answer a;
    for (size_t i = 0; i <= SERIES_GROUPS_MAX; i++) {
        groups[i].name = "";
    }
    ask.groups = groups;
    ask.group_count = SERIES_GROUPS_MAX / 2;
    CHECK(series_bins(p.tail, &ask, &arena, &a, NULL) == TRACK_OK);
    ask.group_count++;
    CHECK(series_bins(p.tail, &ask, &arena, &a, NULL) == TRACK_INVALID);
}
