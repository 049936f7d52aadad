#include "axis.h"
#include "frame.h"
#include "frame_check.h"
#include "hash.h"
#include "planes.h"

#include <string.h>

enum { CRC_FROM = 16 };

/* One decoding on its way. */
struct decoder {
    struct reader r; /* behind the head */
    struct arena *arena;
    struct zstream *z;
    struct frame *out;
    struct frame_block *blocks;
    struct frame_column **columns; /* of each block */
    unsigned char *types;          /* [column_count] of all blocks, enum frame_type */
    size_t column_count;
    size_t points;      /* in the blocks read so far */
    size_t count[3];    /* values of each type */
    size_t plain_bytes; /* as the head says */
};

static unsigned take_le16(struct reader *r)
{
    unsigned low = reader_byte(r);
    return low | reader_byte(r) << 8;
}

/* Magic, version and size. */
static track_status head_begin(struct reader *r, struct frame_head *out, track_error *err)
{
    size_t have = r->left.size;
    struct bytes magic = reader_take(r, 4);
    if (have < FRAME_HEAD_BYTES) {
        return FAIL(err, TRACK_INVALID, "%zu bytes; a frame has at least %d", have,
                    FRAME_HEAD_BYTES);
    }
    if (memcmp(magic.at, "TKF1", 4) != 0) {
        return FAIL(err, TRACK_INVALID, "does not begin with TKF1, so it is not a frame");
    }
    unsigned version = reader_byte(r);
    if (version != 1) {
        return FAIL(err, TRACK_INVALID, "version %u of TKF1; this build reads version 1", version);
    }
    out->kind = reader_byte(r);
    out->flags = take_le16(r);
    out->size = reader_le32(r);
    if (out->size > FRAME_BYTES_MAX) {
        return FAIL(err, TRACK_TOO_LARGE, "a frame of %zu bytes, at most %d", out->size,
                    FRAME_BYTES_MAX);
    }
    if (out->size < FRAME_HEAD_BYTES || out->size > have) {
        return FAIL(err, TRACK_INVALID, "a frame of %zu bytes, of which %zu are here; it was cut",
                    out->size, have);
    }
    return TRACK_OK;
}

/* What else the head says about the content. */
struct head_sizes {
    size_t plain_bytes, keys, blocks;
};

static track_status head_decode(struct bytes in, struct frame_head *out, struct head_sizes *sizes,
                                track_error *err)
{
    struct reader r = {in, false};
    TRY(head_begin(&r, out, err));
    uint32_t crc = reader_le32(&r);
    if (crc != hash_crc32c(0, (struct bytes){in.at + CRC_FROM, out->size - CRC_FROM})) {
        return FAIL(err, TRACK_INVALID, "wrong CRC: damaged on its way; send it again");
    }
    memcpy(out->writer, reader_take(&r, sizeof(out->writer)).at, sizeof(out->writer));
    out->seq = reader_le64(&r);
    out->epoch = reader_le32(&r);
    out->count = reader_le32(&r);
    sizes->plain_bytes = reader_le32(&r);
    sizes->keys = take_le16(&r);
    sizes->blocks = take_le16(&r);
    out->step_base = (int64_t)reader_le64(&r);
    out->content_crc = reader_le32(&r);
    uint32_t zero = reader_le32(&r);
    if (zero != 0) {
        return FAIL(err, TRACK_INVALID, "bytes 68 to 71 of a frame are not zero");
    }
    if (out->count > FRAME_POINTS_MAX || sizes->plain_bytes > FRAME_PLAIN_MAX) {
        return FAIL(err, TRACK_TOO_LARGE, "%zu points in %zu bytes, at most %d in %d", out->count,
                    sizes->plain_bytes, FRAME_POINTS_MAX, FRAME_PLAIN_MAX);
    }
    return frame_check_head(out, err);
}

track_status frame_decode_head(struct bytes in, struct frame_head *out, track_error *err)
{
    struct frame_head head = {0};
    struct head_sizes sizes;
    TRY(head_decode(in, &head, &sizes, err));
    *out = head;
    return TRACK_OK;
}

static track_status decoder_nomem(track_error *err)
{
    return FAIL(err, TRACK_NOMEM, "decoding a frame: no memory");
}

