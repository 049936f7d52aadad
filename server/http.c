#include "http.h"

#include "clock.h"
#include "http_exchange.h"
#include "http_fields.h"
#include "http_peers.h"
#include "http_streams.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    HEAD_POOL_BYTES = 32 * 1024,
    CONNECTIONS_MAX = 10000,
    SEND_BYTES = 64 * 1024,
    DROP_BYTES_MAX = 16 << 20, /* read and dropped of a body that was refused on the way */
    HEARTBEAT_US = 15 * 1000000,
};

struct http {
    struct app *app;
    struct MHD_Daemon *daemons[CONFIG_LIST_MAX];
    size_t daemon_count;
    struct peers *peers;
    struct streams streams;
    _Atomic int64_t open;      /* requests between head and end of answer */
    _Atomic int64_t tickets;   /* of these, how many the writer holds */
    _Atomic int64_t beaten_us; /* when the streams were last woken for a heartbeat */
    atomic_bool ending;
};

/* How far the writer and the connection's thread are with a ticket: whoever comes second resumes.
 */
enum phase { PHASE_RUNNING, PHASE_PARKED, PHASE_DONE };

/* A request and its connection. */
struct call {
    struct exchange x;
    struct http *http;
    struct MHD_Connection *connection;
    struct peer *peer;
    struct stream stream;
    atomic_int phase;
    int64_t answer_us; /* steady */
    bool begun, ran, parked, streaming;
};

static void suspend_connection(void *connection)
{
    MHD_suspend_connection(connection);
}

static void resume_connection(void *connection)
{
    MHD_resume_connection(connection);
}

/* On the writer's thread: the call is ours again. */
static void ticket_done(struct ticket *t)
{
    struct call *c = t->done_data;
    struct http *h = c->http;
    if (atomic_exchange(&c->phase, PHASE_DONE) == PHASE_PARKED) {
        MHD_resume_connection(c->connection);
    }
    atomic_fetch_sub(&h->tickets, 1); /* c may be gone by now */
}

/* First sight of a request: its target, before libmicrohttpd touches it. */
static void *on_target(void *cls, const char *target, struct MHD_Connection *connection)
{
    struct http *h = cls;
    struct call *c = calloc(1, sizeof(*c));
    if (!c) {
        return NULL;
    }
    c->http = h;
    c->connection = connection;
    c->stream.connection = connection;
    c->x.app = h->app;
    c->x.arena.limit_bytes = EXCHANGE_HEAD_BYTES;
    c->x.start_us = clock_steady_us();
    c->x.head.target = arena_text(&c->x.arena, target, strlen(target));
    c->x.rq.done = ticket_done;
    c->x.rq.done_data = c;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    c->peer = info ? info->socket_context : NULL;
    if (c->peer) {
        peer_limit(c->peer, PEER_HEAD_US, false);
    }
    atomic_fetch_add(&h->open, 1);
    return c;
}

static size_t unescape_nothing(void *cls, struct MHD_Connection *connection, char *text)
{
    (void)cls, (void)connection;
    return strlen(text); /* route and url decode on their own */
}

struct gathering {
    struct call *call;
    struct url_pair *headers;
    size_t count;
};

static enum MHD_Result gather_header(void *cls, enum MHD_ValueKind kind, const char *name,
                                     const char *value)
{
    (void)kind;
    struct gathering *g = cls;
    if (g->count <= GATE_HEADERS_MAX) {
        size_t size = value ? strlen(value) : 0;
        g->headers[g->count++] =
            (struct url_pair){{(const unsigned char *)name, strlen(name)},
                              {(const unsigned char *)(value ? value : ""), size}};
    }
    return MHD_YES;
}

/* The strings are the connection's and live until the request ends. */
static bool fill_head(struct call *c, const char *method, const char *version)
{
    struct exchange *x = &c->x;
    struct gathering g = {.call = c};
    g.headers = ARENA_ARRAY(&x->arena, struct url_pair, GATE_HEADERS_MAX + 1);
    x->head.method = method;
    x->head.version = version;
    x->head.loopback = c->peer && peer_loopback(c->peer);
    if (!g.headers || !x->head.target || !c->peer) {
        return false;
    }
    (void)MHD_get_connection_values(c->connection, MHD_HEADER_KIND, gather_header, &g);
    x->head.headers = g.headers;
    x->head.header_count = g.count;
    return true;
}

static ssize_t read_source(void *cls, uint64_t at, char *to, size_t room)
{
    struct call *c = cls;
    struct source *s = c->x.rs.source;
    size_t got = 0;
    if (at >= s->size) {
        return MHD_CONTENT_READER_END_OF_STREAM;
    }
    if (s->read(s, at, to, room, &got, &c->x.err) != TRACK_OK || got == 0) {
        return MHD_CONTENT_READER_END_WITH_ERROR; /* the connection is closed: it is cut short */
    }
    c->x.sent_bytes += got;
    peer_progress(c->peer, c->answer_us, c->x.sent_bytes);
    return (ssize_t)got;
}

