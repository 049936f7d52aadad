/* series_join - the bins of a series over the values of another one of its run.
 *
 * Uses: bins_real, series_bin, smooth, tail_source.  One thread, one request.
 */
#ifndef SERVER_SERIES_JOIN_H
#define SERVER_SERIES_JOIN_H
#include "series_bin.h"

/* Fills bins, count and unplaced, and smooth of the bins where it is asked for: smoothing goes in
 * the order of steps, the value of a bin is that at its last finite point.
 *
 *   at  x NULL: no point has a place.
 *
 * TRACK_TOO_LARGE  one of the two has over SERIES_JOIN_MAX points; over SMOOTH_WINDOW_MAX points in
 *                  a window.
 * TRACK_NOMEM      no memory.
 * and what the packs say.
 *
 * Cost:  40 ns a point of both (bench/smooth.c).
 * Tests: tests/server/test_series_join.c
 */
track_status series_join(const struct bins_ask *ask, const struct real_grid *grid,
                         const struct series_at *at, struct arena *arena, struct series_bins *to,
                         track_error *err);
#endif
