#include "readers.h"

#include "readers_smooth.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ASK_BYTES = 256 << 20, PAGE_POINTS = 20000 };

const char *const readers_names[READERS_SERIES] = {"a/loss", "a/acc{\"rank\":3}", "b/lr", "time"};

uint64_t readers_next(uint64_t *random)
{
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    return *random >> 24;
}

bool readers_open(struct readers *r, struct fixture *f)
{
    bool good = true;
    *r = (struct readers){.run = RUN_A};
    for (size_t i = 0; i < READERS_SERIES; i++) {
        r->at[i] = ARENA_ARRAY(&f->arena, struct point, READERS_POINTS_MAX);
        good = good && r->at[i];
    }
    return good;
}

void readers_add(struct readers *r, const struct blocks_point *points, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t s = points[i].key;
        r->at[s][r->count[s]++] =
            (struct point){points[i].step, points[i].time_us, points[i].value};
    }
}

static int by_step(const void *a, const void *b)
{
    return point_compare(a, b);
}

static int by_time(const void *left, const void *right)
{
    const struct point *a = left, *b = right;
    if (a->time_us != b->time_us) {
        return a->time_us < b->time_us ? -1 : 1;
    }
    return point_compare(a, b);
}

void readers_settle(struct readers *r)
{
    for (size_t s = 0; s < READERS_SERIES; s++) {
        struct point *at = r->at[s];
        size_t kept = 0;
        qsort(at, r->count[s], sizeof(*at), by_step);
        for (size_t i = 0; i < r->count[s]; i++) {
            if (kept == 0 || point_compare(&at[kept - 1], &at[i]) != 0) {
                at[kept++] = at[i];
            }
        }
        r->count[s] = kept;
    }
}

static bool differs(const char *what, size_t series, const char *how)
{
    fprintf(stderr, "readers: %s of %s: %s\n", what, readers_names[series], how);
    return false;
}

/* Name and context of a series. */
struct named {
    char name[32];
    const char *context;
};
static struct named named(size_t series)
{
    struct named n = {.context = strchr(readers_names[series], '{')};
    size_t size =
        n.context ? (size_t)(n.context - readers_names[series]) : strlen(readers_names[series]);
    memcpy(n.name, readers_names[series], size);
    n.context = n.context ? n.context : "";
    return n;
}

static bool same_bits(double a, double b)
{
    return memcmp(&a, &b, sizeof(a)) == 0;
}

/* Points of one series from a step on, page by page. */
static bool points_agree(struct points *p, const struct readers *r, size_t series, int64_t from,
                         size_t limit)
{
    AUTO_ARENA arena = ARENA(ASK_BYTES);
    struct named name = named(series);
    struct points_page page = {.next = NULL};
    size_t next = 0;
    while (next < r->count[series] && r->at[series][next].step < from) {
        next++;
    }
    do {
        struct points_ask ask = {.run = r->run,
                                 .key = {name.name, name.context},
                                 .from = from,
                                 .to = INT64_MAX,
                                 .limit = limit,
                                 .cursor = page.next};
        if (series_points(p->tail, &ask, &arena, &page, &p->f.err) != TRACK_OK) {
            return differs("points", series, p->f.err.message);
        }
        for (size_t i = 0; i < page.count; i++, next++) {
            const struct point *want = &r->at[series][next];
            if (next >= r->count[series] || page.steps[i] != want->step ||
                page.times_us[i] != want->time_us || !same_bits(page.values[i], want->value)) {
                return differs("points", series, "another point");
            }
        }
    } while (page.next);
    return next == r->count[series] || differs("points", series, "too few");
}

/* The points of a series in the order of x. */
static struct readers_points sorted_of(const struct readers *r, size_t series, enum bins_x x,
                                       struct arena *arena)
{
    size_t count = r->count[series];
    struct point *sorted = ARENA_ARRAY(arena, struct point, count + 1);
    if (!sorted) {
        return (struct readers_points){.at = NULL};
    }
    memcpy(sorted, r->at[series], count * sizeof(*sorted));
    if (x != BINS_STEP) {
        qsort(sorted, count, sizeof(*sorted), by_time);
    }
    return (struct readers_points){sorted, count, x == BINS_RELATIVE ? NOW_US : 0};
}

