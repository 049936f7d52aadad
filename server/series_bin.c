#include "series_bin.h"

#include "../core/hash.h"
#include "series_join.h"
#include "series_smooth.h"
#include "tail_source.h"

#include <string.h>

enum { WORK_BYTES = 1 << 30 }; /* what reading one series takes */

track_status series_at_find(struct tail_run *run, const struct bins_ask *ask,
                            const struct series_ref *key, struct series_at *out, track_error *err)
{
    *out = (struct series_at){.run = run};
    TRY(tail_find(run, key->name, key->context, &out->s, err));
    if (ask->x == BINS_METRIC) {
        TRY(tail_find(run, ask->x_key.name, ask->x_key.context, &out->x, err));
    }
    return TRACK_OK;
}

static int64_t bits_of(double value)
{
    int64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

track_status series_bin_version(const struct bins_ask *ask, const struct bins_answer *on,
                                const struct series_at *at, uint64_t *out, track_error *err)
{
    const struct bins_grid *grid = &on->grid;
    bool real = ask->x == BINS_METRIC;
    int64_t parts[] = {at->s->id,
                       at->s->whole.summary.n,
                       ask->x,
                       ask->columns,
                       real ? bits_of(on->real.width) : grid->width,
                       real ? bits_of(on->real.from) : grid->from,
                       real ? bits_of(on->real.to) : grid->to,
                       ask->x == BINS_RELATIVE ? at->run->started_us : 0,
                       at->run->node,
                       at->run->branches.epoch,
                       at->x ? at->x->id : 0,
                       at->x ? at->x->whole.summary.n : 0,
                       ask->smooth.kind,
                       ask->smooth.by,
                       bits_of(ask->smooth.keep),
                       ask->smooth.window};
    struct digest digest;
    TRY(hash_sha256((struct bytes){(unsigned char *)parts, sizeof(parts)}, &digest, err));
    memcpy(out, digest.at, sizeof(*out));
    return TRACK_OK;
}

/* What of a series is looked at. */
static struct tail_ask ask_of(const struct bins_grid *grid, struct bins_axis axis)
{
    struct bins_range grid_range = {grid->from, grid->to}, all = {INT64_MIN, INT64_MAX};
    if (axis.x == BINS_STEP) {
        return (struct tail_ask){.steps = grid_range, .by_step = true, .width = grid->width};
    }
    struct tail_ask ask = {.steps = all, .width = grid->width, .times = grid_range};
    if (__builtin_add_overflow(grid->from, axis.origin_us, &ask.times.first) ||
        __builtin_add_overflow(grid->to, axis.origin_us, &ask.times.last)) {
        ask.times = all;
    }
    return ask;
}

/* Adds the points of a series to bins. */
static track_status read_into(const struct series_at *at, struct bins_axis axis, struct bins *bins,
                              track_error *err)
{
    AUTO_ARENA arena = ARENA(WORK_BYTES);
    struct tail_ask ask = ask_of(bins->grid, axis);
    struct tail_reading reading = {.arena = &arena, .readers = at->readers};
    struct tail_sources sources;
    TRY(tail_source_open(at->s, &ask, &reading, &sources, err));
    track_status status = bins_add_sources(bins, axis, sources.at, sources.count, err);
    if (at->readers) {
        tail_readers_rest(at->readers);
    }
    return status;
}

track_status series_bin_fill(const struct bins_ask *ask, const struct bins_answer *on,
                             const struct series_at *at, struct arena *arena,
                             struct series_bins *to, track_error *err)
{
    if (ask->x == BINS_METRIC) {
        TRY(series_join(ask, &on->real, at, arena, to, err));
        to->exact = bins_are_exact(to->bins, to->count);
        return TRACK_OK;
    }
    struct bins bins;
    struct bins_axis axis = {ask->x, ask->x == BINS_RELATIVE ? at->run->started_us : 0};
    bins_init(&bins, &on->grid, arena);
    TRY(read_into(at, axis, &bins, err));
    if (bins_end(&bins, NULL) != TRACK_OK) {
        return FAIL(err, TRACK_NOMEM, "bins: no memory; ask for fewer series or bins");
    }
    if (ask->smooth.kind != SMOOTH_NONE) {
        TRY(series_smooth(&ask->smooth, axis, at->s, &bins, err));
    }
    to->bins = bins.at;
    to->count = bins.count;
    to->exact = bins_are_exact(bins.at, bins.count);
    return TRACK_OK;
}
