#include "series_join.h"

#include "tail_source.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WORK_BYTES = 1 << 30 };

/* A whole series in memory. */
struct columns_of {
    int64_t *steps, *times_us;
    double *values;
    size_t count;
};

static track_status nomem(track_error *err)
{
    return FAIL(err, TRACK_NOMEM, "bins over a metric: no memory");
}

static track_status check_size(const struct tail_series *s, const struct tail_run *run,
                               track_error *err)
{
    if (s->whole.summary.n <= SERIES_JOIN_MAX) {
        return TRACK_OK;
    }
    return FAIL(err, TRACK_TOO_LARGE,
                "%.100s of run %s has %lld points, bins over a metric take at most %d: ask by step",
                s->name, run->id, (long long)s->whole.summary.n, SERIES_JOIN_MAX);
}

static track_status columns_read(const struct tail_series *s, struct arena *arena,
                                 struct stretch *out, track_error *err)
{
    size_t room = (size_t)s->whole.summary.n;
    struct columns_of c = {ARENA_ARRAY(arena, int64_t, room + 1),
                           ARENA_ARRAY(arena, int64_t, room + 1),
                           ARENA_ARRAY(arena, double, room + 1), 0};
    struct tail_ask ask = {.steps = {INT64_MIN, INT64_MAX}};
    struct tail_reading reading = {.arena = arena};
    struct tail_sources sources;
    struct stretch_merge merge;
    struct stretch in;
    if (!c.steps || !c.times_us || !c.values) {
        return nomem(err);
    }
    TRY(tail_source_open(s, &ask, &reading, &sources, err));
    TRY(tail_source_merge(&sources, INT64_MIN, &merge, err));
    for (;;) {
        TRY(stretch_merge_next(&merge, &in, err));
        if (in.count == 0) {
            break;
        }
        if (in.count > room - c.count) {
            return BROKEN(err, "more points than were counted");
        }
        memcpy(c.steps + c.count, in.steps, in.count * sizeof(*c.steps));
        memcpy(c.times_us + c.count, in.times_us, in.count * sizeof(*c.times_us));
        memcpy(c.values + c.count, in.values, in.count * sizeof(*c.values));
        c.count += in.count;
    }
    *out = (struct stretch){c.steps, c.times_us, c.values, c.count};
    return TRACK_OK;
}

/* A bin whose value is that at a point. */
struct wanted {
    size_t at;
    struct bin *bin;
};

static int by_point(const void *left, const void *right)
{
    const struct wanted *a = left, *b = right;
    return a->at < b->at ? -1 : a->at > b->at;
}

static track_status smooth_fill(const struct smooth_ask *ask, const struct stretch *y,
                                const struct real_bins *bins, struct arena *arena, track_error *err)
{
    struct wanted *wanted = ARENA_ARRAY(arena, struct wanted, bins->count + 1);
    struct smooth smooth;
    size_t count = 0, at = 0;
    if (!wanted) {
        return nomem(err);
    }
    for (size_t i = 0; i < bins->count; i++) {
        if (bins->last[i] != SIZE_MAX) {
            wanted[count++] = (struct wanted){bins->last[i], &bins->at[i]};
        }
    }
    if (count) {
        qsort(wanted, count, sizeof(*wanted), by_point);
    }
    smooth_init(&smooth, ask, arena);
    for (size_t i = 0; i < count; i++) {
        struct stretch piece = stretch_from(y, at);
        piece.count = wanted[i].at + 1 - at;
        smooth_add(&smooth, &piece);
        at = wanted[i].at + 1;
        if (smooth.status == TRACK_OK) {
            wanted[i].bin->smooth = smooth_value(&smooth);
        }
    }
    return smooth_end(&smooth, err);
}

track_status series_join(const struct bins_ask *ask, const struct real_grid *grid,
                         const struct series_at *at, struct arena *arena, struct series_bins *to,
                         track_error *err)
{
    AUTO_ARENA work = ARENA(WORK_BYTES);
    struct stretch x, y;
    struct real_bins bins;
    if (!at->x) {
        to->unplaced = (size_t)at->s->whole.summary.n;
        return TRACK_OK;
    }
    TRY(check_size(at->s, at->run, err));
    TRY(check_size(at->x, at->run, err));
    TRY(columns_read(at->s, &work, &y, err));
    TRY(columns_read(at->x, &work, &x, err));
    struct real_point *points = ARENA_ARRAY(&work, struct real_point, y.count + 1);
    if (!points) {
        return nomem(err);
    }
    size_t count = real_join(&x, &y, points);
    to->unplaced = y.count - count;
    struct real_places places = {grid, &y, points, count};
    TRY(real_bins_fill(&places, arena, &bins, err));
    if (ask->smooth.kind != SMOOTH_NONE) {
        TRY(smooth_fill(&ask->smooth, &y, &bins, &work, err));
    }
    to->bins = bins.at;
    to->count = bins.count;
    return TRACK_OK;
}
