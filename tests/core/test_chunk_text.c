/* Shows that texts come back byte for byte, and that sizes that lie are refused.
 * How: texts with NULs, empty ones, many alike, every cut, the limit, golden bytes. */
#include "../../core/chunk_coder.h"
#include "../fault.h"
#include "../harness.h"

#include <string.h>

#define TEXT(t)                                   \
    {                                             \
        (const unsigned char *)(t), sizeof(t) - 1 \
    }

static const struct bytes texts[] = {TEXT(""), TEXT("epoch 1 done"), TEXT("a\0b\xff"),
                                     TEXT("epoch 2 done"), TEXT("epoch 3 done")};
enum { COUNT = sizeof(texts) / sizeof(texts[0]) };

static bool same(const struct bytes *got)
{
    for (size_t i = 0; i < COUNT; i++) {
        if (got[i].size != texts[i].size ||
            (got[i].size && memcmp(got[i].at, texts[i].at, got[i].size) != 0)) {
            return false;
        }
    }
    return true;
}

TEST(chunk_text, comes_back_and_has_the_golden_bytes)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    AUTO_BUF b = BUF(4096);
    struct chunk_coder *c;
    struct bytes got[COUNT];
    CHECK(chunk_open(&arena, &c, NULL) == TRACK_OK);
    CHECK(chunk_encode_texts(c, texts, COUNT, 0, &b, NULL) == TRACK_OK);
    CHECK_GOLDEN("chunk_text", ((struct bytes){b.at, b.size}));
    for (size_t cut = 0; cut < b.size; cut++) {
        CHECK(chunk_decode_texts(c, (struct bytes){b.at, cut}, &arena, got, COUNT, NULL) ==
              TRACK_INVALID);
    }
    CHECK(chunk_decode_texts(c, (struct bytes){b.at, b.size}, &arena, got, COUNT, NULL) ==
          TRACK_OK);
    CHECK(same(got));
    CHECK(chunk_decode_texts(c, (struct bytes){b.at, b.size}, &arena, got, COUNT - 1, NULL) ==
          TRACK_INVALID);
    b.at[6]--; /* the second text leaves a byte over */
    CHECK(chunk_decode_texts(c, (struct bytes){b.at, b.size}, &arena, got, COUNT, NULL) ==
          TRACK_INVALID);
    b.at[6]++;
    b.at[5]++; /* the first text takes a byte of the others */
    CHECK(chunk_decode_texts(c, (struct bytes){b.at, b.size}, &arena, got, COUNT, NULL) ==
          TRACK_INVALID);
}

TEST(chunk_text, is_compressed_where_that_helps)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    AUTO_BUF b = BUF(4096);
    AUTO_BUF few = BUF(4096);
    struct chunk_coder *c;
    struct bytes many[1000], got[1000];
    CHECK(chunk_open(&arena, &c, NULL) == TRACK_OK);
    for (size_t i = 0; i < 1000; i++) {
        many[i] = texts[1];
    }
    CHECK(chunk_encode_texts(c, many, 1000, 1, &b, NULL) == TRACK_OK);
    CHECK(b.at[0] == CHUNK_TEXT && b.at[1] == CHUNK_ZSTD && b.size < 200);
    CHECK(chunk_decode_texts(c, (struct bytes){b.at, b.size}, &arena, got, 1000, NULL) == TRACK_OK);
    CHECK(got[999].size == texts[1].size && memcmp(got[999].at, texts[1].at, got[999].size) == 0);
    CHECK(chunk_encode_texts(c, texts, 2, 1, &few, NULL) == TRACK_OK);
    CHECK(few.at[1] == CHUNK_RAW);
}

TEST(chunk_text, keeps_its_limits)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    AUTO_ARENA small = ARENA(16);
    AUTO_BUF b = BUF((size_t)2 << 20);
    struct chunk_coder *c;
    struct bytes got[COUNT], large = {NULL, CHUNK_TEXT_BYTES_MAX};
    CHECK(chunk_open(&arena, &c, NULL) == TRACK_OK);
    CHECK(chunk_encode_texts(c, &large, 1, 1, &b, NULL) == TRACK_TOO_LARGE);
    CHECK(chunk_encode_texts(c, texts, 0, 1, &b, NULL) == TRACK_INVALID);
    CHECK(chunk_encode_texts(c, texts, COUNT, 1, &b, NULL) == TRACK_OK);
    CHECK(chunk_decode_texts(c, (struct bytes){b.at, b.size}, &small, got, COUNT, NULL) ==
          TRACK_NOMEM);
    static const unsigned char lies[] = {CHUNK_TEXT, CHUNK_ZSTD, 0,    0,    0xff,
                                         0xff,       0xff,       0xff, 0x0f, 0};
    CHECK(chunk_decode_texts(c, (struct bytes){lies, sizeof(lies)}, &arena, got, 1, NULL) ==
          TRACK_TOO_LARGE);
}

static track_status work(void)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    AUTO_BUF b = BUF(4096);
    struct chunk_coder *c;
    struct bytes got[COUNT];
    TRY(chunk_open(&arena, &c, NULL));
    TRY(chunk_encode_texts(c, texts, COUNT, 1, &b, NULL));
    return chunk_decode_texts(c, (struct bytes){b.at, b.size}, &arena, got, COUNT, NULL);
}

TEST(chunk_text, survives_each_allocation_failing)
{
    CHECK(fault_each(work) >= 5);
}
