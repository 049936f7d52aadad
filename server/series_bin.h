/* series_bin - the bins of one series of a run, on the grid of a request.
 *
 * Uses: series, series_smooth, series_join, tail_source, hash.  One thread, one request.
 */
#ifndef SERVER_SERIES_BIN_H
#define SERVER_SERIES_BIN_H
#include "series.h"

/* A series of a run that is taken. */
struct series_at {
    struct tail_run *run;
    struct tail_series *s;
    struct tail_series *x;        /* BINS_METRIC: the series that is x; NULL: the run has none */
    struct tail_readers *readers; /* of packs, for one series after the other; NULL: its own */
};

/* Finds a series and, where another metric is asked for as x, that one.
 *
 *   out  s is NULL: there is none.
 *
 * What tail_find says.
 */
track_status series_at_find(struct tail_run *run, const struct bins_ask *ask,
                            const struct series_ref *key, struct series_at *out, track_error *err);

/* What the answer for a series depends on: its points, grid, smoothing and columns. */
track_status series_bin_version(const struct bins_ask *ask, const struct bins_answer *on,
                                const struct series_at *at, uint64_t *out, track_error *err);

/* Fills bins, count, exact and unplaced.
 *
 *   on     has the grid.
 *   arena  holds the bins.
 *
 * Statuses of series_bins.
 */
track_status series_bin_fill(const struct bins_ask *ask, const struct bins_answer *on,
                             const struct series_at *at, struct arena *arena,
                             struct series_bins *to, track_error *err);
#endif
