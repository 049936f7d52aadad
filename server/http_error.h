/* http_error - what a caller gets to see when something went wrong.
 *
 * {"error":{"code","message","hint","ref"}}: code and message from the track_error, the hint from a
 * table by status and place, the ref also stands in the log.
 * Uses: json, route.
 */
#ifndef SERVER_HTTP_ERROR_H
#define SERVER_HTTP_ERROR_H
#include "route.h"

/* Which request failed, and where. */
struct http_failure {
    const char *place; /* pattern of the row, or NULL */
    const char *ref;
    int http;                         /* code; 0: that of the status */
    const int64_t *next_seq, *offset; /* of the response; filled by http_error_fill */
};

/* Fills *rs with the error body; it keeps allow, range, next_seq and offset. */
void http_error_fill(const struct request *rq, const struct http_failure *failure,
                     const track_error *err, struct response *rs);

/* What to do about it; never NULL. */
const char *http_error_hint(const char *place, track_status status, int http);
#endif
