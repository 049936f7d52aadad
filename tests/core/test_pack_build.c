/* Shows that packs give back every point, share what can be shared, and are split when they are
 * full.
 * How: random series of many lengths both ways; series of the same rows; packs of a small limit;
 * texts; points in disorder; a golden pack; every allocation failing. */
#include "../../core/pack_build.h"
#include "../../core/pack_check.h"
#include "../fault.h"
#include "../harness.h"
#include "packs.h"

#include <string.h>

enum { SERIES = 6 };

static struct many series[SERIES], got;

/* Every pack passes its check. */
static bool sound(const struct packs *p)
{
    for (size_t i = 0; i < p->count; i++) {
        struct bytes in = packs_get(p, i);
        struct pack_blob blob = packs_blob(&in);
        struct pack_checked checked;
        if (pack_check(&blob, NULL, &checked, NULL) != TRACK_OK) {
            return false;
        }
    }
    return true;
}

/* Whether the packs together hold the series of this name. */
static bool holds(const struct packs *p, const char *name, const struct many *want)
{
    got.count = 0;
    for (size_t i = 0; i < p->count; i++) {
        struct bytes in = packs_get(p, i);
        struct pack_blob blob = packs_blob(&in);
        if (packs_read(&blob, name, &got) != TRACK_OK) {
            return false;
        }
    }
    return many_same(&got, want);
}

TEST(pack_build, gives_back_every_point)
{
    static const size_t counts[] = {1, 63, 64, 65, 4096, 4097, 5000, 20000};
    uint64_t state = 31;
    for (size_t round = 0; round < 8; round++) {
        AUTO_PACKS p = PACKS;
        for (size_t i = 0; i < SERIES; i++) {
            many_fill(&series[i], counts[(round + i) % 8], i % 2, &state);
        }
        CHECK(packs_build(series, SERIES, &p) == TRACK_OK && p.count == 1);
        CHECK(sound(&p));
        CHECK(holds(&p, "a", &series[0]) && holds(&p, "c", &series[2]));
        CHECK(holds(&p, "f", &series[5]));
    }
}

/* Series of the rows of the first one: all, half of them, a tenth, without the first ones. */
static void fill_rows(void)
{
    uint64_t state = 77;
    many_fill(&series[0], 15000, false, &state);
    for (size_t i = 1; i < SERIES; i++) {
        series[i].count = 0;
        for (size_t j = i == 4 ? 100 : 0; j < series[0].count; j++) {
            if ((i == 2 && j % 2) || (i == 3 && j % 10) || (i == 5 && j % 3 == 0)) {
                continue;
            }
            size_t to = series[i].count++;
            series[i].steps[to] = series[0].steps[j];
            series[i].times_us[to] = series[0].times_us[j];
            series[i].values[to] = (double)j;
        }
        many_sort(&series[i]);
    }
}

TEST(pack_build, shares_axes_of_the_same_rows)
{
    AUTO_PACKS p = PACKS;
    AUTO_ARENA arena = ARENA(16 << 20);
    struct pack_dir dir;
    size_t own = 0, masked = 0;
    fill_rows();
    CHECK(packs_build(series, SERIES, &p) == TRACK_OK && sound(&p));
    struct bytes in = packs_get(&p, 0);
    struct pack_blob blob = packs_blob(&in);
    CHECK(pack_dir_read(&blob, &arena, &dir, NULL) == TRACK_OK);
    for (size_t i = 0; i < dir.chunk_count; i++) {
        masked += dir.chunks[i].masked;
    }
    for (size_t i = 0; i < dir.series[3].chunk_count; i++) {
        own = dir.chunks[dir.series[3].chunk_from + i].axis >= 4 ? own + 1 : own;
    }
    CHECK_INT(dir.axis_count, 5); /* 4 of 15,000 rows, and one of its own for the tenth */
    CHECK_INT(own, 1);
    CHECK_INT(masked, 4 + 1 + 4);
    for (size_t i = 0; i < SERIES; i++) {
        char name[2] = {(char)('a' + i), 0};
        CHECK(holds(&p, name, &series[i]));
    }
}

