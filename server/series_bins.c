#include "../core/hash.h"
#include "series.h"
#include "tail_source.h"

#include <string.h>

enum { WORK_BYTES = 1 << 30 }; /* what reading one series takes */

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
    if (ask->has_from && ask->has_to && ask->from > ask->to) {
        return FAIL(err, TRACK_INVALID, "from %lld is behind to %lld", (long long)ask->from,
                    (long long)ask->to);
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

static track_status asking_add(struct asking *a, const struct tail_run *run,
                               const struct tail_series *s, const char *id, track_error *err)
{
    struct bins_range range = series_range(run, s, a->ask->x);
    if (!a->any || range.first < a->range.first) {
        a->range.first = range.first;
    }
    if (!a->any || range.last > a->range.last) {
        a->range.last = range.last;
    }
    a->any = true;
    struct series_bins *to = &a->series[a->count++];
    *to = (struct series_bins){.run = id, .id = s->id};
    to->name = arena_text(a->arena, s->name, strlen(s->name));
    to->context = arena_text(a->arena, s->context, strlen(s->context));
    return to->name && to->context ? TRACK_OK : asking_nomem(err);
}

/* First pass: which series there are, and where they begin and end. */
static track_status asking_find(struct asking *a, const char *id, track_error *err)
{
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
        const struct series_ref *key = &a->ask->keys[i];
        struct tail_series *s;
        TRY(tail_find(run, key->name, key->context, &s, err));
        if (s && s->whole.summary.n) {
            TRY(asking_add(a, run, s, id, err));
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

/* What the answer for a series depends on. */
static track_status series_version(const struct asking *a, const struct tail_run *run,
                                   const struct tail_series *s, uint64_t *out, track_error *err)
{
    const struct bins_grid *grid = &a->out->grid;
    int64_t started = a->ask->x == BINS_RELATIVE ? run->started_us : 0;
    int64_t parts[] = {s->id,      s->whole.summary.n, a->ask->x, a->ask->columns, grid->width,
                       grid->from, grid->to,           started,   run->node};
    struct digest digest;
    TRY(hash_sha256((struct bytes){(unsigned char *)parts, sizeof(parts)}, &digest, err));
    memcpy(out, digest.at, sizeof(*out));
    return TRACK_OK;
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

/* Adds the points of a series to bins. */
static track_status asking_read(struct asking *a, const struct tail_run *run,
                                const struct tail_series *s, struct bins *bins, track_error *err)
{
    AUTO_ARENA arena = ARENA(WORK_BYTES);
    const struct bins_grid *grid = bins->grid;
    bool by_step = a->ask->x == BINS_STEP;
    struct tail_ask ask = {{INT64_MIN, INT64_MAX}, by_step, grid->width};
    struct bins_axis axis = {a->ask->x, a->ask->x == BINS_RELATIVE ? run->started_us : 0};
    struct tail_reading reading = {.arena = &arena};
    struct tail_sources sources;
    if (by_step) {
        ask.steps = (struct bins_range){grid->from, grid->to};
    }
    TRY(tail_source_open(s, &ask, &reading, &sources, err));
    return bins_add_sources(bins, axis, sources.at, sources.count, err);
}

static track_status asking_bin(struct asking *a, const struct tail_run *run,
                               const struct tail_series *s, struct series_bins *to,
                               track_error *err)
{
    struct bins bins;
    TRY(series_version(a, run, s, &to->version, err));
    to->unchanged = asking_has(a, to);
    bins_init(&bins, &a->out->grid, a->arena);
    if (to->unchanged || a->out->grid.count == 0) {
        return TRACK_OK;
    }
    TRY(asking_read(a, run, s, &bins, err));
    if (bins_end(&bins, NULL) != TRACK_OK) {
        return asking_nomem(err);
    }
    to->bins = bins.at;
    to->count = bins.count;
    to->exact = bins_are_exact(&bins);
    return TRACK_OK;
}

/* Second pass over the series of one run: [*next] and those behind it. */
static track_status asking_fill(struct asking *a, size_t *next, track_error *err)
{
    AUTO_TAIL struct tail_run *run = NULL;
    const char *id = a->series[*next].run;
    TRY(tail_take(a->tail, id, TAIL_AS_IS, &run, err));
    for (; *next < a->count && a->series[*next].run == id; (*next)++) {
        struct series_bins *to = &a->series[*next];
        struct tail_series *s;
        TRY(tail_find(run, to->name, to->context, &s, err));
        if (s) {
            TRY(asking_bin(a, run, s, to, err));
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
        TRY(asking_find(&a, ask->runs[i], err));
    }
    asking_grid(&a);
    for (size_t next = 0; next < a.count;) {
        TRY(asking_fill(&a, &next, err));
    }
    answer.series = a.series;
    answer.count = a.count;
    *out = answer;
    return TRACK_OK;
}
