#include "http_call.h"

#include "clock.h"
#include "http_exchange.h"
#include "http_fields.h"
#include "http_peers.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
    SEND_BYTES = 64 * 1024,
    DROP_BYTES_MAX = 16 << 20, /* read and dropped of a body that was refused on the way */
};

/* How far the writer and the connection's thread are with a ticket: whoever comes second resumes.
 */
enum phase { PHASE_RUNNING, PHASE_PARKED, PHASE_DONE };

/* A request and its connection. */
struct call {
    struct exchange x;
    struct calls *all;
    struct MHD_Connection *connection;
    struct peer *peer;
    struct stream stream;
    struct slow_work slow;
    struct call *next, *before; /* guarded by calls.lock, while waiting for the writer */
    int64_t waiting_us;         /* since when (steady); 0: does not wait */
    atomic_int phase;
    int64_t answer_us; /* steady */
    bool begun, ran, streaming;
};

/* On the writer's thread: the call is ours again. */
static void ticket_done(struct ticket *t)
{
    struct call *c = t->done_data;
    struct calls *all = c->all;
    if (atomic_exchange(&c->phase, PHASE_DONE) == PHASE_PARKED) {
        MHD_resume_connection(c->connection);
    }
    atomic_fetch_sub(&all->tickets, 1); /* c may be gone by now */
}

/* First sight of a request: its target, before libmicrohttpd touches it. */
void *call_on_target(void *cls, const char *target, struct MHD_Connection *connection)
{
    struct calls *all = cls;
    struct call *c = calloc(1, sizeof(*c));
    if (!c) {
        return NULL;
    }
    c->all = all;
    c->connection = connection;
    c->stream.connection = connection;
    c->x.app = all->app;
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
    atomic_fetch_add(&all->open, 1);
    return c;
}

struct gathering {
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
    struct gathering g = {.count = 0};
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
    struct streams *streams = &c->all->streams;
    for (;;) {
        uint64_t seen = streams_wakes(streams);
        bool ending = atomic_load(&c->all->ending);
        size_t got = c->x.rs.pump->fill(c->x.rs.pump, (unsigned char *)to, room, ending);
        peer_limit(c->peer, PEER_STALL_US, false);
        if (got > 0) {
            c->x.sent_bytes += got;
            return (ssize_t)got;
        }
        if (ending) {
            return MHD_CONTENT_READER_END_OF_STREAM;
        }
        if (streams_park(streams, &c->stream, seen)) {
            return 0;
        }
    }
}

static struct MHD_Response *response_make(struct call *c)
{
    const struct response *rs = &c->x.rs;
    if (rs->pump) {
        c->streaming = true;
        atomic_fetch_add(&c->all->app->stats->streams, 1);
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
    if (atomic_load(&c->all->ending)) {
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
    return c->x.dropped_bytes > DROP_BYTES_MAX ? MHD_NO : MHD_YES;
}

static void wait_begin(struct call *c)
{
    pthread_mutex_lock(&c->all->lock);
    c->waiting_us = clock_steady_us();
    c->before = NULL;
    c->next = c->all->waiting;
    if (c->next) {
        c->next->before = c;
    }
    c->all->waiting = c;
    pthread_mutex_unlock(&c->all->lock);
}

static void wait_end(struct call *c)
{
    pthread_mutex_lock(&c->all->lock);
    if (c->waiting_us) {
        if (c->before) {
            c->before->next = c->next;
        } else {
            c->all->waiting = c->next;
        }
        if (c->next) {
            c->next->before = c->before;
        }
        c->waiting_us = 0;
    }
    pthread_mutex_unlock(&c->all->lock);
}

void calls_expire(struct calls *all)
{
    int64_t before_us = clock_steady_us() - CALL_WRITE_US;
    struct writer *writer = store_writer(all->app->store);
    pthread_mutex_lock(&all->lock);
    for (struct call *c = all->waiting; c; c = c->next) {
        struct ticket *t = c->x.rs.ticket;
        if (c->waiting_us < before_us && writer_cancel(writer, t)) {
            t->status = FAIL(&t->err, TRACK_TIMEOUT, "the write waited %d s in the queue",
                             CALL_WRITE_US / 1000000);
            ticket_done(t);
        }
    }
    pthread_mutex_unlock(&all->lock);
}

/* Waits for the writer, unless it is done already. */
static bool park(struct call *c)
{
    if (atomic_load(&c->phase) == PHASE_DONE) {
        return false;
    }
    peer_limit(c->peer, INT64_MAX / 2, false); /* as long as the disk takes */
    wait_begin(c);
    MHD_suspend_connection(c->connection);
    if (atomic_exchange(&c->phase, PHASE_PARKED) == PHASE_DONE) {
        MHD_resume_connection(c->connection);
    }
    return true;
}

/* On a thread of http_slow: the connection is suspended already. */
static void run_slowly(struct slow_work *work)
{
    struct call *c = (struct call *)(void *)((char *)work - offsetof(struct call, slow));
    exchange_run(&c->x);
    if (c->x.answered) {
        atomic_fetch_sub(&c->all->tickets, 1);
        MHD_resume_connection(c->connection);
    } else if (atomic_exchange(&c->phase, PHASE_PARKED) == PHASE_DONE) {
        MHD_resume_connection(c->connection);
    }
}

static enum MHD_Result begin_slowly(struct call *c)
{
    peer_limit(c->peer, INT64_MAX / 2, false); /* as long as the disk takes */
    c->ran = true;
    atomic_fetch_add(&c->all->tickets, 1);
    MHD_suspend_connection(c->connection);
    c->slow.run = run_slowly;
    slow_add(c->all->slow, &c->slow);
    return MHD_YES;
}

static enum MHD_Result on_end(struct call *c)
{
    if (!c->ran && !c->x.answered && c->x.row->receive) {
        return begin_slowly(c);
    }
    if (!c->ran) {
        c->ran = true;
        atomic_fetch_add(&c->all->tickets, 1);
        exchange_run(&c->x);
        if (c->x.answered) { /* it left no ticket */
            atomic_fetch_sub(&c->all->tickets, 1);
        } else if (park(c)) {
            return MHD_YES;
        }
    }
    wait_end(c);
    if (!c->x.answered) {
        exchange_finish(&c->x);
    }
    return reply(c);
}

enum MHD_Result call_on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                const char *method, const char *version, const char *data,
                                size_t *size, void **context)
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

void call_on_completed(void *cls, struct MHD_Connection *connection, void **context,
                       enum MHD_RequestTerminationCode code)
{
    (void)connection;
    struct calls *all = cls;
    struct call *c = *context;
    if (!c) {
        return;
    }
    *context = NULL;
    wait_end(c); /* a peer that went away while the writer worked is not asked for its end */
    if (c->begun) {
        exchange_record(&c->x, code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
    }
    if (c->streaming) {
        atomic_fetch_sub(&all->app->stats->streams, 1);
    }
    if (c->peer) {
        peer_limit(c->peer, PEER_IDLE_US, true);
    }
    buf_release(&c->x.body);
    arena_release(&c->x.arena);
    free(c);
    atomic_fetch_sub(&all->open, 1);
}
