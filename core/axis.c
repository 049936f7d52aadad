#include "axis.h"

#include <string.h>

enum axis_code {
    AXIS_AFFINE = 0, /* base and stride */
    AXIS_VARIED = 1, /* base and a number for each further row */
    AXIS_ZSTD = 0x80 /* with VARIED: these numbers are compressed */
};

enum { NEAR_ROWS_MAX = 4096, UNIT_COUNT = 3, VARINT_BYTES_MAX = 10, ZSTD_WORTH_BYTES = 64 };

static const int64_t unit_us[UNIT_COUNT] = {1, 1000, 1000 * 1000};

/* All arithmetic is modulo 2^64, so no difference overflows and every int64 comes back. */
static uint64_t axis_delta(const int64_t *in, size_t i)
{
    return (uint64_t)in[i] - (uint64_t)in[i - 1];
}

static bool axis_is_affine(const int64_t *in, size_t count)
{
    for (size_t i = 2; i < count; i++) {
        if (axis_delta(in, i) != axis_delta(in, 1)) {
            return false;
        }
    }
    return true;
}

static unsigned char *varint_put(unsigned char *at, uint64_t value)
{
    for (; value > 127; value >>= 7) {
        *at++ = (unsigned char)(value | 128);
    }
    *at++ = (unsigned char)value;
    return at;
}

/* Appends the numbers, compressed if that makes them smaller; the code byte at out->at[code] says
 * which. */
static track_status axis_put(struct zstream *z, const struct buf *numbers, int level, size_t code,
                             struct buf *out, track_error *err)
{
    struct bytes plain, ignored;
    TRY(buf_end(numbers, &plain, err));
    AUTO_BUF packed = BUF(2 * plain.size + 1024);
    if (level > 0 && plain.size >= ZSTD_WORTH_BYTES) {
        TRY(zstream_compress(z, plain, level, &packed, err));
    }
    TRY(buf_end(out, &ignored, err));
    if (packed.size == 0 || packed.size + 8 >= plain.size) {
        buf_put(out, plain.at, plain.size);
    } else {
        out->at[code] |= AXIS_ZSTD;
        buf_varint(out, plain.size);
        buf_varint(out, packed.size);
        buf_put(out, packed.at, packed.size);
    }
    return buf_end(out, &ignored, err);
}

track_status axis_encode_steps(struct zstream *z, const int64_t *in, size_t count, int level,
                               struct buf *out, track_error *err)
{
    bool affine = axis_is_affine(in, count);
    size_t code = out->size;
    buf_byte(out, affine ? AXIS_AFFINE : AXIS_VARIED);
    buf_le64(out, (uint64_t)in[0]);
    if (affine) {
        struct bytes ignored;
        buf_varint(out, zigzag_encode(count > 1 ? (int64_t)axis_delta(in, 1) : 0));
        return buf_end(out, &ignored, err);
    }
    AUTO_BUF numbers = BUF(count * VARINT_BYTES_MAX);
    unsigned char *at = buf_add(&numbers, numbers.limit_bytes);
    uint64_t last = 0;
    for (size_t i = 1; at && i < count; i++) {
        uint64_t delta = axis_delta(in, i);
        at = varint_put(at, zigzag_encode((int64_t)(delta - last)));
        last = delta;
    }
    numbers.size = at ? (size_t)(at - numbers.at) : 0;
    return axis_put(z, &numbers, level, code, out, err);
}

/* Whether the unit divides the time; with constants, which divide much faster than variables. */
static bool unit_divides(int64_t time_us, unsigned unit)
{
    return unit == 0 || (unit == 1 ? time_us % 1000 : time_us % 1000000) == 0;
}

static int64_t unit_from_us(int64_t time_us, unsigned unit)
{
    return unit == 0 ? time_us : unit == 1 ? time_us / 1000 : time_us / 1000000;
}

/* The index in unit_us of the largest unit that divides all times. */
static unsigned unit_find(const int64_t *in, size_t count)
{
    unsigned unit = UNIT_COUNT - 1;
    for (size_t i = 0; unit > 0 && i < count; i++) {
        while (!unit_divides(in[i], unit)) {
            unit--;
        }
    }
    return unit;
}

