/* Shows that the levels of a pyramid hold every point, on the grid of 0, at the right shifts.
 * How: random series, counts against a calculation by definition, every level against the points.
 */
#include "../../core/pyramid.h"
#include "../fault.h"
#include "../harness.h"
#include "many.h"

#include <string.h>

static struct many series;

static uint64_t buckets_by_definition(unsigned shift)
{
    uint64_t buckets = 0;
    for (size_t i = 0; i < series.count; i++) {
        buckets += i == 0 || series.steps[i] >> shift != series.steps[i - 1] >> shift;
    }
    return buckets;
}

TEST(pyramid, counts_buckets_at_every_shift)
{
    uint64_t state = 1;
    for (int round = 0; round < 20; round++) {
        struct pyramid_count c = {0};
        many_fill(&series, 2000, true, &state);
        series.steps[0] = round == 0 ? INT64_MIN : series.steps[0];
        series.steps[series.count - 1] = round == 0 ? INT64_MAX : series.steps[series.count - 1];
        for (size_t i = 0, more; i < series.count; i += more) { /* in pieces */
            more = many_next(&state) % 300;
            more = more < series.count - i ? more : series.count - i;
            pyramid_count_add(&c, series.steps + i, more);
        }
        unsigned base = pyramid_count_base(&c);
        for (unsigned shift = 0; shift <= PYRAMID_SHIFT_MAX; shift++) {
            uint64_t buckets = buckets_by_definition(shift);
            CHECK_INT(pyramid_count_buckets(&c, shift), buckets);
            bool dense = series.count >= buckets * PYRAMID_BUCKET_POINTS;
            CHECK(dense == (shift >= base) || base == PYRAMID_SHIFT_MAX);
        }
    }
}

/* The level has the buckets of the series. */
static bool level_is_right(const struct pyramid_level *l)
{
    struct stretch left = many_stretch(&series);
    for (size_t i = 0; i < l->count; i++) {
        struct bucket want = {0};
        struct stretch part = left;
        int64_t number = left.count ? left.steps[0] >> l->shift : 0;
        for (part.count = 0;
             part.count < left.count && left.steps[part.count] >> l->shift == number;) {
            part.count++;
        }
        bucket_add(&want, &part);
        want.sum = l->at[i].sum; /* of the levels above, in another order */
        if (!bucket_same(&l->at[i], &want)) {
            return false;
        }
        left = stretch_from(&left, part.count);
    }
    return left.count == 0;
}

static track_status make(struct arena *arena, struct pyramid *out)
{
    struct pyramid_count c = {0};
    struct pyramid_fill f;
    pyramid_count_add(&c, series.steps, series.count);
    unsigned shift = pyramid_count_base(&c);
    TRY(pyramid_fill_open(&f, shift, pyramid_count_buckets(&c, shift), arena, NULL));
    for (size_t i = 0; i < series.count; i += 1000) {
        struct stretch all = many_stretch(&series), part = stretch_from(&all, i);
        part.count = part.count < 1000 ? part.count : 1000;
        TRY(pyramid_fill_add(&f, &part, NULL));
    }
    return pyramid_fill_levels(&f.level, arena, out, NULL);
}

TEST(pyramid, holds_every_point_in_every_level)
{
    uint64_t state = 9;
    for (int round = 0; round < 20; round++) {
        AUTO_ARENA arena = ARENA(1 << 22);
        struct pyramid p;
        many_fill(&series, 20000, round % 2, &state);
        CHECK(make(&arena, &p) == TRACK_OK);
        for (size_t i = 0; i < p.count; i++) {
            CHECK(level_is_right(&p.levels[i]));
            CHECK(p.levels[i].shift == p.levels[0].shift + 4 * i);
            CHECK((p.levels[i].count <= PYRAMID_TOP_BUCKETS) == (i + 1 == p.count));
        }
    }
}

TEST(pyramid, ends_at_the_widest_bucket)
{
    AUTO_ARENA arena = ARENA(1 << 22);
    struct pyramid p;
    series.count = 500; /* as far apart as steps go: no shift makes them dense */
    for (size_t i = 0; i < series.count; i++) {
        series.steps[i] = (int64_t)(i * (UINT64_MAX / 500) - ((uint64_t)1 << 63));
        series.times_us[i] = 0;
        series.values[i] = 1;
    }
    CHECK(make(&arena, &p) == TRACK_OK);
    CHECK(p.count == 1 && p.levels[0].count <= 4);
}

static track_status work(void)
{
    AUTO_ARENA arena = ARENA(1 << 22);
    struct pyramid p;
    return make(&arena, &p);
}

TEST(pyramid, survives_each_allocation_failing)
{
    uint64_t state = 2;
    many_fill(&series, 20000, true, &state);
    CHECK(fault_each(work) >= 1);
}

TEST(pyramid, refuses_more_buckets_than_were_counted)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    struct pyramid_fill f;
    static const int64_t steps[] = {0, 16};
    static const double values[] = {1, 2};
    struct stretch two = {steps, steps, values, 2};
    CHECK(pyramid_fill_open(&f, 4, 1, &arena, NULL) == TRACK_OK);
    CHECK(pyramid_fill_add(&f, &two, NULL) == TRACK_CORRUPT);
}
