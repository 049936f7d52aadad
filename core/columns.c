#include "columns.h"

#include <string.h>

enum {
    SERIES_COUNT_AT = 32,
    GROUP_COUNT_AT = 36,
    TOTAL_AT = 40,
    ALIGNMENT = 8,
    POINTS_HEAD_BYTES = 16,
};

static void put_le_at(unsigned char *at, uint64_t value, int size)
{
    for (int i = 0; i < size; i++) {
        at[i] = (unsigned char)(value >> (8 * i));
    }
}

static void put_real(struct buf *b, double value)
{
    buf_put(b, &value, sizeof(value));
}

void columns_init(struct columns *c, const struct columns_grid *grid, unsigned mask,
                  struct buf *out)
{
    *c = (struct columns){.out = out, .x = grid->x, .mask = mask};
    buf_put(out, "TKBN\1", 5);
    buf_byte(out, grid->x);
    buf_le16(out, (unsigned)mask);
    if (grid->x == BINS_METRIC) {
        put_real(out, grid->real->width);
        put_real(out, grid->real->from);
        put_real(out, grid->real->to);
    } else {
        buf_le64(out, (uint64_t)grid->whole->width);
        buf_le64(out, (uint64_t)grid->whole->from);
        buf_le64(out, (uint64_t)grid->whole->to);
    }
    buf_le64(out, 0);
    buf_le64(out, 0);
}

static double bin_value(enum bins_x x, const struct bin *bin, int column)
{
    switch (column) {
    case COLUMN_X_FIRST:
        return x == BINS_METRIC ? bin->real_first : (double)bin->x_first;
    case COLUMN_X_LAST:
        return x == BINS_METRIC ? bin->real_last : (double)bin->x_last;
    case COLUMN_FIRST:
        return bin->first;
    case COLUMN_LAST:
        return bin->last;
    case COLUMN_MIN:
        return bin->min;
    case COLUMN_MAX:
        return bin->max;
    case COLUMN_MEAN:
        return bin->mean;
    case COLUMN_N:
        return bin->n;
    case COLUMN_NAN:
        return bin->nan;
    case COLUMN_PINF:
        return bin->pinf;
    case COLUMN_NINF:
        return bin->ninf;
    default:
        return bin->smooth;
    }
}

/* True if all values are the same after going through float; one NaN is like another here. */
static bool column_is_narrow(enum bins_x x, const struct columns_series *s, int column)
{
    for (size_t i = 0; i < s->count; i++) {
        double value = bin_value(x, &s->bins[i], column);
        if ((double)(float)value != value && value == value) {
            return false;
        }
    }
    return true;
}

static void column_put(const struct columns *c, const struct columns_series *s, int column,
                       bool narrow)
{
    struct buf *out = c->out;
    unsigned char *at = buf_add(out, s->count * (narrow ? sizeof(float) : sizeof(double)));
    for (size_t i = 0; at && i < s->count; i++) {
        double value = bin_value(c->x, &s->bins[i], column);
        if (narrow) {
            float half = (float)value;
            memcpy(at + i * sizeof(half), &half, sizeof(half));
        } else {
            memcpy(at + i * sizeof(value), &value, sizeof(value));
        }
    }
    buf_align(out, ALIGNMENT);
}

static unsigned series_narrow(const struct columns *c, const struct columns_series *s)
{
    unsigned narrow = 0;
    for (int i = 0; i < COLUMN_COUNT; i++) {
        if (c->mask >> i & 1 && column_is_narrow(c->x, s, i)) {
            narrow |= 1u << i;
        }
    }
    return narrow;
}

static bool series_is_exact(const struct columns_series *s)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->bins[i].n > 1) {
            return false;
        }
    }
    return true;
}

void columns_add(struct columns *c, const struct columns_series *series)
{
    struct columns_series s = *series;
    struct buf *out = c->out;
    s.count = s.unchanged ? 0 : s.count;
    unsigned narrow = series_narrow(c, &s);
    buf_put(out, s.run, sizeof(s.run));
    buf_le64(out, s.id);
    buf_le64(out, s.version);
    buf_le32(out, s.unchanged ? 2 : series_is_exact(&s));
    buf_le32(out, (uint32_t)s.count);
    buf_le16(out, (unsigned)s.key.size);
    buf_le16(out, (unsigned)s.context.size);
    buf_le32(out, narrow);
    buf_put(out, s.key.at, s.key.size);
    buf_put(out, s.context.at, s.context.size);
    buf_align(out, ALIGNMENT);
    if (c->x == BINS_METRIC) {
        buf_le64(out, s.unplaced);
    }
    c->series_count++;
    if (s.count == 0) {
        return;
    }
    for (size_t i = 0; i < s.count; i++) {
        buf_le32(out, s.bins[i].index);
    }
    buf_align(out, ALIGNMENT);
    for (int i = 0; i < COLUMN_COUNT; i++) {
        if (c->mask >> i & 1) {
            column_put(c, &s, i, narrow >> i & 1);
        }
    }
}

