#include "blocks.h"

#include "hash.h"

#include <stdlib.h>
#include <string.h>

enum { DIGIT_BITS = 10, DIGIT_COUNT = 1 << DIGIT_BITS, KEY_BITS = 28 };

/* The points of one key: a range of the sorted columns. */
struct series_part {
    uint32_t key, hash; /* hash of its steps and times */
    size_t begin, rows;
};

/* What is filled: columns of all points, sorted by key, and what is made of them. */
struct filler {
    struct arena *arena;
    int64_t *steps, *times_us;
    double *values;
    struct bytes *texts;
    struct series_part *parts;
    size_t part_count;
    struct frame_block *blocks;
    size_t block_count;
};

static track_status filler_nomem(size_t count, track_error *err)
{
    return FAIL(err, TRACK_NOMEM, "sorting %zu points: no memory", count);
}

/* One pass of a radix sort, stable; from and to are indexes into keys. */
static void sort_pass(const uint32_t *keys, const uint32_t *from, uint32_t *to, size_t count,
                      unsigned shift)
{
    size_t begin[DIGIT_COUNT + 1] = {0};
    for (size_t i = 0; i < count; i++) {
        begin[(keys[i] >> shift & (DIGIT_COUNT - 1)) + 1]++;
    }
    for (size_t d = 1; d <= DIGIT_COUNT; d++) {
        begin[d] += begin[d - 1];
    }
    for (size_t i = 0; i < count; i++) {
        to[begin[keys[from[i]] >> shift & (DIGIT_COUNT - 1)]++] = from[i];
    }
}

/* The indexes of keys [count] in ascending order of key, equal ones as they stand. */
static track_status sort_keys(const uint32_t *keys, size_t count, struct arena *arena,
                              uint32_t **out, track_error *err)
{
    uint32_t *order = ARENA_ARRAY(arena, uint32_t, count + 1);
    uint32_t *other = ARENA_ARRAY(arena, uint32_t, count + 1);
    uint32_t bits = 0;
    if (!order || !other) {
        return filler_nomem(count, err);
    }
    for (size_t i = 0; i < count; i++) {
        order[i] = (uint32_t)i;
        bits |= keys[i];
    }
    if (bits >= FRAME_KEY_NUMBER_MAX) {
        return FAIL(err, TRACK_INVALID, "a key number over %d", FRAME_KEY_NUMBER_MAX);
    }
    for (unsigned shift = 0; shift < KEY_BITS && bits >> shift; shift += DIGIT_BITS) {
        sort_pass(keys, order, other, count, shift);
        uint32_t *swap = order;
        order = other;
        other = swap;
    }
    *out = order;
    return TRACK_OK;
}

static track_status filler_reserve(struct filler *f, size_t count, bool texts, track_error *err)
{
    f->steps = ARENA_ARRAY(f->arena, int64_t, count);
    f->times_us = ARENA_ARRAY(f->arena, int64_t, count);
    f->values = texts ? NULL : ARENA_ARRAY(f->arena, double, count);
    f->texts = texts ? ARENA_ARRAY(f->arena, struct bytes, count) : NULL;
    if (!f->steps || !f->times_us || (texts ? !f->texts : !f->values)) {
        return filler_nomem(count, err);
    }
    return TRACK_OK;
}

/* Cuts the sorted points into parts, one for each key. */
static track_status filler_add_parts(struct filler *f, const uint32_t *keys, const uint32_t *order,
                                     size_t count, track_error *err)
{
    size_t parts = 0;
    for (size_t i = 0; i < count; i++) {
        parts += i == 0 || keys[order[i]] != keys[order[i - 1]];
    }
    f->part_count = 0;
    f->parts = ARENA_ARRAY(f->arena, struct series_part, parts);
    if (!f->parts) {
        return filler_nomem(count, err);
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t key = keys[order[i]];
        if (i == 0 || key != keys[order[i - 1]]) {
            f->parts[f->part_count++] = (struct series_part){.key = key, .begin = i};
        }
        f->parts[f->part_count - 1].rows++;
    }
    return TRACK_OK;
}

static struct bytes column_bytes(const int64_t *column, const struct series_part *part)
{
    return (struct bytes){(const unsigned char *)(column + part->begin),
                          part->rows * sizeof(*column)};
}

static bool same_rows(const struct filler *f, const struct series_part *a,
                      const struct series_part *b)
{
    return a->hash == b->hash && a->rows == b->rows &&
           memcmp(f->steps + a->begin, f->steps + b->begin, a->rows * sizeof(*f->steps)) == 0 &&
           memcmp(f->times_us + a->begin, f->times_us + b->begin, a->rows * sizeof(*f->times_us)) ==
               0;
}

static int part_compare(const void *left, const void *right)
{
    const struct series_part *a = left, *b = right;
    if (a->rows != b->rows) {
        return a->rows < b->rows ? -1 : 1;
    }
    if (a->hash != b->hash) {
        return a->hash < b->hash ? -1 : 1;
    }
    return a->key < b->key ? -1 : a->key > b->key;
}

