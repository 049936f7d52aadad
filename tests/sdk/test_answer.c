/* What replies mean: a trackd's errors by their code, everything else as what it can be. */
#include "../../sdk/answer.h"
#include "../harness.h"

#include <string.h>

static void reply_of(struct transport_reply *r, int http, const char *type, const char *body)
{
    buf_release(&r->body);
    *r = (struct transport_reply){.http = http, .body = BUF(64 * 1024)};
    strncpy(r->type, type, sizeof(r->type) - 1);
    buf_text(&r->body, body);
}

TEST(answer, an_error_has_the_status_of_its_code)
{
    AUTO_REPLY r = {.body = BUF(64 * 1024)};
    struct answer_error e;
    track_error err;
    reply_of(&r, 409, "application/json",
             "{\"error\":{\"code\":\"conflict\",\"message\":\"no\",\"hint\":\"reopen\","
             "\"ref\":\"77\"},\"next_seq\":5}");
    CHECK(answer_check(&r, &e, &err) == TRACK_CONFLICT);
    CHECK(strcmp(err.message, "no") == 0 && strcmp(e.hint, "reopen") == 0 && e.next_seq == 5);
    reply_of(&r, 400, "", "{\"error\":{\"code\":\"invalid\"}}");
    CHECK(answer_check(&r, NULL, NULL) == TRACK_INVALID);
    reply_of(&r, 400, "", "{\"error\":{\"code\":\"of the future\"}}");
    CHECK(answer_check(&r, NULL, NULL) == TRACK_UNREACHABLE);
    reply_of(&r, 500, "", "{\"error\":{\"code\":\"ok\"}}");
    CHECK(answer_check(&r, NULL, NULL) == TRACK_UNREACHABLE);
}

TEST(answer, others_are_taken_by_their_http_status)
{
    static const struct {
        int http;
        track_status status;
    } rows[] = {{401, TRACK_NO_IDENTITY}, {403, TRACK_DENIED},      {404, TRACK_NOT_FOUND},
                {413, TRACK_TOO_LARGE},   {429, TRACK_BUSY},        {504, TRACK_TIMEOUT},
                {502, TRACK_UNREACHABLE}, {302, TRACK_UNREACHABLE}, {0, TRACK_UNREACHABLE}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        AUTO_REPLY r = {.body = BUF(64 * 1024)};
        reply_of(&r, rows[i].http, "text/html", "<html>no</html>");
        CHECK_INT(answer_check(&r, NULL, NULL), rows[i].status);
    }
}

TEST(answer, a_success_that_is_no_json_comes_from_elsewhere)
{
    AUTO_REPLY r = {.body = BUF(64 * 1024)};
    reply_of(&r, 200, "text/html", "<html>hotel</html>");
    CHECK(answer_check(&r, NULL, NULL) == TRACK_OK);
    CHECK(answer_check_json(&r, NULL) == TRACK_UNREACHABLE);
    reply_of(&r, 200, "application/json", "{\"ok\":");
    CHECK(answer_check_json(&r, NULL) == TRACK_UNREACHABLE);
    reply_of(&r, 200, "application/json; charset=utf-8", "{\"ok\":true}");
    CHECK(answer_check_json(&r, NULL) == TRACK_OK);
}

TEST(answer, what_was_appended_must_say_how_to_go_on)
{
    AUTO_REPLY r = {.body = BUF(64 * 1024)};
    struct answer_appended a = {0};
    reply_of(&r, 200, "application/json", "{\"next_seq\":7,\"stop\":true,\"more\":1}");
    CHECK(answer_appended(&r, &a, NULL) == TRACK_OK && a.next_seq == 7 && a.stop);
    CHECK(!a.rewound && !a.repeated_steps && a.epoch == 0);
    reply_of(&r, 200, "application/json",
             "{\"next_seq\":7,\"repeated_steps\":true,\"epoch\":3,\"rewound_to\":-1}");
    CHECK(answer_appended(&r, &a, NULL) == TRACK_OK && a.repeated_steps);
    CHECK(a.epoch == 3 && a.rewound && a.rewound_to == -1);
    reply_of(&r, 200, "application/json", "{\"next_seq\":7,\"epoch\":3,\"rewound_to\":null}");
    CHECK(answer_appended(&r, &a, NULL) == TRACK_OK && !a.rewound);
    reply_of(&r, 200, "application/json", "{\"stop\":true}");
    CHECK(answer_appended(&r, &a, NULL) == TRACK_UNREACHABLE);
    reply_of(&r, 200, "application/json", "{\"next_seq\":-1}");
    CHECK(answer_appended(&r, &a, NULL) == TRACK_UNREACHABLE);
    reply_of(&r, 200, "text/html", "hello");
    CHECK(answer_appended(&r, &a, NULL) == TRACK_UNREACHABLE);
}
