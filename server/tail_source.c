#include "tail_source.h"

#include "tail_level.h"

/* Of a chart by time: more of them are read, but fewer of the points at the edges of bins. */
enum { BUCKETS_A_BIN = 4 };

/* The chunks of a series in memory. */
struct chunks {
    const struct tail_series *series;
    size_t next; /* chunk */
    struct tail_window window;
};

static track_status chunks_seek(void *data, int64_t step, track_error *err)
{
    (void)err;
    struct chunks *c = data;
    c->next = tail_series_find(c->series, step);
    return TRACK_OK;
}

static track_status chunks_next(void *data, struct stretch *out, track_error *err)
{
    (void)err;
    struct chunks *c = data;
    if (c->next == c->series->chunk_count) {
        *out = (struct stretch){0};
        return TRACK_OK;
    }
    const struct tail_chunk *chunk = &c->series->chunks[c->next++];
    tail_chunk_decode(chunk, &c->window);
    *out = (struct stretch){c->window.steps, c->window.times_us, c->window.values, chunk->count};
    return TRACK_OK;
}

static track_status nomem(track_error *err)
{
    return FAIL(err, TRACK_NOMEM, "points: no memory; ask for fewer");
}

/* The chunks that reach into a range, as buckets whose points are to be read. */
static track_status chunks_source(const struct tail_series *s, const struct bins_range *steps,
                                  struct arena *arena, struct bins_source *out, track_error *err)
{
    struct chunks *c = ARENA_NEW(arena, struct chunks);
    struct bucket *at = ARENA_ARRAY(arena, struct bucket, s->chunk_count + 1);
    if (!c || !at) {
        return nomem(err);
    }
    c->series = s;
    *out = (struct bins_source){at, 0, {chunks_seek, chunks_next, c, INT64_MAX}};
    for (size_t i = tail_series_find(s, steps->first); i < s->chunk_count; i++) {
        const struct tail_chunk *chunk = &s->chunks[i];
        if (chunk->first.step > steps->last) {
            break;
        }
        at[out->count++] = (struct bucket){
            .first = chunk->first,
            .last = chunk->last,
            .time_min_us = chunk->time_min_us,
            .time_max_us = chunk->time_max_us,
        };
    }
    return TRACK_OK;
}

/* What of a part matters to a chart by time: its steps, and about how many bins it fills. */
static uint64_t part_bins(const struct tail_part *part, const struct tail_ask *ask,
                          struct bins_range *steps)
{
    const struct pack_chunk *chunks = part->pack->dir.chunks + part->series->chunk_from;
    struct bins_range times = {INT64_MAX, INT64_MIN};
    *steps = (struct bins_range){INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < part->series->chunk_count; i++) {
        const struct bucket *sum = &chunks[i].sum;
        if (sum->time_max_us < ask->times.first || sum->time_min_us > ask->times.last) {
            continue;
        }
        times.first = sum->time_min_us < times.first ? sum->time_min_us : times.first;
        times.last = sum->time_max_us > times.last ? sum->time_max_us : times.last;
        steps->first = steps->first == INT64_MAX ? sum->first.step : steps->first;
        steps->last = sum->last.step;
    }
    times.first = times.first < ask->times.first ? ask->times.first : times.first;
    times.last = times.last > ask->times.last ? ask->times.last : times.last;
    return times.first > times.last
               ? 1
               : ((uint64_t)times.last - (uint64_t)times.first) / (uint64_t)ask->width + 1;
}

/* The level of a part that serves a chart best, and the steps that matter; -1: none does. */
static int part_level(const struct tail_part *part, const struct tail_ask *ask, unsigned *shift,
                      struct bins_range *steps)
{
    int level = -1;
    *steps = ask->steps;
    if (ask->by_step) {
        *shift = (unsigned)__builtin_ctzll((uint64_t)ask->width);
        level = pack_level_find(&part->pack->dir, part->series, *shift);
    } else if (ask->width) {
        uint64_t bins = part_bins(part, ask, steps);
        level = pack_level_of_count(&part->pack->dir, part->series, *steps, BUCKETS_A_BIN * bins);
        *shift = (unsigned)level;
    }
    return level;
}

/* What a pack has in a range: buckets of the coarsest level that fits, or sums of chunks. */
static track_status part_source(const struct tail_part *part, const struct tail_ask *ask,
                                struct tail_reading *r, struct bins_source *out, track_error *err)
{
    struct pack_points *points = ARENA_NEW(r->arena, struct pack_points);
    struct tail_level_ask read = {.part = part};
    struct bins_range steps;
    if (!points) {
        return nomem(err);
    }
    TRY(tail_pack_read(part->pack, r, &points->reader, err));
    points->series = part->series;
    int level = part_level(part, ask, &read.shift, &steps);
    if (level < 0) {
        TRY(pack_bins_source(points, level, steps, r->arena, out, err));
        out->points.step_last = part->step_last;
        return TRACK_OK;
    }
    struct pyramid_level buckets;
    read.reader = points->reader;
    read.level = (unsigned)level;
    read.steps = steps;
    TRY(tail_level_get(&read, r->arena, &buckets, err));
    *out = (struct bins_source){buckets.at, buckets.count,
                                pack_points_source(points, part->step_last)};
    return TRACK_OK;
}

/* True if a part has points in the range. */
static bool part_wanted(const struct tail_part *part, const struct bins_range *steps)
{
    const struct pack_chunk *chunks = part->pack->dir.chunks + part->series->chunk_from;
    return chunks[0].sum.first.step <= steps->last && part->step_last >= steps->first &&
           chunks[part->series->chunk_count - 1].sum.last.step >= steps->first;
}

track_status tail_source_open(const struct tail_series *s, const struct tail_ask *ask,
                              struct tail_reading *r, struct tail_sources *out, track_error *err)
{
    *out = (struct tail_sources){.arena = r->arena};
    out->at = ARENA_ARRAY(r->arena, struct bins_source, s->part_count + 1);
    if (!out->at) {
        return nomem(err);
    }
    for (size_t i = 0; i < s->part_count; i++) {
        if (part_wanted(&s->parts[i], &ask->steps)) {
            TRY(part_source(&s->parts[i], ask, r, &out->at[out->count++], err));
        }
    }
    return s->chunk_count ? chunks_source(s, &ask->steps, r->arena, &out->at[out->count++], err)
                          : TRACK_OK;
}

track_status tail_source_merge(const struct tail_sources *in, int64_t step,
                               struct stretch_merge *out, track_error *err)
{
    struct stretch_source *sources = ARENA_ARRAY(in->arena, struct stretch_source, in->count + 1);
    struct stretch_head *heads = ARENA_ARRAY(in->arena, struct stretch_head, in->count + 1);
    if (!sources || !heads) {
        return nomem(err);
    }
    for (size_t i = 0; i < in->count; i++) {
        sources[i] = in->at[i].points;
    }
    return stretch_merge_init(out, sources, heads, in->count, step, err);
}