/* Differences of neighbours, in units: the least, and whether all are the same. */
struct spread {
    int64_t least;
    bool same;
};

static struct spread spread_find(const int64_t *in, size_t count, unsigned unit)
{
    struct spread spread = {0, true};
    int64_t last = unit_from_us(in[0], unit);
    for (size_t i = 1; i < count; i++) {
        int64_t now = unit_from_us(in[i], unit);
        int64_t delta = (int64_t)((uint64_t)now - (uint64_t)last);
        spread.same = spread.same && (i == 1 || delta == spread.least);
        spread.least = i == 1 || delta < spread.least ? delta : spread.least;
        last = now;
    }
    return spread;
}

track_status axis_encode_times(struct zstream *z, const int64_t *in, size_t count, int level,
                               struct buf *out, track_error *err)
{
    unsigned unit = unit_find(in, count);
    int64_t last = unit_from_us(in[0], unit);
    struct spread spread = spread_find(in, count, unit);
    size_t code = out->size;
    buf_byte(out, spread.same ? AXIS_AFFINE : AXIS_VARIED);
    buf_byte(out, unit);
    buf_le64(out, (uint64_t)last);
    buf_varint(out, zigzag_encode(spread.least));
    if (spread.same) {
        struct bytes ignored;
        return buf_end(out, &ignored, err);
    }
    AUTO_BUF numbers = BUF(count * VARINT_BYTES_MAX);
    unsigned char *at = buf_add(&numbers, numbers.limit_bytes);
    for (size_t i = 1; at && i < count; i++) {
        int64_t now = unit_from_us(in[i], unit);
        at = varint_put(at, (uint64_t)now - (uint64_t)last - (uint64_t)spread.least);
        last = now;
    }
    numbers.size = at ? (size_t)(at - numbers.at) : 0;
    return axis_put(z, &numbers, level, code, out, err);
}

/* Whether 8 bytes are a varint each. */
static bool varints_are_short(const unsigned char *at)
{
    uint64_t eight;
    memcpy(&eight, at, sizeof(eight));
    return (eight & UINT64_C(0x8080808080808080)) == 0;
}

/* Reads count varints; most have one byte, eight of which are read at once. */
static void varints_read(struct reader *r, int64_t *out, size_t count)
{
    size_t i = 0;
    while (i < count) {
        const unsigned char *at = r->left.at;
        size_t n = 0, most = count - i < r->left.size ? count - i : r->left.size;
        for (; n + 8 <= most && varints_are_short(at + n); n += 8) {
            for (size_t j = 0; j < 8; j++) {
                out[i + n + j] = at[n + j];
            }
        }
        r->left = (struct bytes){at + n, r->left.size - n};
        i += n;
        for (size_t j = 0; j < 8 && i < count; j++) {
            out[i++] = (int64_t)reader_varint(r);
        }
    }
}

/* Reads what axis_put wrote: count numbers. */
static track_status axis_take(struct zstream *z, struct reader *r, bool zstd, int64_t *out,
                              size_t count, track_error *err)
{
    if (!zstd) {
        varints_read(r, out, count);
        return TRACK_OK;
    }
    uint64_t plain_size = reader_varint(r);
    struct bytes packed = reader_take(r, (size_t)reader_varint(r));
    if (r->failed || plain_size > count * VARINT_BYTES_MAX) {
        return FAIL(err, TRACK_INVALID, "steps or times are cut short, or too many");
    }
    AUTO_BUF plain = BUF((size_t)plain_size + 1);
    unsigned char *at = buf_add(&plain, (size_t)plain_size);
    struct bytes all = {NULL, 0};
    TRY(buf_end(&plain, &all, err));
    TRY(zstream_decompress(z, packed, at, (size_t)plain_size, err));
    struct reader inner = {all, false};
    varints_read(&inner, out, count);
    r->failed = inner.failed || inner.left.size;
    return TRACK_OK;
}

