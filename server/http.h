/* http - the server's side of HTTP; with http_call.c the only user of libmicrohttpd.
 *
 * A pool of threads runs every connection; a handler never waits.  A write suspends its connection
 * until the writer thread has committed; an event stream is suspended until there is an event.
 * Every wait has a deadline of http_peers.
 * Uses: libmicrohttpd, http_call, http_peers, http_streams.
 */
#ifndef SERVER_HTTP_H
#define SERVER_HTTP_H
#include "app.h"

struct http;

/* Starts to answer.
 *
 *   app    everything in it is opened; app->routes was checked.
 *   fds    [count] listening sockets, 1..CONFIG_LIST_MAX; taken over.
 *   out    close with http_close.
 *
 * TRACK_NOMEM  no memory or threads.
 * TRACK_IO     libmicrohttpd does not start.
 */
track_status http_open(struct app *app, const int *fds, size_t count, struct http **out,
                       track_error *err);

/* Something happened: every event stream looks for what it has to say.  Any thread; for
 * live_set_wake, with the struct http. */
void http_wake(void *http);

/* Ends in order: accepts nothing new, tells event streams to come back later, waits until open
 * requests are answered, at most limit_s; then cuts what is left.  NULL is allowed.
 */
void http_close(struct http *h, int64_t limit_s);
#endif
