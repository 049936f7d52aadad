/* Shows that a frame comes back as it was, at every size and level, and what it costs.
 * How: golden bytes of each kind, random frames of every shape, limits. */
#include "../../core/frame.h"
#include "../fault.h"
#include "../harness.h"
#include "frames.h"

#include <string.h>

enum { ROWS_MAX = 300, KEYS_MAX = 40 };

static track_status round_trip(const struct frame *in, int level)
{
    AUTO_ARENA arena = ARENA(FRAME_ARENA_BYTES);
    AUTO_BUF b = BUF(FRAME_BYTES_MAX);
    struct frame out;
    TRY(frame_encode(in, level, &arena, &b, NULL));
    TRY(frame_decode((struct bytes){b.at, b.size}, &arena, &out, NULL));
    return frames_same(in, &out) ? TRACK_OK : TRACK_CORRUPT;
}

/* The frame's bytes are those of the golden file and decode to the same. */
static void check_golden(const char *name, struct frame f)
{
    AUTO_ARENA arena = ARENA(FRAME_ARENA_BYTES);
    AUTO_BUF b = BUF(FRAME_BYTES_MAX);
    CHECK(frame_encode(&f, 0, &arena, &b, NULL) == TRACK_OK);
    CHECK_GOLDEN(name, ((struct bytes){b.at, b.size}));
    CHECK_INT(round_trip(&f, 0), TRACK_OK);
    CHECK_INT(round_trip(&f, 1), TRACK_OK);
}

TEST(frame, has_the_golden_bytes_of_each_kind)
{
    check_golden("frame_points", frames_points());
    check_golden("frame_lines", frames_lines());
    check_golden("frame_heartbeat", frames_heartbeat());
    struct frame none = {.head = {.kind = FRAME_POINTS}};
    check_golden("frame_empty", none);
}

TEST(frame, moves_to_another_place)
{
    AUTO_ARENA arena = ARENA(FRAME_ARENA_BYTES);
    AUTO_BUF moved = BUF(FRAME_BYTES_MAX);
    AUTO_BUF made = BUF(FRAME_BYTES_MAX);
    struct frame f = frames_points();
    struct frame_place to = {.seq = INT64_MAX, .epoch = 0x89abcdef, .step_base = -5};
    CHECK(frame_encode(&f, 0, &arena, &moved, NULL) == TRACK_OK);
    frame_move(moved.at, moved.size, &to);
    f.head.seq = to.seq;
    f.head.epoch = to.epoch;
    f.head.step_base = to.step_base;
    CHECK(frame_encode(&f, 0, &arena, &made, NULL) == TRACK_OK);
    CHECK(moved.size == made.size && memcmp(moved.at, made.at, made.size) == 0);
}

static uint64_t next(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 20;
}

/* Any bits: NaN payloads, infinities, denormals, and mostly plain numbers. */
static double any_value(uint64_t *state)
{
    uint64_t bits = next(state) << 40 ^ next(state);
    double value;
    memcpy(&value, &bits, sizeof(value));
    return next(state) % 4 ? (double)(float)(next(state) % 1000) : value;
}

TEST(frame, gives_back_random_blocks_bit_for_bit)
{
    static double values[KEYS_MAX][ROWS_MAX];
    static int64_t steps[ROWS_MAX], times[ROWS_MAX];
    struct frame_column columns[KEYS_MAX];
    uint64_t state = 1;
    for (int round = 0; round < 60; round++) {
        size_t keys = next(&state) % KEYS_MAX + 1, rows = next(&state) % ROWS_MAX + 1;
        for (size_t i = 0; i < rows; i++) {
            steps[i] = (int64_t)(round % 3 ? i : next(&state)) - 5;
            times[i] = (int64_t)(i * 1000000 + next(&state) % 7000);
        }
        for (size_t k = 0; k < keys; k++) {
            columns[k] = (struct frame_column){(uint32_t)(next(&state) % 100), values[k], NULL};
            for (size_t i = 0; i < rows; i++) {
                values[k][i] = any_value(&state);
            }
        }
        struct frame_block block = {rows, keys, steps, times, columns};
        struct frame f = {.head = {.kind = FRAME_POINTS, .seq = INT64_MAX}};
        f.block_count = 1;
        f.blocks = &block;
        CHECK_INT(round_trip(&f, round % 3), TRACK_OK);
    }
}

