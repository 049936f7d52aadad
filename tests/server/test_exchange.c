/* Shows a request from its head to its answer: the gate before the handler, bodies whole and
 * packed, writes in two steps, and an answer for every way it can fail. How: a table of routes of
 * its own; the head, parts and end are fed as http.c does. */
#include "../../core/zstream.h"
#include "../../server/http_exchange.h"
#include "../harness.h"

#include <string.h>

#define TEXT(text) ((struct bytes){(const unsigned char *)(text), sizeof(text) - 1})
#define RANGE(text)                                     \
    {                                                   \
        (const unsigned char *)(text), sizeof(text) - 1 \
    }
#define PAIR(name, value)         \
    {                             \
        RANGE(name), RANGE(value) \
    }

enum { LIMIT = 1000 };

/* Answers with the body, and with the query parameter x. */
static track_status echo(struct app *app, struct request *rq, struct response *rs, track_error *err)
{
    (void)app, (void)err;
    rs->type = "application/json";
    rs->body = rq->body;
    rs->etag = request_query(rq, "x").at ? "\"x\"" : NULL;
    return TRACK_OK;
}

static track_status fail(struct app *app, struct request *rq, struct response *rs, track_error *err)
{
    (void)app, (void)rq;
    rs->http = 416;
    return FAIL(err, TRACK_INVALID, "no \"range\"\x01");
}

static track_status write_begin(struct app *app, struct request *rq, struct response *rs,
                                track_error *err)
{
    (void)app, (void)err;
    rs->ticket = ARENA_NEW(rq->arena, struct ticket);
    return TRACK_OK;
}

static track_status write_end(struct app *app, const struct request *rq, const struct ticket *t,
                              struct response *rs, track_error *err)
{
    (void)app, (void)rq, (void)t, (void)err;
    rs->type = "application/json";
    rs->body = TEXT("{}");
    rs->http = 201;
    return TRACK_OK;
}

/* Takes three parts and no more. */
static track_status take(struct app *app, struct request *rq, struct bytes part, track_error *err)
{
    (void)app;
    size_t *parts = rq->upload;
    if (!parts) {
        rq->upload = ARENA_NEW(rq->arena, size_t);
        return TRACK_OK;
    }
    *parts += part.size > 0;
    return *parts > 3 ? FAIL(err, TRACK_FULL, "the disk is full") : TRACK_OK;
}

static const struct route table[] = {
    {"GET", "/free", echo, NULL, RIGHT_NONE, BODY_NONE, 0, NULL, NULL},
    {"GET", "/api/read", echo, NULL, RIGHT_READ, BODY_NONE, 0, "x", NULL},
    {"GET", "/api/fail", fail, NULL, RIGHT_READ, BODY_NONE, 0, NULL, NULL},
    {"POST", "/api/echo", echo, NULL, RIGHT_LOG, BODY_JSON, LIMIT, NULL, NULL},
    {"POST", "/api/write", write_begin, write_end, RIGHT_LOG, BODY_JSON, LIMIT, NULL, NULL},
    {"PUT", "/api/take", echo, NULL, RIGHT_LOG, BODY_BYTES, LIMIT, NULL, take},
};

static const struct config config = {.base_path = "/base", .max_body_bytes = 1 << 20};

/* One request; released at the end of the block. */
struct trial {
    struct exchange x;
    struct app app;
    struct stats stats;
    struct url_pair headers[4];
};

static void trial_release(struct trial *t)
{
    buf_release(&t->x.body);
    arena_release(&t->x.arena);
}
#define AUTO_TRIAL __attribute__((cleanup(trial_release))) struct trial

static void trial_begin(struct trial *t, const char *method, const char *target)
{
    t->app = (struct app){.config = &config,
                          .stats = &t->stats,
                          .routes = table,
                          .routes_count = sizeof(table) / sizeof(table[0])};
    t->x.app = &t->app;
    t->x.arena.limit_bytes = EXCHANGE_HEAD_BYTES;
    t->x.head = (struct gate_head){.method = method,
                                   .target = target,
                                   .version = "HTTP/1.1",
                                   .headers = t->headers,
                                   .header_count = 4};
    for (size_t i = 0; i < 4; i++) {
        if (!t->headers[i].name.at) {
            t->headers[i] = (struct url_pair)PAIR("Accept", "*/*");
        }
    }
    exchange_begin(&t->x);
}

#define HOST PAIR("Host", "localhost")
#define JSON PAIR("Content-Type", "application/json")

static bool says(const struct trial *t, const char *text)
{
    return memmem(t->x.rs.body.at, t->x.rs.body.size, text, strlen(text)) != NULL;
}

