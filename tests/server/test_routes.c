/* Shows the whole table of routes: a row that is new or changed shows up in review as a line of
 * tests/golden/routes.txt, which tests/e2e/test_openapi.py compares with schema/openapi.yaml.
 * How: `make golden` rewrites the file. */
#include "../../server/routes.h"
#include "../harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char path[] = "tests/golden/routes.txt";
static const char *const rights[] = {"UNSET", "NONE",   "CAPABILITY", "READ", "LOG",
                                     "EDIT",  "MANAGE", "AUDIT",      "ADMIN"};
static const char *const bodies[] = {"none", "json", "frame", "doc", "bytes"};

static void table_put(struct buf *out)
{
    for (size_t i = 0; i < routes_count; i++) {
        const struct route *r = &routes[i];
        char line[400];
        (void)snprintf(line, sizeof(line), "%s %s %s %s %zu %s\n", r->method, r->pattern,
                       rights[r->right], bodies[r->body], r->body_bytes_max,
                       r->query ? r->query : "-");
        buf_text(out, line);
    }
}

static size_t file_read(char *to, size_t room)
{
    FILE *in = fopen(path, "r");
    size_t size = in ? fread(to, 1, room, in) : 0;
    if (in) {
        fclose(in);
    }
    return size;
}

TEST(routes, are_those_of_the_golden_file)
{
    static char want[1 << 16];
    AUTO_BUF got = BUF(1 << 16);
    table_put(&got);
    if (getenv("GOLDEN_WRITE")) {
        FILE *out = fopen(path, "w");
        CHECK(out && fwrite(got.at, 1, got.size, out) == got.size);
        fclose(out);
    }
    size_t size = file_read(want, sizeof(want));
    CHECK_INT(got.size, size);
    CHECK(memcmp(got.at, want, size) == 0);
}

TEST(routes, may_be_served)
{
    CHECK(route_check(routes, routes_count, NULL) == TRACK_OK);
}

/* A row behind another that matches all it matches would never be found. */
TEST(routes, are_all_reached)
{
    for (size_t i = 0; i < routes_count; i++) {
        AUTO_ARENA arena = ARENA(1 << 16);
        char text[256];
        size_t size = 0;
        for (const char *at = routes[i].pattern; *at && size < sizeof(text) - 1; at++) {
            text[size++] = *at == ':' ? 'q' : *at;
        }
        text[size] = '\0';
        struct request rq = {.method = routes[i].method, .path = text, .arena = &arena};
        CHECK(route_split(&rq, NULL) == TRACK_OK);
        CHECK(route_find(routes, routes_count, &rq) == &routes[i]);
    }
}