track_status columns_end(struct columns *c, track_error *err)
{
    struct bytes all;
    if (c->out->status == TRACK_TOO_LARGE) {
        return FAIL(err, TRACK_TOO_LARGE,
                    "an answer of over %zu bytes; ask for fewer series, bins or columns",
                    c->out->limit_bytes);
    }
    TRY(buf_end(c->out, &all, err));
    put_le_at(c->out->at + SERIES_COUNT_AT, c->series_count, 4);
    put_le_at(c->out->at + GROUP_COUNT_AT, c->group_count, 4);
    put_le_at(c->out->at + TOTAL_AT, all.size, 8);
    return TRACK_OK;
}

/* Bytes before the columns: a head of fixed size, names, padding. */
static size_t points_head(size_t names)
{
    return (POINTS_HEAD_BYTES + names + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static void put_points_head(const struct columns_points *in, struct buf *out)
{
    buf_put(out, "TKPT\1\0\0\0", 8);
    buf_le32(out, (uint32_t)in->count);
    buf_le16(out, (unsigned)in->key.size);
    buf_le16(out, (unsigned)in->context.size);
    buf_put(out, in->key.at, in->key.size);
    buf_put(out, in->context.at, in->context.size);
    buf_align(out, ALIGNMENT);
}

track_status columns_encode_points(const struct columns_points *in, struct bytes *out,
                                   track_error *err)
{
    AUTO_BUF head = BUF(COLUMNS_POINTS_HEAD_MAX);
    struct bytes all;
    put_points_head(in, &head);
    TRY(buf_end(&head, &all, err));
    unsigned char *at = (unsigned char *)(uintptr_t)in->steps - all.size; /* the caller's room */
    memcpy(at, all.at, all.size);
    *out = (struct bytes){at, all.size + in->count * COLUMNS_POINT_BYTES};
    return TRACK_OK;
}

static uint32_t take_le(const unsigned char *at, int size)
{
    uint32_t value = 0;
    for (int i = 0; i < size; i++) {
        value |= (uint32_t)at[i] << (8 * i);
    }
    return value;
}

/* Reads the head, once all of it is there. */
static track_status read_head(struct columns_reader *r, track_error *err)
{
    if (memcmp(r->head, "TKPT\1\0\0\0", 8) != 0) {
        return FAIL(err, TRACK_INVALID, "no TKPT of version 1");
    }
    r->count = take_le(r->head + 8, 4);
    r->columns_at = points_head(take_le(r->head + 12, 2) + take_le(r->head + 14, 2));
    return r->count <= r->room
               ? TRACK_OK
               : FAIL(err, TRACK_TOO_LARGE, "%zu points, asked for at most %zu", r->count, r->room);
}

/* Where byte r->at goes, and how many bytes may follow there; NULL: nobody wants them. */
static unsigned char *read_place(struct columns_reader *r, size_t *room)
{
    unsigned char *to[] = {(unsigned char *)r->steps, (unsigned char *)r->times_us,
                           (unsigned char *)r->values};
    if (r->at < POINTS_HEAD_BYTES) {
        *room = POINTS_HEAD_BYTES - (size_t)r->at;
        return r->head + r->at;
    }
    if (r->at < r->columns_at) {
        *room = (size_t)(r->columns_at - r->at);
        return NULL;
    }
    size_t size = r->count * sizeof(double), offset = (size_t)(r->at - r->columns_at);
    if (offset >= r->count * COLUMNS_POINT_BYTES) {
        *room = 0;
        return NULL;
    }
    *room = size - offset % size;
    return to[offset / size] ? to[offset / size] + offset % size : NULL;
}

track_status columns_read_points(struct columns_reader *r, struct bytes part, track_error *err)
{
    while (part.size > 0) {
        size_t room;
        unsigned char *to = read_place(r, &room);
        size_t size = part.size < room ? part.size : room;
        if (size == 0) {
            return FAIL(err, TRACK_INVALID, "more bytes than its %zu points have", r->count);
        }
        if (to) {
            memcpy(to, part.at, size);
        }
        r->at += size;
        part = (struct bytes){part.at + size, part.size - size};
        if (r->at == POINTS_HEAD_BYTES) {
            TRY(read_head(r, err));
        }
    }
    return TRACK_OK;
}

track_status columns_read_end(const struct columns_reader *r, track_error *err)
{
    return r->at >= POINTS_HEAD_BYTES && r->at == r->columns_at + r->count * COLUMNS_POINT_BYTES
               ? TRACK_OK
               : FAIL(err, TRACK_INVALID, "%llu bytes are not the %zu points they say they are",
                      (unsigned long long)r->at, r->count);
}