/* 1,000 smooth float-like values a key, 5 rows: what a trainer sends. */
TEST(frame, takes_few_bytes_a_point)
{
    enum { KEYS = 1000, ROWS = 5 };
    static double values[KEYS][ROWS];
    static struct frame_column columns[KEYS];
    int64_t steps[ROWS], times[ROWS];
    uint64_t state = 1;
    AUTO_ARENA arena = ARENA(FRAME_ARENA_BYTES);
    AUTO_BUF b = BUF(FRAME_BYTES_MAX);
    for (size_t k = 0; k < KEYS; k++) {
        columns[k] = (struct frame_column){(uint32_t)k, values[k], NULL};
        for (size_t i = 0; i < ROWS; i++) {
            steps[i] = (int64_t)i;
            times[i] = (int64_t)i * 1000;
            values[k][i] = (double)(float)(2.0 + (double)(next(&state) % 1000) / 1e4);
        }
    }
    struct frame_block block = {ROWS, KEYS, steps, times, columns};
    struct frame f = {.head = {.kind = FRAME_POINTS}, .block_count = 1, .blocks = &block};
    CHECK(frame_encode(&f, 1, &arena, &b, NULL) == TRACK_OK);
    CHECK(b.size < 4 * KEYS * ROWS);
}

TEST(frame, adds_the_step_base)
{
    AUTO_ARENA arena = ARENA(FRAME_ARENA_BYTES);
    AUTO_BUF b = BUF(FRAME_BYTES_MAX);
    struct frame f = frames_points(), out;
    f.head.step_base = 1000;
    CHECK(frame_encode(&f, 1, &arena, &b, NULL) == TRACK_OK);
    CHECK(frame_decode((struct bytes){b.at, b.size}, &arena, &out, NULL) == TRACK_OK);
    CHECK_INT(out.blocks[0].steps[0], 999);
    CHECK_INT(out.blocks[1].steps[0], 1001);
}

/* A frame of one block of count points of one key. */
static track_status encode_many(size_t count, bool noise)
{
    AUTO_ARENA arena = ARENA(FRAME_ARENA_BYTES);
    AUTO_BUF b = BUF(4 * FRAME_BYTES_MAX);
    int64_t *steps = ARENA_ARRAY(&arena, int64_t, count);
    double *values = ARENA_ARRAY(&arena, double, count);
    uint64_t state = 1;
    if (!steps || !values) {
        return TRACK_NOMEM;
    }
    for (size_t i = 0; noise && i < count; i++) {
        uint64_t bits = next(&state) << 32 ^ next(&state);
        memcpy(&values[i], &bits, sizeof(bits));
    }
    struct frame_column column = {0, values, NULL};
    struct frame_block block = {count, 1, steps, steps, &column};
    struct frame f = {.head = {.kind = FRAME_POINTS}, .block_count = 1, .blocks = &block};
    return frame_encode(&f, 1, &arena, &b, NULL);
}

TEST(frame, keeps_its_limits)
{
    CHECK_INT(encode_many(FRAME_POINTS_MAX, false), TRACK_OK);
    CHECK_INT(encode_many(FRAME_POINTS_MAX + 1, false), TRACK_TOO_LARGE);
    CHECK_INT(encode_many(FRAME_POINTS_MAX, true), TRACK_TOO_LARGE); /* over 1 MiB */
    AUTO_ARENA arena = ARENA(FRAME_ARENA_BYTES);
    AUTO_BUF small = BUF(FRAME_HEAD_BYTES + 20);
    struct frame f = frames_points();
    CHECK(frame_encode(&f, 1, &arena, &small, NULL) == TRACK_TOO_LARGE);
}

static track_status work(void)
{
    struct frame f = frames_points();
    return round_trip(&f, 1);
}

static track_status work_lines(void)
{
    struct frame f = frames_lines();
    return round_trip(&f, 1);
}

TEST(frame, survives_each_allocation_failing)
{
    CHECK(fault_each(work) >= 4);
    CHECK(fault_each(work_lines) >= 4);
}

TEST(frame, keeps_the_arenas_limit)
{
    for (size_t limit = 0; limit < 4000; limit += 16) {
        AUTO_ARENA arena = ARENA(limit);
        AUTO_BUF b = BUF(FRAME_BYTES_MAX);
        struct frame f = frames_points(), out;
        track_status status = frame_encode(&f, 0, &arena, &b, NULL);
        if (status == TRACK_OK) {
            status = frame_decode((struct bytes){b.at, b.size}, &arena, &out, NULL);
        }
        CHECK(status == TRACK_NOMEM || (status == TRACK_OK && limit > 300));
    }
}
