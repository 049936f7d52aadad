#include "pack_rows.h"

#include <string.h>

static const unsigned char *row_at(const struct pack_rows *rows, size_t row, size_t offset)
{
    return (const unsigned char *)rows->at + row * rows->size + offset;
}

static uint64_t member_get(const struct pack_rows *rows, size_t row, const struct pack_member *m)
{
    const unsigned char *at = row_at(rows, row, m->offset);
    uint32_t narrow;
    uint64_t wide;
    if (m->type == PACK_U8) {
        return *at;
    }
    if (m->type == PACK_U32) {
        memcpy(&narrow, at, sizeof(narrow));
        return narrow;
    }
    memcpy(&wide, at, sizeof(wide));
    return wide;
}

/* False if the member has no room for the value. */
static bool member_set(const struct pack_rows *rows, size_t row, const struct pack_member *m,
                       uint64_t value)
{
    unsigned char *at = (unsigned char *)rows->at + row * rows->size + m->offset;
    uint32_t narrow = (uint32_t)value;
    if (m->type == PACK_U8) {
        *at = (unsigned char)value;
        return value <= UINT8_MAX;
    }
    if (m->type == PACK_U32) {
        memcpy(at, &narrow, sizeof(narrow));
        return value <= UINT32_MAX;
    }
    memcpy(at, &value, sizeof(value));
    return true;
}

/* What the number of a row is told as a difference to. */
static uint64_t member_base(const struct pack_rows *rows, size_t row, const struct pack_member *m)
{
    if (m->base == PACK_BEFORE) {
        return row ? member_get(rows, row - 1, m) : 0;
    }
    struct pack_member other = {m->other, PACK_U64, PACK_PLAIN, 0};
    return member_get(rows, row, &other);
}

static track_status column_encode(struct narrow *n, const struct pack_rows *in,
                                  const struct pack_member *m, uint64_t *column, struct buf *out,
                                  track_error *err)
{
    for (size_t i = 0; i < in->count; i++) {
        column[i] = member_get(in, i, m);
        if (m->type != PACK_REAL && m->base != PACK_PLAIN) {
            column[i] = zigzag_encode((int64_t)(column[i] - member_base(in, i, m)));
        }
    }
    if (m->type == PACK_REAL) {
        return narrow_encode_real(n, (const double *)(const void *)column, in->count, out, err);
    }
    return narrow_encode(n, column, in->count, out, err);
}

static track_status column_decode(struct narrow *n, struct reader *r, const struct pack_rows *out,
                                  const struct pack_member *m, uint64_t *column, track_error *err)
{
    if (m->type == PACK_REAL) {
        TRY(narrow_decode_real(n, r, (double *)(void *)column, out->count, err));
    } else {
        TRY(narrow_decode(n, r, column, out->count, err));
    }
    bool fits = true;
    for (size_t i = 0; i < out->count; i++) {
        uint64_t value = column[i];
        if (m->type != PACK_REAL && m->base != PACK_PLAIN) {
            value = (uint64_t)zigzag_decode(value) + member_base(out, i, m);
        }
        fits = member_set(out, i, m, value) && fits;
    }
    return fits ? TRACK_OK : FAIL(err, TRACK_INVALID, "a number beyond its width");
}

track_status pack_rows_encode(struct narrow *n, const struct pack_rows *in, struct buf *out,
                              track_error *err)
{
    uint64_t *column = ARENA_ARRAY(n->arena, uint64_t, in->count + 1);
    if (!column) {
        return FAIL(err, TRACK_NOMEM, "%zu rows: no memory", in->count);
    }
    for (size_t i = 0; i < in->member_count; i++) {
        TRY(column_encode(n, in, &in->members[i], column, out, err));
    }
    return TRACK_OK;
}

track_status pack_rows_decode(struct narrow *n, struct reader *r, struct pack_rows *out,
                              track_error *err)
{
    uint64_t *column = ARENA_ARRAY(n->arena, uint64_t, out->count + 1);
    if (!column) {
        return FAIL(err, TRACK_NOMEM, "%zu rows: no memory", out->count);
    }
    for (size_t i = 0; i < out->member_count; i++) {
        TRY(column_decode(n, r, out, &out->members[i], column, err));
    }
    return TRACK_OK;
}
