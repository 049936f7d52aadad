/* api_bins - many series binned on one grid, for charts.
 *
 * Uses: api_parse, render, series, columns.
 */
#ifndef SERVER_API_BINS_H
#define SERVER_API_BINS_H
#include "route.h"

handler api_bins_get;
#endif
