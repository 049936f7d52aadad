#include "pack_base.h"

#include "pack_dir.h"
#include "pyramid_code.h"

enum { LEVELS_BYTES_MAX = 256 << 20 };

/* The chunks of the open series, which are the last ones. */
static const struct pack_chunk *chunks_of(const struct pack_builder *b, size_t *count)
{
    size_t all = b->chunk_rows.size / sizeof(struct pack_chunk);
    *count = b->series.chunk_count;
    return (const struct pack_chunk *)(const void *)b->chunk_rows.at + (all - *count);
}

/* The finest level, from the points as they were coded. */
static track_status base_fill(struct pack_builder *b, struct pyramid_fill *f, track_error *err)
{
    size_t count;
    const struct pack_chunk *chunks = chunks_of(b, &count);
    for (size_t i = 0; i < count; i++) {
        struct axis_rows axis;
        struct stretch points;
        TRY(pack_axes_get(b->axes, chunks[i].axis, &axis, err));
        struct pack_coded coded = {&chunks[i], &axis, pack_area_get(&b->chunks, &chunks[i].place)};
        TRY(pack_chunk_decode(&b->tools, &coded, b->window, &points, err));
        TRY(pyramid_fill_add(f, &points, err));
    }
    return TRACK_OK;
}

static track_status block_add(struct pack_builder *b, const struct pyramid_level *in,
                              track_error *err)
{
    AUTO_ARENA work = ARENA(1 << 20);
    struct pack_block row = {.shift = (unsigned char)in->shift, .count = (uint32_t)in->count};
    struct bytes all;
    row.step_first = in->at[0].first.step;
    row.step_last = in->at[in->count - 1].last.step;
    b->piece.size = 0;
    TRY(pyramid_encode(b->tools.z, in, &work, &b->piece, err));
    TRY(buf_end(&b->piece, &all, err));
    TRY(pack_area_add(&b->blocks, all, &row.place, err));
    buf_put(&b->block_rows, &row, sizeof(row));
    b->series.block_count++;
    return buf_end(&b->block_rows, &all, err);
}

track_status pack_base_levels(struct pack_builder *b, track_error *err)
{
    AUTO_ARENA arena = ARENA(LEVELS_BYTES_MAX);
    struct pyramid_fill f;
    struct pyramid p;
    if (b->count.points <= PYRAMID_POINTS_MIN || b->series.kind == PACK_TEXTS) {
        return TRACK_OK;
    }
    unsigned shift = pyramid_count_base(&b->count);
    TRY(pyramid_fill_open(&f, shift, pyramid_count_buckets(&b->count, shift), &arena, err));
    TRY(base_fill(b, &f, err));
    TRY(pyramid_fill_levels(&f.level, &arena, &p, err));
    for (size_t i = 0; i < p.count; i++) {
        struct pyramid_level left = p.levels[i];
        while (left.count) {
            struct pyramid_level block = left;
            block.count = left.count < PYRAMID_BLOCK_BUCKETS ? left.count : PYRAMID_BLOCK_BUCKETS;
            TRY(block_add(b, &block, err));
            left.at += block.count;
            left.count -= block.count;
        }
    }
    return TRACK_OK;
}

/* Copies the frames of a run behind those of the directory. */
static void frames_take(const struct pack_run *run, struct pack_dir *d)
{
    const struct pack_frame *frames = (const void *)run->frames.at;
    for (size_t i = 0; i < run->count; i++) {
        d->frames[d->frame_count++] = frames[i];
    }
}

/* Gives the frames of an area their numbers, and the rows of a table theirs: [count] of size bytes,
 * each beginning with its place. */
static void area_settle(const struct pack_area *area, void *rows, size_t count, size_t size,
                        struct pack_dir *d)
{
    for (size_t i = 0; i < count; i++) {
        pack_area_settle(area, d->frame_count, (void *)((unsigned char *)rows + i * size));
    }
    frames_take(&area->alone, d);
    frames_take(&area->shared, d);
}

/* Points the series to their names, which have stopped moving. */
static void names_settle(const struct pack_builder *b, struct pack_dir *d)
{
    const unsigned char *at = b->names.at;
    size_t chunk = 0, block = 0;
    for (size_t i = 0; i < d->series_count; i++) {
        struct pack_series *s = &d->series[i];
        s->name.at = at;
        s->context.at = at + s->name.size;
        at += s->name.size + s->context.size;
        s->chunk_from = chunk;
        s->block_from = block;
        chunk += s->chunk_count;
        block += s->block_count;
    }
}