/* The bins of points by definition, on the grid of out. */
static track_status bins_of(const struct readers_points *in, enum bins_x x, struct bins *out)
{
    for (size_t i = 0; i < in->count; i++) {
        int64_t at = x == BINS_STEP ? in->at[i].step : in->at[i].time_us - in->origin_us;
        bins_add(out, &at, &in->at[i].value, 1);
    }
    return bins_end(out, NULL);
}

static bool bin_agrees(const struct bin *a, const struct bin *b)
{
    double largest = fmax(fabs(b->min), fabs(b->max));
    return a->index == b->index && a->n == b->n && a->nan == b->nan && a->pinf == b->pinf &&
           a->ninf == b->ninf && a->x_first == b->x_first && a->x_last == b->x_last &&
           same_bits(a->first, b->first) && same_bits(a->last, b->last) &&
           same_bits(a->min, b->min) && same_bits(a->max, b->max) &&
           (isnan(b->mean) ? isnan(a->mean) : fabs(a->mean - b->mean) <= largest * 0x1p-40);
}

static bool bins_agree(struct points *p, const struct readers *r, const struct bins_ask *ask,
                       size_t series)
{
    AUTO_ARENA arena = ARENA(ASK_BYTES);
    struct bins_answer answer;
    struct bins want;
    if (series_bins(p->tail, ask, &arena, &answer, &p->f.err) != TRACK_OK) {
        return differs("bins", series, p->f.err.message);
    }
    if (answer.count != (r->count[series] > 0)) {
        return differs("bins", series, "not one series");
    }
    if (answer.count == 0) {
        return true;
    }
    bins_init(&want, &answer.grid, &arena);
    struct readers_points sorted = sorted_of(r, series, ask->x, &arena);
    if (!sorted.at || bins_of(&sorted, ask->x, &want) != TRACK_OK) {
        return differs("bins", series, "no bins by definition");
    }
    if (want.count != answer.series[0].count ||
        answer.series[0].exact != bins_are_exact(want.at, want.count)) {
        return differs("bins", series, "another number of bins, or exact");
    }
    for (size_t i = 0; i < want.count; i++) {
        if (!bin_agrees(&answer.series[0].bins[i], &want.at[i])) {
            return differs("bins", series, "another bin");
        }
    }
    return readers_smooth_agrees(ask, &answer.grid, &sorted, &answer.series[0]);
}

/* Some charts of a series: any axis, any zoom. */
static bool charts_agree(struct points *p, const struct readers *r, size_t series, uint64_t *random)
{
    struct named name = named(series);
    struct series_ref key = {name.name, name.context};
    const char *run = r->run;
    for (enum bins_x x = BINS_STEP; x <= BINS_RELATIVE; x++) {
        struct bins_ask ask = {.runs = &run, .run_count = 1, .keys = &key, .key_count = 1, .x = x};
        ask.bins = 1 + (uint32_t)(readers_next(random) % BINS_MAX);
        ask.smooth = readers_any_smooth(random);
        if (r->count[series] && readers_next(random) % 2) {
            const struct point *a = &r->at[series][readers_next(random) % r->count[series]];
            const struct point *b = &r->at[series][readers_next(random) % r->count[series]];
            int64_t ends[2] = {x ? a->time_us : a->step, x ? b->time_us : b->step};
            int64_t less = x == BINS_RELATIVE ? NOW_US : 0;
            ask.has_from = ask.has_to = true;
            ask.from = (ends[0] < ends[1] ? ends[0] : ends[1]) - less;
            ask.to = (ends[0] < ends[1] ? ends[1] : ends[0]) - less;
        }
        if (!bins_agree(p, r, &ask, series)) {
            return false;
        }
    }
    size_t both[2] = {series, readers_next(random) % READERS_SERIES};
    return readers_join_agrees(p, r, both, random);
}

