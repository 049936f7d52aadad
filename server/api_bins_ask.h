/* api_bins_ask - a request for bins, read from its body.
 *
 * Uses: api_parse, series.
 */
#ifndef SERVER_API_BINS_ASK_H
#define SERVER_API_BINS_ASK_H
#include "api_parse.h"
#include "series.h"

/* Words of requests and answers, by enum bins_x, enum columns_of_bins and enum bands_stat. */
extern const char *const bins_x_names[];
extern const char *const bins_column_names[];
extern const char *const bins_stat_names[];

/* Index of a text among names [count].
 *
 * TRACK_INVALID  it is none of them; err shows it.
 */
track_status bins_word(const struct json *value, const char *const *names, int count, int *out,
                       track_error *err);

/* Reads the body.
 *
 *   out  in the request's arena.
 *
 * TRACK_INVALID  err names the member and what it must be.
 *
 * Tests: tests/server/test_api_bins.c, tests/e2e/test_bins.py
 */
track_status bins_ask_parse(const struct request *rq, struct bins_ask *out, track_error *err);
#endif