/* The arrays below are as large as bytes in the frame, so their counts cannot lie by much. */
static track_status decoder_check_count(const struct decoder *d, size_t count, const char *what,
                                        track_error *err)
{
    if (d->r.failed || count > d->r.left.size) {
        return FAIL(err, TRACK_INVALID, "%zu %s in %zu bytes", count, what, d->r.left.size);
    }
    return TRACK_OK;
}

static struct bytes decoder_take_text(struct decoder *d)
{
    size_t size = (size_t)reader_varint(&d->r);
    return reader_take(&d->r, size);
}

static track_status decoder_take_keys(struct decoder *d, size_t count, track_error *err)
{
    uint64_t first = reader_varint(&d->r);
    TRY(decoder_check_count(d, count, "keys", err));
    struct frame_key *keys = ARENA_ARRAY(d->arena, struct frame_key, count + 1);
    if (!keys) {
        return decoder_nomem(err);
    }
    for (size_t i = 0; i < count; i++) {
        keys[i].name = decoder_take_text(d);
        keys[i].context = decoder_take_text(d);
    }
    if (d->r.failed || first >= FRAME_KEY_NUMBER_MAX) {
        return FAIL(err, TRACK_INVALID, "keys are cut short, or have too large numbers");
    }
    d->out->first_key = (uint32_t)first;
    d->out->key_count = count;
    d->out->keys = keys;
    return TRACK_OK;
}

/* Keys and types of one block. */
static track_status decoder_take_columns(struct decoder *d, struct frame_block *block,
                                         track_error *err)
{
    size_t index = (size_t)(block - d->blocks);
    struct frame_column *columns = ARENA_ARRAY(d->arena, struct frame_column, block->column_count);
    if (!columns) {
        return decoder_nomem(err);
    }
    int64_t key = 0;
    for (size_t i = 0; i < block->column_count; i++) {
        int64_t step = zigzag_decode(reader_varint(&d->r));
        unsigned type = reader_byte(&d->r);
        if (d->r.failed || step > FRAME_KEY_NUMBER_MAX || step < -FRAME_KEY_NUMBER_MAX ||
            key + step < 0 || key + step >= FRAME_KEY_NUMBER_MAX || type > FRAME_TEXT) {
            return FAIL(err, TRACK_INVALID, "column %zu of a block: cut short, type %u, or key", i,
                        type);
        }
        key += step;
        columns[i].key = (uint32_t)key;
        d->types[d->column_count++] = (unsigned char)type;
        d->count[type] += block->rows;
    }
    block->columns = d->columns[index] = columns;
    return TRACK_OK;
}

static track_status decoder_take_axes(struct decoder *d, struct frame_block *block,
                                      track_error *err)
{
    int64_t *steps = ARENA_ARRAY(d->arena, int64_t, block->rows);
    int64_t *times = ARENA_ARRAY(d->arena, int64_t, block->rows);
    if (!steps || !times) {
        return decoder_nomem(err);
    }
    TRY(axis_decode_steps(d->z, &d->r, steps, block->rows, err));
    TRY(axis_decode_times(d->z, &d->r, times, block->rows, err));
    uint64_t base = (uint64_t)d->out->head.step_base;
    for (size_t i = 0; base && i < block->rows; i++) {
        steps[i] = (int64_t)((uint64_t)steps[i] + base);
    }
    block->steps = steps;
    block->times_us = times;
    return TRACK_OK;
}

static track_status decoder_take_block(struct decoder *d, struct frame_block *block,
                                       track_error *err)
{
    uint64_t columns = reader_varint(&d->r), rows = reader_varint(&d->r);
    size_t left = d->out->head.count - d->points;
    if (d->r.failed || columns == 0 || rows == 0 || columns > left || rows > left / columns) {
        return FAIL(err, TRACK_INVALID, "a block of %llu keys and %llu rows, with %zu points left",
                    (unsigned long long)columns, (unsigned long long)rows, left);
    }
    block->column_count = (size_t)columns;
    block->rows = (size_t)rows;
    d->points += (size_t)(columns * rows);
    TRY(decoder_check_count(d, block->column_count, "columns", err));
    TRY(decoder_take_columns(d, block, err));
    return decoder_take_axes(d, block, err);
}

