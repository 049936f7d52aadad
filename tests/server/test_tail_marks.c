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
