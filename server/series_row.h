/* series_row - what is known of a series at a glance.
 *
 * Uses: tail_series, store_series.
 */
#ifndef SERVER_SERIES_ROW_H
#define SERVER_SERIES_ROW_H
#include "store_series.h"
#include "tail_series.h"

/* Fills a row from a whole series that has points; name and context are those of s.
 *
 * TRACK_CORRUPT  it has none: a broken invariant.
 */
track_status series_row_fill(const struct tail_series *s, struct series_row *out, track_error *err);
#endif
