/* gate - what every request must pass before its handler runs.
 *
 * Order: framing, host, route, origin, body (security.md 4).  Each check returns what it found and
 * sets the HTTP code where the status alone does not say it.  There are no credentials yet: the
 * server listens on loopback or a socket file only, and whoever reaches it may do everything.
 * Uses: bytes, fail, route, config.  Pure; any thread.
 */
#ifndef SERVER_GATE_H
#define SERVER_GATE_H
#include "config.h"
#include "route.h"

enum {
    GATE_HEADERS_MAX = 100,
    GATE_TARGET_BYTES_MAX = 8 * 1024, /* path and query, as sent */
};

/* The head of a request, as it was sent. */
struct gate_head {
    const char *method;
    const char *target;             /* path and query */
    const char *version;            /* "HTTP/1.1" */
    const struct url_pair *headers; /* [header_count] */
    size_t header_count;
    bool loopback; /* the peer is this machine */
};

/* What the checks found out. */
struct gate_pass {
    int http;          /* code of a refusal whose status does not say it; 0: that of the status */
    struct bytes host; /* Host, or X-Forwarded-Host of a trusted proxy */
    bool has_length;   /* Content-Length is there */
    uint64_t length_bytes; /* its value */
    bool chunked;
    bool zstd; /* the body is zstd */
};

/* Refuses a head that two parties could read differently.
 *
 * TRACK_INVALID  a name or value with control bytes; Content-Length twice, no number, or beside
 *                Transfer-Encoding; another Transfer-Encoding than "chunked", or one in HTTP/1.0;
 *                a target that is no path; no Host, or two; Host, Origin, Content-Type,
 *                Content-Encoding or Range twice; 414 and 431 for what is too long or too much.
 *
 * Tests: tests/server/test_gate.c, tests/e2e/test_framing.py
 */
track_status gate_check_framing(const struct gate_head *head, struct gate_pass *pass,
                                track_error *err);

/* Refuses a name that is not ours: a page elsewhere could make a browser send it (DNS rebinding).
 * Loopback names and private addresses are ours, with any port, and those of --allow-host.
 *
 * TRACK_DENIED  another name; err says how to allow it.
 *
 * Tests: tests/server/test_gate.c
 */
track_status gate_check_host(const struct config *config, const struct gate_head *head,
                             struct gate_pass *pass, track_error *err);

/* Refuses what a page of another origin sends: whatever changes something, and everything below
 * /api.
 *
 *   strict  the row is an event stream: Origin is looked at for GET as well.
 *
 * TRACK_DENIED  Origin names no host of ours or is "null"; Sec-Fetch-Site is not same-origin (for
 *               GET also "none").
 *
 * Tests: tests/server/test_gate.c
 */
track_status gate_check_origin(const struct config *config, const struct gate_head *head,
                               bool strict, track_error *err);

/* Refuses a body that the row does not take.
 *
 *   most  the row's limit, or --max-body where that is less.
 *
 * TRACK_INVALID    a body where none is allowed; 415: another content type or encoding than the
 *                  row's; 411: BODY_BYTES without Content-Length.
 * TRACK_TOO_LARGE  a declared length over `most`.
 *
 * Tests: tests/server/test_gate.c
 */
track_status gate_check_body(const struct route *row, uint64_t most, const struct gate_head *head,
                             struct gate_pass *pass, track_error *err);

/* True if `host`, "name", "name:port" or "[v6]:port", is one of ours. */
bool gate_host_ours(const struct config *config, struct bytes host);

/* A header's value; `at` is NULL if it is not there. */
struct bytes gate_header(const struct gate_head *head, const char *name);
#endif
