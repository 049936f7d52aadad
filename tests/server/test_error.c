/* Shows that every status has something to do about it, and that the nearest hint is taken. */
#include "../../server/http_error.h"
#include "../harness.h"

#include <string.h>

TEST(error, has_a_hint_for_every_status)
{
    for (int i = 1; i < TRACK_STATUS_COUNT; i++) {
        const char *hint = http_error_hint(NULL, (track_status)i, status_http((track_status)i));
        CHECK(hint && strlen(hint) > 10);
    }
}

TEST(error, prefers_the_hint_of_the_place)
{
    static const char frames[] = "/api/v1/runs/:run/frames", run[] = "/api/v1/runs/:run";
    CHECK(strstr(http_error_hint(frames, TRACK_CONFLICT, 409), "reopen"));
    CHECK(!strstr(http_error_hint(run, TRACK_CONFLICT, 409), "reopen"));
    CHECK(strstr(http_error_hint(run, TRACK_NOT_FOUND, 404), "search"));
    CHECK(strstr(http_error_hint(NULL, TRACK_INVALID, 405), "Allow"));
    CHECK(strstr(http_error_hint(run, TRACK_IO, 500), "disk"));
    CHECK(strstr(http_error_hint(run, TRACK_CORRUPT, 500), "trackd check"));
}

TEST(error, answers_without_memory_too)
{
    struct arena none = ARENA(0);
    struct request rq = {.arena = &none};
    struct response rs = {.http = 0};
    track_error err = {.status = TRACK_NOMEM, .message = "full"};
    http_error_fill(&rq, &(struct http_failure){.ref = "1"}, &err, &rs);
    CHECK(rs.http == 503 && rs.retry_s == 1 && rs.body.size > 20 && rs.body.at[0] == '{');
}
