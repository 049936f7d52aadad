/* A window of values: each kind as it should be logged, limits, and counters that begin again. */
#include "../harness.h"
#include "values.h"

#include <math.h>
#include <stdio.h>

TEST(board, gives_each_kind_its_own_summary)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    struct board b;
    struct values v;
    CHECK(board_init(&b, &arena, 8, NULL) == TRACK_OK);
    for (int i = 1; i <= 3; i++) {
        board_add(&b, BOARD_MEAN, "a/", "mean", i);
        board_add(&b, BOARD_PEAK, "a/", "peak", i);
        board_add(&b, BOARD_SUM, "a/", "sum", i);
        board_add(&b, BOARD_LAST, "a/", "last", i);
    }
    values_take(&v, &b);
    CHECK_INT(v.count, 5);
    CHECK(values_get(&v, "a/mean") == 2);
    CHECK(values_get(&v, "a/peak") == 2);
    CHECK(values_get(&v, "a/peak_max") == 3);
    CHECK(values_get(&v, "a/sum") == 6);
    CHECK(values_get(&v, "a/last") == 3);
}

TEST(board, unknown_is_no_value)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    struct board b;
    struct values v;
    CHECK(board_init(&b, &arena, 8, NULL) == TRACK_OK);
    board_add(&b, BOARD_MEAN, "", "x", 1);
    board_add(&b, BOARD_MEAN, "", "y", NAN);
    values_take(&v, &b);
    CHECK_INT(v.count, 1);
    board_add(&b, BOARD_MEAN, "", "y", 4);
    values_take(&v, &b);
    CHECK_INT(v.count, 1);
    CHECK(values_get(&v, "y") == 4);
    CHECK(isnan(values_get(&v, "x")));
}

TEST(board, full_and_long_names_are_counted_not_kept)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    struct board b;
    char name[128];
    CHECK(board_init(&b, &arena, 2, NULL) == TRACK_OK);
    board_add(&b, BOARD_MEAN, "", "a", 1);
    board_add(&b, BOARD_MEAN, "", "b", 1);
    CHECK_INT(b.lost, 0);
    board_add(&b, BOARD_MEAN, "", "c", 1);
    CHECK_INT(b.lost, 1);
    snprintf(name, sizeof name, "%0*d", BOARD_NAME_MAX, 1);
    board_add(&b, BOARD_MEAN, "", name, 1);
    CHECK_INT(b.lost, 2);
    AUTO_ARENA tiny = ARENA(64);
    CHECK(board_init(&b, &tiny, 1000, NULL) == TRACK_NOMEM);
}

TEST(board, a_counter_that_falls_began_again)
{
    struct counter c = {0};
    CHECK_INT(counter_add(&c, 1000), 0);
    CHECK_INT(counter_add(&c, 1007), 7);
    CHECK_INT(counter_add(&c, 5), 5);
    CHECK_INT(counter_add(&c, 5), 0);
    CHECK_INT(counter_add(&c, UINT64_MAX), UINT64_MAX - 5);
}
