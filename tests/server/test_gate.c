/* Shows which requests pass the gate: framing, host, origin, body; at each limit and one beyond.
 * How: heads made by hand.  Raw sockets: tests/e2e/test_framing.py. */
#include "../../server/gate.h"
#include "../harness.h"

#include <stdio.h>
#include <string.h>

#define TEXT(text) ((struct bytes){(const unsigned char *)(text), sizeof(text) - 1})
#define PAIR(name, value)       \
    {                           \
        TEXT(name), TEXT(value) \
    }
#define HEAD(method_, ...)                                                                        \
    (struct gate_head)                                                                            \
    {                                                                                             \
        .method = (method_), .target = "/api/v1/x", .version = "HTTP/1.1",                        \
        .headers = (const struct url_pair[]){__VA_ARGS__},                                        \
        .header_count = sizeof((const struct url_pair[]){__VA_ARGS__}) / sizeof(struct url_pair), \
        .loopback = true                                                                          \
    }
#define HOST PAIR("Host", "localhost")

static track_status framing(struct gate_head head, struct gate_pass *pass)
{
    *pass = (struct gate_pass){.http = 0};
    return gate_check_framing(&head, pass, NULL);
}

TEST(gate, reads_the_length_of_a_body)
{
    struct gate_pass pass;
    CHECK(framing(HEAD("POST", HOST, PAIR("content-length", "12")), &pass) == TRACK_OK);
    CHECK(pass.has_length && pass.length_bytes == 12 && !pass.chunked);
    CHECK(framing(HEAD("POST", HOST, PAIR("Transfer-Encoding", "Chunked")), &pass) == TRACK_OK);
    CHECK(!pass.has_length && pass.chunked);
    CHECK(framing(HEAD("GET", HOST), &pass) == TRACK_OK && !pass.has_length);
}

TEST(gate, refuses_what_can_be_read_in_two_ways)
{
    const struct gate_head bad[] = {
        HEAD("POST", HOST, PAIR("Content-Length", "5"), PAIR("Transfer-Encoding", "chunked")),
        HEAD("POST", HOST, PAIR("Content-Length", "5"), PAIR("content-length", "5")),
        HEAD("POST", HOST, PAIR("Content-Length", "+5")),
        HEAD("POST", HOST, PAIR("Content-Length", "5, 5")),
        HEAD("POST", HOST, PAIR("Content-Length", "")),
        HEAD("POST", HOST, PAIR("Content-Length", "99999999999999999999")),
        HEAD("POST", HOST, PAIR("Transfer-Encoding", "xchunked")),
        HEAD("POST", HOST, PAIR("Transfer-Encoding", "chunked, identity")),
        HEAD("GET", HOST, HOST),
        HEAD("GET", PAIR("Host", "")),
        HEAD("GET", PAIR("Accept", "x")),
        HEAD("GET", HOST, PAIR("A ", "x")),
        HEAD("GET", HOST, PAIR("", "x")),
        HEAD("GET", HOST, PAIR("A", "x\ry")),
        HEAD("GET", HOST, PAIR("A", "x\x7f")),
        HEAD("GET", HOST, PAIR("Origin", "a"), PAIR("origin", "b")),
    };
    struct gate_pass pass;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK(framing(bad[i], &pass) == TRACK_INVALID);
        CHECK_INT(pass.http, 0);
    }
    struct gate_head old = HEAD("POST", HOST, PAIR("Transfer-Encoding", "chunked"));
    old.version = "HTTP/1.0";
    CHECK(framing(old, &pass) == TRACK_INVALID);
    struct gate_head absolute = HEAD("GET", HOST);
    absolute.target = "http://localhost/";
    CHECK(framing(absolute, &pass) == TRACK_INVALID);
}

