#include "series.h"
#include "series_row.h"
#include "tail_whole.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { CURSOR_CHARS = 17 }; /* a letter and 16 hex digits */

/* A page being filled: first the groups of the level, then its series. */
struct growing {
    struct tail_run *run;
    const struct tree_ask *ask;
    const char *prefix;
    size_t prefix_size;
    bool flat;
    struct arena *arena;
    char part;   /* 'g' or 's': where the last page ended */
    size_t skip; /* index in by_name behind which this part goes on */
    struct tree_group *groups;
    struct series_row *rows;
    int64_t *ids;
    size_t group_count, row_count;
    size_t last; /* index in by_name of what was put last */
    bool more;
};

static const struct tail_series *series_at(const struct growing *g, size_t i)
{
    return &g->run->series[g->run->by_name[i]];
}

static track_status nomem(track_error *err)
{
    return FAIL(err, TRACK_NOMEM, "list of series: no memory; ask for fewer");
}

/* True if the series has points, lies below the prefix and has the text that is asked for. */
static bool wanted(const struct growing *g, const struct tail_series *s)
{
    return (s->summary.n || s->pending_count || s->part_count) &&
           strncmp(s->name, g->prefix, g->prefix_size) == 0 &&
           (!g->ask->q || strcasestr(s->name, g->ask->q));
}

/* Bytes of the level that name begins with below the prefix, its '/' included; 0: it has none. */
static size_t level_size(const struct growing *g, const char *name)
{
    const char *slash = g->flat ? NULL : strchr(name + g->prefix_size, '/');
    return slash ? (size_t)(slash - name - (ptrdiff_t)g->prefix_size) + 1 : 0;
}

/* Finds where the cursor stands. */
static track_status cursor_find(struct growing *g, const char *cursor, track_error *err)
{
    uint64_t id;
    char part, rest;
    g->part = 'g';
    g->skip = 0;
    if (!cursor || !*cursor) {
        return TRACK_OK;
    }
    if (strlen(cursor) != CURSOR_CHARS ||
        sscanf(cursor, "%c%16" SCNx64 "%c", &part, &id, &rest) != 2 ||
        (part != 'g' && part != 's')) {
        return FAIL(err, TRACK_INVALID, "cursor %.60s was not given by this server", cursor);
    }
    for (size_t i = 0; i < g->run->sorted_count; i++) {
        if (series_at(g, i)->id == (int64_t)id) {
            g->part = part;
            g->skip = i + 1;
            return TRACK_OK;
        }
    }
    return FAIL(err, TRACK_INVALID, "cursor %.60s was not given for this run", cursor);
}

static bool page_full(struct growing *g)
{
    g->more = g->group_count + g->row_count == g->ask->limit;
    return g->more;
}

/* Puts the group of series i, and counts what belongs to it; *next goes behind it. */
static track_status group_put(struct growing *g, size_t i, size_t *next, track_error *err)
{
    const char *name = series_at(g, i)->name;
    size_t size = g->prefix_size + level_size(g, name);
    struct tree_group *to = &g->groups[g->group_count];
    size_t level = size - g->prefix_size - 1;
    to->n = 1;
    g->last = i;
    to->prefix = arena_text(g->arena, name, size);
    to->name = arena_text(g->arena, name + g->prefix_size, level);
    if (!to->prefix || !to->name) {
        return nomem(err);
    }
    for (; *next < g->run->sorted_count; (*next)++) {
        const struct tail_series *s = series_at(g, *next);
        if (strncmp(s->name, to->prefix, size) != 0) {
            break;
        }
        to->n += wanted(g, s);
        g->last = *next;
    }
    g->group_count++;
    return TRACK_OK;
}

static track_status groups_fill(struct growing *g, track_error *err)
{
    for (size_t i = g->skip, next; i < g->run->sorted_count; i = next) {
        const struct tail_series *s = series_at(g, i);
        next = i + 1;
        if (!wanted(g, s) || level_size(g, s->name) == 0) {
            continue;
        }
        if (page_full(g)) {
            return TRACK_OK;
        }
        TRY(group_put(g, i, &next, err));
    }
    g->part = 's';
    g->skip = 0;
    return TRACK_OK;
}

static track_status rows_fill(struct growing *g, track_error *err)
{
    for (size_t i = g->skip; i < g->run->sorted_count; i++) {
        struct tail_series *s = &g->run->series[g->run->by_name[i]];
        if (!wanted(g, s) || level_size(g, s->name)) {
            continue;
        }
        if (page_full(g)) {
            return TRACK_OK;
        }
        struct series_row *to = &g->rows[g->row_count];
        TRY(tail_whole_get(g->run, s, err));
        TRY(series_row_fill(s, to, err));
        to->name = arena_text(g->arena, s->name, strlen(s->name));
        to->context = arena_text(g->arena, s->context, strlen(s->context));
        if (!to->name || !to->context) {
            return nomem(err);
        }
        g->ids[g->row_count++] = s->id;
        g->last = i;
    }
    return TRACK_OK;
}

static track_status growing_end(struct growing *g, struct tree_page *out, track_error *err)
{
    struct tree_page page = {g->groups, g->group_count, g->rows, g->ids, g->row_count, NULL};
    if (g->more) {
        char next[CURSOR_CHARS + 1];
        snprintf(next, sizeof(next), "%c%016" PRIx64, g->row_count ? 's' : 'g',
                 (uint64_t)series_at(g, g->last)->id);
        page.next = arena_text(g->arena, next, CURSOR_CHARS);
        if (!page.next) {
            return nomem(err);
        }
    }
    *out = page;
    return TRACK_OK;
}

static track_status tree_check(const struct tree_ask *ask, track_error *err)
{
    size_t size = ask->prefix ? strlen(ask->prefix) : 0;
    if (size && ask->prefix[size - 1] != '/') {
        return FAIL(err, TRACK_INVALID, "prefix %.160s does not end with '/'", ask->prefix);
    }
    if (ask->limit < 1 || ask->limit > SERIES_LIST_MAX) {
        return FAIL(err, TRACK_INVALID, "limit %zu, must be 1 to %d", ask->limit, SERIES_LIST_MAX);
    }
    return TRACK_OK;
}

track_status series_tree(struct tail *t, const struct tree_ask *ask, struct arena *arena,
                         struct tree_page *out, track_error *err)
{
    AUTO_TAIL struct tail_run *run = NULL;
    TRY(tree_check(ask, err));
    TRY(tail_take(t, ask->run, TAIL_FRESH, &run, err));
    TRY(tail_sort_names(run, err));
    struct growing g = {.run = run, .ask = ask, .arena = arena};
    size_t room = run->series_count < ask->limit ? run->series_count : ask->limit;
    g.prefix = ask->prefix ? ask->prefix : "";
    g.prefix_size = strlen(g.prefix);
    g.flat = ask->flat || (ask->q && *ask->q);
    g.groups = ARENA_ARRAY(arena, struct tree_group, room + 1);
    g.rows = ARENA_ARRAY(arena, struct series_row, room + 1);
    g.ids = ARENA_ARRAY(arena, int64_t, room + 1);
    if (!g.groups || !g.rows || !g.ids) {
        return nomem(err);
    }
    TRY(cursor_find(&g, ask->cursor, err));
    if (g.part == 'g') {
        TRY(groups_fill(&g, err));
    }
    if (g.part == 's' && !g.more) {
        TRY(rows_fill(&g, err));
    }
    return growing_end(&g, out, err);
}