/* Packs of at most bytes_max of the series, with a digest of each. */
static track_status build_small(size_t bytes_max, struct packs *p)
{
    AUTO_ARENA arena = ARENA(64 << 20);
    struct pack_options options = packs_options(p);
    struct pack_builder *b;
    options.bytes_max = bytes_max;
    TRY(pack_build_open(&options, &arena, &b, NULL));
    for (size_t i = 0; i < SERIES; i++) {
        char name[2] = {(char)('a' + i), 0};
        struct pack_series s = packs_series(name, PACK_FLOATS);
        struct stretch all = many_stretch(&series[i]);
        s.scale = 3;
        TRY(pack_build_series(b, &s, NULL));
        TRY(pack_build_add(b, &all, NULL));
    }
    return pack_build_end(b, NULL);
}

TEST(pack_build, splits_what_is_too_large_for_a_pack)
{
    uint64_t state = 5;
    AUTO_PACKS p = PACKS;
    for (size_t i = 0; i < SERIES; i++) {
        many_fill(&series[i], 20000, i % 2, &state);
    }
    CHECK(build_small(400 << 10, &p) == TRACK_OK);
    CHECK(p.count > 3 && sound(&p));
    for (size_t i = 0; i < p.count; i++) {
        CHECK(p.sizes[i] <= 400 << 10);
    }
    for (size_t i = 0; i < SERIES; i++) {
        char name[2] = {(char)('a' + i), 0};
        CHECK(holds(&p, name, &series[i]));
    }
}

/* The kinds of digests that the packs have for a series. */
static track_status digests_of(const struct packs *p, const char *name, unsigned *kinds,
                               struct digest *last)
{
    struct pack_series wanted = packs_series(name, PACK_NUMBERS);
    *kinds = 0;
    for (size_t i = 0; i < p->count; i++) {
        AUTO_ARENA arena = ARENA(16 << 20);
        struct pack_dir dir;
        struct bytes in = packs_get(p, i);
        struct pack_blob blob = packs_blob(&in);
        TRY(pack_dir_read(&blob, &arena, &dir, NULL));
        const struct pack_series *s = pack_dir_find(&dir, wanted.name, wanted.context);
        if (s && (s->scale != 3 || s->kind != PACK_FLOATS)) {
            return TRACK_CORRUPT;
        }
        if (s) {
            *kinds = *kinds * 10 + s->has_digest;
            *last = s->digest;
        }
    }
    return TRACK_OK;
}

TEST(pack_build, has_one_digest_of_a_series_however_it_is_split)
{
    uint64_t state = 6;
    AUTO_PACKS one = PACKS;
    AUTO_PACKS several = PACKS;
    struct digest whole, split;
    unsigned kinds;
    for (size_t i = 0; i < SERIES; i++) {
        many_fill(&series[i], i == 0 ? 20000 : 10, true, &state);
    }
    CHECK(build_small(0, &one) == TRACK_OK && build_small(300 << 10, &several) == TRACK_OK);
    CHECK(digests_of(&one, "a", &kinds, &whole) == TRACK_OK && kinds == PACK_DIGEST);
    CHECK(digests_of(&several, "a", &kinds, &split) == TRACK_OK);
    CHECK(several.count > 1 && kinds >= 2 && kinds % 10 == PACK_DIGEST_SPLIT &&
          kinds / 10 % 10 == 0);
    CHECK(memcmp(&whole, &split, sizeof(whole)) == 0);
}

