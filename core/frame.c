#include "frame.h"

#include "axis.h"
#include "frame_check.h"
#include "hash.h"
#include "planes.h"

#include <string.h>

enum {
    TOTAL_AT = 8,
    CRC_AT = 12,
    CRC_FROM = 16,
    SEQ_AT = 32,
    EPOCH_AT = 40,
    PLAIN_AT = 48,
    BASE_AT = 56,
};

/* One encoding on its way. */
struct encoder {
    const struct frame *in;
    struct arena *arena;
    struct zstream *z;
    struct buf *out;
    size_t begin;         /* of the frame in out */
    size_t column_count;  /* of all blocks */
    unsigned char *types; /* [column_count], enum frame_type */
    size_t count[3];      /* values of each type */
    int level;
};

static void put_le32_at(unsigned char *at, size_t value)
{
    for (int i = 0; i < 4; i++) {
        at[i] = (unsigned char)(value >> (8 * i));
    }
}

/* The head; total, CRC and plain size are filled in at the end. */
static void encoder_put_head(struct encoder *e)
{
    const struct frame_head *head = &e->in->head;
    buf_put(e->out, "TKF1\1", 5);
    buf_byte(e->out, head->kind);
    buf_le16(e->out, (unsigned)head->flags);
    buf_le64(e->out, 0);
    buf_put(e->out, head->writer, sizeof(head->writer));
    buf_le64(e->out, head->seq);
    buf_le32(e->out, head->epoch);
    buf_le32(e->out, (uint32_t)frame_count(e->in));
    buf_le32(e->out, 0);
    buf_le16(e->out, (unsigned)e->in->key_count);
    buf_le16(e->out, (unsigned)e->in->block_count);
    buf_le64(e->out, (uint64_t)head->step_base);
    buf_le32(e->out, head->content_crc);
    buf_le32(e->out, 0);
}

static void encoder_put_text(struct encoder *e, struct bytes text)
{
    buf_varint(e->out, text.size);
    buf_put(e->out, text.at, text.size);
}

static void encoder_put_keys(struct encoder *e)
{
    buf_varint(e->out, e->in->key_count ? e->in->first_key : 0);
    for (size_t i = 0; i < e->in->key_count; i++) {
        encoder_put_text(e, e->in->keys[i].name);
        encoder_put_text(e, e->in->keys[i].context);
    }
}

/* True if every value is the same bits after going through float. */
static bool column_is_f32(const double *values, size_t rows)
{
    for (size_t i = 0; i < rows; i++) {
        double back = (double)(float)values[i];
        uint64_t a, b;
        memcpy(&a, &values[i], sizeof(a));
        memcpy(&b, &back, sizeof(b));
        if (a != b) {
            return false;
        }
    }
    return true;
}

static enum frame_type column_type(const struct frame_column *column, size_t rows)
{
    if (column->texts) {
        return FRAME_TEXT;
    }
    return column_is_f32(column->values, rows) ? FRAME_F32 : FRAME_F64;
}

static track_status encoder_put_block(struct encoder *e, const struct frame_block *block,
                                      unsigned char *types, track_error *err)
{
    uint32_t last = 0;
    buf_varint(e->out, block->column_count);
    buf_varint(e->out, block->rows);
    for (size_t i = 0; i < block->column_count; i++) {
        uint32_t key = block->columns[i].key;
        types[i] = (unsigned char)column_type(&block->columns[i], block->rows);
        e->count[types[i]] += block->rows;
        buf_varint(e->out, zigzag_encode((int64_t)key - (int64_t)last));
        buf_byte(e->out, types[i]);
        last = key;
    }
    TRY(axis_encode_steps(e->z, block->steps, block->rows, e->level, e->out, err));
    return axis_encode_times(e->z, block->times_us, block->rows, e->level, e->out, err);
}

static track_status encoder_put_blocks(struct encoder *e, track_error *err)
{
    for (size_t i = 0; i < e->in->block_count; i++) {
        e->column_count += e->in->blocks[i].column_count;
    }
    e->types = ARENA_ARRAY(e->arena, unsigned char, e->column_count + 1);
    if (!e->types) {
        return FAIL(err, TRACK_NOMEM, "a frame of %zu columns: no memory", e->column_count);
    }
    unsigned char *types = e->types;
    for (size_t i = 0; i < e->in->block_count; i++) {
        TRY(encoder_put_block(e, &e->in->blocks[i], types, err));
        types += e->in->blocks[i].column_count;
    }
    return TRACK_OK;
}

/* Copies all values of the type, narrowed to float for FRAME_F32, to out. */
static void encoder_gather(const struct encoder *e, enum frame_type type, void *out)
{
    const unsigned char *types = e->types;
    float *narrow = out;
    double *wide = out;
    for (size_t b = 0; b < e->in->block_count; b++) {
        const struct frame_block *block = &e->in->blocks[b];
        for (size_t c = 0; c < block->column_count; c++) {
            const double *from = block->columns[c].values;
            if (*types++ != type) {
                continue;
            }
            for (size_t i = 0; type == FRAME_F32 && i < block->rows; i++) {
                narrow[i] = (float)from[i];
            }
            if (type == FRAME_F64) {
                memcpy(wide, from, block->rows * sizeof(*wide));
            }
            narrow += block->rows;
            wide += type == FRAME_F64 ? block->rows : 0;
        }
    }
}

