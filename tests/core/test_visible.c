/* Shows that a point is visible exactly if every later rewind leaves it.
 * How: random rewinds, against the rule word by word. */
#include "../../core/visible.h"
#include "../harness.h"

enum { CUTS = 12 };

static uint64_t next(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + 1;
    return *state >> 33;
}

/* The rule: step <= s for every rewind with an epoch over the point's. */
static bool by_rule(const struct visible_cut *cuts, size_t count, int64_t epoch, int64_t step)
{
    bool seen = true;
    for (size_t i = 0; i < count; i++) {
        seen = seen && (cuts[i].epoch <= epoch || step <= cuts[i].step);
    }
    return seen;
}

TEST(visible, is_what_every_later_rewind_leaves)
{
    uint64_t state = 7;
    for (int round = 0; round < 500; round++) {
        struct visible_cut cuts[CUTS], settled[CUTS];
        size_t count = next(&state) % (CUTS + 1);
        for (size_t i = 0; i < count; i++) {
            cuts[i] = (struct visible_cut){(int64_t)i + 1, (int64_t)(next(&state) % 40) - 5};
            settled[i] = cuts[i];
        }
        visible_settle(settled, count);
        struct visible v = {settled, count, INT64_MAX, INT64_MAX};
        for (int64_t epoch = -1; epoch <= (int64_t)count; epoch++) {
            int64_t last = 0;
            CHECK(visible_until(&v, epoch, &last));
            for (int64_t step = -8; step < 40; step++) {
                CHECK((step <= last) == by_rule(cuts, count, epoch, step));
            }
        }
    }
}

TEST(visible, ends_for_a_fork_where_it_began)
{
    struct visible_cut cuts[] = {{1, 50}, {2, 90}};
    int64_t last = 0;
    visible_settle(cuts, 2);
    struct visible v = {cuts, 2, 2, 70};
    CHECK(visible_until(&v, 0, &last) && last == 50);
    CHECK(visible_until(&v, 1, &last) && last == 70);
    CHECK(visible_until(&v, 2, &last) && last == 70);
    CHECK(!visible_until(&v, 3, &last));
    struct visible all = VISIBLE_ALL;
    CHECK(visible_until(&all, INT64_MAX, &last) && last == INT64_MAX);
}
