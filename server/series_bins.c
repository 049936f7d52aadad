#include "../core/bins_merge.h"
#include "series_bin.h"
#include "series_group.h"
#include "tail_readers.h"

#include <math.h>
#include <string.h>

/* A request on its way. */
struct asking {
    struct tail *tail;
    const struct bins_ask *ask;
    struct arena *arena;
    struct bins_answer *out;
    struct series_bins *series; /* [count], as found in the first pass */
    size_t count;
    bool any;
    struct bins_range range; /* of all points of all series, in x */
    struct real_range real;  /* of BINS_METRIC */
};

static track_status asking_nomem(track_error *err)
{
    return FAIL(err, TRACK_NOMEM, "bins: no memory; ask for fewer series or bins");
}

static track_status ask_check(const struct bins_ask *ask, track_error *err)
{
    if (ask->bins < 1 || ask->bins > BINS_MAX) {
        return FAIL(err, TRACK_INVALID, "%u bins, must be 1 to %d", ask->bins, BINS_MAX);
    }
    if (ask->run_count == 0 || ask->key_count == 0 ||
        ask->run_count > SERIES_BINS_MAX / ask->key_count) {
        return FAIL(err, TRACK_INVALID, "%zu runs by %zu keys, must be 1 to %d series",
                    ask->run_count, ask->key_count, SERIES_BINS_MAX);
    }
    if (ask->group_count > SERIES_GROUPS_MAX / ask->key_count) {
        return FAIL(err, TRACK_INVALID, "%zu groups by %zu keys, must be at most %d",
                    ask->group_count, ask->key_count, SERIES_GROUPS_MAX);
    }
    if (ask->has_from && ask->has_to &&
        (ask->x == BINS_METRIC ? ask->real_from > ask->real_to : ask->from > ask->to)) {
        return FAIL(err, TRACK_INVALID, "from is behind to");
    }
    return TRACK_OK;
}

/* First and last x of a series. */
static struct bins_range series_range(const struct tail_run *run, const struct tail_series *s,
                                      enum bins_x x)
{
    const struct tail_whole *w = &s->whole;
    if (x == BINS_STEP) {
        return (struct bins_range){w->first.step, w->last.step};
    }
    int64_t started = x == BINS_RELATIVE ? run->started_us : 0;
    return (struct bins_range){bins_time_since(w->summary.time_min_us, started),
                               bins_time_since(w->summary.time_max_us, started)};
}

static void asking_widen(struct asking *a, struct bins_range range)
{
    if (!a->any || range.first < a->range.first) {
        a->range.first = range.first;
    }
    if (!a->any || range.last > a->range.last) {
        a->range.last = range.last;
    }
    a->any = true;
}

/* The same for a metric: from its least to its greatest number. */
static void asking_widen_real(struct asking *a, const struct tail_series *x)
{
    if (!x || isnan(x->whole.summary.min)) {
        return;
    }
    a->real.first = a->any ? fmin(a->real.first, x->whole.summary.min) : x->whole.summary.min;
    a->real.last = a->any ? fmax(a->real.last, x->whole.summary.max) : x->whole.summary.max;
    a->any = true;
}

static track_status asking_add(struct asking *a, const struct series_at *at, const char *id,
                               struct series_bins found, track_error *err)
{
    if (a->ask->x == BINS_METRIC) {
        asking_widen_real(a, at->x);
    } else {
        asking_widen(a, series_range(at->run, at->s, a->ask->x));
    }
    struct series_bins *to = &a->series[a->count++];
    *to = found;
    to->run = id;
    to->id = at->s->id;
    to->name = arena_text(a->arena, at->s->name, strlen(at->s->name));
    to->context = arena_text(a->arena, at->s->context, strlen(at->s->context));
    return to->name && to->context ? TRACK_OK : asking_nomem(err);
}

/* First pass: which series there are, and where they begin and end. */
static track_status asking_find(struct asking *a, size_t run_at, track_error *err)
{
    const char *id = a->ask->runs[run_at];
    AUTO_TAIL struct tail_run *run = NULL;
    track_error ignored;
    track_status status = tail_take(a->tail, id, TAIL_FRESH, &run, &ignored);
    if (status == TRACK_NOT_FOUND || status == TRACK_INVALID) {
        return TRACK_OK; /* left out */
    }
    if (status != TRACK_OK) {
        return FAIL(err, status, "%s", ignored.message);
    }
    for (size_t i = 0; i < a->ask->key_count; i++) {
        struct series_at at;
        TRY(series_at_find(run, a->ask, &a->ask->keys[i], &at, err));
        if (at.s && at.s->whole.summary.n) {
            struct series_bins found = {.run_at = run_at, .key_at = i};
            TRY(asking_add(a, &at, id, found, err));
        }
    }
    return TRACK_OK;
}