static track_status encoder_put_numbers(struct encoder *e, enum frame_type type, track_error *err)
{
    struct planes p = {NULL, e->count[type], type == FRAME_F32 ? sizeof(float) : sizeof(double)};
    p.values = arena_calloc(e->arena, p.count + 1, p.width, alignof(double));
    if (!p.values) {
        return FAIL(err, TRACK_NOMEM, "%zu values: no memory", p.count);
    }
    encoder_gather(e, type, p.values);
    return planes_encode(e->z, &p, e->level, e->arena, e->out, err);
}

/* Appends what to->each text is: first the lengths, then, in a second pass, the bytes. */
static void text_put(struct buf *plain, struct bytes text, bool lengths)
{
    if (lengths) {
        buf_varint(plain, text.size);
    } else {
        buf_put(plain, text.at, text.size);
    }
}

static void encoder_gather_texts(const struct encoder *e, bool lengths, struct buf *plain)
{
    for (size_t b = 0; b < e->in->block_count; b++) {
        const struct frame_block *block = &e->in->blocks[b];
        for (size_t c = 0; c < block->column_count; c++) {
            for (size_t i = 0; block->columns[c].texts && i < block->rows; i++) {
                text_put(plain, block->columns[c].texts[i], lengths);
            }
        }
    }
    for (size_t i = 0; i < e->in->line_count; i++) {
        text_put(plain, e->in->lines[i].text, lengths);
    }
}

/* The text area, if there are texts: always zstd, whatever the level. */
static track_status encoder_put_texts(struct encoder *e, size_t *size, track_error *err)
{
    *size = 0;
    if (e->count[FRAME_TEXT] == 0) {
        return TRACK_OK;
    }
    AUTO_BUF plain = BUF(FRAME_PLAIN_MAX);
    struct bytes all;
    encoder_gather_texts(e, true, &plain);
    encoder_gather_texts(e, false, &plain);
    TRY(buf_end(&plain, &all, err));
    *size = all.size;
    return zstream_compress(e->z, all, e->level > 0 ? e->level : 1, e->out, err);
}

static track_status encoder_put_lines(struct encoder *e, track_error *err)
{
    size_t count = e->in->line_count;
    int64_t *column = ARENA_ARRAY(e->arena, int64_t, count);
    unsigned char *streams = ARENA_ARRAY(e->arena, unsigned char, count);
    if (!column || !streams) {
        return FAIL(err, TRACK_NOMEM, "a frame of %zu lines: no memory", count);
    }
    for (size_t i = 0; i < count; i++) {
        column[i] = e->in->lines[i].index;
        streams[i] = (unsigned char)e->in->lines[i].stream;
    }
    TRY(axis_encode_steps(e->z, column, count, e->level, e->out, err));
    for (size_t i = 0; i < count; i++) {
        column[i] = e->in->lines[i].time_us;
    }
    TRY(axis_encode_times(e->z, column, count, e->level, e->out, err));
    e->count[FRAME_TEXT] = count;
    struct planes p = {streams, count, 1};
    return planes_encode(e->z, &p, e->level, e->arena, e->out, err);
}

/* What stands behind the head; *plain is the size of its values before compression. */
static track_status encoder_put_content(struct encoder *e, size_t *plain, track_error *err)
{
    *plain = 0;
    if (e->in->head.kind == FRAME_HEARTBEAT) {
        return TRACK_OK;
    }
    size_t text_bytes;
    if (e->in->head.kind == FRAME_LINES) {
        TRY(encoder_put_lines(e, err));
    } else {
        encoder_put_keys(e);
        TRY(encoder_put_blocks(e, err));
        TRY(encoder_put_numbers(e, FRAME_F32, err));
        TRY(encoder_put_numbers(e, FRAME_F64, err));
    }
    TRY(encoder_put_texts(e, &text_bytes, err));
    *plain =
        e->count[FRAME_F32] * sizeof(float) + e->count[FRAME_F64] * sizeof(double) + text_bytes;
    return TRACK_OK;
}

static void put_crc(unsigned char *at, size_t size)
{
    put_le32_at(at + CRC_AT, hash_crc32c(0, (struct bytes){at + CRC_FROM, size - CRC_FROM}));
}

static void put_le64_at(unsigned char *at, uint64_t value)
{
    put_le32_at(at, (uint32_t)value);
    put_le32_at(at + 4, (uint32_t)(value >> 32));
}

void frame_move(unsigned char *frame, size_t size, const struct frame_place *to)
{
    put_le64_at(frame + SEQ_AT, to->seq);
    put_le32_at(frame + EPOCH_AT, to->epoch);
    put_le64_at(frame + BASE_AT, (uint64_t)to->step_base);
    put_crc(frame, size);
}

/* Fills in what is known only now. */
static track_status encoder_finish(struct encoder *e, size_t plain, track_error *err)
{
    struct bytes all;
    TRY(buf_end(e->out, &all, err));
    size_t size = all.size - e->begin;
    if (size > FRAME_BYTES_MAX || plain > FRAME_PLAIN_MAX) {
        return FAIL(err, TRACK_TOO_LARGE,
                    "a frame of %zu bytes, %zu before compression; make two of it", size, plain);
    }
    unsigned char *at = e->out->at + e->begin;
    put_le32_at(at + TOTAL_AT, size);
    put_le32_at(at + PLAIN_AT, plain);
    put_crc(at, size);
    return TRACK_OK;
}

track_status frame_encode(const struct frame *in, int level, struct arena *arena, struct buf *out,
                          track_error *err)
{
    struct encoder e = {.in = in, .arena = arena, .out = out, .begin = out->size, .level = level};
    size_t plain;
    TRY(frame_check(in, err));
    TRY(zstream_open(arena, &e.z, err));
    encoder_put_head(&e);
    TRY(encoder_put_content(&e, &plain, err));
    return encoder_finish(&e, plain, err);
}
