/* api_render - JSON answers: begin, write, end.
 *
 * Uses: json, route.
 */
#ifndef SERVER_API_RENDER_H
#define SERVER_API_RENDER_H
#include "../core/json.h"
#include "app.h"

enum { RENDER_BYTES_MAX = 64 << 20 };

/* Begins a document of at most RENDER_BYTES_MAX bytes that lives as long as the request.
 *
 * TRACK_NOMEM  the arena's limit.
 */
track_status render_begin(const struct request *rq, struct json_writer *out, track_error *err);

/* Ends it and makes it the body.
 *
 * The statuses of json_end.
 */
track_status render_end(struct json_writer *w, struct response *rs, track_error *err);
#endif
