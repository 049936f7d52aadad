#include "pack_read.h"

#include <string.h>

struct pack_reader {
    const struct pack_blob *blob;
    const struct pack_dir *dir;
    struct pack_tools *tools;
    struct pack_window window;
    int64_t steps[AXIS_ROWS_MAX], times_us[AXIS_ROWS_MAX];
    size_t axis;           /* whose rows these are; SIZE_MAX: none */
    size_t chunk;          /* that was read last; SIZE_MAX: none */
    struct stretch points; /* of it */
    size_t frame;          /* what plain holds; SIZE_MAX: none */
    unsigned char plain[PACK_FRAME_PLAIN_MAX];
};

track_status pack_reader_open(const struct pack_blob *blob, const struct pack_dir *dir,
                              struct pack_tools *tools, struct arena *arena,
                              struct pack_reader **out, track_error *err)
{
    struct pack_reader *r = ARENA_NEW(arena, struct pack_reader);
    if (!r) {
        return FAIL(err, TRACK_NOMEM, "reading a pack: no memory");
    }
    r->tools = tools;
    pack_reader_turn(r, blob, dir);
    *out = r;
    return TRACK_OK;
}

void pack_reader_turn(struct pack_reader *r, const struct pack_blob *blob,
                      const struct pack_dir *dir)
{
    r->blob = blob;
    r->dir = dir;
    r->axis = r->frame = r->chunk = SIZE_MAX;
}

/* What decoding calls invalid is damage here. */
static track_status read_corrupt(track_status status, const char *what, const track_error *said,
                                 track_error *err)
{
    return FAIL(err, status == TRACK_INVALID ? TRACK_CORRUPT : status, "%s: %s", what,
                said->message);
}

/* Decompresses a frame into r->plain. */
static track_status frame_unpack(struct pack_reader *r, size_t frame, struct bytes stored,
                                 track_error *err)
{
    track_error said;
    uint32_t plain = r->dir->frames[frame].plain;
    r->frame = SIZE_MAX;
    track_status status = zstream_decompress(r->tools->z, stored, r->plain, plain, &said);
    if (status != TRACK_OK) {
        return read_corrupt(status, "a frame of a pack", &said, err);
    }
    r->frame = frame;
    return TRACK_OK;
}

track_status pack_read_piece(struct pack_reader *r, const struct pack_place *place,
                             struct bytes *out, track_error *err)
{
    const struct pack_frame *f = &r->dir->frames[place->frame];
    struct bytes all = {r->plain, f->plain};
    if (!f->plain || r->frame != place->frame) {
        TRY(r->blob->read(r->blob->data, f->offset, f->stored, &all, err));
        if (hash_crc32c(0, all) != f->crc) {
            return FAIL(err, TRACK_CORRUPT, "frame %u of a pack, %u bytes at %llu: a wrong CRC",
                        place->frame, f->stored, (unsigned long long)f->offset);
        }
    }
    if (f->plain && r->frame != place->frame) {
        TRY(frame_unpack(r, place->frame, all, err));
        all.at = r->plain;
    }
    *out = (struct bytes){all.at + place->offset, place->size};
    return TRACK_OK;
}

/* The rows of an axis. */
static track_status axis_read(struct pack_reader *r, size_t axis, struct axis_rows *out,
                              track_error *err)
{
    const struct pack_axis *a = &r->dir->axes[axis];
    *out = (struct axis_rows){r->steps, r->times_us, a->count};
    if (r->axis == axis) {
        return TRACK_OK;
    }
    struct bytes in;
    track_error said;
    TRY(pack_read_piece(r, &a->place, &in, err));
    r->axis = SIZE_MAX;
    track_status status = axis_rows_decode(r->tools->z, in, r->steps, r->times_us, a->count, &said);
    if (status != TRACK_OK) {
        return read_corrupt(status, "an axis of a pack", &said, err);
    }
    r->axis = axis;
    return TRACK_OK;
}

track_status pack_read_chunk(struct pack_reader *r, size_t chunk, struct stretch *out,
                             track_error *err)
{
    struct axis_rows axis;
    struct pack_coded coded = {&r->dir->chunks[chunk], &axis, {NULL, 0}};
    if (r->chunk != chunk) {
        r->chunk = SIZE_MAX;
        TRY(axis_read(r, coded.chunk->axis, &axis, err));
        TRY(pack_read_piece(r, &coded.chunk->place, &coded.in, err));
        TRY(pack_chunk_decode(r->tools, &coded, &r->window, &r->points, err));
        r->chunk = chunk;
    }
    *out = r->points;
    return TRACK_OK;
}

track_status pack_read_texts(struct pack_reader *r, size_t chunk, struct arena *arena,
                             struct pack_texts *out, track_error *err)
{
    struct axis_rows axis;
    struct pack_coded coded = {&r->dir->chunks[chunk], &axis, {NULL, 0}};
    r->chunk = SIZE_MAX;
    TRY(axis_read(r, coded.chunk->axis, &axis, err));
    TRY(pack_read_piece(r, &coded.chunk->place, &coded.in, err));
    return pack_chunk_decode_texts(r->tools, &coded, &r->window, arena, out, err);
}

