#include "series.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    struct cursor at; /* of the last point that was put */
    bool begun;       /* at is set */
    uint64_t skip;    /* points of at still to be passed over */
    int64_t *steps, *times_us;
    double *values;
    size_t count;
    bool more;
};

/* True when p comes before the place where the page begins. */
static bool paging_skips(struct paging *g, const struct tail_point *p)
{
    if (p->step < g->ask->from) {
        return true;
    }
    if (!g->begun || g->count) {
        return false;
    }
    if (p->step != g->at.step || p->time_us != g->at.time_us) {
        return p->step < g->at.step || (p->step == g->at.step && p->time_us < g->at.time_us);
    }
    bool skips = g->skip > 0;
    g->skip -= skips;
    return skips;
}

/* Puts p; false when the page is full or p lies behind the range. */
static bool paging_put(struct paging *g, const struct tail_point *p)
{
    if (p->step > g->ask->to) {
        return false;
    }
    if (g->count == g->ask->limit) {
        g->more = true;
        return false;
    }
    bool same = g->begun && p->step == g->at.step && p->time_us == g->at.time_us;
    g->at = (struct cursor){p->step, p->time_us, same ? g->at.ordinal + 1 : 1};
    g->begun = true;
    g->steps[g->count] = p->step;
    g->times_us[g->count] = p->time_us;
    g->values[g->count++] = p->value;
    return true;
}

static void paging_fill(struct paging *g, const struct tail_series *s, struct tail_window *window)
{
    int64_t from = g->begun && g->at.step > g->ask->from ? g->at.step : g->ask->from;
    for (size_t i = tail_series_find(s, from); i < s->chunk_count; i++) {
        tail_chunk_decode(&s->chunks[i], window);
        for (size_t j = 0; j < s->chunks[i].count; j++) {
            struct tail_point p = tail_window_get(window, j);
            if (!paging_skips(g, &p) && !paging_put(g, &p)) {
                return;
            }
        }
    }
}

/* At most as many as the page and the series have. */
static track_status paging_reserve(struct paging *g, const struct tail_series *s,
                                   struct arena *arena, track_error *err)
{
    size_t room = (size_t)s->summary.n < g->ask->limit ? (size_t)s->summary.n : g->ask->limit;
    g->steps = ARENA_ARRAY(arena, int64_t, room + 1);
    g->times_us = ARENA_ARRAY(arena, int64_t, room + 1);
    g->values = ARENA_ARRAY(arena, double, room + 1);
    if (!g->steps || !g->times_us || !g->values) {
        return FAIL(err, TRACK_NOMEM, "%zu points: no memory; ask for fewer", room);
    }
    return TRACK_OK;
}

static track_status paging_end(struct paging *g, const struct tail_series *s, struct arena *arena,
                               struct points_page *out, track_error *err)
{
    char next[80];
    int size = snprintf(next, sizeof(next), "%" PRId64 ".%" PRId64 ".%" PRIu64, g->at.step,
                        g->at.time_us, g->at.ordinal);
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
        g.skip = g.at.ordinal;
    }
    TRY(tail_take(t, ask->run, TAIL_FRESH, &run, err));
    TRY(tail_find(run, ask->key.name, ask->key.context, &s, err));
    if (!s || s->summary.n == 0) {
        return FAIL(err, TRACK_NOT_FOUND, "run %s has no series %.160s", ask->run, ask->key.name);
    }
    struct tail_window *window = ARENA_NEW(arena, struct tail_window);
    if (!window) {
        return FAIL(err, TRACK_NOMEM, "points: no memory");
    }
    TRY(paging_reserve(&g, s, arena, err));
    paging_fill(&g, s, window);
    return paging_end(&g, s, arena, out, err);
}
