/* Shows that buckets come back bit for bit, in few bytes, and that no other bytes pass for them.
 * How: random levels both ways, times and steps at their ends, every cut, every byte changed. */
#include "../../core/pyramid_code.h"
#include "../fault.h"
#include "../harness.h"
#include "many.h"

#include <string.h>

static struct many series;

/* The series at this shift, the first block of it. */
static track_status level_make(unsigned shift, struct arena *arena, struct pyramid_level *out)
{
    struct pyramid_fill f;
    struct stretch all = many_stretch(&series);
    TRY(pyramid_fill_open(&f, shift, series.count, arena, NULL));
    TRY(pyramid_fill_add(&f, &all, NULL));
    *out = f.level;
    out->count = out->count < PYRAMID_BLOCK_BUCKETS ? out->count : PYRAMID_BLOCK_BUCKETS;
    return TRACK_OK;
}

static bool level_same(const struct pyramid_level *a, const struct pyramid_level *b)
{
    bool same = a->shift == b->shift && a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++) {
        same = bucket_same(&a->at[i], &b->at[i]);
    }
    return same;
}

TEST(pyramid_code, gives_buckets_back)
{
    uint64_t state = 4;
    for (int round = 0; round < 40; round++) {
        AUTO_ARENA arena = ARENA(8 << 20);
        AUTO_BUF out = BUF(1 << 20);
        struct pyramid_level level, back;
        struct zstream *z;
        many_fill(&series, 5000, round % 2, &state);
        if (round == 0) {
            series.steps[0] = series.times_us[0] = INT64_MIN;
            series.steps[series.count - 1] = series.times_us[series.count - 1] = INT64_MAX;
            series.values[0] = series.values[1] = 1.7e308;
        }
        CHECK(zstream_open(&arena, &z, NULL) == TRACK_OK);
        CHECK(level_make((unsigned)round % 16, &arena, &level) == TRACK_OK);
        CHECK(pyramid_encode(z, &level, &arena, &out, NULL) == TRACK_OK);
        struct bytes bytes = {out.at, out.size};
        CHECK_INT(pyramid_decode(z, bytes, &arena, &back, NULL), TRACK_OK);
        CHECK(level_same(&level, &back));
    }
}

/* A loss that was logged every step, each 300 ms or so, in 128 points a bucket. */
static track_status encode_loss(struct arena *arena, struct buf *out)
{
    uint64_t state = 8;
    struct pyramid_level level;
    struct zstream *z;
    for (series.count = 0; series.count < MANY_MAX; series.count++) {
        int64_t i = (int64_t)series.count;
        series.steps[i] = i;
        series.times_us[i] =
            1700000000000000 + i * 300000 + (int64_t)(many_next(&state) % 9) * 1000;
        series.values[i] =
            (double)(float)(2 + 1.0 / (1 + (double)i) + (double)(many_next(&state) % 4096) / 20000);
    }
    TRY(zstream_open(arena, &z, NULL));
    TRY(level_make(7, arena, &level));
    return pyramid_encode(z, &level, arena, out, NULL);
}

TEST(pyramid_code, takes_few_bytes)
{
    AUTO_ARENA arena = ARENA(8 << 20);
    AUTO_BUF out = BUF(1 << 20);
    CHECK(encode_loss(&arena, &out) == TRACK_OK);
    CHECK(out.size <= MANY_MAX / 5);
    CHECK_GOLDEN("pyramid_loss", ((struct bytes){out.at, out.size}));
}

static track_status decode(struct zstream *z, struct bytes in)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    struct pyramid_level back;
    return pyramid_decode(z, in, &arena, &back, NULL);
}

TEST(pyramid_code, refuses_every_cut_and_survives_every_change)
{
    AUTO_ARENA arena = ARENA(8 << 20);
    AUTO_BUF out = BUF(1 << 20);
    struct zstream *z;
    CHECK(zstream_open(&arena, &z, NULL) == TRACK_OK);
    CHECK(encode_loss(&arena, &out) == TRACK_OK);
    for (size_t cut = 0; cut < out.size; cut++) {
        struct bytes bytes = {out.at, cut};
        CHECK(decode(z, bytes) == TRACK_INVALID);
    }
    for (size_t i = 0; i < out.size; i++) {
        struct bytes bytes = {out.at, out.size};
        out.at[i] ^= (unsigned char)(1 + i % 255);
        track_status status = decode(z, bytes);
        CHECK(status == TRACK_OK || status == TRACK_INVALID);
        out.at[i] ^= (unsigned char)(1 + i % 255);
    }
    buf_byte(&out, 0); /* one byte more */
    struct bytes longer = {out.at, out.size};
    CHECK(decode(z, longer) == TRACK_INVALID);
}

static track_status work(void)
{
    AUTO_ARENA arena = ARENA(8 << 20);
    AUTO_BUF out = BUF(1 << 20);
    struct pyramid_level back;
    struct zstream *z;
    TRY(encode_loss(&arena, &out));
    TRY(zstream_open(&arena, &z, NULL));
    struct bytes bytes = {out.at, out.size};
    return pyramid_decode(z, bytes, &arena, &back, NULL);
}

TEST(pyramid_code, survives_each_allocation_failing)
{
    CHECK(fault_each(work) >= 3);
}