/* Parts with the same rows stand side by side afterwards. */
static void filler_sort_parts(struct filler *f)
{
    bool sorted = true;
    for (size_t i = 0; i < f->part_count; i++) {
        struct series_part *part = &f->parts[i];
        part->hash = hash_crc32c(0, column_bytes(f->steps, part));
        part->hash = hash_crc32c(part->hash, column_bytes(f->times_us, part));
        sorted = sorted && (i == 0 || part_compare(part - 1, part) <= 0);
    }
    if (!sorted) {
        qsort(f->parts, f->part_count, sizeof(*f->parts), part_compare);
    }
}

/* One block of parts [count] that have the same rows. */
static track_status filler_add_block(struct filler *f, const struct series_part *parts,
                                     size_t count, track_error *err)
{
    struct frame_column *columns = ARENA_ARRAY(f->arena, struct frame_column, count);
    if (!columns) {
        return filler_nomem(count, err);
    }
    if (f->block_count == FRAME_BLOCKS_MAX) {
        return FAIL(err, TRACK_TOO_LARGE, "over %d blocks in a frame; make two of it",
                    FRAME_BLOCKS_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        columns[i].key = parts[i].key;
        columns[i].values = f->values ? f->values + parts[i].begin : NULL;
        columns[i].texts = f->texts ? f->texts + parts[i].begin : NULL;
    }
    f->blocks[f->block_count++] = (struct frame_block){parts->rows, count, f->steps + parts->begin,
                                                       f->times_us + parts->begin, columns};
    return TRACK_OK;
}

/* Room for a block of each part, behind the blocks that are there. */
static track_status filler_reserve_blocks(struct filler *f, track_error *err)
{
    size_t room = f->block_count + f->part_count;
    struct frame_block *blocks = ARENA_ARRAY(f->arena, struct frame_block, room);
    if (!blocks) {
        return filler_nomem(room, err);
    }
    if (f->block_count) {
        memcpy(blocks, f->blocks, f->block_count * sizeof(*blocks));
    }
    f->blocks = blocks;
    return TRACK_OK;
}

static track_status filler_add_blocks(struct filler *f, track_error *err)
{
    filler_sort_parts(f);
    TRY(filler_reserve_blocks(f, err));
    for (size_t i = 0, next; i < f->part_count; i = next) {
        next = i + 1;
        while (next < f->part_count && same_rows(f, &f->parts[i], &f->parts[next])) {
            next++;
        }
        TRY(filler_add_block(f, &f->parts[i], next - i, err));
    }
    return TRACK_OK;
}

static track_status filler_add_points(struct filler *f, const struct blocks_in *in,
                                      track_error *err)
{
    size_t count = in->point_count;
    uint32_t *keys = ARENA_ARRAY(f->arena, uint32_t, count), *order;
    if (!keys) {
        return filler_nomem(count, err);
    }
    for (size_t i = 0; i < count; i++) {
        keys[i] = in->points[i].key;
    }
    TRY(sort_keys(keys, count, f->arena, &order, err));
    TRY(filler_reserve(f, count, false, err));
    for (size_t i = 0; i < count; i++) {
        const struct blocks_point *p = &in->points[order[i]];
        f->steps[i] = p->step;
        f->times_us[i] = p->time_us;
        f->values[i] = p->value;
    }
    TRY(filler_add_parts(f, keys, order, count, err));
    return filler_add_blocks(f, err);
}

static track_status filler_add_texts(struct filler *f, const struct blocks_in *in, track_error *err)
{
    size_t count = in->text_count;
    uint32_t *keys = ARENA_ARRAY(f->arena, uint32_t, count), *order;
    if (!keys) {
        return filler_nomem(count, err);
    }
    for (size_t i = 0; i < count; i++) {
        keys[i] = in->texts[i].key;
    }
    TRY(sort_keys(keys, count, f->arena, &order, err));
    TRY(filler_reserve(f, count, true, err));
    for (size_t i = 0; i < count; i++) {
        const struct blocks_text *t = &in->texts[order[i]];
        f->steps[i] = t->step;
        f->times_us[i] = t->time_us;
        f->texts[i] = t->text;
    }
    TRY(filler_add_parts(f, keys, order, count, err));
    return filler_add_blocks(f, err);
}

track_status blocks_fill(const struct blocks_in *in, struct arena *arena, struct frame *out,
                         track_error *err)
{
    size_t points = in->point_count, texts = in->text_count;
    if (points > FRAME_POINTS_MAX || texts > FRAME_POINTS_MAX - points) {
        return FAIL(err, TRACK_TOO_LARGE, "%zu points and %zu texts in a frame, at most %d", points,
                    texts, FRAME_POINTS_MAX);
    }
    struct filler f = {.arena = arena};
    if (points) {
        TRY(filler_add_points(&f, in, err));
    }
    if (texts) {
        TRY(filler_add_texts(&f, in, err));
    }
    out->blocks = f.blocks;
    out->block_count = f.block_count;
    return TRACK_OK;
}
