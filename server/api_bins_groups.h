/* api_bins_groups - the groups of a request for bins, read from its body.
 *
 * Uses: api_parse, series.
 */
#ifndef SERVER_API_BINS_GROUPS_H
#define SERVER_API_BINS_GROUPS_H
#include "api_parse.h"
#include "series.h"

/* Reads the member group into groups, stats and members.
 *
 *   group  NULL: there are none.
 *   ask    has its runs; without sets they are one group.
 *
 * TRACK_INVALID  err names the member and what it must be: a set names a run that the request does
 *                not, or none; over SERIES_GROUPS_MAX sets; a word that is none.
 *
 * Tests: tests/server/test_api_bins.c, tests/e2e/test_bins.py
 */
track_status bins_groups_parse(const struct request *rq, const struct json *group,
                               struct bins_ask *ask, track_error *err);
#endif
