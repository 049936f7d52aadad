/* series_group - groups of runs: the bins of many series as those of one.
 *
 * Uses: bins_group, hash, series_bin.  One thread, one request.
 */
#ifndef SERVER_SERIES_GROUP_H
#define SERVER_SERIES_GROUP_H
#include "series_bin.h"

/* Fills groups and group_count of on.
 *
 *   on  has the grid, and the series that the request found, in the order of runs.
 *
 * Statuses of series_bins.
 *
 * Cost:  that of the bins of all its series, and 50-90 ns for each of their bins (bench/smooth.c);
 *        nothing for a group that is unchanged.
 * Tests: tests/server/test_series_group.c
 */
track_status series_groups(struct tail *t, const struct bins_ask *ask, struct arena *arena,
                           struct bins_answer *on, track_error *err);
#endif