static void asking_grid(struct asking *a)
{
    const struct bins_ask *ask = a->ask;
    struct bins_grid *grid = &a->out->grid;
    struct bins_range range = a->range;
    range.first = ask->has_from ? ask->from : range.first;
    range.last = ask->has_to ? ask->to : range.last;
    if (!a->any || range.first > range.last) {
        *grid = (struct bins_grid){.width = 1, .from = range.first, .to = range.first};
        grid->number = range.first;
        return;
    }
    bins_grid_fill(ask->x, range, ask->bins, grid);
}

static void asking_grid_real(struct asking *a)
{
    const struct bins_ask *ask = a->ask;
    struct real_range range = a->real;
    range.first = ask->has_from ? ask->real_from : range.first;
    range.last = ask->has_to ? ask->real_to : range.last;
    if (!a->any || range.first > range.last) {
        a->out->real = (struct real_grid){.width = 1, .from = range.first, .to = range.first};
        return;
    }
    real_grid_fill(range, ask->bins, &a->out->real);
}

static bool grid_is_empty(const struct asking *a)
{
    return (a->ask->x == BINS_METRIC ? a->out->real.count : a->out->grid.count) == 0;
}

static bool asking_has(const struct asking *a, const struct series_bins *s)
{
    for (size_t i = 0; i < a->ask->have_count; i++) {
        const struct series_have *have = &a->ask->have[i];
        if (have->id == s->id && have->version == s->version && strcmp(have->run, s->run) == 0) {
            return true;
        }
    }
    return false;
}

static track_status asking_bin(struct asking *a, const struct series_at *at, struct series_bins *to,
                               track_error *err)
{
    TRY(series_bin_version(a->ask, a->out, at, &to->version, err));
    to->unchanged = asking_has(a, to);
    return to->unchanged || grid_is_empty(a)
               ? TRACK_OK
               : series_bin_fill(a->ask, a->out, at, a->arena, to, err);
}

/* Second pass over the series of one run: [*next] and those behind it. */
static track_status asking_fill(struct asking *a, size_t *next, track_error *err)
{
    AUTO_TAIL struct tail_run *run = NULL;
    AUTO_TAIL_READERS readers = tail_readers_borrow(a->tail);
    const char *id = a->series[*next].run;
    TRY(tail_take(a->tail, id, TAIL_AS_IS, &run, err));
    for (; *next < a->count && a->series[*next].run == id; (*next)++) {
        struct series_bins *to = &a->series[*next];
        struct series_ref key = {to->name, to->context};
        struct series_at at;
        TRY(series_at_find(run, a->ask, &key, &at, err));
        at.readers = readers;
        if (at.s) {
            TRY(asking_bin(a, &at, to, err));
        }
    }
    return TRACK_OK;
}

track_status series_bins(struct tail *t, const struct bins_ask *ask, struct arena *arena,
                         struct bins_answer *out, track_error *err)
{
    TRY(ask_check(ask, err));
    struct bins_answer answer = {0};
    struct asking a = {.tail = t, .ask = ask, .arena = arena, .out = &answer};
    a.series = ARENA_ARRAY(arena, struct series_bins, ask->run_count * ask->key_count);
    if (!a.series) {
        return asking_nomem(err);
    }
    for (size_t i = 0; i < ask->run_count; i++) {
        TRY(asking_find(&a, i, err));
    }
    if (ask->x == BINS_METRIC) {
        asking_grid_real(&a);
    } else {
        asking_grid(&a);
    }
    bool alone = ask->group_count == 0 || ask->members;
    for (size_t next = 0; alone && next < a.count;) {
        TRY(asking_fill(&a, &next, err));
    }
    answer.series = a.series;
    answer.count = a.count;
    if (ask->group_count) {
        TRY(series_groups(t, ask, arena, &answer, err));
        answer.count = alone ? a.count : 0;
    }
    *out = answer;
    return TRACK_OK;
}
