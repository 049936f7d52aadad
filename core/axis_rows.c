#include "axis_rows.h"

#include "axis.h"
#include "planes.h"

#include <string.h>

static track_status count_check(size_t count, track_error *err)
{
    if (count < 1 || count > AXIS_ROWS_MAX) {
        return FAIL(err, TRACK_INVALID, "an axis of %zu rows; 1 to %d are possible", count,
                    AXIS_ROWS_MAX);
    }
    return TRACK_OK;
}

track_status axis_rows_encode(struct zstream *z, const struct axis_rows *in, int level,
                              struct buf *out, track_error *err)
{
    TRY(count_check(in->count, err));
    buf_byte(out, (unsigned)(in->count - 1));
    buf_byte(out, (unsigned)(in->count - 1) >> 8);
    struct bytes ignored;
    TRY(buf_end(out, &ignored, err));
    TRY(axis_encode_steps(z, in->steps, in->count, level, out, err));
    return axis_encode_times(z, in->times_us, in->count, level, out, err);
}

track_status axis_rows_decode(struct zstream *z, struct bytes in, int64_t *steps, int64_t *times_us,
                              size_t count, track_error *err)
{
    struct reader r = {in, false};
    TRY(count_check(count, err));
    size_t got = reader_byte(&r);
    got += ((size_t)reader_byte(&r) << 8) + 1;
    if (r.failed || got != count) {
        return FAIL(err, TRACK_INVALID, "an axis of %zu rows, not %zu", r.failed ? 0 : got, count);
    }
    TRY(axis_decode_steps(z, &r, steps, count, err));
    TRY(axis_decode_times(z, &r, times_us, count, err));
    if (r.left.size) {
        return FAIL(err, TRACK_INVALID, "%zu bytes behind an axis", r.left.size);
    }
    return TRACK_OK;
}

static bool bit_get(const unsigned char *mask, size_t row)
{
    return mask[row / 8] >> (row % 8) & 1;
}

bool axis_rows_match(const struct axis_rows *axis, const struct axis_rows *points,
                     unsigned char *mask)
{
    unsigned char found[AXIS_MASK_BYTES] = {0};
    size_t row = 0;
    if (points->count < (axis->count + AXIS_SHARE - 1) / AXIS_SHARE) {
        return false;
    }
    for (size_t i = 0; i < points->count; i++, row++) {
        while (row < axis->count && (axis->steps[row] != points->steps[i] ||
                                     axis->times_us[row] != points->times_us[i])) {
            row++;
        }
        if (row == axis->count) {
            return false;
        }
        found[row / 8] |= (unsigned char)(1 << (row % 8));
    }
    memcpy(mask, found, sizeof(found));
    return true;
}

track_status axis_mask_encode(struct zstream *z, const unsigned char *mask, size_t rows, int level,
                              struct buf *out, track_error *err)
{
    struct bytes ignored;
    TRY(count_check(rows, err));
    TRY(planes_encode_one(z, (struct bytes){mask, (rows + 7) / 8}, level, out, err));
    return buf_end(out, &ignored, err);
}

track_status axis_mask_decode(struct zstream *z, struct reader *r, unsigned char *mask, size_t rows,
                              size_t count, track_error *err)
{
    struct bytes bits = {NULL, (rows + 7) / 8};
    unsigned char work[AXIS_MASK_BYTES];
    size_t got = 0;
    TRY(count_check(rows, err));
    TRY(planes_decode_one(z, r, work, &bits, err));
    memset(mask, 0, AXIS_MASK_BYTES);
    memcpy(mask, bits.at, bits.size);
    for (size_t row = 0; row < 8 * bits.size; row++) {
        got += bit_get(mask, row);
        if (row >= rows && bit_get(mask, row)) {
            return FAIL(err, TRACK_INVALID, "a mask has row %zu of %zu", row, rows);
        }
    }
    if (got != count) {
        return FAIL(err, TRACK_INVALID, "a mask of %zu rows, not %zu", got, count);
    }
    return TRACK_OK;
}

void axis_mask_pick(const unsigned char *mask, const int64_t *in, size_t rows, int64_t *out)
{
    for (size_t row = 0; row < rows; row++) {
        if (bit_get(mask, row)) {
            *out++ = in[row];
        }
    }
}
