/* Shows that values of any width come back bit for bit, in the cheapest of three ways.
 * How: constant, noisy and smooth values, every cut, every mode byte. */
#include "../../core/planes.h"
#include "../fault.h"
#include "../harness.h"

#include <string.h>

enum { VALUES = 500 };

/* Width 8: low byte noise, the next smooth, the others constant. */
static void fill(uint64_t out[VALUES])
{
    uint64_t noise = 1;
    for (size_t i = 0; i < VALUES; i++) {
        noise = noise * 6364136223846793005u + 1442695040888963407u;
        out[i] = 0x4010000000000000u | (uint64_t)(i / 100) << 8 | (noise >> 56);
    }
}

static track_status encode(struct zstream *z, struct arena *arena, size_t width, int level,
                           struct buf *out)
{
    uint64_t in[VALUES];
    fill(in);
    struct planes p = {in, sizeof(in) / width, width};
    return planes_encode(z, &p, level, arena, out, NULL);
}

static track_status decode(struct zstream *z, struct arena *arena, size_t width, struct bytes in)
{
    uint64_t got[VALUES], want[VALUES];
    struct reader r = {in, false};
    struct planes p = {got, sizeof(got) / width, width};
    fill(want);
    TRY(planes_decode(z, &r, arena, &p, NULL));
    TRY(reader_end(&r, NULL));
    return memcmp(got, want, sizeof(got)) == 0 ? TRACK_OK : TRACK_CORRUPT;
}

TEST(planes, gives_back_values_of_every_width)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    struct zstream *z;
    CHECK(zstream_open(&arena, &z, NULL) == TRACK_OK);
    for (size_t width = 1; width <= PLANES_WIDTH_MAX; width *= 2) {
        for (int level = 0; level < 2; level++) {
            AUTO_BUF b = BUF(1 << 16);
            CHECK(encode(z, &arena, width, level, &b) == TRACK_OK);
            CHECK_INT(decode(z, &arena, width, (struct bytes){b.at, b.size}), TRACK_OK);
        }
    }
}

TEST(planes, stores_each_plane_in_the_cheapest_way)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    AUTO_BUF b = BUF(1 << 16);
    struct zstream *z;
    CHECK(zstream_open(&arena, &z, NULL) == TRACK_OK);
    CHECK(encode(z, &arena, 8, 1, &b) == TRACK_OK);
    CHECK(b.at[0] == 1);                                      /* noise as it is */
    CHECK(b.at[1 + VALUES] == 2);                             /* smooth by zstd */
    CHECK(b.at[b.size - 4] == 0 && b.at[b.size - 3] == 0x10); /* constant */
    CHECK(b.size < VALUES + 100);
    AUTO_BUF none = BUF(0);
    struct planes empty = {NULL, 0, 8};
    CHECK(planes_encode(z, &empty, 1, &arena, &none, NULL) == TRACK_OK);
    CHECK(none.size == 0);
}

TEST(planes, refuses_every_cut_and_mode_and_size)
{
    AUTO_ARENA arena = ARENA(1 << 24);
    AUTO_BUF b = BUF(1 << 16);
    struct zstream *z;
    CHECK(zstream_open(&arena, &z, NULL) == TRACK_OK);
    CHECK(encode(z, &arena, 8, 1, &b) == TRACK_OK);
    for (size_t cut = 0; cut < b.size; cut++) {
        CHECK(decode(z, &arena, 8, (struct bytes){b.at, cut}) == TRACK_INVALID);
    }
    b.at[0] = 3;
    CHECK(decode(z, &arena, 8, (struct bytes){b.at, b.size}) == TRACK_INVALID);
    b.at[0] = 1;
    b.at[1 + VALUES + 4] ^= 0xff; /* in the zstd frame's head */
    CHECK(decode(z, &arena, 8, (struct bytes){b.at, b.size}) == TRACK_INVALID);
}

TEST(planes, keeps_both_limits)
{
    AUTO_ARENA arena = ARENA(1 << 12);
    AUTO_ARENA small = ARENA(VALUES - 1);
    AUTO_BUF b = BUF(100);
    struct zstream *z;
    CHECK(zstream_open(&arena, &z, NULL) == TRACK_OK);
    CHECK(encode(z, &arena, 8, 0, &b) == TRACK_TOO_LARGE);
    CHECK(encode(z, &small, 8, 0, &b) == TRACK_NOMEM);
    CHECK(decode(z, &small, 8, (struct bytes){b.at, b.size}) == TRACK_NOMEM);
}

static track_status work(void)
{
    AUTO_ARENA arena = ARENA(1 << 16);
    AUTO_BUF b = BUF(1 << 16);
    struct zstream *z;
    TRY(zstream_open(&arena, &z, NULL));
    TRY(encode(z, &arena, 8, 1, &b));
    return decode(z, &arena, 8, (struct bytes){b.at, b.size});
}

TEST(planes, survives_each_allocation_failing)
{
    CHECK(fault_each(work) >= 4);
}
