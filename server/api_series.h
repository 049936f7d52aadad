/* api_series - points, texts and lines on their way out.
 *
 * Uses: api_parse, render, series, columns.
 */
#ifndef SERVER_API_SERIES_H
#define SERVER_API_SERIES_H
#include "route.h"

handler api_series_list;
handler api_point_list;
handler api_text_list;
handler api_line_list;
#endif