static ssize_t read_pump(void *cls, uint64_t at, char *to, size_t room)
{
    (void)at;
    struct call *c = cls;
    struct streams *all = &c->http->streams;
    for (;;) {
        uint64_t seen = streams_wakes(all);
        bool ending = atomic_load(&c->http->ending);
        size_t got = c->x.rs.pump->fill(c->x.rs.pump, (unsigned char *)to, room, ending);
        peer_limit(c->peer, PEER_STALL_US, false);
        if (got > 0) {
            c->x.sent_bytes += got;
            return (ssize_t)got;
        }
        if (ending) {
            return MHD_CONTENT_READER_END_OF_STREAM;
        }
        if (streams_park(all, &c->stream, seen)) {
            return 0;
        }
    }
}

static struct MHD_Response *response_make(struct call *c)
{
    const struct response *rs = &c->x.rs;
    if (rs->pump) {
        c->streaming = true;
        atomic_fetch_add(&c->http->app->stats->streams, 1);
        return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, SEND_BYTES, read_pump, c, NULL);
    }
    if (rs->source) {
        return MHD_create_response_from_callback(rs->source->size, SEND_BYTES, read_source, c,
                                                 NULL);
    }
    c->x.sent_bytes = rs->body.size;
    void *body = (void *)(uintptr_t)rs->body.at; /* only read: it lives as long as the call */
    return MHD_create_response_from_buffer(rs->body.size, body, MHD_RESPMEM_PERSISTENT);
}

static void response_headers(const struct call *c, struct MHD_Response *response)
{
    struct http_field fields[HTTP_FIELDS_MAX];
    size_t count = http_fields(&c->x.rs, &c->x.rq, fields);
    for (size_t i = 0; i < count; i++) {
        (void)MHD_add_response_header(response, fields[i].name, fields[i].value);
    }
    if (atomic_load(&c->http->ending)) {
        (void)MHD_add_response_header(response, "Connection", "close");
    }
}

static enum MHD_Result reply(struct call *c)
{
    struct MHD_Response *response = response_make(c);
    if (!response) {
        return MHD_NO;
    }
    response_headers(c, response);
    c->answer_us = clock_steady_us();
    int64_t sending_us = (int64_t)(c->x.sent_bytes * PEER_SLOWEST_US);
    peer_limit(c->peer, PEER_STALL_US + sending_us, false);
    enum MHD_Result result =
        MHD_queue_response(c->connection, (unsigned)exchange_http(&c->x), response);
    MHD_destroy_response(response);
    return result;
}

/* A reply in the first call closes the connection.  Bodies of bearable size are read and dropped
 * instead, or the sender would see a broken connection and not the reason; not where the framing is
 * in doubt, and not where the sender waits for a word (Expect). */
static bool must_close(const struct exchange *x)
{
    return !x->framed || x->pass.length_bytes > DROP_BYTES_MAX ||
           gate_header(&x->head, "Expect").at != NULL;
}

static enum MHD_Result on_head(struct call *c, const char *method, const char *version)
{
    c->begun = true;
    if (!fill_head(c, method, version)) {
        return MHD_NO;
    }
    exchange_begin(&c->x);
    peer_limit(c->peer, PEER_BODY_US, false);
    return c->x.refused && must_close(&c->x) ? reply(c) : MHD_YES;
}

static enum MHD_Result on_part(struct call *c, const char *data, size_t *size)
{
    exchange_take(&c->x, (struct bytes){(const unsigned char *)data, *size});
    *size = 0;
    if (c->x.row && c->x.row->receive) {
        peer_progress(c->peer, c->x.start_us, c->x.got_bytes);
    }
    return c->x.refused && c->x.got_bytes > c->x.body.limit_bytes + DROP_BYTES_MAX ? MHD_NO
                                                                                   : MHD_YES;
}

/* Waits for the writer, unless it is done already. */
static bool park(struct call *c)
{
    if (atomic_load(&c->phase) == PHASE_DONE) {
        return false;
    }
    peer_limit(c->peer, 2 * PEER_STALL_US, false);
    MHD_suspend_connection(c->connection);
    if (atomic_exchange(&c->phase, PHASE_PARKED) == PHASE_DONE) {
        MHD_resume_connection(c->connection);
    }
    return true;
}

static enum MHD_Result on_end(struct call *c)
{
    if (!c->ran) {
        c->ran = true;
        atomic_fetch_add(&c->http->tickets, 1);
        exchange_run(&c->x);
        if (c->x.answered) { /* it left no ticket */
            atomic_fetch_sub(&c->http->tickets, 1);
        } else if (park(c)) {
            return MHD_YES;
        }
    }
    if (!c->x.answered) {
        exchange_finish(&c->x);
    }
    return reply(c);
}

