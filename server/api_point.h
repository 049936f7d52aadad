/* api_point - points, texts and console lines as JSON, for programs without libtrack.
 *
 * Uses: api_parse, api_frame, journal_points.
 */
#ifndef SERVER_API_POINT_H
#define SERVER_API_POINT_H
#include "route.h"

/* Their replies are rendered by api_frame_added. */
handler api_point_add;
handler api_text_add;
handler api_line_add;
#endif