static track_status decoder_take_blocks(struct decoder *d, size_t count, track_error *err)
{
    TRY(decoder_check_count(d, count, "blocks", err));
    d->blocks = ARENA_ARRAY(d->arena, struct frame_block, count + 1);
    d->columns = ARENA_ARRAY(d->arena, struct frame_column *, count + 1);
    d->types = ARENA_ARRAY(d->arena, unsigned char, d->r.left.size + 1);
    if (!d->blocks || !d->columns || !d->types) {
        return decoder_nomem(err);
    }
    for (size_t i = 0; i < count; i++) {
        TRY(decoder_take_block(d, &d->blocks[i], err));
    }
    if (d->points != d->out->head.count) {
        return FAIL(err, TRACK_INVALID, "%zu points in the blocks, %zu in the head", d->points,
                    d->out->head.count);
    }
    d->out->blocks = d->blocks;
    d->out->block_count = count;
    return TRACK_OK;
}

/* Where the values of each type go on; set out to the columns one by one. */
struct value_cursor {
    const float *narrow;
    const double *wide;
    const struct bytes *texts;
};

static void column_widen(const float *from, double *to, size_t rows)
{
    for (size_t i = 0; i < rows; i++) {
        to[i] = (double)from[i];
    }
}

/* Gives every column its values; room has as many doubles as there are floats. */
static void decoder_deal(struct decoder *d, struct value_cursor at, double *room)
{
    const unsigned char *types = d->types;
    for (size_t b = 0; b < d->out->block_count; b++) {
        const struct frame_block *block = &d->blocks[b];
        for (size_t c = 0; c < block->column_count; c++, types++) {
            struct frame_column *column = &d->columns[b][c];
            if (*types == FRAME_TEXT) {
                column->texts = at.texts;
                at.texts += block->rows;
            } else if (*types == FRAME_F64) {
                column->values = at.wide;
                at.wide += block->rows;
            } else {
                column_widen(at.narrow, room, block->rows);
                column->values = room;
                at.narrow += block->rows;
                room += block->rows;
            }
        }
    }
}

/* All values of a numeric type. */
static track_status decoder_take_numbers(struct decoder *d, enum frame_type type, void **out,
                                         track_error *err)
{
    struct planes p = {NULL, d->count[type], type == FRAME_F32 ? sizeof(float) : sizeof(double)};
    p.values = arena_calloc(d->arena, p.count + 1, p.width, alignof(double));
    if (!p.values) {
        return decoder_nomem(err);
    }
    *out = p.values;
    return planes_decode(d->z, &d->r, d->arena, &p, err);
}

/* Takes the plain text area apart. */
static track_status texts_split(struct bytes plain, struct bytes *out, size_t count,
                                track_error *err)
{
    struct reader r = {plain, false};
    for (size_t i = 0; i < count; i++) {
        out[i].size = (size_t)reader_varint(&r);
    }
    for (size_t i = 0; i < count; i++) {
        out[i] = reader_take(&r, out[i].size);
    }
    if (reader_end(&r, NULL) != TRACK_OK) {
        return FAIL(err, TRACK_INVALID, "%zu texts do not fit their %zu bytes", count, plain.size);
    }
    return TRACK_OK;
}

/* The text area, which ends the frame. */
static track_status decoder_take_texts(struct decoder *d, struct bytes **out, track_error *err)
{
    size_t numbers = d->count[FRAME_F32] * sizeof(float) + d->count[FRAME_F64] * sizeof(double);
    size_t count = d->count[FRAME_TEXT];
    if (numbers > d->plain_bytes || (count == 0 && numbers != d->plain_bytes)) {
        return FAIL(err, TRACK_INVALID, "%zu bytes of numbers in a value area of %zu", numbers,
                    d->plain_bytes);
    }
    size_t size = d->plain_bytes - numbers;
    if (count > size) {
        return FAIL(err, TRACK_INVALID, "%zu texts in %zu bytes", count, size);
    }
    unsigned char *plain = ARENA_ARRAY(d->arena, unsigned char, size + 1);
    *out = ARENA_ARRAY(d->arena, struct bytes, count + 1);
    if (!plain || !*out) {
        return decoder_nomem(err);
    }
    if (count == 0) {
        return TRACK_OK;
    }
    struct bytes packed = reader_take(&d->r, d->r.left.size);
    TRY(zstream_decompress(d->z, packed, plain, size, err));
    return texts_split((struct bytes){plain, size}, *out, count, err);
}