static track_status axis_check(const struct reader *r, unsigned code, track_error *err)
{
    unsigned kind = code & ~(unsigned)AXIS_ZSTD;
    if (kind > AXIS_VARIED || code == (AXIS_AFFINE | AXIS_ZSTD)) {
        return FAIL(err, TRACK_INVALID, "code %u of steps or times is not known", code);
    }
    if (r->failed) {
        return FAIL(err, TRACK_INVALID, "steps or times are cut short, or too many");
    }
    return TRACK_OK;
}

track_status axis_decode_steps(struct zstream *z, struct reader *r, int64_t *out, size_t count,
                               track_error *err)
{
    unsigned code = reader_byte(r);
    uint64_t step = reader_le64(r), delta = 0;
    bool affine = code == AXIS_AFFINE;
    if (affine) {
        delta = (uint64_t)zigzag_decode(reader_varint(r));
    }
    TRY(axis_check(r, code, err));
    if (!affine) {
        TRY(axis_take(z, r, code & AXIS_ZSTD, out + 1, count - 1, err));
        TRY(axis_check(r, code, err));
    }
    out[0] = (int64_t)step;
    for (size_t i = 1; affine && i < count; i++) {
        out[i] = (int64_t)(step + i * delta);
    }
    for (size_t i = 1; !affine && i < count; i++) {
        delta += (uint64_t)zigzag_decode((uint64_t)out[i]);
        step += delta;
        out[i] = (int64_t)step;
    }
    return TRACK_OK;
}

/* True if times of such differences stay inside int64 for sure: the numbers and the least are below
 * 2^28, the first time is below 2^40, and there are at most 2^12 rows. */
static bool times_are_near(const int64_t *in, size_t count, int64_t time, int64_t least)
{
    const int64_t far_time = (int64_t)1 << 40, far = (int64_t)1 << 28;
    uint64_t all = 0;
    for (size_t i = 1; i < count; i++) {
        all |= (uint64_t)in[i];
    }
    return count <= NEAR_ROWS_MAX && all < (uint64_t)far && least > -far && least < far &&
           time > -far_time && time < far_time;
}

/* From differences, less the least of them, to times in us; false beyond int64. */
static bool times_join(int64_t *out, size_t count, int64_t time, int64_t least, int64_t us)
{
    out[0] = time;
    if (us == 1 || times_are_near(out, count, time, least)) {
        uint64_t now = (uint64_t)time * (uint64_t)us, more = (uint64_t)least * (uint64_t)us;
        out[0] = (int64_t)now;
        for (size_t i = 1; i < count; i++) {
            now += more + (uint64_t)out[i] * (uint64_t)us;
            out[i] = (int64_t)now;
        }
        return true;
    }
    bool beyond = __builtin_mul_overflow(time, us, &out[0]);
    for (size_t i = 1; i < count; i++) {
        time = (int64_t)((uint64_t)time + (uint64_t)least + (uint64_t)out[i]);
        beyond = __builtin_mul_overflow(time, us, &out[i]) || beyond;
    }
    return !beyond;
}

track_status axis_decode_times(struct zstream *z, struct reader *r, int64_t *out, size_t count,
                               track_error *err)
{
    unsigned code = reader_byte(r), unit = reader_byte(r);
    int64_t time = (int64_t)reader_le64(r);
    int64_t least = zigzag_decode(reader_varint(r));
    TRY(axis_check(r, code, err));
    if (unit >= UNIT_COUNT) {
        return FAIL(err, TRACK_INVALID, "unit %u of times is not known", unit);
    }
    if (code == AXIS_AFFINE) {
        memset(out, 0, count * sizeof(*out));
    } else {
        TRY(axis_take(z, r, code & AXIS_ZSTD, out + 1, count - 1, err));
        TRY(axis_check(r, code, err));
    }
    return times_join(out, count, time, least, unit_us[unit])
               ? TRACK_OK
               : FAIL(err, TRACK_INVALID, "a time beyond 64 bits of microseconds");
}
