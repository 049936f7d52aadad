/* api_parse - what handlers read from a request.
 *
 * Every message names the member or parameter and what it must be.
 * Uses: json, route, store.
 */
#ifndef SERVER_API_PARSE_H
#define SERVER_API_PARSE_H
#include "../core/json.h"
#include "app.h"
#include "store_run.h"

enum { RUN_ID_SIZE = 33 };

/* The body as an object with no other members than these (NULL ends them).
 *
 * TRACK_INVALID    no JSON, no object, an unknown member; an empty body counts as {}.
 * TRACK_TOO_LARGE  too deep, too many values.
 */
track_status parse_body(const struct request *rq, const char *const *names, const struct json **out,
                        track_error *err);

/* The run that the first parameter of the path names: its id, or a unique start or end of it.
 *
 *   out  [RUN_ID_SIZE], in arena.
 *
 * TRACK_INVALID    no hex digits, or fewer than 6.
 * TRACK_NOT_FOUND  names nothing.
 * TRACK_CONFLICT   names several.
 */
track_status parse_run(struct app *app, const struct request *rq, const char **out,
                       track_error *err);

/* True if text is `digits` lower-case hex digits. */
bool parse_is_hex(const char *text, size_t digits);

/* Hex digits as bytes; NULL at if text is not 2 * size lower-case hex digits, or no memory. */
struct bytes parse_hex(const struct request *rq, const char *text, size_t size);

/* A parameter of the path as text. */
track_status parse_param(const struct request *rq, size_t index, const char **out,
                         track_error *err);

/* A query parameter as text; *out stays as it was when it is absent. */
track_status parse_query_text(const struct request *rq, const char *name, const char **out,
                              track_error *err);

/* A query parameter as a whole number from range.min to range.max, likewise.
 *
 * TRACK_INVALID  no such number.
 */
track_status parse_query_int(const struct request *rq, const char *name, struct json_range range,
                             int64_t *out, track_error *err);

/* A query parameter that is 0 or 1, likewise. */
track_status parse_query_flag(const struct request *rq, const char *name, bool *out,
                              track_error *err);

/* True if the header Accept names the type. */
bool parse_accepts(const struct request *rq, const char *type);

/* limit: 1..1000, 100 when absent. */
track_status parse_limit(const struct request *rq, int *out, track_error *err);

/* A cursor is text of ours in hex, so that nobody builds on what is inside; NULL when absent.
 *
 * TRACK_INVALID  not one that an answer of this path gave.
 */
track_status parse_cursor(const struct request *rq, const char **out, track_error *err);

/* The same for one that stands in a body. */
track_status parse_cursor_text(const struct request *rq, const char *hex, const char **out,
                               track_error *err);

/* Zeroed memory for a call of the store whose first member is its ticket; the ticket is filled and
 * left in *rs.  NULL: the arena's limit. */
void *parse_call(const struct request *rq, size_t size, struct response *rs);
#define CALL_NEW(rq, rs, type) ((type *)parse_call((rq), sizeof(type), (rs)))
#endif
