#include "../core/columns.h"
#include "series.h"
#include "tail_source.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORK_BYTES = 1 << 30 }; /* what reading takes */

/* Where a page goes on: behind so many points of this step and time. */
struct cursor {
    int64_t step, time_us;
    uint64_t ordinal;
};

/* "STEP.TIME.ORDINAL". */
static track_status cursor_decode(const char *text, struct cursor *out, track_error *err)
{
    char rest;
    struct cursor c;
    if (sscanf(text, "%" SCNd64 ".%" SCNd64 ".%" SCNu64 "%c", &c.step, &c.time_us, &c.ordinal,
               &rest) != 3) {
        return FAIL(err, TRACK_INVALID, "cursor %.60s was not given by this server", text);
    }
    *out = c;
    return TRACK_OK;
}

/* A page being filled. */
struct paging {
    const struct points_ask *ask;
    bool begun;       /* at is set */
    struct cursor at; /* of the last point of the page before */
    uint64_t passed;  /* points of its step and time that were passed over */
    int64_t *steps, *times_us;
    double *values;
    size_t count;
    bool more;
};

/* -1, 0 or 1: where (step, time) lies, seen from the place where the page begins. */
static int paging_compare(const struct paging *g, int64_t step, int64_t time_us)
{
    if (step != g->at.step) {
        return step < g->at.step ? -1 : 1;
    }
    return time_us < g->at.time_us ? -1 : time_us > g->at.time_us;
}

/* True when p comes before the place where the page begins. */
static bool paging_skips(struct paging *g, const struct point *p)
{
    if (p->step < g->ask->from) {
        return true;
    }
    if (!g->begun || g->count) {
        return false;
    }
    int way = paging_compare(g, p->step, p->time_us);
    if (way != 0) {
        return way < 0;
    }
    bool skips = g->passed < g->at.ordinal;
    g->passed += skips;
    return skips;
}

/* Puts the points from j on; false when the page is full or one lies behind the range. */
static bool paging_put(struct paging *g, const struct stretch *in, size_t j)
{
    size_t end = in->count;
    while (end > j && in->steps[end - 1] > g->ask->to) {
        end--;
    }
    size_t room = g->ask->limit - g->count;
    size_t n = end - j < room ? end - j : room;
    memcpy(g->steps + g->count, in->steps + j, n * sizeof(*g->steps));
    memcpy(g->times_us + g->count, in->times_us + j, n * sizeof(*g->times_us));
    memcpy(g->values + g->count, in->values + j, n * sizeof(*g->values));
    g->count += n;
    g->more = n < end - j;
    return !g->more && end == in->count;
}

/* Puts what of some points belongs to the page; false when there is no more of it. */
static bool paging_take(struct paging *g, const struct stretch *in)
{
    size_t last = in->count - 1, j = 0;
    if (g->begun && paging_compare(g, in->steps[last], in->times_us[last]) < 0) {
        return true;
    }
    for (; j < in->count; j++) {
        struct point p = {in->steps[j], in->times_us[j], in->values[j]};
        if (!paging_skips(g, &p)) {
            break;
        }
    }
    return paging_put(g, in, j);
}

static track_status paging_fill(struct paging *g, const struct tail_series *s, track_error *err)
{
    AUTO_ARENA arena = ARENA(WORK_BYTES);
    int64_t from = g->begun && g->at.step > g->ask->from ? g->at.step : g->ask->from;
    struct tail_ask ask = {.steps = {from, g->ask->to}};
    struct tail_reading reading = {.arena = &arena};
    struct tail_sources sources;
    struct stretch_merge merge;
    struct stretch in;
    TRY(tail_source_open(s, &ask, &reading, &sources, err));
    TRY(tail_source_merge(&sources, from, &merge, err));
    do {
        TRY(stretch_merge_next(&merge, &in, err));
    } while (in.count && paging_take(g, &in));
    return TRACK_OK;
}

