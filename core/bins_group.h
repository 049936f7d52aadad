/* bins_group - the bins of many runs as one: in each bin the mean of the runs and how they spread.
 *
 * Every run that has a value in a bin counts once there; a run without one is not guessed.
 * Uses: arena, bands, bins, bytes, fail.  Pure; any thread.
 */
#ifndef CORE_BINS_GROUP_H
#define CORE_BINS_GROUP_H
#include "arena.h"
#include "bands.h"
#include "bins.h"
#include "bytes.h"

/* One bin in which at least one run has a value. */
struct group_bin {
    uint32_t index;
    uint32_t n; /* runs */
    double stats[BANDS_COUNT];
};

/* Values being gathered; its own affair. */
struct bins_group {
    struct buf *values; /* of bins and runs, as they came */
    uint32_t count;     /* of bins on the grid */
};

/* Begins; values is empty and outlives g.  Its limit: 16 bytes for each bin of each run. */
void bins_group_init(struct bins_group *g, uint32_t grid_count, struct buf *values);

/* Adds the bins of one run: their means, or their smoothed values; NaN is no value. */
void bins_group_add(struct bins_group *g, const struct bin *bins, size_t count, bool smooth);

/* Ends it.
 *
 *   stats  a mask of bands.h; the others are 0.
 *   out    [*count] in arena, by index.
 *
 * TRACK_TOO_LARGE, TRACK_NOMEM  the buffer's limit, the arena's.
 *
 * Cost:  40-90 ns a value (bench/smooth.c).
 * Tests: tests/core/test_bins_group.c
 */
track_status bins_group_end(struct bins_group *g, unsigned stats, struct arena *arena,
                            struct group_bin **out, size_t *count, track_error *err);
#endif
