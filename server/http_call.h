/* http_call - one request on its connection: what libmicrohttpd calls while it lives.
 *
 * Reads the head, feeds the exchange, waits for the writer, sends the answer.  Waiting is
 * suspending the connection; whoever comes second, the writer or the connection's own thread,
 * resumes it.
 * Uses: libmicrohttpd, http_exchange, http_fields, http_peers, http_slow, http_streams.
 */
#ifndef SERVER_HTTP_CALL_H
#define SERVER_HTTP_CALL_H
#include "app.h"
#include "http_slow.h"
#include "http_streams.h"

#include <microhttpd.h>

/* What all requests share. */
struct calls {
    struct app *app;
    struct streams streams;
    struct slow *slow;       /* ends of uploads */
    _Atomic int64_t open;    /* requests between head and end of answer */
    _Atomic int64_t tickets; /* of these, how many the writer holds */
    atomic_bool ending;      /* streams say good-bye, connections close */
    pthread_mutex_t lock;
    struct call *waiting; /* guarded by lock: those that wait for the writer */
};

enum { CALL_WRITE_US = 30 * 1000000 }; /* how long a write may wait in the writer's queue */

/* Answers TIMEOUT to writes that have waited in the queue for longer; what is being committed is
 * waited for. */
void calls_expire(struct calls *all);

/* First sight of a request: its target, before libmicrohttpd touches it.  cls: struct calls. */
void *call_on_target(void *cls, const char *target, struct MHD_Connection *connection);

/* Head, parts and end of the request. */
enum MHD_Result call_on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                const char *method, const char *version, const char *data,
                                size_t *size, void **context);

/* The answer is gone, or the peer.  cls: struct calls. */
void call_on_completed(void *cls, struct MHD_Connection *connection, void **context,
                       enum MHD_RequestTerminationCode code);
#endif
