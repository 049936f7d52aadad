/* Shows that values of every kind come back bit for bit from the code that suits them, in the bytes
 * that are promised.
 * How: columns as trainings log them and columns made to break a coder, every count, golden bytes.
 */
#include "../../core/chunk_coder.h"
#include "../fault.h"
#include "../harness.h"
#include "chunks.h"

#include <math.h>
#include <string.h>

TEST(chunk, gives_every_bit_back)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    struct chunk_coder *c;
    double values[CHUNK_POINTS_MAX];
    CHECK(chunk_open(&arena, &c, NULL) == TRACK_OK);
    for (enum chunks_kind kind = 0; kind < CHUNKS_KIND_COUNT; kind++) {
        for (size_t count = 1; count <= CHUNK_POINTS_MAX; count += count < 20 ? 1 : count / 2) {
            chunks_fill(kind, count, values, count);
            CHECK_INT(chunks_round_trip(c, values, count, 0, NULL), TRACK_OK);
            CHECK_INT(chunks_round_trip(c, values, count, 1, NULL), TRACK_OK);
        }
        chunks_fill(kind, 1, values, CHUNK_POINTS_MAX);
        CHECK_INT(chunks_round_trip(c, values, CHUNK_POINTS_MAX, 1, NULL), TRACK_OK);
    }
}

/* Stretches of several kinds behind each other: where one ends, codes that look at neighbours jump.
 */
TEST(chunk, gives_mixtures_back)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    struct chunk_coder *c;
    double values[CHUNK_POINTS_MAX];
    uint64_t noise = 7;
    CHECK(chunk_open(&arena, &c, NULL) == TRACK_OK);
    for (int round = 0; round < 200; round++) {
        size_t count = 0;
        for (size_t more = 1; count + more <= 1000; count += more) {
            noise = noise * 6364136223846793005u + 1442695040888963407u;
            chunks_fill((enum chunks_kind)((noise >> 40) % CHUNKS_KIND_COUNT), noise,
                        values + count, more);
            more = 1 + (noise >> 50) % (uint64_t)(round % 100 + 1);
            more = more < 1000 - count ? more : 1;
        }
        CHECK_INT(chunks_round_trip(c, values, count, round % 2, NULL), TRACK_OK);
    }
}

struct chunk_case {
    enum chunks_kind kind;
    unsigned code;
    double bytes; /* a value, at most */
};

TEST(chunk, takes_the_code_that_suits)
{
    static const struct chunk_case cases[] = {
        {CHUNKS_CONSTANT, CHUNK_CONSTANT, 0.01},
        {CHUNKS_WHOLE, CHUNK_DECIMAL, 0.6},
        {CHUNKS_COUNTER, CHUNK_DECIMAL_DELTA, 0.02},
        {CHUNKS_DIGITS, CHUNK_DECIMAL, 0.95},
        {CHUNKS_BINARY, CHUNK_F32, 0.6},
        {CHUNKS_FLOATS, CHUNK_F32_DELTA, 2.7},
        {CHUNKS_SMOOTH, CHUNK_F32_DELTA, 0.5},
        {CHUNKS_DOUBLES, CHUNK_F64, 6.5},
        {CHUNKS_SCHEDULE, CHUNK_F64_DELTA2, 2.3},
        {CHUNKS_STAIRS, CHUNK_F64_XOR, 0.06},
        {CHUNKS_BITS, CHUNK_F64, 8.01},
    };
    AUTO_ARENA arena = ARENA(1 << 20);
    struct chunk_coder *c;
    CHECK(chunk_open(&arena, &c, NULL) == TRACK_OK);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO_BUF b = BUF(CHUNK_BYTES_MAX);
        double values[CHUNK_POINTS_MAX];
        chunks_fill(cases[i].kind, 1, values, CHUNK_POINTS_MAX);
        CHECK(chunk_encode(c, values, CHUNK_POINTS_MAX, 1, &b, NULL) == TRACK_OK);
        CHECK_INT(b.at[0] * 100 + (int)cases[i].kind,
                  (int)cases[i].code * 100 + (int)cases[i].kind);
        CHECK((double)b.size / CHUNK_POINTS_MAX <= cases[i].bytes);
    }
}

/* One chunk of each code, and of each layout, as readers must read them for ever. */
static track_status encode_golden(struct chunk_coder *c, struct buf *out)
{
    static const enum chunks_kind kinds[] = {
        CHUNKS_CONSTANT, CHUNKS_WHOLE,    CHUNKS_COUNTER, CHUNKS_BINARY, CHUNKS_SMOOTH,
        CHUNKS_DOUBLES,  CHUNKS_SCHEDULE, CHUNKS_STAIRS,  CHUNKS_HARD,
    };
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        double values[600];
        size_t count = kinds[i] == CHUNKS_STAIRS ? 600 : 20;
        chunks_fill(kinds[i], 1, values, count);
        TRY(chunk_encode(c, values, count, 0, out, NULL));
    }
    return TRACK_OK;
}

TEST(chunk, has_the_golden_bytes)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    AUTO_BUF b = BUF(1 << 16);
    struct chunk_coder *c;
    CHECK(chunk_open(&arena, &c, NULL) == TRACK_OK);
    CHECK(encode_golden(c, &b) == TRACK_OK);
    CHECK_GOLDEN("chunks", ((struct bytes){b.at, b.size}));
}

TEST(chunk, keeps_its_limits)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    struct chunk_coder *c;
    double values[CHUNK_POINTS_MAX];
    CHECK(chunk_open(&arena, &c, NULL) == TRACK_OK);
    chunks_fill(CHUNKS_BITS, 1, values, CHUNK_POINTS_MAX);
    AUTO_BUF all = BUF(CHUNK_BYTES_MAX);
    CHECK(chunk_encode(c, values, CHUNK_POINTS_MAX, 1, &all, NULL) == TRACK_OK);
    AUTO_BUF exact = BUF(all.size);
    AUTO_BUF less = BUF(all.size - 1);
    CHECK(chunk_encode(c, values, CHUNK_POINTS_MAX, 1, &exact, NULL) == TRACK_OK);
    CHECK(chunk_encode(c, values, CHUNK_POINTS_MAX, 1, &less, NULL) == TRACK_TOO_LARGE);
    CHECK(chunk_encode(c, values, 0, 1, &all, NULL) == TRACK_INVALID);
    CHECK(chunk_encode(c, values, CHUNK_POINTS_MAX + 1, 1, &all, NULL) == TRACK_INVALID);
    size_t used = arena.used_bytes;
    for (int i = 0; i < 100; i++) {
        CHECK(chunks_round_trip(c, values, CHUNK_POINTS_MAX, 1, NULL) == TRACK_OK);
    }
    CHECK(arena.used_bytes == used);
}

static track_status work(void)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    struct chunk_coder *c;
    double values[500];
    chunks_fill(CHUNKS_STAIRS, 1, values, 500);
    TRY(chunk_open(&arena, &c, NULL));
    return chunks_round_trip(c, values, 500, 1, NULL);
}

TEST(chunk, survives_each_allocation_failing)
{
    CHECK(fault_each(work) >= 5);
}
