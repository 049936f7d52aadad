/* Shows that a group's bins are the statistics of its runs' bins, with every run in them. */
#include "../../core/bins_group.h"
#include "../harness.h"
#include "many.h"

#include <math.h>
#include <string.h>

enum { RUNS = 60, BINS = 40, ALL = (1 << BANDS_COUNT) - 1 };

static struct bin runs[RUNS][BINS];
static size_t counts[RUNS];

/* Runs that have some of the bins, some without a number. */
static void runs_fill(uint64_t *state)
{
    for (size_t r = 0; r < RUNS; r++) {
        counts[r] = 0;
        for (uint32_t i = 0; i < BINS; i++) {
            double value =
                many_next(state) % 9 ? (double)(many_next(state) % 500) / 8 : (double)NAN;
            if (i % 7 && many_next(state) % 3) {
                runs[r][counts[r]++] = (struct bin){.index = i, .mean = value, .smooth = -value};
            }
        }
    }
}

static void check_index(const struct group_bin *bins, size_t count, uint32_t index, bool smooth)
{
    double values[RUNS], stats[BANDS_COUNT] = {0};
    uint32_t n = 0;
    for (size_t r = 0; r < RUNS; r++) {
        for (size_t i = 0; i < counts[r]; i++) {
            const struct bin *bin = &runs[r][i];
            if (bin->index == index && !isnan(bin->mean)) {
                values[n++] = smooth ? bin->smooth : bin->mean;
            }
        }
    }
    const struct group_bin *found = NULL;
    for (size_t i = 0; i < count; i++) {
        found = bins[i].index == index ? &bins[i] : found;
    }
    CHECK(!found == !n);
    if (found) {
        bands_fill(values, n, ALL, stats);
        CHECK(found->n == n && memcmp(found->stats, stats, sizeof(stats)) == 0);
    }
}

TEST(bins_group, have_every_run_in_them)
{
    uint64_t state = 17;
    for (int round = 0; round < 10; round++) {
        AUTO_ARENA arena = ARENA(4 << 20);
        AUTO_BUF values = BUF(RUNS * BINS * 16);
        struct bins_group g;
        struct group_bin *bins;
        size_t count;
        runs_fill(&state);
        bins_group_init(&g, BINS, &values);
        for (size_t r = 0; r < RUNS; r++) {
            bins_group_add(&g, runs[r], counts[r], round % 2);
        }
        CHECK(bins_group_end(&g, ALL, &arena, &bins, &count, NULL) == TRACK_OK);
        for (uint32_t i = 0; i < BINS; i++) {
            check_index(bins, count, i, round % 2);
        }
    }
}

TEST(bins_group, of_no_run_have_no_bins)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    AUTO_BUF values = BUF(100);
    struct bins_group g;
    struct group_bin *bins;
    size_t count;
    bins_group_init(&g, 100, &values);
    CHECK(bins_group_end(&g, ALL, &arena, &bins, &count, NULL) == TRACK_OK && count == 0);
}

TEST(bins_group, refuse_what_does_not_fit)
{
    AUTO_ARENA arena = ARENA(1 << 20), none = ARENA(16);
    AUTO_BUF values = BUF(20);
    AUTO_BUF empty = BUF(20);
    struct bin two[2] = {{.index = 0, .mean = 1}, {.index = 1, .mean = 2}};
    struct bins_group g;
    struct group_bin *bins;
    size_t count;
    bins_group_init(&g, 100, &values);
    bins_group_add(&g, two, 2, false);
    CHECK(bins_group_end(&g, ALL, &arena, &bins, &count, NULL) == TRACK_TOO_LARGE);
    bins_group_init(&g, 100, &empty);
    bins_group_add(&g, two, 1, false);
    CHECK(bins_group_end(&g, ALL, &none, &bins, &count, NULL) == TRACK_NOMEM);
}
