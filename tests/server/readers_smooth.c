#include "readers_smooth.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ASK_BYTES = 256 << 20 };

struct smooth_ask readers_any_smooth(uint64_t *random)
{
    struct smooth_ask ask = {.kind = (enum smooth_kind)(readers_next(random) % 5)};
    ask.by = (enum smooth_by)(readers_next(random) % 3);
    double unit = ask.by == SMOOTH_BY_TIME ? 1e-3 : 1;
    ask.keep = ask.kind == SMOOTH_EMA ? -unit / (double)(1 + readers_next(random) % 50) : 0;
    bool window = ask.kind > SMOOTH_EMA;
    ask.window = window ? 1 + (int64_t)(readers_next(random) % 100) : 0;
    ask.window *= ask.by == SMOOTH_BY_TIME ? 1000 : 1;
    return ask;
}

static bool differs(const char *what)
{
    fprintf(stderr, "readers: %s\n", what);
    return false;
}

static bool same(double a, double b)
{
    return memcmp(&a, &b, sizeof(a)) == 0 || (isnan(a) && isnan(b));
}

/* Checks the bin that has ended against the value at its last finite point. */
static bool bin_agrees(const struct series_bins *got, uint32_t index, double value)
{
    for (size_t i = 0; i < got->count; i++) {
        if (got->bins[i].index == index) {
            return same(got->bins[i].smooth, value) || differs("another smoothed value");
        }
    }
    return differs("a bin is missing");
}

bool readers_smooth_agrees(const struct bins_ask *ask, const struct bins_grid *grid,
                           const struct readers_points *points, const struct series_bins *got)
{
    AUTO_ARENA arena = ARENA(ASK_BYTES);
    struct smooth s;
    uint32_t now = UINT32_MAX;
    double value = (double)NAN;
    bool good = true;
    if (ask->smooth.kind == SMOOTH_NONE) {
        return true;
    }
    smooth_init(&s, &ask->smooth, &arena);
    for (size_t i = 0; i < points->count && good; i++) {
        const struct point *at = &points->at[i];
        struct stretch one = {&at->step, &at->time_us, &at->value, 1};
        int64_t last, x = ask->x == BINS_STEP ? at->step : at->time_us - points->origin_us;
        uint32_t index = bins_place(grid, x, &last);
        if (index != now) {
            good = now == UINT32_MAX || bin_agrees(got, now, value);
            value = (double)NAN;
        }
        now = index;
        value = smooth_add(&s, &one) && now != UINT32_MAX ? smooth_value(&s) : value;
    }
    return good && (now == UINT32_MAX || bin_agrees(got, now, value));
}

static struct stretch columns_of(const struct readers *r, size_t series, struct arena *arena)
{
    size_t count = r->count[series];
    int64_t *steps = ARENA_ARRAY(arena, int64_t, count + 1);
    int64_t *times = ARENA_ARRAY(arena, int64_t, count + 1);
    double *values = ARENA_ARRAY(arena, double, count + 1);
    for (size_t i = 0; steps && times && values && i < count; i++) {
        steps[i] = r->at[series][i].step;
        times[i] = r->at[series][i].time_us;
        values[i] = r->at[series][i].value;
    }
    return (struct stretch){steps, times, values, count};
}

static bool join_same(const struct series_bins *got, const struct real_bins *want)
{
    if (got->count != want->count) {
        return differs("another number of bins over a metric");
    }
    for (size_t i = 0; i < want->count; i++) {
        const struct bin *a = &got->bins[i], *b = &want->at[i];
        if (a->index != b->index || a->n != b->n || a->nan != b->nan || a->pinf != b->pinf ||
            a->real_first != b->real_first || a->real_last != b->real_last ||
            !same(a->first, b->first) || !same(a->last, b->last) || !same(a->min, b->min) ||
            !same(a->max, b->max) || !same(a->mean, b->mean)) {
            return differs("another bin over a metric");
        }
    }
    return true;
}

/* Name and context of a series, in a buffer. */
static struct series_ref ref_of(size_t series, char name[32])
{
    const char *context = strchr(readers_names[series], '{');
    snprintf(name, 32, "%.*s",
             context ? (int)(context - readers_names[series]) : (int)strlen(readers_names[series]),
             readers_names[series]);
    return (struct series_ref){name, context ? context : ""};
}

bool readers_join_agrees(struct points *p, const struct readers *r, const size_t series[2],
                         uint64_t *random)
{
    AUTO_ARENA arena = ARENA(ASK_BYTES);
    char y_name[32], x_name[32];
    const char *run = r->run;
    struct series_ref key = ref_of(series[0], y_name);
    struct bins_ask ask = {.runs = &run, .run_count = 1, .keys = &key, .key_count = 1};
    struct bins_answer answer;
    struct real_bins want;
    ask.x = BINS_METRIC;
    ask.x_key = ref_of(series[1], x_name);
    ask.bins = 1 + (uint32_t)(readers_next(random) % BINS_MAX);
    if (series_bins(p->tail, &ask, &arena, &answer, &p->f.err) != TRACK_OK) {
        return differs(p->f.err.message);
    }
    struct stretch y = columns_of(r, series[0], &arena), x = columns_of(r, series[1], &arena);
    struct real_point *points = ARENA_ARRAY(&arena, struct real_point, y.count + 1);
    if (!points || !x.values || !y.values || answer.count != (y.count > 0)) {
        return differs("no series over a metric");
    }
    size_t count = real_join(&x, &y, points);
    if (y.count == 0 || answer.real.count == 0) {
        return count == 0 || differs("no grid over a metric");
    }
    struct real_places places = {&answer.real, &y, points, count};
    return (answer.series[0].unplaced == y.count - count || differs("unplaced")) &&
           real_bins_fill(&places, &arena, &want, NULL) == TRACK_OK &&
           join_same(&answer.series[0], &want);
}