TEST(exchange, answers_a_read)
{
    AUTO_TRIAL t = {.headers = {HOST}};
    trial_begin(&t, "HEAD", "/base/api/read?x=1");
    CHECK(!t.x.refused && t.x.row == &table[1] && t.x.arena.limit_bytes == EXCHANGE_READ_BYTES);
    exchange_run(&t.x);
    CHECK(t.x.answered && exchange_http(&t.x) == 200 && t.x.rs.etag);
    CHECK(strcmp(t.x.rq.base, "../") == 0);
    exchange_record(&t.x, true);
    CHECK_INT(t.stats.requests[1][2], 1);
}

TEST(exchange, refuses_in_the_order_of_the_gate)
{
    static const struct {
        const char *method, *target;
        struct url_pair header;
        int http;
    } trials[] = {
        {"GET", "/api/read", PAIR("A", "b"), 200},
        {"GET", "/api/none", PAIR("A", "b"), 404},
        {"GET", "/api/read/", PAIR("A", "b"), 404},
        {"PUT", "/api/read", PAIR("A", "b"), 405},
        {"get", "/api/read", PAIR("A", "b"), 405},
        {"GET", "/api/read?y=1", PAIR("A", "b"), 400},
        {"GET", "/api/read?x=1&x=2", PAIR("A", "b"), 400},
        {"GET", "/api%2fread", PAIR("A", "b"), 400},
        {"GET", "/api/read", PAIR("Host", "localhost"), 400},
        {"GET", "/api/read", PAIR("Content-Length", "1"), 400},
        {"GET", "/api/read", PAIR("Sec-Fetch-Site", "cross-site"), 403},
        {"POST", "/api/echo", PAIR("Origin", "null"), 403},
        {"POST", "/api/echo", PAIR("Content-Length", "1001"), 413},
        {"POST", "/api/echo", PAIR("Content-Length", "1000"), 415},
        {"PUT", "/api/take", PAIR("A", "b"), 411},
    };
    for (size_t i = 0; i < sizeof(trials) / sizeof(trials[0]); i++) {
        AUTO_TRIAL t = {.headers = {HOST, trials[i].header}};
        trial_begin(&t, trials[i].method, trials[i].target);
        exchange_run(&t.x);
        CHECK_INT(exchange_http(&t.x), trials[i].http);
        CHECK(t.x.answered && t.x.refused == (trials[i].http != 200));
        CHECK(trials[i].http == 200 || says(&t, "{\"error\":{\"code\":\""));
        CHECK(trials[i].http != 405 || strstr(t.x.rs.allow, "GET, HEAD"));
    }
}

TEST(exchange, hides_from_another_host_what_is_there)
{
    static const char *const targets[] = {"/api/read", "/api/none"};
    for (int i = 0; i < 2; i++) {
        AUTO_TRIAL t = {.headers = {PAIR("Host", "evil.example")}};
        trial_begin(&t, "GET", targets[i]);
        CHECK_INT(exchange_http(&t.x), 403);
    }
    AUTO_TRIAL t = {.headers = {PAIR("Host", "evil.example")}};
    trial_begin(&t, "GET", "/free");
    CHECK(!t.x.refused);
}

TEST(exchange, takes_a_body_up_to_the_limit)
{
    static unsigned char many[LIMIT + 1];
    for (size_t size = LIMIT; size <= LIMIT + 1; size++) {
        AUTO_TRIAL t = {.headers = {HOST, JSON, PAIR("Transfer-Encoding", "chunked")}};
        trial_begin(&t, "POST", "/api/echo");
        CHECK(!t.x.refused);
        exchange_take(&t.x, (struct bytes){many, 400});
        exchange_take(&t.x, (struct bytes){many, size - 400});
        exchange_run(&t.x);
        CHECK_INT(exchange_http(&t.x), size == LIMIT ? 200 : 413);
        CHECK(size > LIMIT || t.x.rs.body.size == LIMIT);
    }
}

/* Sends `size` zeros packed; the code of the answer. */
static int packed(size_t size)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    AUTO_BUF out = BUF(1 << 20);
    AUTO_TRIAL t = {.headers = {HOST, JSON, PAIR("Transfer-Encoding", "chunked"),
                                PAIR("Content-Encoding", "zstd")}};
    struct zstream *z;
    unsigned char *zeros = ARENA_ARRAY(&arena, unsigned char, size);
    struct bytes body;
    if (!zeros || zstream_open(&arena, &z, NULL) != TRACK_OK ||
        zstream_compress(z, (struct bytes){zeros, size}, 3, &out, NULL) != TRACK_OK ||
        buf_end(&out, &body, NULL) != TRACK_OK) {
        return -1;
    }
    trial_begin(&t, "POST", "/api/echo");
    exchange_take(&t.x, body);
    exchange_run(&t.x);
    int http = exchange_http(&t.x);
    return http == 200 && t.x.rs.body.size != size ? -1 : http;
}

