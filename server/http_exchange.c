#include "http_exchange.h"

#include "../core/zstream.h"
#include "clock.h"
#include "http_error.h"
#include "page_shell.h"

#include <stdio.h>
#include <string.h>

enum { ROOM_BYTES = 1 << 20 };

static void answer_error(struct exchange *x, int http)
{
    struct http_failure failure = {
        .place = x->row ? x->row->pattern : NULL, .ref = x->ref, .http = http};
    http_error_fill(&x->rq, &failure, &x->err, &x->rs);
    x->answered = true;
}

/* True for a person who typed an address that is none of ours. */
static bool wants_page(const struct exchange *x)
{
    struct bytes accept = request_header(&x->rq, "Accept");
    return !x->row && x->err.status == TRACK_NOT_FOUND && strcmp(x->rq.method, "GET") == 0 &&
           strncmp(x->rq.path, "/api/", 5) != 0 && accept.at &&
           memmem(accept.at, accept.size, "text/html", 9);
}

static void refuse(struct exchange *x, int http)
{
    x->refused = true;
    if (wants_page(x) && page_missing(x->app, &x->rq, &x->rs, NULL) == TRACK_OK) {
        x->answered = true;
        return;
    }
    answer_error(x, http);
}

/* Largest body of this row; --max-body limits what the table allows for documents. */
static uint64_t body_most(const struct exchange *x)
{
    uint64_t most = x->row->body_bytes_max, limit = (uint64_t)x->app->config->max_body_bytes;
    return x->row->body == BODY_JSON && limit < most ? limit : most;
}

/* From a page at this depth to the root: "./", "../", "../../"... */
static const char *way_to_root(size_t segments)
{
    static const char up[] = "../../../../../../../../../../../../../../../../";
    return segments > 1 ? up + sizeof(up) - 1 - 3 * (segments - 1) : "./";
}

/* Cuts the base path off, splits path and query. */
static track_status parse_target(struct exchange *x, track_error *err)
{
    const char *target = x->head.target, *base = x->app->config->base_path;
    size_t skip = strlen(base);
    if (skip > 0 && strncmp(target, base, skip) == 0 && target[skip] == '/') {
        target += skip;
        x->head.target = target;
    }
    size_t size = strcspn(target, "?");
    x->rq.path = arena_text(&x->arena, target, size);
    if (!x->rq.path) {
        return FAIL(err, TRACK_NOMEM, "no room for a path of %zu bytes", size);
    }
    TRY(route_split(&x->rq, err));
    x->rq.base = way_to_root(x->rq.segment_count);
    const char *query = target + size + (target[size] == '?');
    return url_query((struct bytes){(const unsigned char *)query, strlen(query)}, &x->arena,
                     &x->rq.query, &x->rq.query_count, err);
}

static track_status find_row(struct exchange *x, track_error *err)
{
    x->row = route_find(x->app->routes, x->app->routes_count, &x->rq);
    if (x->row) {
        return TRACK_OK;
    }
    struct buf *allow = request_buf(&x->rq, 256);
    if (allow) {
        route_methods(x->app->routes, x->app->routes_count, &x->rq, allow);
        buf_byte(allow, '\0');
    }
    if (!allow || allow->size <= 1) {
        return FAIL(err, TRACK_NOT_FOUND, "nothing is at this path");
    }
    x->pass.http = 405;
    x->rs.allow = (const char *)allow->at;
    return FAIL(err, TRACK_INVALID, "%.16s is not a method of this path; it has %s", x->head.method,
                x->rs.allow);
}

static track_status pass_gate(struct exchange *x, track_error *err)
{
    const struct config *config = x->app->config;
    TRY(gate_check_framing(&x->head, &x->pass, err));
    x->framed = true;
    TRY(parse_target(x, err));
    track_status found = find_row(x, err);
    if (!x->row || x->row->right != RIGHT_NONE) {
        TRY(gate_check_host(config, &x->head, &x->pass, err));
    }
    TRY(found);
    bool stream = strcmp(x->row->pattern, "/api/v1/events") == 0;
    TRY(gate_check_origin(config, &x->head, stream, err));
    TRY(route_check_query(x->row, &x->rq, err));
    return gate_check_body(x->row, body_most(x), &x->head, &x->pass, err);
}

/* Takes memory for the whole body at once, up to what a body mostly has. */
static void make_room(struct exchange *x)
{
    uint64_t size = x->pass.length_bytes;
    if (!x->row->receive && size > 0 && size <= ROOM_BYTES && size <= x->body.limit_bytes &&
        buf_add(&x->body, (size_t)size)) {
        x->body.size = 0;
    }
}

