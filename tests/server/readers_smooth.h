/* readers_smooth - what smoothed bins and bins over a metric must be, from all points that were
 * sent.
 *
 * Uses: points, readers.
 */
#ifndef TESTS_SERVER_READERS_SMOOTH_H
#define TESTS_SERVER_READERS_SMOOTH_H
#include "readers.h"

/* Any way of smoothing, or none. */
struct smooth_ask readers_any_smooth(uint64_t *random);

/* True if smooth of the bins is that of points [count], which are in the order of x; x is that of
 * ask, less origin. */
struct readers_points {
    const struct point *at; /* [count] */
    size_t count;
    int64_t origin_us;
};
bool readers_smooth_agrees(const struct bins_ask *ask, const struct bins_grid *grid,
                           const struct readers_points *points, const struct series_bins *got);

/* True if the bins of one series over another one are what they must be. */
bool readers_join_agrees(struct points *p, const struct readers *r, const size_t series[2],
                         uint64_t *random);
#endif