static void head_fill(struct pack_dir *d)
{
    struct pack_head *h = &d->head;
    h->points = 0;
    for (size_t i = 0; i < d->chunk_count; i++) {
        const struct bucket *sum = &d->chunks[i].sum;
        h->step_first = i && h->step_first < sum->first.step ? h->step_first : sum->first.step;
        h->step_last = i && h->step_last > sum->last.step ? h->step_last : sum->last.step;
        h->points += sum->n;
    }
    h->series = (uint32_t)d->series_count;
}

/* The directory of what was built; axes are put into their area. */
static track_status dir_fill(struct pack_builder *b, struct pack_area *axes, struct arena *arena,
                             struct pack_dir *d, track_error *err)
{
    *d = (struct pack_dir){.head = b->options.head};
    d->series = (void *)b->series_rows.at;
    d->series_count = b->series_rows.size / sizeof(*d->series);
    d->chunks = (void *)b->chunk_rows.at;
    d->chunk_count = b->chunk_rows.size / sizeof(*d->chunks);
    d->blocks = (void *)b->block_rows.at;
    d->block_count = b->block_rows.size / sizeof(*d->blocks);
    d->axis_count = pack_axes_count(b->axes);
    d->axes = ARENA_ARRAY(arena, struct pack_axis, d->axis_count + 1);
    if (!d->axes) {
        return FAIL(err, TRACK_NOMEM, "a pack's directory: no memory");
    }
    TRY(pack_axes_put(b->axes, axes, d->axes, err));
    TRY(pack_area_flush(&b->chunks, b->tools.z, err));
    size_t frames = axes->alone.count + axes->shared.count + b->chunks.alone.count +
                    b->chunks.shared.count + b->blocks.alone.count;
    d->frames = ARENA_ARRAY(arena, struct pack_frame, frames + 1);
    if (!d->frames) {
        return FAIL(err, TRACK_NOMEM, "a pack's directory: no memory");
    }
    area_settle(axes, d->axes, d->axis_count, sizeof(*d->axes), d);
    area_settle(&b->chunks, d->chunks, d->chunk_count, sizeof(*d->chunks), d);
    area_settle(&b->blocks, d->blocks, d->block_count, sizeof(*d->blocks), d);
    names_settle(b, d);
    head_fill(d);
    return TRACK_OK;
}

/* Head, frames and directory, handed out. */
static track_status parts_emit(struct pack_builder *b, const struct pack_area *axes,
                               struct pack_dir *d, track_error *err)
{
    AUTO_BUF head = BUF(PACK_HEAD_BYTES);
    AUTO_BUF foot = BUF(PACK_DIRECTORY_MAX);
    struct pack_made made = {.head = &d->head, .dir = d};
    TRY(pack_encode_head(&d->head, &head, err));
    const struct buf *bufs[PACK_PARTS] = {&head,
                                          &axes->alone.bytes,
                                          &axes->shared.bytes,
                                          &b->chunks.alone.bytes,
                                          &b->chunks.shared.bytes,
                                          &b->blocks.alone.bytes,
                                          &foot};
    for (int i = 0; i < PACK_PARTS; i++) {
        if (bufs[i] == &foot) {
            TRY(pack_dir_encode(d, made.size, &foot, err));
        }
        made.parts[i] = (struct bytes){bufs[i]->at, bufs[i]->size};
        made.size += bufs[i]->size;
    }
    d->size = made.size;
    return b->options.made(b->options.data, &made, err);
}

/* An area that goes with its block. */
#define AUTO_AREA __attribute__((cleanup(pack_area_release))) struct pack_area

track_status pack_base_emit(struct pack_builder *b, track_error *err)
{
    if (b->chunk_rows.size) {
        AUTO_ARENA arena = ARENA(LEVELS_BYTES_MAX);
        AUTO_AREA axes;
        struct pack_dir dir;
        pack_area_init(&axes, 2 * (size_t)PACK_BYTES_MAX);
        TRY(dir_fill(b, &axes, &arena, &dir, err));
        TRY(parts_emit(b, &axes, &dir, err));
    }
    pack_axes_clear(b->axes);
    pack_area_clear(&b->chunks);
    pack_area_clear(&b->blocks);
    b->series_rows.size = b->chunk_rows.size = b->block_rows.size = b->names.size = 0;
    return TRACK_OK;
}