int pack_level_find(const struct pack_dir *d, const struct pack_series *s, unsigned shift_max)
{
    int level = -1;
    for (size_t i = s->block_from; i < s->block_from + s->block_count; i++) {
        level = d->blocks[i].shift <= shift_max ? d->blocks[i].shift : level;
    }
    return level;
}

static bool block_reaches(const struct pack_block *b, const struct bins_range *steps)
{
    return b->step_last >= steps->first && b->step_first <= steps->last;
}

int pack_level_of_count(const struct pack_dir *d, const struct pack_series *s,
                        struct bins_range steps, uint64_t buckets)
{
    uint64_t counts[PYRAMID_SHIFT_MAX + 1] = {0};
    int level = -1;
    for (size_t i = s->block_from; i < s->block_from + s->block_count; i++) {
        const struct pack_block *b = &d->blocks[i];
        counts[b->shift] += block_reaches(b, &steps) ? b->count : 0;
        level = counts[b->shift] >= buckets ? b->shift : level;
    }
    return level;
}

/* Decodes a block behind those of the level so far. */
static track_status block_read(struct pack_reader *r, const struct pack_block *block,
                               struct pyramid_level *out, track_error *err)
{
    AUTO_ARENA work = ARENA(1 << 20);
    struct pyramid_level level;
    struct bytes in;
    track_error said;
    TRY(pack_read_piece(r, &block->place, &in, err));
    track_status status = pyramid_decode(r->tools->z, in, &work, &level, &said);
    if (status != TRACK_OK) {
        return read_corrupt(status, "a pyramid block of a pack", &said, err);
    }
    if (level.shift != block->shift || level.count != block->count ||
        level.at[0].first.step != block->step_first ||
        level.at[level.count - 1].last.step != block->step_last) {
        return FAIL(err, TRACK_CORRUPT, "a pyramid block is not what the directory says");
    }
    memcpy(out->at + out->count, level.at, level.count * sizeof(*level.at));
    out->count += level.count;
    return TRACK_OK;
}

static bool block_wanted(const struct pack_block *b, const struct pack_level_ask *ask)
{
    return b->shift == ask->shift && block_reaches(b, &ask->steps);
}

track_status pack_read_level(struct pack_reader *r, const struct pack_level_ask *ask,
                             struct arena *arena, struct pyramid_level *out, track_error *err)
{
    const struct pack_block *blocks = r->dir->blocks + ask->series->block_from;
    struct pyramid_level level = {ask->shift, NULL, 0};
    size_t room = 0;
    for (size_t i = 0; i < ask->series->block_count; i++) {
        room += block_wanted(&blocks[i], ask) ? blocks[i].count : 0;
    }
    level.at = ARENA_ARRAY(arena, struct bucket, room + 1);
    if (!level.at) {
        return FAIL(err, TRACK_NOMEM, "a level of %zu buckets: no memory", room);
    }
    for (size_t i = 0; i < ask->series->block_count; i++) {
        if (block_wanted(&blocks[i], ask)) {
            TRY(block_read(r, &blocks[i], &level, err));
        }
    }
    *out = level;
    return TRACK_OK;
}

static track_status points_seek(void *data, int64_t step, track_error *err)
{
    struct pack_points *p = data;
    const struct pack_chunk *chunks = p->reader->dir->chunks + p->series->chunk_from;
    size_t low = 0, high = p->series->chunk_count;
    (void)err;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (chunks[middle].sum.last.step < step) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    p->next = low;
    return TRACK_OK;
}

static track_status points_next(void *data, struct stretch *out, track_error *err)
{
    struct pack_points *p = data;
    if (p->next >= p->series->chunk_count) {
        *out = (struct stretch){0};
        return TRACK_OK;
    }
    return pack_read_chunk(p->reader, p->series->chunk_from + p->next++, out, err);
}

struct stretch_source pack_points_source(struct pack_points *p, int64_t step_last)
{
    return (struct stretch_source){points_seek, points_next, p, step_last};
}

/* The sums of the chunks that reach into a range. */
static track_status chunk_sums(const struct pack_points *p, struct bins_range steps,
                               struct arena *arena, struct bins_source *out, track_error *err)
{
    const struct pack_chunk *chunks = p->reader->dir->chunks + p->series->chunk_from;
    struct bucket *at = ARENA_ARRAY(arena, struct bucket, p->series->chunk_count);
    if (!at) {
        return FAIL(err, TRACK_NOMEM, "sums of %u chunks: no memory", p->series->chunk_count);
    }
    for (size_t i = 0; i < p->series->chunk_count; i++) {
        const struct bucket *sum = &chunks[i].sum;
        if (sum->last.step >= steps.first && sum->first.step <= steps.last) {
            at[out->count++] = *sum;
        }
    }
    out->at = at;
    return TRACK_OK;
}

track_status pack_bins_source(struct pack_points *p, int level, struct bins_range steps,
                              struct arena *arena, struct bins_source *out, track_error *err)
{
    struct bins_source source = {.points = pack_points_source(p, INT64_MAX)};
    if (level < 0) {
        TRY(chunk_sums(p, steps, arena, &source, err));
    } else {
        struct pack_level_ask ask = {p->series, (unsigned)level, steps};
        struct pyramid_level read;
        TRY(pack_read_level(p->reader, &ask, arena, &read, err));
        source.at = read.at;
        source.count = read.count;
    }
    *out = source;
    return TRACK_OK;
}
