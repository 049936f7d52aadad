/* Shows the headers of each kind of answer. */
#include "../../server/http_fields.h"
#include "../harness.h"

#include <string.h>

static const char *value_of(const struct response *rs, const char *name)
{
    static struct http_field fields[HTTP_FIELDS_MAX];
    static struct arena arena = ARENA(1 << 16);
    struct request rq = {.arena = &arena};
    size_t count = http_fields(rs, &rq, fields);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(fields[i].name, name) == 0) {
            return fields[i].value;
        }
    }
    return NULL;
}

TEST(fields, guard_every_answer)
{
    for (int kind = RESPONSE_API; kind <= RESPONSE_CONTENT; kind++) {
        const struct response rs = {.type = "x", .kind = (enum response_kind)kind};
        CHECK(strcmp(value_of(&rs, "X-Content-Type-Options"), "nosniff") == 0);
        CHECK(strcmp(value_of(&rs, "Referrer-Policy"), "no-referrer") == 0);
        CHECK(strcmp(value_of(&rs, "X-Frame-Options"), "SAMEORIGIN") == 0);
        CHECK(strstr(value_of(&rs, "Vary"), "Origin"));
        CHECK(value_of(&rs, "Cache-Control"));
    }
}

TEST(fields, keep_what_may_be_kept)
{
    const struct response api = {.kind = RESPONSE_API};
    const struct response asset = {.kind = RESPONSE_ASSET};
    const struct response page = {.kind = RESPONSE_PAGE};
    const struct response tagged = {.kind = RESPONSE_CONTENT, .etag = "\"x\""};
    CHECK(strcmp(value_of(&api, "Cache-Control"), "no-store") == 0);
    CHECK(strcmp(value_of(&asset, "Cache-Control"), "public, max-age=31536000, immutable") == 0);
    CHECK(strcmp(value_of(&page, "Cache-Control"), "private, no-cache") == 0);
    CHECK(strcmp(value_of(&tagged, "Cache-Control"), "private, no-cache") == 0);
}

TEST(fields, lock_pages_and_user_content)
{
    const struct response page = {.kind = RESPONSE_PAGE};
    const struct response content = {.kind = RESPONSE_CONTENT};
    const struct response api = {.kind = RESPONSE_API};
    CHECK(strstr(value_of(&page, "Content-Security-Policy"), "default-src 'none'"));
    CHECK(!strstr(value_of(&page, "Content-Security-Policy"), "unsafe"));
    CHECK(strcmp(value_of(&content, "Content-Security-Policy"), "sandbox; default-src 'none'") ==
          0);
    CHECK(!value_of(&api, "Content-Security-Policy"));
}

TEST(fields, say_when_to_come_back)
{
    const struct response busy = {.retry_s = 7}, other = {.retry_s = 0};
    CHECK(strcmp(value_of(&busy, "Retry-After"), "7") == 0);
    CHECK(!value_of(&other, "Retry-After"));
}
