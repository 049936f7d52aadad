/* Shows that points become the blocks that hold them with the fewest axes, and none is lost.
 * How: rows with points of another thread between them, loose points, texts, many random points
 * counted again. */
#include "../../core/blocks.h"
#include "../fault.h"
#include "../harness.h"

#include <string.h>

TEST(blocks, makes_one_block_of_rows_whoever_logs_between)
{
    static const struct blocks_point points[] = {
        {0, 10, 1.0, 2}, {0, 10, 2.0, 1}, {7, 11, 9.0, 5}, {1, 20, 3.0, 2}, {1, 20, 4.0, 1},
    };
    AUTO_ARENA arena = ARENA(1 << 16);
    struct frame f = {0};
    struct blocks_in in = {.points = points, .point_count = 5};
    CHECK(blocks_fill(&in, &arena, &f, NULL) == TRACK_OK);
    CHECK_INT(f.block_count, 2);
    const struct frame_block *lone = &f.blocks[0], *rows = &f.blocks[1];
    CHECK(lone->rows == 1 && lone->column_count == 1 && lone->columns[0].key == 5);
    CHECK(rows->rows == 2 && rows->column_count == 2);
    CHECK(rows->steps[1] == 1 && rows->times_us[0] == 10);
    CHECK(rows->columns[0].key == 1 && rows->columns[0].values[1] == 4.0);
    CHECK(rows->columns[1].key == 2 && rows->columns[1].values[0] == 1.0);
}

TEST(blocks, keeps_the_order_of_each_series)
{
    static const struct blocks_point points[] = {
        {5, 50, 1.0, 0}, {3, 30, 2.0, 0}, {3, 30, 2.0, 0}, {4, 40, 3.0, 0}};
    AUTO_ARENA arena = ARENA(1 << 16);
    struct frame f = {0};
    struct blocks_in in = {.points = points, .point_count = 4};
    CHECK(blocks_fill(&in, &arena, &f, NULL) == TRACK_OK);
    CHECK(f.block_count == 1 && f.blocks[0].rows == 4);
    CHECK(f.blocks[0].steps[0] == 5 && f.blocks[0].steps[3] == 4);
    CHECK(f.blocks[0].columns[0].values[1] == 2.0);
}

TEST(blocks, puts_texts_behind_numbers)
{
    static const struct blocks_point point = {1, 1, 1.0, 3};
    static const struct blocks_text texts[] = {{1, 1, {(const unsigned char *)"b", 1}, 9},
                                               {2, 2, {(const unsigned char *)"", 0}, 4},
                                               {3, 3, {(const unsigned char *)"c", 1}, 9}};
    AUTO_ARENA arena = ARENA(1 << 16);
    struct frame f = {0};
    struct blocks_in in = {&point, 1, texts, 3};
    CHECK(blocks_fill(&in, &arena, &f, NULL) == TRACK_OK);
    CHECK_INT(f.block_count, 3);
    CHECK(f.blocks[0].columns[0].values && f.blocks[1].columns[0].key == 4);
    CHECK(f.blocks[2].rows == 2 && f.blocks[2].columns[0].texts[1].at[0] == 'c');
}

TEST(blocks, makes_nothing_of_nothing)
{
    AUTO_ARENA arena = ARENA(1 << 16);
    struct frame f = {.block_count = 7};
    struct blocks_in in = {0};
    CHECK(blocks_fill(&in, &arena, &f, NULL) == TRACK_OK && f.block_count == 0);
}

/* Points with keys over the whole range, 20,000 of them. */
TEST(blocks, loses_no_point)
{
    enum { COUNT = 20000 };
    AUTO_ARENA arena = ARENA(1 << 24);
    struct blocks_point *points = ARENA_ARRAY(&arena, struct blocks_point, COUNT);
    uint64_t state = 1;
    double sum = 0, got = 0;
    CHECK(points != NULL);
    for (size_t i = 0; i < COUNT; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        uint32_t key = (uint32_t)(state >> 40) % 300 * 800000;
        points[i] = (struct blocks_point){(int64_t)(i / 100), 5, (double)i, key};
        sum += (double)i * key;
    }
    struct frame f = {0};
    struct blocks_in in = {.points = points, .point_count = COUNT};
    CHECK(blocks_fill(&in, &arena, &f, NULL) == TRACK_OK);
    size_t count = 0;
    for (size_t b = 0; b < f.block_count; b++) {
        for (size_t c = 0; c < f.blocks[b].column_count; c++) {
            for (size_t i = 0; i < f.blocks[b].rows; i++, count++) {
                double value = f.blocks[b].columns[c].values[i];
                CHECK(f.blocks[b].steps[i] == (int64_t)value / 100);
                got += value * f.blocks[b].columns[c].key;
            }
        }
    }
    CHECK(count == COUNT && got == sum);
}

TEST(blocks, keeps_its_limits)
{
    AUTO_ARENA arena = ARENA(1 << 26);
    struct frame f = {0};
    struct blocks_point *points = ARENA_ARRAY(&arena, struct blocks_point, FRAME_POINTS_MAX + 1);
    CHECK(points != NULL);
    struct blocks_in in = {.points = points, .point_count = FRAME_POINTS_MAX + 1};
    CHECK(blocks_fill(&in, &arena, &f, NULL) == TRACK_TOO_LARGE);
    in.point_count--;
    CHECK(blocks_fill(&in, &arena, &f, NULL) == TRACK_OK && f.block_count == 1);
    AUTO_ARENA other = ARENA(1 << 26);
    for (size_t i = 0; i <= FRAME_BLOCKS_MAX; i++) {
        points[i].key = (uint32_t)i;
        points[i].step = (int64_t)i;
    }
    in.point_count = FRAME_BLOCKS_MAX;
    CHECK(blocks_fill(&in, &other, &f, NULL) == TRACK_OK && f.block_count == FRAME_BLOCKS_MAX);
    in.point_count++;
    CHECK(blocks_fill(&in, &other, &f, NULL) == TRACK_TOO_LARGE);
    points[0].key = FRAME_KEY_NUMBER_MAX;
    in.point_count = 1;
    CHECK(blocks_fill(&in, &other, &f, NULL) == TRACK_INVALID);
}

static track_status work(void)
{
    static const struct blocks_point points[] = {{0, 10, 1.0, 2}, {0, 10, 2.0, 1}};
    static const struct blocks_text text = {1, 1, {(const unsigned char *)"b", 1}, 9};
    AUTO_ARENA arena = ARENA(1 << 16);
    struct frame f = {0};
    struct blocks_in in = {points, 2, &text, 1};
    return blocks_fill(&in, &arena, &f, NULL);
}

TEST(blocks, survives_each_allocation_failing)
{
    CHECK(fault_each(work) >= 1);
}
