/* Shows that damage to a chunk is refused or gives other values, and never more than that.
 * How: every cut, every byte changed, layouts and counts that do not belong. */
#include "../harness.h"
#include "chunks.h"

#include <string.h>

enum { VALUES = 100 };

static track_status decode(struct chunk_coder *c, struct bytes in, size_t count)
{
    double out[CHUNK_POINTS_MAX];
    return chunk_decode(c, in, out, count, NULL);
}

TEST(chunk_decode, refuses_every_cut)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    struct chunk_coder *c;
    CHECK(chunk_open(&arena, &c, NULL) == TRACK_OK);
    for (enum chunks_kind kind = 0; kind < CHUNKS_KIND_COUNT; kind++) {
        AUTO_BUF b = BUF(CHUNK_BYTES_MAX);
        double values[VALUES];
        chunks_fill(kind, 1, values, VALUES);
        CHECK(chunk_encode(c, values, VALUES, 1, &b, NULL) == TRACK_OK);
        for (size_t cut = 0; cut < b.size; cut++) {
            CHECK(decode(c, (struct bytes){b.at, cut}, VALUES) == TRACK_INVALID);
        }
        CHECK(decode(c, (struct bytes){b.at, b.size}, VALUES) == TRACK_OK);
        CHECK(decode(c, (struct bytes){b.at, b.size}, VALUES + 1) == TRACK_INVALID);
        CHECK(decode(c, (struct bytes){b.at, b.size}, 0) == TRACK_INVALID);
        buf_byte(&b, 0);
        CHECK(decode(c, (struct bytes){b.at, b.size}, VALUES) == TRACK_INVALID);
    }
}

TEST(chunk_decode, ends_well_whatever_byte_is_changed)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    struct chunk_coder *c;
    size_t refused = 0, changed = 0;
    CHECK(chunk_open(&arena, &c, NULL) == TRACK_OK);
    for (enum chunks_kind kind = 0; kind < CHUNKS_KIND_COUNT; kind++) {
        AUTO_BUF b = BUF(CHUNK_BYTES_MAX);
        double values[VALUES];
        chunks_fill(kind, 1, values, VALUES);
        CHECK(chunk_encode(c, values, VALUES, 1, &b, NULL) == TRACK_OK);
        for (size_t i = 0; i < b.size; i++, changed++) {
            b.at[i] ^= 0x15;
            track_status status = decode(c, (struct bytes){b.at, b.size}, VALUES);
            CHECK(status == TRACK_OK || status == TRACK_INVALID);
            refused += status == TRACK_INVALID;
            b.at[i] ^= 0x15;
        }
    }
    CHECK(refused > 100 && refused < changed);
}

TEST(chunk_decode, tells_texts_from_numbers)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    AUTO_BUF texts = BUF(1024);
    AUTO_BUF numbers = BUF(1024);
    struct chunk_coder *c;
    struct bytes text = {(const unsigned char *)"a", 1}, out;
    double value = 1;
    track_error err;
    CHECK(chunk_open(&arena, &c, NULL) == TRACK_OK);
    CHECK(chunk_encode_texts(c, &text, 1, 1, &texts, NULL) == TRACK_OK);
    CHECK(chunk_encode(c, &value, 1, 1, &numbers, NULL) == TRACK_OK);
    CHECK(decode(c, (struct bytes){texts.at, texts.size}, 1) == TRACK_INVALID);
    CHECK(chunk_decode_texts(c, (struct bytes){numbers.at, numbers.size}, &arena, &out, 1, &err) ==
          TRACK_INVALID);
    CHECK(strcmp(err.message, "a chunk of numbers, not of texts") == 0);
}