void exchange_begin(struct exchange *x)
{
    struct request *rq = &x->rq;
    rq->arena = &x->arena;
    rq->now_us = clock_wall_us();
    rq->method = strcmp(x->head.method, "HEAD") == 0 ? "GET" : x->head.method;
    rq->path = "";
    rq->headers = x->head.headers;
    rq->header_count = x->head.header_count;
    unsigned char name[4] = {0};
    (void)clock_random(name, sizeof(name), NULL);
    (void)snprintf(x->ref, sizeof(x->ref), "%02x%02x%02x%02x", name[0], name[1], name[2], name[3]);
    if (pass_gate(x, &x->err) != TRACK_OK) {
        refuse(x, x->pass.http);
        return;
    }
    bool reads = x->row->right <= RIGHT_READ;
    x->arena.limit_bytes = reads ? EXCHANGE_READ_BYTES : EXCHANGE_WRITE_BYTES;
    rq->length_bytes = x->pass.length_bytes;
    x->body.limit_bytes = body_most(x);
    make_room(x);
    if (x->row->receive &&
        x->row->receive(x->app, rq, (struct bytes){NULL, 0}, &x->err) != TRACK_OK) {
        refuse(x, 0);
    }
}

void exchange_take(struct exchange *x, struct bytes part)
{
    x->got_bytes += part.size;
    if (x->answered) {
        x->dropped_bytes += part.size;
        return;
    }
    if (x->row->receive) {
        if (x->row->receive(x->app, &x->rq, part, &x->err) != TRACK_OK) {
            refuse(x, 0);
        }
        return;
    }
    buf_put(&x->body, part.at, part.size);
    struct bytes all;
    if (buf_end(&x->body, &all, &x->err) != TRACK_OK) {
        buf_release(&x->body);
        refuse(x, 0);
    }
}

static track_status unpack_body(struct exchange *x, track_error *err)
{
    TRY(buf_end(&x->body, &x->rq.body, err));
    if (!x->pass.zstd || x->rq.body.size == 0) {
        return TRACK_OK;
    }
    struct zstream *z = NULL;
    struct buf *plain = request_buf(&x->rq, body_most(x));
    if (!plain) {
        return FAIL(err, TRACK_NOMEM, "no room for the body");
    }
    TRY(zstream_open(&x->arena, &z, err));
    TRY(zstream_decompress_into(z, x->rq.body, ZSTREAM_WINDOW_NETWORK, plain, err));
    return buf_end(plain, &x->rq.body, err);
}

static track_status run(struct exchange *x, track_error *err)
{
    TRY(unpack_body(x, err));
    return x->row->handle(x->app, &x->rq, &x->rs, err);
}

void exchange_run(struct exchange *x)
{
    if (x->answered) {
        return;
    }
    if (run(x, &x->err) != TRACK_OK) {
        answer_error(x, x->rs.http >= 400 ? x->rs.http : 0);
        return;
    }
    x->answered = x->rs.ticket == NULL;
}

void exchange_finish(struct exchange *x)
{
    const struct ticket *ticket = x->rs.ticket;
    track_status status = ticket->status;
    if (status != TRACK_OK) {
        x->err = ticket->err;
    } else {
        status = x->row->finish(x->app, &x->rq, ticket, &x->rs, &x->err);
    }
    if (status != TRACK_OK) {
        answer_error(x, 0);
    }
    x->answered = true;
}

int exchange_http(const struct exchange *x)
{
    return x->rs.http ? x->rs.http : 200;
}

void exchange_record(const struct exchange *x, bool complete)
{
    bool whole = complete || x->rs.pump; /* a stream ends when its reader goes */
    int http = x->answered && whole ? exchange_http(x) : 0;
    int64_t took_us = clock_steady_us() - x->start_us;
    struct stats *stats = x->app->stats;
    unsigned row = x->row ? (unsigned)(x->row - x->app->routes) : STATS_ROUTES_MAX - 1;
    stats_request(stats, row, http, took_us);
    atomic_fetch_add(&stats->received_bytes, x->got_bytes);
    atomic_fetch_add(&stats->sent_bytes, x->sent_bytes);
    const char *method = x->head.method ? x->head.method : "";
    const char *path = x->rq.path ? x->rq.path : "";
    /* What a caller got wrong may show a value of theirs, and those are not for the log. */
    const char *error = http >= 500 ? x->err.message : status_wire(x->err.status);
    struct log_field fields[] = {
        LOG_TEXT("method", bytes_from(method)),
        LOG_TEXT("path", bytes_from(path)),
        LOG_NUMBER("status", http),
        LOG_NUMBER("took_us", took_us),
        LOG_NUMBER("in", (int64_t)x->got_bytes),
        LOG_NUMBER("out", (int64_t)x->sent_bytes),
        LOG_TEXT("ref", bytes_from(x->ref)),
        LOG_TEXT("error", bytes_from(error)),
    };
    bool failed = x->err.message[0] != '\0';
    log_write(x->app->log, http >= 500 ? LOG_ERROR : LOG_INFO, "request", fields, failed ? 8 : 7);
}
