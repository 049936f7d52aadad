/* Fuzzes the decoders of axes and masks: what they accept encodes again and comes back the same. */
#include "../../core/axis_rows.h"
#include "fuzz.h"

#include <string.h>

struct rows {
    int64_t steps[AXIS_ROWS_MAX], times_us[AXIS_ROWS_MAX];
};

static bool rows_come_back(struct zstream *z, const struct rows *rows, size_t count)
{
    AUTO_BUF b = BUF(AXIS_ROWS_BYTES_MAX);
    struct rows back;
    struct axis_rows in = {rows->steps, rows->times_us, count};
    return axis_rows_encode(z, &in, 1, &b, NULL) == TRACK_OK &&
           axis_rows_decode(z, (struct bytes){b.at, b.size}, back.steps, back.times_us, count,
                            NULL) == TRACK_OK &&
           memcmp(back.steps, rows->steps, count * sizeof(int64_t)) == 0 &&
           memcmp(back.times_us, rows->times_us, count * sizeof(int64_t)) == 0;
}

FUZZ(axis)
{
    AUTO_ARENA arena = ARENA(4096);
    struct zstream *z;
    struct rows rows;
    unsigned char mask[AXIS_MASK_BYTES];
    struct reader r = {in, false};
    size_t count = (size_t)reader_byte(&r);
    count += ((size_t)reader_byte(&r) << 8) + 1;
    if (r.failed || count > AXIS_ROWS_MAX) {
        return;
    }
    CHECK(zstream_open(&arena, &z, NULL) == TRACK_OK);
    if (axis_rows_decode(z, in, rows.steps, rows.times_us, count, NULL) == TRACK_OK) {
        CHECK(rows_come_back(z, &rows, count));
    }
    for (size_t set = count / AXIS_SHARE; set <= count; set += count / AXIS_SHARE + 1) {
        struct reader bits = r;
        track_status status = axis_mask_decode(z, &bits, mask, count, set, NULL);
        CHECK(status == TRACK_OK || status == TRACK_INVALID);
    }
}