/* What the table of series says of one. */
static bool row_agrees(const struct series_row *row, const struct readers *r, size_t series)
{
    const struct point *at = r->at[series];
    size_t count = r->count[series];
    struct series_row want = {.vmin = NAN, .vmax = NAN, .n = (int64_t)count};
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(at[i].value)) {
            want.bad++;
            continue;
        }
        if (!(at[i].value >= want.vmin)) {
            want.vmin = at[i].value;
            want.vmin_step = at[i].step;
        }
        if (!(at[i].value <= want.vmax)) {
            want.vmax = at[i].value;
            want.vmax_step = at[i].step;
        }
        want.vsum += at[i].value;
    }
    bool ends = count && same_bits(row->first, at[0].value) && row->first_step == at[0].step &&
                same_bits(row->last, at[count - 1].value) && row->last_step == at[count - 1].step &&
                row->last_us == at[count - 1].time_us;
    bool least = isnan(want.vmin) ? isnan(row->vmin)
                                  : row->vmin == want.vmin && row->vmin_step == want.vmin_step;
    bool most = isnan(want.vmax) ? isnan(row->vmax)
                                 : row->vmax == want.vmax && row->vmax_step == want.vmax_step;
    double slack = 1e-6 * (fabs(want.vsum) + fabs(want.vmin) + fabs(want.vmax) + 1);
    bool sum = !(fabs(row->vsum - want.vsum) > slack);
    return (row->n == want.n && row->bad == want.bad && ends && least && most && sum) ||
           differs("row", series, "another number");
}

/* A value as a table has it: any NaN, no -0.0. */
static double stored(double value)
{
    return isnan(value) ? (double)NAN : value == 0 ? 0 : value;
}

static bool tree_agrees(struct points *p, const struct readers *r)
{
    AUTO_ARENA arena = ARENA(ASK_BYTES);
    struct tree_ask ask = {.run = r->run, .flat = true, .limit = SERIES_LIST_MAX};
    struct tree_page page;
    size_t found = 0;
    if (series_tree(p->tail, &ask, &arena, &page, &p->f.err) != TRACK_OK) {
        return differs("tree", 0, p->f.err.message);
    }
    for (size_t s = 0; s < READERS_SERIES; s++) {
        struct named name = named(s);
        for (size_t i = 0; i < page.series_count; i++) {
            if (strcmp(page.series[i].name, name.name) == 0 &&
                strcmp(page.series[i].context, name.context) == 0) {
                found++;
                if (!row_agrees(&page.series[i], r, s)) {
                    return false;
                }
            }
        }
        found += r->count[s] == 0;
    }
    return found == READERS_SERIES || differs("tree", 0, "not all series");
}

/* What search and sort ask, brought up to date if the server thinks that it is not. */
static bool table_agrees(struct points *p, const struct readers *r)
{
    AUTO_ARENA arena = ARENA(ASK_BYTES);
    struct series_list list;
    size_t found = 0;
    if (series_flush(p->tail, 0, &p->f.err) != TRACK_OK ||
        store_series_list(p->f.store, r->run, &arena, &list, &p->f.err) != TRACK_OK) {
        return differs("table", 0, p->f.err.message);
    }
    for (size_t s = 0; s < READERS_SERIES; s++) {
        struct named name = named(s);
        for (size_t i = 0; i < list.count; i++) {
            const struct series_row *row = &list.at[i];
            if (strcmp(row->name, name.name) || strcmp(row->context, name.context)) {
                continue;
            }
            if (r->count[s] == 0) {
                return differs("table", s, "a row without points");
            }
            struct series_row want = *row; /* SQLite keeps neither bits of NaN nor -0.0 */
            want.first = stored(r->at[s][0].value);
            want.last = stored(r->at[s][r->count[s] - 1].value);
            if (!same_bits(stored(row->first), want.first) ||
                !same_bits(stored(row->last), want.last)) {
                return differs("table", s, "another end");
            }
            want.first = r->at[s][0].value;
            want.last = r->at[s][r->count[s] - 1].value;
            found++;
            if (!row_agrees(&want, r, s)) {
                return false;
            }
        }
        found += r->count[s] == 0;
    }
    return found == READERS_SERIES || differs("table", 0, "not all series");
}

bool readers_agree(struct points *p, const struct readers *r, uint64_t *random)
{
    if (!tree_agrees(p, r) || (readers_next(random) % 2 && !table_agrees(p, r))) {
        return false;
    }
    for (size_t s = 0; s < READERS_SERIES; s++) {
        if (r->count[s] == 0) {
            continue;
        }
        int64_t from = r->at[s][readers_next(random) % r->count[s]].step;
        size_t limit = 1 + readers_next(random) % PAGE_POINTS;
        limit = limit < r->count[s] / 8 ? r->count[s] / 8 + 1 : limit;
        bool charts = readers_next(random) % 2; /* before or after points are asked for */
        if ((charts && !charts_agree(p, r, s, random)) ||
            !points_agree(p, r, s, INT64_MIN, limit) || !points_agree(p, r, s, from, limit) ||
            (!charts && !charts_agree(p, r, s, random))) {
            return false;
        }
    }
    return true;
}
