/* Shows that bins from buckets are the bins of all points, wherever they lie, bit for bit.
 * How: a random series in parts that overlap and repeat each other, each with a pyramid level, with
 * sums of chunks, or with nothing known of them; every axis; against all points at once. */
#include "../../core/bins_merge.h"
#include "../../core/pyramid.h"
#include "../fault.h"
#include "../harness.h"
#include "many.h"

#include <stdlib.h>
#include <string.h>

enum { PARTS = 4, CHUNK = 300 };

static struct many whole, parts[PARTS];

static bool same_bin(const struct bin *a, const struct bin *b)
{
    double largest = fmax(fabs(a->min), fabs(a->max));
    bool mean = fabs(a->mean - b->mean) <= largest * 0x1p-40 || (isnan(a->mean) && isnan(b->mean));
    return mean && a->index == b->index && a->n == b->n && a->nan == b->nan && a->pinf == b->pinf &&
           a->ninf == b->ninf && a->x_first == b->x_first && a->x_last == b->x_last &&
           memcmp(&a->first, &b->first, 2 * sizeof(double)) == 0 &&
           memcmp(&a->min, &b->min, 2 * sizeof(double)) == 0;
}

static bool same_bins(const struct bins *a, const struct bins *b)
{
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        if (!same_bin(&a->at[i], &b->at[i])) {
            return false;
        }
    }
    return a->count == b->count;
}

/* Stretches of a part as buckets, of which nothing else is known if opaque. */
static track_status chunks_make(const struct many *part, bool opaque, struct arena *arena,
                                struct bins_source *out)
{
    struct bucket *at = ARENA_ARRAY(arena, struct bucket, part->count / CHUNK + 1);
    struct stretch left = many_stretch(part);
    for (out->count = 0; at && left.count; out->count++) {
        struct stretch chunk = left;
        chunk.count = left.count < CHUNK ? left.count : CHUNK;
        bucket_add(&at[out->count], &chunk);
        at[out->count].n = opaque ? 0 : at[out->count].n;
        left = stretch_from(&left, chunk.count);
    }
    out->at = at;
    return at ? TRACK_OK : TRACK_NOMEM;
}

static track_status level_make(const struct many *part, unsigned shift, struct arena *arena,
                               struct bins_source *out)
{
    struct pyramid_fill f;
    struct stretch all = many_stretch(part);
    TRY(pyramid_fill_open(&f, shift, part->count, arena, NULL));
    TRY(pyramid_fill_add(&f, &all, NULL));
    out->at = f.level.at;
    out->count = f.level.count;
    return TRACK_OK;
}

/* Puts some points of a part out of sight, as a rewind does, and puts them into the next part. */
static int64_t part_limit(size_t i, uint64_t *state)
{
    if (many_next(state) % 3 || parts[i].count == 0) {
        return INT64_MAX;
    }
    return parts[i].steps[many_next(state) % parts[i].count];
}

static int by_time(const void *left, const void *right)
{
    const struct point *a = left, *b = right;
    return a->time_us != b->time_us ? (a->time_us < b->time_us ? -1 : 1) : point_compare(a, b);
}

/* The bins of all points of whole, one by one. */
static void bins_directly(struct bins *b, struct bins_axis axis)
{
    static struct point points[MANY_MAX];
    struct stretch all = many_stretch(&whole);
    for (size_t i = 0; i < all.count; i++) {
        points[i] = stretch_get(&all, i);
    }
    if (axis.x != BINS_STEP) {
        qsort(points, all.count, sizeof(*points), by_time);
    }
    for (size_t i = 0; i < all.count; i++) {
        int64_t x = axis.x == BINS_STEP ? points[i].step : points[i].time_us - axis.origin_us;
        bins_add(b, &x, &points[i].value, 1);
    }
}

static struct bins_grid grid_make(struct bins_axis axis, uint64_t *state)
{
    struct bins_grid grid;
    const int64_t *x = axis.x == BINS_STEP ? whole.steps : whole.times_us;
    struct bins_range range = {x[0], x[0]};
    for (size_t i = 0; i < whole.count; i += many_next(state) % 2000 + 1) {
        range.first = x[i] < range.first ? x[i] : range.first;
        range.last = x[i] > range.last ? x[i] : range.last;
    }
    range.first -= axis.origin_us;
    range.last -= axis.origin_us;
    bins_grid_fill(axis.x, range, (uint32_t)(many_next(state) % 300 + 1), &grid);
    return grid;
}

/* A series in parts, and the series that is to be seen of them. */
static track_status sources_make(const struct bins_grid *grid, struct many_source *s,
                                 struct bins_source *out, struct arena *arena, uint64_t *state)
{
    for (size_t i = 0; i < PARTS; i++) {
        unsigned shift = (unsigned)(many_next(state) % 12);
        bool fits = grid->width >= (int64_t)1 << shift; /* a finer one reads points */
        shift = fits || many_next(state) % 2 ? shift : 0;
        uint64_t kind = many_next(state) % 4;
        if (kind < 2) {
            TRY(chunks_make(&parts[i], kind, arena, &out[i]));
        } else {
            TRY(level_make(&parts[i], shift, arena, &out[i]));
        }
        s[i] = (struct many_source){&parts[i], 0, 1 + many_next(state) % 400, 0};
        int64_t step_last = out[i].points.step_last;
        out[i].points = many_source(&s[i]);
        out[i].points.step_last = step_last;
    }
    return TRACK_OK;
}

