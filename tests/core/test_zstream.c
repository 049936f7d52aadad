/* Shows that zstd data comes back whole or is refused, and that no limit is passed.
 * How: round trips, every cut, a bomb, a window too large. */
#include "../../core/zstream.h"
#include "../fault.h"
#include "../harness.h"

#include <stdlib.h>
#include <string.h>

enum { PLAIN_BYTES = 200 * 1000 };

/* Text that compresses, longer than one piece. */
static struct bytes plain_make(struct arena *arena)
{
    unsigned char *at = ARENA_ARRAY(arena, unsigned char, PLAIN_BYTES);
    for (size_t i = 0; at && i < PLAIN_BYTES; i++) {
        at[i] = (unsigned char)("loss accuracy"[i * i % 13] + (i % 1000 == 0));
    }
    return (struct bytes){at, at ? PLAIN_BYTES : 0};
}

TEST(zstream, gives_back_what_it_took)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    AUTO_BUF packed = BUF(1 << 20);
    AUTO_BUF again = BUF(PLAIN_BYTES);
    struct zstream *z;
    struct bytes plain = plain_make(&arena);
    unsigned char *out = ARENA_ARRAY(&arena, unsigned char, PLAIN_BYTES);
    CHECK(out != NULL && zstream_open(&arena, &z, NULL) == TRACK_OK);
    for (int level = 1; level <= 3; level++) {
        buf_release(&packed);
        buf_release(&again);
        CHECK(zstream_compress(z, plain, level, &packed, NULL) == TRACK_OK);
        CHECK(packed.size < PLAIN_BYTES / 4);
        struct bytes in = {packed.at, packed.size};
        CHECK(zstream_decompress(z, in, out, PLAIN_BYTES, NULL) == TRACK_OK);
        CHECK(memcmp(out, plain.at, PLAIN_BYTES) == 0);
        CHECK(zstream_decompress_into(z, in, ZSTREAM_WINDOW_NETWORK, &again, NULL) == TRACK_OK);
        CHECK(again.size == PLAIN_BYTES && memcmp(again.at, plain.at, PLAIN_BYTES) == 0);
    }
}

TEST(zstream, takes_nothing_for_nothing)
{
    AUTO_ARENA arena = ARENA(4096);
    AUTO_BUF packed = BUF(64);
    struct zstream *z;
    CHECK(zstream_open(&arena, &z, NULL) == TRACK_OK);
    CHECK(zstream_compress(z, (struct bytes){NULL, 0}, 1, &packed, NULL) == TRACK_OK);
    AUTO_BUF again = BUF(0);
    struct bytes in = {packed.at, packed.size};
    CHECK(zstream_decompress(z, in, NULL, 0, NULL) == TRACK_OK);
    CHECK(zstream_decompress_into(z, in, ZSTREAM_WINDOW_NETWORK, &again, NULL) == TRACK_OK);
}

TEST(zstream, refuses_every_cut_and_a_byte_too_many)
{
    AUTO_ARENA arena = ARENA(4096);
    AUTO_BUF packed = BUF(256);
    struct zstream *z;
    char out[13];
    CHECK(zstream_open(&arena, &z, NULL) == TRACK_OK);
    struct bytes plain = {(const unsigned char *)"loss accuracy", 13};
    CHECK(zstream_compress(z, plain, 1, &packed, NULL) == TRACK_OK);
    size_t size = packed.size;
    buf_byte(&packed, 0);
    for (size_t cut = 0; cut <= size + 1; cut++) {
        AUTO_BUF again = BUF(64);
        struct bytes in = {packed.at, cut};
        track_status want = cut == size ? TRACK_OK : TRACK_INVALID;
        CHECK(zstream_decompress(z, in, out, sizeof(out), NULL) == want);
        CHECK(zstream_decompress_into(z, in, ZSTREAM_WINDOW_REST, &again, NULL) == want);
    }
    struct bytes in = {packed.at, size};
    CHECK(zstream_decompress(z, in, out, sizeof(out) - 1, NULL) == TRACK_INVALID);
}

TEST(zstream, keeps_the_limits_of_both_sides)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    AUTO_BUF packed = BUF(1 << 20);
    struct zstream *z;
    struct bytes plain = plain_make(&arena);
    CHECK(zstream_open(&arena, &z, NULL) == TRACK_OK);
    CHECK(zstream_compress(z, plain, 1, &packed, NULL) == TRACK_OK);
    struct bytes in = {packed.at, packed.size};
    AUTO_BUF exact = BUF(PLAIN_BYTES);
    AUTO_BUF less = BUF(PLAIN_BYTES - 1);
    CHECK(zstream_decompress_into(z, in, ZSTREAM_WINDOW_NETWORK, &exact, NULL) == TRACK_OK);
    CHECK(zstream_decompress_into(z, in, ZSTREAM_WINDOW_NETWORK, &less, NULL) == TRACK_TOO_LARGE);
    AUTO_BUF tight = BUF(packed.size - 1);
    AUTO_BUF none = BUF(0);
    CHECK(zstream_compress(z, plain, 1, &tight, NULL) == TRACK_TOO_LARGE);
    CHECK(zstream_compress(z, plain, 1, &none, NULL) == TRACK_TOO_LARGE);
}

/* A frame of no content that asks for a window of 2^24 bytes. */
TEST(zstream, refuses_a_window_too_large)
{
    static const unsigned char wide[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 14 << 3, 0x01, 0x00, 0x00};
    AUTO_ARENA arena = ARENA(4096);
    struct zstream *z;
    struct bytes in = {wide, sizeof(wide)};
    CHECK(zstream_open(&arena, &z, NULL) == TRACK_OK);
    AUTO_BUF a = BUF(64);
    AUTO_BUF b = BUF(64);
    CHECK(zstream_decompress_into(z, in, ZSTREAM_WINDOW_NETWORK, &a, NULL) == TRACK_INVALID);
    CHECK(zstream_decompress_into(z, in, ZSTREAM_WINDOW_REST, &b, NULL) == TRACK_OK);
}

static track_status round_trip(void)
{
    AUTO_ARENA arena = ARENA(4096);
    AUTO_BUF packed = BUF(256);
    AUTO_BUF again = BUF(256);
    struct zstream *z;
    TRY(zstream_open(&arena, &z, NULL));
    TRY(zstream_compress(z, (struct bytes){(const unsigned char *)"abc", 3}, 1, &packed, NULL));
    struct bytes in = {packed.at, packed.size};
    return zstream_decompress_into(z, in, ZSTREAM_WINDOW_NETWORK, &again, NULL);
}

TEST(zstream, survives_each_allocation_failing)
{
    CHECK(fault_each(round_trip) >= 3);
}