static enum MHD_Result on_http_request(void *cls, struct MHD_Connection *connection,
                                       const char *url, const char *method, const char *version,
                                       const char *data, size_t *size, void **context)
{
    (void)cls, (void)connection, (void)url;
    struct call *c = *context;
    if (!c) {
        return MHD_NO;
    }
    if (!c->begun) {
        return on_head(c, method, version);
    }
    return *size > 0 ? on_part(c, data, size) : on_end(c);
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode code)
{
    (void)connection;
    struct http *h = cls;
    struct call *c = *context;
    if (!c) {
        return;
    }
    *context = NULL;
    if (c->begun) {
        exchange_record(&c->x, code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
    }
    if (c->streaming) {
        atomic_fetch_sub(&h->app->stats->streams, 1);
    }
    if (c->peer) {
        peer_limit(c->peer, PEER_IDLE_US, true);
    }
    buf_release(&c->x.body);
    arena_release(&c->x.arena);
    free(c);
    atomic_fetch_sub(&h->open, 1);
}

static bool is_loopback(const struct sockaddr *at)
{
    if (!at || at->sa_family == AF_UNIX || at->sa_family == AF_UNSPEC) {
        return true;
    }
    const struct sockaddr_in *v4 = (const void *)at;
    const struct sockaddr_in6 *v6 = (const void *)at;
    return at->sa_family == AF_INET ? ntohl(v4->sin_addr.s_addr) >> 24 == 127
                                    : IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct http *h = cls;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (*context) {
            peers_remove(h->peers, *context);
        }
        return;
    }
    const union MHD_ConnectionInfo *fd =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    const union MHD_ConnectionInfo *at =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    *context = fd ? peers_add(h->peers, fd->connect_fd, at && is_loopback(at->client_addr)) : NULL;
}

__attribute__((format(printf, 2, 0))) static void on_panic_line(void *cls, const char *format,
                                                                va_list args)
{
    const struct http *h = cls;
    char text[256];
    (void)vsnprintf(text, sizeof(text), format, args);
    text[strcspn(text, "\n")] = '\0';
    log_note(h->app->log, LOG_DEBUG, "http", "%s", text);
}

void http_wake(void *http)
{
    struct http *h = http;
    streams_wake(&h->streams);
}

/* Five times a second. */
static void on_tick(void *data)
{
    struct http *h = data;
    int64_t now_us = clock_steady_us();
    if (now_us - atomic_load(&h->beaten_us) > HEARTBEAT_US / 3) {
        atomic_store(&h->beaten_us, now_us);
        streams_wake(&h->streams);
    }
}

static struct MHD_Daemon *daemon_start(struct http *h, int fd)
{
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    return MHD_start_daemon(
        flags, 0, NULL, NULL, on_http_request, h, MHD_OPTION_EXTERNAL_LOGGER, on_panic_line, h,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE,
        (unsigned)h->app->config->threads, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)HEAD_POOL_BYTES, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_URI_LOG_CALLBACK, on_target, h,
        MHD_OPTION_UNESCAPE_CALLBACK, unescape_nothing, NULL, MHD_OPTION_NOTIFY_COMPLETED,
        on_completed, h, MHD_OPTION_NOTIFY_CONNECTION, on_connection, h, MHD_OPTION_END);
}

track_status http_open(struct app *app, const int *fds, size_t count, struct http **out,
                       track_error *err)
{
    struct http *h = calloc(1, sizeof(*h));
    if (!h) {
        return FAIL(err, TRACK_NOMEM, "no memory for the server");
    }
    h->app = app;
    streams_init(&h->streams);
    h->streams.suspend = suspend_connection;
    h->streams.resume = resume_connection;
    track_status status = peers_open(on_tick, h, app->stats, &h->peers, err);
    for (size_t i = 0; i < count && status == TRACK_OK; i++) {
        h->daemons[i] = daemon_start(h, fds[i]);
        h->daemon_count += h->daemons[i] != NULL;
        status = h->daemons[i] ? TRACK_OK : FAIL(err, TRACK_IO, "libmicrohttpd does not start");
    }
    if (status != TRACK_OK) {
        http_close(h, 0);
        return status;
    }
    *out = h;
    return TRACK_OK;
}

void http_close(struct http *h, int64_t limit_s)
{
    if (!h) {
        return;
    }
    for (size_t i = 0; i < h->daemon_count; i++) {
        int fd = MHD_quiesce_daemon(h->daemons[i]);
        (void)fd; /* closed with the process: MHD may still have it in its epoll set */
    }
    atomic_store(&h->ending, true);
    peers_end_idle(h->peers);
    int64_t until_us = clock_steady_us() + limit_s * 1000000;
    /* What the writer holds is waited for in any case: it belongs to the writer. */
    while (atomic_load(&h->tickets) > 0 ||
           (atomic_load(&h->open) > 0 && clock_steady_us() < until_us)) {
        streams_wake(&h->streams);
        (void)nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    streams_wake(&h->streams);
    for (size_t i = 0; i < h->daemon_count; i++) {
        MHD_stop_daemon(h->daemons[i]);
    }
    peers_close(h->peers);
    streams_release(&h->streams);
    free(h);
}
