#include "tail_level.h"

#include <stdlib.h>
#include <string.h>

/* What is kept of a series. */
struct tail_level {
    unsigned shift;
    size_t count;
    struct bucket at[]; /* [count] */
};

static size_t level_bytes(size_t count)
{
    return sizeof(struct tail_level) + count * sizeof(struct bucket);
}

/* Where what is kept of a series stands. */
static struct tail_level **level_place(const struct tail_part *part)
{
    return &part->pack->levels[part->series - part->pack->dir.series];
}

static void level_forget(struct tail_levels *kept, struct tail_level **place)
{
    if (*place) {
        kept->bytes -= level_bytes((*place)->count);
        free(*place);
        *place = NULL;
    }
}

/* Keeps a copy, if there is room for it. */
static void level_keep(const struct tail_part *part, const struct pyramid_level *level)
{
    struct tail_levels *kept = part->pack->kept;
    struct tail_level **place = level_place(part);
    size_t bytes = level_bytes(level->count);
    level_forget(kept, place);
    struct tail_level *copy = kept->bytes + bytes <= TAIL_LEVELS_BYTES_MAX ? malloc(bytes) : NULL;
    if (!copy) {
        kept->full = true;
        return;
    }
    *copy = (struct tail_level){.shift = level->shift, .count = level->count};
    memcpy(copy->at, level->at, level->count * sizeof(*level->at));
    kept->bytes += bytes;
    *place = copy;
}

/* Whether all of a series on this grid is few enough to be kept, judging by its steps. */
static bool level_is_small(const struct tail_level_ask *ask)
{
    const struct pack_chunk *chunks = ask->part->pack->dir.chunks + ask->part->series->chunk_from;
    int64_t first = chunks[0].sum.first.step;
    int64_t last = chunks[ask->part->series->chunk_count - 1].sum.last.step;
    uint64_t buckets = (uint64_t)pyramid_number(last, ask->shift) -
                       (uint64_t)pyramid_number(first, ask->shift) + 1;
    return buckets && buckets <= TAIL_LEVEL_BUCKETS_MAX;
}

track_status tail_level_get(const struct tail_level_ask *ask, struct arena *arena,
                            struct pyramid_level *out, track_error *err)
{
    struct pack_level_ask read = {ask->part->series, ask->level, ask->steps};
    struct tail_level **place = level_place(ask->part);
    if (*place && (*place)->shift == ask->shift) {
        *out = (struct pyramid_level){(*place)->shift, (*place)->at, (*place)->count};
        return TRACK_OK;
    }
    if (!level_is_small(ask)) {
        return pack_read_level(ask->reader, &read, arena, out, err);
    }
    struct pyramid_level fine, level;
    read.steps = (struct bins_range){INT64_MIN, INT64_MAX};
    TRY(pack_read_level(ask->reader, &read, arena, &fine, err));
    TRY(pyramid_coarsen(&fine, ask->shift, arena, &level, err));
    level_keep(ask->part, &level);
    *out = level;
    return TRACK_OK;
}

void tail_level_drop(struct tail_pack *pack)
{
    for (size_t i = 0; pack->levels && i < pack->dir.series_count; i++) {
        level_forget(pack->kept, &pack->levels[i]);
    }
}

void tail_level_trim(struct tail_run *run)
{
    for (size_t i = 0; run->levels.full && i < run->pack_count; i++) {
        tail_level_drop(run->packs[i]);
    }
    run->levels.full = false;
}
