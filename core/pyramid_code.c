#include "pyramid_code.h"

#include "narrow.h"

/* Columns of whole numbers, as they are stored. */
enum {
    GAP,        /* number, less that of the bucket before and 1 */
    POINTS,     /* n - 1 */
    NANS,       /* NaN */
    PINFS,      /* +Inf */
    NINFS,      /* -Inf */
    STEP,       /* first step, from the start of the bucket */
    STEP_SPAN,  /* from first to last step */
    TIME,       /* first time, from the last one of the bucket before; zigzag */
    TIME_SPAN,  /* from first to last time; zigzag */
    TIME_BELOW, /* from the least time to the first */
    TIME_ABOVE, /* from the last time to the greatest */
    SCALE,      /* of the sum */
    WHOLE_COUNT
};
/* Columns of doubles. */
enum { FIRST, LAST, LEAST, GREATEST, HIGH, LOW, REAL_COUNT };

enum { UNIT_COUNT = 3 };
static const int64_t unit_us[UNIT_COUNT] = {1, 1000, 1000 * 1000};

/* Buckets taken apart. */
struct block {
    struct narrow columns;
    size_t count;
    unsigned shift, unit;
    int64_t number, time; /* of the first bucket: number less 1, and its first time in units */
    uint64_t *whole[WHOLE_COUNT];
    double *real[REAL_COUNT];
};

static track_status block_open(struct block *b, track_error *err)
{
    for (int i = 0; i < WHOLE_COUNT + REAL_COUNT; i++) {
        void *column = ARENA_ARRAY(b->columns.arena, uint64_t, b->count + 1);
        if (!column) {
            return FAIL(err, TRACK_NOMEM, "%zu buckets: no memory", b->count);
        }
        if (i < WHOLE_COUNT) {
            b->whole[i] = column;
        } else {
            b->real[i - WHOLE_COUNT] = column;
        }
    }
    return narrow_init(&b->columns, b->count, err);
}

/* All arithmetic is modulo 2^64. */
static uint64_t difference(int64_t a, int64_t b)
{
    return (uint64_t)a - (uint64_t)b;
}

static int64_t sum_of(int64_t a, uint64_t b)
{
    return (int64_t)((uint64_t)a + b);
}

/* The largest unit that divides all times. */
static unsigned unit_find(const struct pyramid_level *in)
{
    unsigned unit = UNIT_COUNT - 1;
    for (size_t i = 0; unit > 0 && i < in->count; i++) {
        const struct bucket *b = &in->at[i];
        int64_t us = unit_us[unit];
        while (unit > 0 && (b->first.time_us % us || b->last.time_us % us || b->time_min_us % us ||
                            b->time_max_us % us)) {
            us = unit_us[--unit];
        }
    }
    return unit;
}

/* Takes the steps, times and counts apart. */
static void block_split(struct block *b, const struct pyramid_level *in)
{
    int64_t us = unit_us[b->unit];
    int64_t number = b->number, time = b->time;
    for (size_t i = 0; i < in->count; i++) {
        const struct bucket *at = &in->at[i];
        int64_t now = pyramid_number(at->first.step, in->shift);
        int64_t first = at->first.time_us / us, last = at->last.time_us / us;
        b->whole[GAP][i] = difference(now, number) - 1;
        b->whole[POINTS][i] = at->n - 1;
        b->whole[NANS][i] = at->values.nan;
        b->whole[PINFS][i] = at->values.pinf;
        b->whole[NINFS][i] = at->values.ninf;
        b->whole[STEP][i] = (uint64_t)at->first.step - ((uint64_t)now << in->shift);
        b->whole[STEP_SPAN][i] = difference(at->last.step, at->first.step);
        b->whole[TIME][i] = zigzag_encode((int64_t)difference(first, time));
        b->whole[TIME_SPAN][i] = zigzag_encode((int64_t)difference(last, first));
        b->whole[TIME_BELOW][i] = difference(first, at->time_min_us / us);
        b->whole[TIME_ABOVE][i] = difference(at->time_max_us / us, last);
        b->whole[SCALE][i] = (uint64_t)at->sum.scale;
        number = now;
        time = last;
    }
}

static void block_split_values(struct block *b, const struct pyramid_level *in)
{
    for (size_t i = 0; i < in->count; i++) {
        const struct bucket *at = &in->at[i];
        b->real[FIRST][i] = at->first.value;
        b->real[LAST][i] = at->last.value;
        b->real[LEAST][i] = at->values.min;
        b->real[GREATEST][i] = at->values.max;
        b->real[HIGH][i] = at->sum.high;
        b->real[LOW][i] = at->sum.low;
    }
}

track_status pyramid_encode(struct zstream *z, const struct pyramid_level *in, struct arena *arena,
                            struct buf *out, track_error *err)
{
    struct block b = {
        .columns = {.z = z, .arena = arena, .level = 1}, .count = in->count, .shift = in->shift};
    TRY(block_open(&b, err));
    b.unit = unit_find(in);
    b.number = sum_of(pyramid_number(in->at[0].first.step, in->shift), (uint64_t)-1);
    b.time = in->at[0].first.time_us / unit_us[b.unit];
    block_split(&b, in);
    block_split_values(&b, in);
    buf_byte(out, b.shift);
    buf_byte(out, b.unit);
    buf_varint(out, b.count);
    buf_le64(out, (uint64_t)b.number);
    buf_le64(out, (uint64_t)b.time);
    for (int i = 0; i < WHOLE_COUNT; i++) {
        TRY(narrow_encode(&b.columns, b.whole[i], b.count, out, err));
    }
    for (int i = 0; i < REAL_COUNT; i++) {
        TRY(narrow_encode_real(&b.columns, b.real[i], b.count, out, err));
    }
    struct bytes ignored;
    return buf_end(out, &ignored, err);
}

