/* Shows that points of several places come in order and each once.
 * How: random parts of a random series that overlap and repeat each other, against the series; the
 * step that ends a source; failures of a source. */
#include "../../core/stretch.h"
#include "../harness.h"
#include "many.h"

#include <math.h>
#include <string.h>

enum { PARTS = 5 };

static struct many whole, parts[PARTS], got;

/* Reads all that the parts hold from step on into got. */
static track_status read_all(struct many_source *s, int64_t step, int64_t step_last)
{
    struct stretch_source sources[PARTS];
    struct stretch_head heads[PARTS];
    struct stretch_merge m;
    struct stretch in;
    for (size_t i = 0; i < PARTS; i++) {
        sources[i] = many_source(&s[i]);
        sources[i].step_last = step_last;
    }
    got.count = 0;
    TRY(stretch_merge_init(&m, sources, heads, PARTS, step, NULL));
    do {
        TRY(stretch_merge_next(&m, &in, NULL));
        if (in.count > MANY_MAX - got.count) {
            return TRACK_TOO_LARGE;
        }
        for (size_t i = 0; i < in.count; i++, got.count++) {
            got.steps[got.count] = in.steps[i];
            got.times_us[got.count] = in.times_us[i];
            got.values[got.count] = in.values[i];
        }
    } while (in.count);
    return TRACK_OK;
}

/* got is the points of whole from step to step_last, but for some before step. */
static bool got_is(int64_t step, int64_t step_last)
{
    struct stretch all = many_stretch(&whole), have = many_stretch(&got);
    struct point from = {step, INT64_MIN, -INFINITY};
    all = stretch_from(&all, stretch_before(&all, &from));
    have = stretch_from(&have, stretch_before(&have, &from));
    while (all.count && all.steps[all.count - 1] > step_last) {
        all.count--;
    }
    return all.count == have.count && memcmp(all.steps, have.steps, 8 * all.count) == 0 &&
           memcmp(all.times_us, have.times_us, 8 * all.count) == 0 &&
           memcmp(all.values, have.values, 8 * all.count) == 0;
}

TEST(stretch, merges_parts_into_the_series)
{
    uint64_t state = 3;
    for (int round = 0; round < 30; round++) {
        struct many_source s[PARTS];
        many_fill(&whole, 3000, round % 2, &state);
        for (unsigned i = 0; i < PARTS; i++) {
            many_part(&whole, i, PARTS, &state, &parts[i]);
            s[i] = (struct many_source){&parts[i], 0, 1 + many_next(&state) % 500, 0};
        }
        CHECK(read_all(s, INT64_MIN, INT64_MAX) == TRACK_OK && got_is(INT64_MIN, INT64_MAX));
        int64_t from = whole.steps[many_next(&state) % whole.count];
        int64_t last = whole.steps[many_next(&state) % whole.count];
        CHECK(read_all(s, from, last) == TRACK_OK && got_is(from, last));
    }
}

TEST(stretch, finds_how_many_lie_before)
{
    uint64_t state = 5;
    many_fill(&whole, 200, true, &state);
    struct stretch all = many_stretch(&whole);
    for (size_t i = 0; i < whole.count; i++) {
        struct point at = stretch_get(&all, i);
        CHECK_INT(stretch_before(&all, &at), i);
    }
    struct point end = {INT64_MAX, 0, 0};
    CHECK_INT(stretch_before(&all, &end), whole.count);
}

TEST(stretch, orders_points_by_step_time_and_value)
{
    static const struct point sorted[] = {{-5, 9, 9},  {0, -1, 0},  {0, 0, -INFINITY}, {0, 0, -0.0},
                                          {0, 0, 0.0}, {0, 0, NAN}, {0, 1, 0}};
    for (size_t i = 0; i < sizeof(sorted) / sizeof(sorted[0]); i++) {
        for (size_t j = 0; j < sizeof(sorted) / sizeof(sorted[0]); j++) {
            CHECK_INT(point_compare(&sorted[i], &sorted[j]), (i > j) - (i < j));
        }
    }
}

static track_status seek_ok(void *data, int64_t step, track_error *err)
{
    (void)step;
    (void)err;
    return *(track_status *)data == TRACK_IO ? TRACK_IO : TRACK_OK;
}

static track_status next_bad(void *data, struct stretch *out, track_error *err)
{
    (void)data;
    (void)out;
    (void)err;
    return TRACK_CORRUPT;
}

TEST(stretch, passes_on_what_a_source_says)
{
    track_status status = TRACK_IO;
    struct stretch_source source = {seek_ok, next_bad, &status, INT64_MAX};
    struct stretch_head head;
    struct stretch_merge m;
    CHECK(stretch_merge_init(&m, &source, &head, 1, 0, NULL) == TRACK_IO);
    status = TRACK_OK;
    CHECK(stretch_merge_init(&m, &source, &head, 1, 0, NULL) == TRACK_CORRUPT);
}