TEST(gate, counts_headers_and_bytes_of_the_url)
{
    static struct url_pair many[GATE_HEADERS_MAX + 1];
    static char target[GATE_TARGET_BYTES_MAX + 2];
    struct gate_pass pass;
    many[0] = (struct url_pair)HOST;
    for (int i = 1; i <= GATE_HEADERS_MAX; i++) {
        many[i] = (struct url_pair)PAIR("A", "x");
    }
    memset(target, 'a', sizeof(target) - 1);
    target[0] = '/';
    struct gate_head head = {.method = "GET", .target = target, .version = "HTTP/1.1"};
    head.headers = many;
    head.header_count = GATE_HEADERS_MAX;
    CHECK(framing(head, &pass) == TRACK_INVALID && pass.http == 414);
    target[GATE_TARGET_BYTES_MAX] = '\0';
    CHECK(framing(head, &pass) == TRACK_OK);
    head.header_count = GATE_HEADERS_MAX + 1;
    CHECK(framing(head, &pass) == TRACK_INVALID && pass.http == 431);
}

TEST(gate, knows_its_own_hosts)
{
    static const struct {
        const char *host;
        bool ours;
    } hosts[] = {
        {"localhost", true},
        {"LocalHost.:99", true},
        {"127.0.0.1", true},
        {"127.255.1.2:1", true},
        {"[::1]", true},
        {"[::1]:8080", true},
        {"10.1.2.3", true},
        {"192.168.0.1", true},
        {"172.16.0.1", true},
        {"172.31.9.9", true},
        {"169.254.1.1", true},
        {"[fe80::1]", true},
        {"[fd12::1]:5", true},
        {"named.example", true},
        {"NAMED.example.:7", true},
        {"ported.example:8", true},
        {"ported.example", false},
        {"ported.example:9", false},
        {"evil.example", false},
        {"localhost.evil", false},
        {"127.0.0.1.evil", false},
        {"8.8.8.8", false},
        {"172.32.0.1", false},
        {"[2001::1]", false},
        {"", false},
        {":80", false},
        {"localhost:", false},
        {"localhost:123456", false},
        {"localhost:8a", false},
        {"[::1", false},
        {"[]", false},
        {"2130706433", false},
        {"0x7f.1", false},
        {"127.1", false},
        {".", false},
        {"a@localhost", false},
    };
    struct config config = {.hosts = {{"named.example", "Ported.example:8"}, 2}};
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        struct bytes host = {(const unsigned char *)hosts[i].host, strlen(hosts[i].host)};
        if (gate_host_ours(&config, host) != hosts[i].ours) {
            test_fail(__FILE__, __LINE__, "%s", hosts[i].host);
            return;
        }
    }
}

TEST(gate, believes_a_proxy_only_when_told_and_near)
{
    struct gate_pass pass = {.http = 0};
    struct config config = {.behind_proxy = false};
    struct gate_head head = HEAD("GET", HOST, PAIR("X-Forwarded-Host", "evil.example"));
    CHECK(gate_check_host(&config, &head, &pass, NULL) == TRACK_OK);
    config.behind_proxy = true;
    CHECK(gate_check_host(&config, &head, &pass, NULL) == TRACK_DENIED);
    head.loopback = false;
    CHECK(gate_check_host(&config, &head, &pass, NULL) == TRACK_OK);
}

static track_status origin(struct gate_head head, bool strict)
{
    static const struct config config = {.behind_proxy = false};
    return gate_check_origin(&config, &head, strict, NULL);
}