static track_status bad(const char *what, track_error *err)
{
    return FAIL(err, TRACK_INVALID, "a pyramid block: %s", what);
}

/* From units to us; false beyond int64. */
static bool times_join(struct bucket *at, int64_t us)
{
    return !__builtin_mul_overflow(at->first.time_us, us, &at->first.time_us) &&
           !__builtin_mul_overflow(at->last.time_us, us, &at->last.time_us) &&
           !__builtin_mul_overflow(at->time_min_us, us, &at->time_min_us) &&
           !__builtin_mul_overflow(at->time_max_us, us, &at->time_max_us);
}

/* Puts steps, times and counts together again; time: the last one of the bucket before, in units.
 */
static bool bucket_join(const struct block *b, size_t i, int64_t number, int64_t time,
                        struct bucket *at)
{
    at->first.step = (int64_t)(((uint64_t)number << b->shift) + b->whole[STEP][i]);
    at->last.step = sum_of(at->first.step, b->whole[STEP_SPAN][i]);
    at->first.time_us = sum_of(time, (uint64_t)zigzag_decode(b->whole[TIME][i]));
    at->last.time_us = sum_of(at->first.time_us, (uint64_t)zigzag_decode(b->whole[TIME_SPAN][i]));
    at->time_min_us = sum_of(at->first.time_us, -b->whole[TIME_BELOW][i]);
    at->time_max_us = sum_of(at->last.time_us, b->whole[TIME_ABOVE][i]);
    at->sum.scale = (int)b->whole[SCALE][i];
    return pyramid_number(at->first.step, b->shift) == number &&
           pyramid_number(at->last.step, b->shift) == number && at->first.step <= at->last.step &&
           b->whole[POINTS][i] < UINT32_MAX && b->whole[NANS][i] <= UINT32_MAX &&
           b->whole[PINFS][i] <= UINT32_MAX && b->whole[NINFS][i] <= UINT32_MAX &&
           (b->whole[SCALE][i] == 0 || b->whole[SCALE][i] == SUM_SCALE_BITS);
}

static bool values_join(const struct block *b, size_t i, struct bucket *at)
{
    at->n = (uint32_t)b->whole[POINTS][i] + 1;
    at->values.nan = (uint32_t)b->whole[NANS][i];
    at->values.pinf = (uint32_t)b->whole[PINFS][i];
    at->values.ninf = (uint32_t)b->whole[NINFS][i];
    at->first.value = b->real[FIRST][i];
    at->last.value = b->real[LAST][i];
    at->values.min = b->real[LEAST][i];
    at->values.max = b->real[GREATEST][i];
    at->sum.high = b->real[HIGH][i];
    at->sum.low = b->real[LOW][i];
    return bucket_is_sound(at);
}

static track_status block_join(struct block *b, struct pyramid_level *out, track_error *err)
{
    int64_t number = b->number, time = b->time;
    for (size_t i = 0; i < b->count; i++) {
        struct bucket *at = &out->at[i];
        int64_t now = sum_of(number, b->whole[GAP][i] + 1);
        if (i && now <= number) {
            return bad("buckets that do not ascend", err);
        }
        bool joined = bucket_join(b, i, now, time, at);
        time = at->last.time_us; /* still in units */
        number = now;
        if (!joined || !times_join(at, unit_us[b->unit]) || !values_join(b, i, at)) {
            return bad("a bucket that cannot be", err);
        }
    }
    return TRACK_OK;
}

track_status pyramid_decode(struct zstream *z, struct bytes in, struct arena *arena,
                            struct pyramid_level *out, track_error *err)
{
    struct reader r = {in, false};
    struct block b = {.columns = {.z = z, .arena = arena}};
    b.shift = reader_byte(&r);
    b.unit = reader_byte(&r);
    b.count = (size_t)reader_varint(&r);
    b.number = (int64_t)reader_le64(&r);
    b.time = (int64_t)reader_le64(&r);
    if (r.failed || b.shift > PYRAMID_SHIFT_MAX || b.unit >= UNIT_COUNT || b.count == 0 ||
        b.count > PYRAMID_BLOCK_BUCKETS) {
        return bad("its head", err);
    }
    struct pyramid_level level = {b.shift, ARENA_ARRAY(arena, struct bucket, b.count), b.count};
    TRY(level.at ? block_open(&b, err) : FAIL(err, TRACK_NOMEM, "buckets: no memory"));
    for (int i = 0; i < WHOLE_COUNT; i++) {
        TRY(narrow_decode(&b.columns, &r, b.whole[i], b.count, err));
    }
    for (int i = 0; i < REAL_COUNT; i++) {
        TRY(narrow_decode_real(&b.columns, &r, b.real[i], b.count, err));
    }
    if (r.failed || r.left.size) {
        return bad("bytes left over", err);
    }
    TRY(block_join(&b, &level, err));
    *out = level;
    return TRACK_OK;
}
