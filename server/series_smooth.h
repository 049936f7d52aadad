/* series_smooth - the smoothed values of bins, from all points of a series.
 *
 * Points pass in the order of x.  Of long series the exponential mean is kept every 65,536 points
 * (tail_marks.h), so that a zoom or new points begin there.
 * Uses: bins_merge, smooth, tail_marks, tail_source.  One thread, one request.
 */
#ifndef SERVER_SERIES_SMOOTH_H
#define SERVER_SERIES_SMOOTH_H
#include "../core/bins_merge.h"
#include "../core/smooth.h"
#include "tail_series.h"

/* Fills smooth of bins that have ended: the value at the last finite point of each, NaN where there
 * is none.
 *
 *   s  whole (tail_whole.h); must not change meanwhile but for its marks.
 *
 * TRACK_TOO_LARGE  over SMOOTH_WINDOW_MAX points in a window, or over BINS_SORT_MAX points in all
 *                  with times in disorder.
 * TRACK_NOMEM      no memory.
 * and what the packs say.
 *
 * Cost:  12-15 ns a point of the series at first, and of what is shown later on (bench/smooth.c).
 * Tests: tests/server/test_series_smooth.c (against the definition, sealed and not)
 */
track_status series_smooth(const struct smooth_ask *ask, struct bins_axis axis,
                           struct tail_series *s, struct bins *bins, track_error *err);
#endif