TEST(gate, lets_no_page_elsewhere_change_anything)
{
    CHECK(origin(HEAD("POST", HOST), false) == TRACK_OK);
    CHECK(origin(HEAD("POST", PAIR("Origin", "http://localhost:3")), false) == TRACK_OK);
    CHECK(origin(HEAD("POST", PAIR("Sec-Fetch-Site", "same-origin")), false) == TRACK_OK);
    CHECK(origin(HEAD("POST", PAIR("Origin", "null")), false) == TRACK_DENIED);
    CHECK(origin(HEAD("POST", PAIR("Origin", "")), false) == TRACK_DENIED);
    CHECK(origin(HEAD("POST", PAIR("Origin", "http://evil.example")), false) == TRACK_DENIED);
    CHECK(origin(HEAD("DELETE", PAIR("Sec-Fetch-Site", "none")), false) == TRACK_DENIED);
    CHECK(origin(HEAD("PUT", PAIR("Sec-Fetch-Site", "same-site")), false) == TRACK_DENIED);
    CHECK(origin(HEAD("GET", PAIR("Origin", "http://evil.example")), false) == TRACK_OK);
    CHECK(origin(HEAD("GET", PAIR("Origin", "http://evil.example")), true) == TRACK_DENIED);
    CHECK(origin(HEAD("GET", PAIR("Sec-Fetch-Site", "none")), false) == TRACK_OK);
    CHECK(origin(HEAD("GET", PAIR("Sec-Fetch-Site", "cross-site")), false) == TRACK_DENIED);
    struct gate_head page = HEAD("GET", PAIR("Sec-Fetch-Site", "cross-site"));
    page.target = "/p/x"; /* a link from elsewhere */
    CHECK(origin(page, false) == TRACK_OK);
}

static int body_code(enum body_kind kind, uint64_t most, struct gate_head head)
{
    const struct route row = {.body = kind, .body_bytes_max = most};
    struct gate_pass pass;
    if (framing(head, &pass) != TRACK_OK) {
        return -1;
    }
    track_status status = gate_check_body(&row, most, &head, &pass, NULL);
    return pass.http ? pass.http : status_http(status);
}

#define JSON PAIR("Content-Type", "application/json; charset=utf-8")

TEST(gate, takes_the_body_that_the_row_takes)
{
    CHECK_INT(body_code(BODY_NONE, 0, HEAD("GET", HOST)), 200);
    CHECK_INT(body_code(BODY_NONE, 0, HEAD("GET", HOST, PAIR("Content-Length", "0"))), 200);
    CHECK_INT(body_code(BODY_NONE, 0, HEAD("GET", HOST, PAIR("Content-Length", "1"))), 400);
    CHECK_INT(body_code(BODY_JSON, 9, HEAD("POST", HOST)), 200);
    CHECK_INT(body_code(BODY_JSON, 9, HEAD("POST", HOST, JSON, PAIR("Content-Length", "9"))), 200);
    CHECK_INT(body_code(BODY_JSON, 9, HEAD("POST", HOST, JSON, PAIR("Content-Length", "10"))), 413);
    CHECK_INT(body_code(BODY_JSON, 9, HEAD("POST", HOST, PAIR("Content-Length", "9"))), 415);
    CHECK_INT(body_code(BODY_JSON, 9,
                        HEAD("POST", HOST, PAIR("Content-Type", "text/plain"),
                             PAIR("Content-Length", "9"))),
              415);
    CHECK_INT(body_code(BODY_DOC, 9,
                        HEAD("PUT", HOST, PAIR("Content-Type", "text/plain"),
                             PAIR("Content-Length", "9"))),
              200);
    CHECK_INT(body_code(BODY_FRAME, 9,
                        HEAD("POST", HOST, PAIR("Content-Type", "application/x-track-frames"),
                             PAIR("Content-Encoding", "zstd"), PAIR("Content-Length", "9"))),
              200);
    CHECK_INT(body_code(BODY_JSON, 9,
                        HEAD("POST", HOST, JSON, PAIR("Content-Encoding", "gzip"),
                             PAIR("Content-Length", "9"))),
              415);
    CHECK_INT(body_code(BODY_BYTES, 9, HEAD("PUT", HOST, PAIR("Content-Length", "9"))), 200);
    CHECK_INT(body_code(BODY_BYTES, 9, HEAD("PUT", HOST, PAIR("Content-Length", "10"))), 413);
    CHECK_INT(body_code(BODY_BYTES, 9, HEAD("PUT", HOST, PAIR("Transfer-Encoding", "chunked"))),
              411);
    CHECK_INT(
        body_code(BODY_BYTES, 9,
                  HEAD("PUT", HOST, PAIR("Content-Encoding", "zstd"), PAIR("Content-Length", "9"))),
        415);
}
