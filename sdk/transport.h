/* transport - HTTP requests to a server.
 *
 * libcurl is used here only.  No redirect is followed and nothing but http and https is spoken, so
 * a server cannot send a request, or a credential, elsewhere.
 * Uses: bytes, fail.  A transport belongs to one thread at a time.
 */
#ifndef SDK_TRANSPORT_H
#define SDK_TRANSPORT_H
#include "../core/bytes.h"

#include <stdatomic.h>

struct transport;

/* Gives the next bytes of a body: at most room, 0 at its end, -1 to give up. */
typedef int64_t transport_source(void *data, void *bytes, size_t room);
/* Takes bytes of a reply; false gives up. */
typedef bool transport_sink(void *data, const void *bytes, size_t size);

struct transport_request {
    const char *method;
    const char *url;
    struct bytes body;
    transport_source *source; /* instead of body */
    void *source_data;
    int64_t source_bytes;       /* -1: not known */
    const char *content_type;   /* NULL: none */
    const char *accept;         /* NULL: application/json */
    const char *const *headers; /* "Name: value", NULL at the end; NULL: none */
    transport_sink *sink;       /* takes the body of a 2xx reply; NULL: goes into the reply */
    void *sink_data;
    int64_t timeout_ms; /* -1: none */
};

/* A reply with any status.  body.limit_bytes is the caller's; buf_release it. */
struct transport_reply {
    int http;
    struct buf body;
    char type[128];
    char etag[128];
    char next[256];        /* X-Track-Next */
    int64_t retry_after_s; /* -1: not said */
};

/* Frees what a reply holds:  AUTO_REPLY reply = {.body = BUF(64 * 1024)}; */
void transport_release_reply(struct transport_reply *reply);
#define AUTO_REPLY __attribute__((cleanup(transport_release_reply))) struct transport_reply

/* Opens a transport; connections are made when needed, and kept.
 *
 *   cancel  while true, requests end as TRACK_TIMEOUT within 0.2 s; NULL: never.
 *
 * TRACK_NOMEM  libcurl has no memory.
 */
track_status transport_open(const atomic_bool *cancel, struct transport **out, track_error *err);
void transport_close(struct transport *t);

/* Sends a request and waits for all of its reply.
 *
 *   reply  zeroed but for body.limit_bytes.
 *
 * TRACK_INVALID      url is none, or has a scheme other than http and https.
 * TRACK_UNREACHABLE  no connection, or it broke.
 * TRACK_TIMEOUT      not done in time, or cancelled.
 * TRACK_TOO_LARGE    the reply is larger than body.limit_bytes.
 * TRACK_CONFLICT     source or sink gave up.
 * TRACK_NOMEM
 *
 * Tests: tests/sdk/test_transport.c, tests/e2e/test_sdk.py
 */
track_status transport_send(struct transport *t, const struct transport_request *rq,
                            struct transport_reply *reply, track_error *err);

/* Appends text with everything but unreserved characters percent-encoded; `keep` are kept too. */
void transport_put_escaped(struct buf *b, const char *text, const char *keep);
#endif