TEST(pack_build, refuses_disorder)
{
    AUTO_PACKS p = PACKS;
    AUTO_ARENA arena = ARENA(64 << 20);
    struct pack_options options = packs_options(&p);
    struct pack_builder *b;
    static const int64_t steps[] = {5, 4};
    static const double values[] = {1, 2};
    struct stretch back = {steps, steps, values, 2}, twice = {steps, steps, values, 1};
    struct pack_series s = packs_series("m", PACK_NUMBERS),
                       before = packs_series("l", PACK_NUMBERS);
    struct pack_series texts = packs_series("n", PACK_TEXTS);
    CHECK(pack_build_open(&options, &arena, &b, NULL) == TRACK_OK);
    CHECK(pack_build_add(b, &twice, NULL) == TRACK_INVALID); /* no series */
    CHECK(pack_build_series(b, &s, NULL) == TRACK_OK);
    CHECK(pack_build_add(b, &twice, NULL) == TRACK_OK);
    CHECK(pack_build_add(b, &twice, NULL) == TRACK_INVALID);
    CHECK(pack_build_add(b, &back, NULL) == TRACK_INVALID);
    CHECK(pack_build_series(b, &s, NULL) == TRACK_INVALID);
    CHECK(pack_build_series(b, &before, NULL) == TRACK_INVALID);
    CHECK(pack_build_series(b, &texts, NULL) == TRACK_OK);
    CHECK(pack_build_add(b, &twice, NULL) == TRACK_INVALID);
}

TEST(pack_build, makes_no_pack_of_nothing)
{
    AUTO_PACKS p = PACKS;
    series[0].count = 0;
    CHECK(packs_build(series, 1, &p) == TRACK_OK && p.count == 0);
    CHECK(packs_build(series, 0, &p) == TRACK_OK && p.count == 0);
}

/* Two series of the same rows, a short one, and texts. */
static track_status build_golden(struct packs *p)
{
    AUTO_ARENA arena = ARENA(64 << 20);
    struct pack_options options = packs_options(p);
    struct pack_builder *b;
    int64_t steps[200], times[200];
    double values[200];
    struct stretch all = {steps, times, values, 200};
    static const struct bytes texts[] = {{(const unsigned char *)"one", 3},
                                         {(const unsigned char *)"{\"k\":2}", 7}};
    for (int i = 0; i < 200; i++) {
        steps[i] = 10 * i;
        times[i] = 1700000000000000 + i * 250000 + i % 7 * 1000;
        values[i] = i % 50 ? 1.0 / (1 + i) : (double)NAN;
    }
    TRY(pack_build_open(&options, &arena, &b, NULL));
    struct pack_series s = packs_series("acc", PACK_FLOATS);
    s.context = (struct bytes){(const unsigned char *)"{\"rank\":0}", 10};
    TRY(pack_build_series(b, &s, NULL));
    TRY(pack_build_add(b, &all, NULL));
    s = packs_series("loss", PACK_NUMBERS);
    TRY(pack_build_series(b, &s, NULL));
    TRY(pack_build_add(b, &all, NULL));
    s = packs_series("rest", PACK_TEXTS);
    all.count = 2;
    TRY(pack_build_series(b, &s, NULL));
    TRY(pack_build_add_texts(b, &all, texts, NULL));
    s = packs_series("short", PACK_NUMBERS);
    all.count = 3;
    TRY(pack_build_series(b, &s, NULL));
    TRY(pack_build_add(b, &all, NULL));
    return pack_build_end(b, NULL);
}

TEST(pack_build, makes_the_golden_pack)
{
    AUTO_PACKS p = PACKS;
    CHECK(build_golden(&p) == TRACK_OK && p.count == 1 && sound(&p));
    CHECK_GOLDEN("pack_points", packs_get(&p, 0));
}

static track_status work(void)
{
    AUTO_PACKS p = PACKS;
    TRY(packs_build(series, SERIES, &p));
    struct bytes in = packs_get(&p, 0);
    struct pack_blob blob = packs_blob(&in);
    struct pack_checked checked;
    return pack_check(&blob, NULL, &checked, NULL);
}

TEST(pack_build, survives_each_allocation_failing)
{
    uint64_t state = 6;
    for (size_t i = 0; i < SERIES; i++) {
        many_fill(&series[i], i == 1 ? 6000 : 100, i % 2, &state);
    }
    CHECK(fault_each(work) >= 20);
}