static track_status decoder_take_points(struct decoder *d, const struct head_sizes *sizes,
                                        track_error *err)
{
    void *narrow, *wide;
    struct bytes *texts;
    TRY(decoder_take_keys(d, sizes->keys, err));
    TRY(decoder_take_blocks(d, sizes->blocks, err));
    if (d->count[FRAME_F32] * sizeof(float) + d->count[FRAME_F64] * sizeof(double) >
        d->plain_bytes) {
        return FAIL(err, TRACK_INVALID, "more numbers than the value area of %zu bytes holds",
                    d->plain_bytes);
    }
    TRY(decoder_take_numbers(d, FRAME_F32, &narrow, err));
    TRY(decoder_take_numbers(d, FRAME_F64, &wide, err));
    TRY(decoder_take_texts(d, &texts, err));
    double *room = ARENA_ARRAY(d->arena, double, d->count[FRAME_F32] + 1);
    if (!room) {
        return decoder_nomem(err);
    }
    decoder_deal(d, (struct value_cursor){narrow, wide, texts}, room);
    return TRACK_OK;
}

static track_status decoder_take_lines(struct decoder *d, track_error *err)
{
    size_t count = d->out->head.count;
    int64_t *indexes = ARENA_ARRAY(d->arena, int64_t, count + 1);
    int64_t *times = ARENA_ARRAY(d->arena, int64_t, count + 1);
    unsigned char *streams = ARENA_ARRAY(d->arena, unsigned char, count + 1);
    struct frame_line *lines = ARENA_ARRAY(d->arena, struct frame_line, count + 1);
    struct bytes *texts;
    if (!indexes || !times || !streams || !lines) {
        return decoder_nomem(err);
    }
    if (count == 0) {
        return FAIL(err, TRACK_INVALID, "a frame of lines without lines");
    }
    struct planes p = {streams, count, 1};
    TRY(axis_decode_steps(d->z, &d->r, indexes, count, err));
    TRY(axis_decode_times(d->z, &d->r, times, count, err));
    TRY(planes_decode(d->z, &d->r, d->arena, &p, err));
    d->count[FRAME_TEXT] = count;
    TRY(decoder_take_texts(d, &texts, err));
    for (size_t i = 0; i < count; i++) {
        lines[i] = (struct frame_line){indexes[i], times[i], streams[i], texts[i]};
    }
    d->out->line_count = count;
    d->out->lines = lines;
    return TRACK_OK;
}

static track_status decoder_take_content(struct decoder *d, const struct head_sizes *sizes,
                                         track_error *err)
{
    if (d->out->head.kind == FRAME_POINTS) {
        TRY(decoder_take_points(d, sizes, err));
    } else if (sizes->keys || sizes->blocks) {
        return FAIL(err, TRACK_INVALID, "keys or blocks in a frame of lines, or a heartbeat");
    } else if (d->out->head.kind == FRAME_LINES) {
        TRY(decoder_take_lines(d, err));
    } else if (d->out->head.count || d->plain_bytes) {
        return FAIL(err, TRACK_INVALID, "points in a heartbeat");
    }
    if (d->r.failed || d->r.left.size) {
        return FAIL(err, TRACK_INVALID, "%zu bytes left over at the end of a frame",
                    d->r.left.size);
    }
    return TRACK_OK;
}

track_status frame_decode(struct bytes in, struct arena *arena, struct frame *out, track_error *err)
{
    struct frame frame = {0};
    struct head_sizes sizes;
    TRY(head_decode(in, &frame.head, &sizes, err));
    if (frame.head.size != in.size) {
        return FAIL(err, TRACK_INVALID, "%zu bytes behind the end of a frame",
                    in.size - frame.head.size);
    }
    struct decoder d = {.arena = arena, .out = &frame, .plain_bytes = sizes.plain_bytes};
    d.r.left = (struct bytes){in.at + FRAME_HEAD_BYTES, in.size - FRAME_HEAD_BYTES};
    TRY(zstream_open(arena, &d.z, err));
    TRY(decoder_take_content(&d, &sizes, err));
    TRY(frame_check(&frame, err));
    *out = frame;
    return TRACK_OK;
}