TEST(exchange, unpacks_a_body_up_to_the_limit)
{
    CHECK_INT(packed(1), 200);
    CHECK_INT(packed(LIMIT), 200);
    CHECK_INT(packed(LIMIT + 1), 413);
    CHECK_INT(packed(500000), 413);
    AUTO_TRIAL t = {.headers = {HOST, JSON, PAIR("Transfer-Encoding", "chunked"),
                                PAIR("Content-Encoding", "zstd")}};
    trial_begin(&t, "POST", "/api/echo");
    exchange_take(&t.x, TEXT("no zstd at all"));
    exchange_run(&t.x);
    CHECK_INT(exchange_http(&t.x), 400);
}

TEST(exchange, answers_a_write_after_its_ticket)
{
    for (int bad = 0; bad < 2; bad++) {
        AUTO_TRIAL t = {.headers = {HOST}};
        trial_begin(&t, "POST", "/api/write");
        exchange_run(&t.x);
        CHECK(!t.x.answered && t.x.rs.ticket);
        t.x.rs.ticket->status = bad ? TRACK_CONFLICT : TRACK_OK;
        t.x.rs.ticket->err = (track_error){.status = TRACK_CONFLICT, .message = "is there"};
        exchange_finish(&t.x);
        CHECK(t.x.answered);
        CHECK_INT(exchange_http(&t.x), bad ? 409 : 201);
        CHECK(!bad || says(&t, "\"is there\""));
    }
}

TEST(exchange, hands_a_streamed_body_on_until_it_is_refused)
{
    AUTO_TRIAL t = {.headers = {HOST, PAIR("Content-Length", "8")}};
    trial_begin(&t, "PUT", "/api/take");
    for (int i = 0; i < 3; i++) {
        exchange_take(&t.x, TEXT("ab"));
        CHECK(!t.x.refused);
    }
    exchange_take(&t.x, TEXT("ab"));
    CHECK(t.x.refused && t.x.dropped_bytes == 0);
    exchange_take(&t.x, TEXT("ab"));
    CHECK_INT(t.x.dropped_bytes, 2);
    exchange_run(&t.x);
    CHECK_INT(exchange_http(&t.x), 507);
    CHECK(says(&t, "the disk is full") && t.x.rs.retry_s > 0);
}

TEST(exchange, says_what_went_wrong_as_json)
{
    AUTO_TRIAL t = {.headers = {HOST}};
    trial_begin(&t, "GET", "/api/fail");
    exchange_run(&t.x);
    CHECK_INT(exchange_http(&t.x), 416);
    CHECK(says(&t, "\"message\":\"no \\\"range\\\"\\u0001\""));
    CHECK(says(&t, "\"ref\":\"") && says(&t, t.x.ref) && says(&t, "\"hint\":\""));
}

TEST(exchange, knows_the_way_to_the_root)
{
    static const char *const ways[][2] = {
        {"/", "./"}, {"/a", "./"}, {"/a/b", "../"}, {"/a/b/c/d/e", "../../../../"}};
    static const struct route any[] = {
        {"GET", "/", echo, NULL, RIGHT_READ, BODY_NONE, 0, NULL, NULL},
        {"GET", "/:a", echo, NULL, RIGHT_READ, BODY_NONE, 0, NULL, NULL},
        {"GET", "/:a/:b", echo, NULL, RIGHT_READ, BODY_NONE, 0, NULL, NULL},
        {"GET", "/a/:b/:c/:d/:e", echo, NULL, RIGHT_READ, BODY_NONE, 0, NULL, NULL}};
    for (size_t i = 0; i < 4; i++) {
        AUTO_TRIAL t = {.headers = {HOST}};
        t.app = (struct app){.config = &config, .routes = any, .routes_count = 4};
        t.x = (struct exchange){.app = &t.app, .arena = ARENA(EXCHANGE_HEAD_BYTES)};
        t.x.head = (struct gate_head){.method = "GET",
                                      .target = ways[i][0],
                                      .version = "HTTP/1.1",
                                      .headers = t.headers,
                                      .header_count = 1};
        exchange_begin(&t.x);
        CHECK(!t.x.refused && strcmp(t.x.rq.base, ways[i][1]) == 0);
    }
}