/* Makes whole what the sources show. */
static void whole_make(const struct bins_source *sources)
{
    whole.count = 0;
    for (size_t i = 0; i < PARTS; i++) {
        for (size_t j = 0; j < parts[i].count && whole.count < MANY_MAX; j++) {
            if (parts[i].steps[j] <= sources[i].points.step_last) {
                whole.steps[whole.count] = parts[i].steps[j];
                whole.times_us[whole.count] = parts[i].times_us[j];
                whole.values[whole.count++] = parts[i].values[j];
            }
        }
    }
    many_sort(&whole);
}

static void check_round(enum bins_x x, int round, uint64_t *state)
{
    AUTO_ARENA arena = ARENA(32 << 20);
    struct bins_source sources[PARTS] = {0};
    struct many_source s[PARTS];
    struct bins want, got;
    many_fill(&whole, 4000, round % 3, state);
    for (unsigned i = 0; i < PARTS; i++) {
        many_part(&whole, i, PARTS, state, &parts[i]);
        sources[i].points.step_last = round % 2 ? part_limit(i, state) : INT64_MAX;
    }
    whole_make(sources);
    struct bins_axis axis = {x, x == BINS_RELATIVE ? whole.times_us[0] + 77000 : 0};
    struct bins_grid grid = grid_make(axis, state);
    CHECK(sources_make(&grid, s, sources, &arena, state) == TRACK_OK);
    bins_init(&want, &grid, &arena);
    bins_directly(&want, axis);
    CHECK(bins_end(&want, NULL) == TRACK_OK);
    bins_init(&got, &grid, &arena);
    CHECK_INT(bins_add_sources(&got, axis, sources, PARTS, NULL), TRACK_OK);
    CHECK(bins_end(&got, NULL) == TRACK_OK);
    CHECK(same_bins(&want, &got));
}

TEST(bins_merge, gives_the_bins_of_all_points)
{
    uint64_t state = 21;
    for (int round = 0; round < 120; round++) {
        check_round((enum bins_x)(round / 2 % 3), round, &state);
    }
}

/* How many points are read for a chart of 20,000 points by a level of shift 4. */
static size_t points_read(unsigned w)
{
    AUTO_ARENA arena = ARENA(32 << 20);
    struct many_source s = {&whole, 0, 4096, 0};
    struct bins_source source = {0};
    struct bins_grid grid = {.width = (int64_t)1 << w, .to = MANY_MAX, .count = MANY_MAX >> w};
    struct bins bins;
    grid.count += (MANY_MAX & ((1 << w) - 1)) != 0;
    source.points = many_source(&s);
    bins_init(&bins, &grid, &arena);
    if (level_make(&whole, 4, &arena, &source) != TRACK_OK ||
        bins_add_sources(&bins, (struct bins_axis){BINS_STEP, 0}, &source, 1, NULL) != TRACK_OK ||
        bins_end(&bins, NULL) != TRACK_OK || bins.count != grid.count) {
        return SIZE_MAX;
    }
    return s.given;
}

TEST(bins_merge, reads_no_point_where_a_level_fits)
{
    whole.count = MANY_MAX;
    for (size_t i = 0; i < MANY_MAX; i++) {
        whole.steps[i] = whole.times_us[i] = (int64_t)i;
        whole.values[i] = i == 12345 ? 1000 : 1;
    }
    CHECK_INT(points_read(4), 0);
    CHECK_INT(points_read(9), 0);
    CHECK(points_read(3) >= MANY_MAX); /* finer than the level */
}

TEST(bins_merge, passes_on_what_a_source_says)
{
    AUTO_ARENA small = ARENA(64);
    struct bins_source source = {0};
    struct many_source s = {&whole, 0, 4096, 0};
    struct bins_grid grid = {.width = 16, .to = MANY_MAX, .count = MANY_MAX / 16};
    struct bins bins;
    source.points = many_source(&s);
    bins_init(&bins, &grid, &small);
    struct bins_axis axis = {BINS_STEP, 0};
    CHECK(bins_add_sources(&bins, axis, &source, 1, NULL) == TRACK_NOMEM);
}

static track_status work(void)
{
    AUTO_ARENA arena = ARENA(32 << 20);
    struct bins_source sources[PARTS] = {0};
    struct many_source s[PARTS];
    struct bins bins;
    uint64_t state = 5;
    struct bins_axis axis = {BINS_TIME, 0};
    struct bins_grid grid = {.width = 1000000, .to = 4000000000, .count = 4000};
    bins_init(&bins, &grid, &arena);
    for (unsigned i = 0; i < PARTS; i++) {
        sources[i].points.step_last = INT64_MAX;
    }
    TRY(sources_make(&grid, s, sources, &arena, &state));
    TRY(bins_add_sources(&bins, axis, sources, PARTS, NULL));
    return bins_end(&bins, NULL);
}

TEST(bins_merge, survives_each_allocation_failing)
{
    uint64_t state = 6;
    many_fill(&whole, 2000, false, &state);
    for (unsigned i = 0; i < PARTS; i++) {
        many_part(&whole, i, PARTS, &state, &parts[i]);
    }
    CHECK(fault_each(work) >= 3);
}
