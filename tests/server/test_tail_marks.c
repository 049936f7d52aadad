/* Shows that marks are kept by way of smoothing, that the oldest go, and that their memory counts.
 */
#include "../../server/tail_marks.h"
#include "../harness.h"

static const struct tail_mark mark = {.at = {.step = 3}};

TEST(tail_marks, are_kept_by_way_of_smoothing)
{
    struct tail_series s = {.id = 1};
    struct smooth_ask a = {SMOOTH_EMA, SMOOTH_BY_STEP, -1, 0}, b = a;
    b.by = SMOOTH_BY_TIME;
    struct tail_marks *of_a = tail_marks_get(&s, &a);
    CHECK(of_a && of_a->count == 0);
    for (int i = 0; i < 40; i++) {
        tail_marks_add(&s, of_a, &mark);
    }
    CHECK(of_a->count == 40 && of_a->at[39].at.step == 3);
    CHECK(s.bytes >= 40 * sizeof(mark));
    CHECK(tail_marks_get(&s, &b)->count == 0);
    CHECK(tail_marks_get(&s, &a)->count == 40);
    tail_series_release(&s);
    CHECK(!s.marks && s.bytes == 0);
}

TEST(tail_marks, not_asked_for_longest_go)
{
    struct tail_series s = {.id = 1};
    struct smooth_ask ask = {SMOOTH_EMA, SMOOTH_BY_STEP, -1, 0};
    for (int i = 1; i <= TAIL_MARKS_ASKS; i++) {
        ask.keep = -i;
        tail_marks_add(&s, tail_marks_get(&s, &ask), &mark);
    }
    ask.keep = -1;
    CHECK(tail_marks_get(&s, &ask)->count == 1); /* asked for again */
    ask.keep = -100;
    CHECK(tail_marks_get(&s, &ask)->count == 0);
    ask.keep = -1;
    CHECK(tail_marks_get(&s, &ask)->count == 1);
    ask.keep = -2;
    CHECK(tail_marks_get(&s, &ask)->count == 0);
    tail_series_release(&s);
}

/* A grid of bins 16 wide from 0, each with its index as the smoothed value. */
static void bins_fill(struct bins *bins, const struct bins_grid *grid, struct bin *at, double add)
{
    *bins = (struct bins){.grid = grid, .at = at, .count = grid->count};
    for (uint32_t i = 0; i < grid->count; i++) {
        at[i] = (struct bin){.index = i, .smooth = (double)i + add};
    }
}

TEST(tail_marks, keep_the_bins_that_end_before_the_last_mark)
{
    struct tail_series s = {.id = 1};
    struct smooth_ask ask = {SMOOTH_EMA, SMOOTH_BY_STEP, -1, 0};
    struct bins_axis axis = {BINS_STEP, 0};
    struct bins_grid grid, part;
    struct bins bins;
    struct bin at[64];
    struct tail_mark end = {.at = {.step = 16 * 5 + 3}};
    bins_grid_fill(BINS_STEP, (struct bins_range){0, 16 * 10 - 1}, 10, &grid);
    CHECK(grid.width == 16 && grid.count == 10);
    struct tail_marks *m = tail_marks_get(&s, &ask);
    bins_fill(&bins, &grid, at, 0.5);
    CHECK(tail_marks_fill(m, axis, &bins) == 0);
    tail_marks_add(&s, m, &end);
    tail_marks_keep(&s, m, axis, &bins);
    bins_fill(&bins, &grid, at, 100);
    CHECK(tail_marks_fill(m, axis, &bins) == 5);
    CHECK(at[4].smooth == 4.5 && at[5].smooth == 105);
    bins_grid_fill(BINS_STEP, (struct bins_range){32, 32 + 16 * 8 - 1}, 8, &part);
    bins_fill(&bins, &part, at, 100);
    CHECK(part.width == 16 && tail_marks_fill(m, axis, &bins) == 3);
    CHECK(at[0].smooth == 2.5 && at[2].smooth == 4.5 && at[3].smooth == 103);
    bins_grid_fill(BINS_STEP, (struct bins_range){-16, 100}, 8, &part);
    bins_fill(&bins, &part, at, 100);
    CHECK(tail_marks_fill(m, axis, &bins) == 0); /* it begins before */
    bins_fill(&bins, &grid, at, 100);
    axis.x = BINS_TIME;
    CHECK(tail_marks_fill(m, axis, &bins) == 0);
    axis.x = BINS_STEP;
    tail_marks_clear(m);
    CHECK(tail_marks_fill(m, axis, &bins) == 0);
    tail_series_release(&s);
}
