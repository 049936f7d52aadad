/* api_search - runs that a filter selects, and what completion asks of a project.
 *
 * Uses: api_parse, render, store_search, store_facet, series.
 */
#ifndef SERVER_API_SEARCH_H
#define SERVER_API_SEARCH_H
#include "route.h"

handler api_run_search;
handler api_project_series;
handler api_project_keys;
handler api_project_values;
#endif