/* Where the next page goes on. */
static struct cursor paging_cursor(const struct paging *g)
{
    size_t i = g->count - 1;
    struct cursor c = {g->steps[i], g->times_us[i], 1};
    while (i > 0 && g->steps[i - 1] == c.step && g->times_us[i - 1] == c.time_us) {
        i--;
        c.ordinal++;
    }
    bool same = g->begun && i == 0 && paging_compare(g, c.step, c.time_us) == 0;
    c.ordinal += same ? g->at.ordinal : 0;
    return c;
}

/* Room for at most as many as the page and the series have: a head, then the columns. */
static track_status paging_reserve(struct paging *g, const struct tail_series *s,
                                   struct arena *arena, track_error *err)
{
    size_t room =
        (size_t)s->whole.summary.n < g->ask->limit ? (size_t)s->whole.summary.n : g->ask->limit;
    unsigned char *at =
        arena_raw(arena, COLUMNS_POINTS_HEAD_MAX + room * COLUMNS_POINT_BYTES, alignof(int64_t));
    if (!at) {
        return FAIL(err, TRACK_NOMEM, "%zu points: no memory; ask for fewer", room);
    }
    g->steps = (int64_t *)(void *)(at + COLUMNS_POINTS_HEAD_MAX);
    g->times_us = g->steps + room;
    g->values = (double *)(void *)(g->times_us + room);
    return TRACK_OK;
}

/* Moves the columns together where there were fewer points than room. */
static void paging_close_up(struct paging *g)
{
    int64_t *times_us = g->steps + g->count;
    double *values = (double *)(void *)(times_us + g->count);
    memmove(times_us, g->times_us, g->count * sizeof(*times_us));
    memmove(values, g->values, g->count * sizeof(*values));
    g->times_us = times_us;
    g->values = values;
}

static track_status paging_end(struct paging *g, const struct tail_series *s, struct arena *arena,
                               struct points_page *out, track_error *err)
{
    char next[80] = "";
    int size = 0;
    paging_close_up(g);
    if (g->more) {
        struct cursor at = paging_cursor(g);
        size = snprintf(next, sizeof(next), "%" PRId64 ".%" PRId64 ".%" PRIu64, at.step, at.time_us,
                        at.ordinal);
    }
    struct points_page page = {.steps = g->steps, .times_us = g->times_us, .values = g->values};
    page.name = arena_text(arena, s->name, strlen(s->name));
    page.context = arena_text(arena, s->context, strlen(s->context));
    page.next = g->more ? arena_text(arena, next, (size_t)size) : NULL;
    page.count = g->count;
    if (!page.name || !page.context || (g->more && !page.next)) {
        return FAIL(err, TRACK_NOMEM, "points: no memory");
    }
    *out = page;
    return TRACK_OK;
}

track_status series_points(struct tail *t, const struct points_ask *ask, struct arena *arena,
                           struct points_page *out, track_error *err)
{
    AUTO_TAIL struct tail_run *run = NULL;
    struct paging g = {.ask = ask};
    struct tail_series *s;
    if (ask->limit < 1 || ask->limit > SERIES_POINTS_MAX) {
        return FAIL(err, TRACK_INVALID, "limit %zu, must be 1 to %d", ask->limit,
                    SERIES_POINTS_MAX);
    }
    if (ask->cursor && *ask->cursor) {
        TRY(cursor_decode(ask->cursor, &g.at, err));
        g.begun = true;
    }
    TRY(tail_take(t, ask->run, TAIL_FRESH, &run, err));
    TRY(tail_find(run, ask->key.name, ask->key.context, &s, err));
    if (!s || s->whole.summary.n == 0) {
        return FAIL(err, TRACK_NOT_FOUND, "run %s has no series %.160s", ask->run, ask->key.name);
    }
    TRY(paging_reserve(&g, s, arena, err));
    TRY(paging_fill(&g, s, err));
    return paging_end(&g, s, arena, out, err);
}
