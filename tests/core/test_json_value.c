/* Shows what the accessors take and how they name the place of what they refuse.
 * How: one document, each accessor on each kind. */
#include "../../core/json.h"
#include "../harness.h"

#include <math.h>
#include <string.h>

static const char document[] =
    "{\"points\":[{\"value\":1.5},{\"value\":\"x\",\"step\":9007199254740992}],\"name\":\"run\","
    "\"big\":\"-9223372036854775808\",\"odd\":1.5,\"top\":9007199254740991,\"nan\":\"NaN\","
    "\"up\":\"Infinity\",\"down\":\"-Infinity\",\"on\":true,\"none\":null,\"one\":1.0}";

static const struct json *read_document(struct arena *a)
{
    const struct json *v = NULL;
    struct bytes text = {(const unsigned char *)document, sizeof(document) - 1};
    return json_read(text, NULL, a, &v, NULL) == TRACK_OK ? v : NULL;
}

TEST(json_value, gets_each_kind)
{
    AUTO_ARENA a = ARENA(1 << 16);
    const struct json *v = read_document(&a), *points = NULL;
    const char *text = NULL;
    int64_t n = 0;
    double d = 0;
    bool b = false;
    CHECK(v && json_need_text(v, "name", &text, NULL) == TRACK_OK && strcmp(text, "run") == 0);
    CHECK(json_need_int(v, "big", &n, NULL) == TRACK_OK && n == INT64_MIN);
    CHECK(json_need_int(v, "top", &n, NULL) == TRACK_OK && n == JSON_INT_MAX);
    CHECK(json_need_int(v, "one", &n, NULL) == TRACK_OK && n == 1);
    CHECK(json_need_double(v, "odd", &d, NULL) == TRACK_OK && d == 1.5);
    CHECK(json_need_double(v, "nan", &d, NULL) == TRACK_OK && isnan(d));
    CHECK(json_need_double(v, "up", &d, NULL) == TRACK_OK && d == INFINITY);
    CHECK(json_need_double(v, "down", &d, NULL) == TRACK_OK && d == -INFINITY);
    CHECK(json_need_bool(v, "on", &b, NULL) == TRACK_OK && b);
    CHECK(json_need_array(v, "points", &points, NULL) == TRACK_OK && points->count == 2);
    CHECK(json_get_object(&points->items[0], &points, NULL) == TRACK_OK && points->count == 1);
}

#define CHECK_MESSAGE(call, text)                             \
    do {                                                      \
        track_error err = {0};                                \
        CHECK((call) == TRACK_INVALID);                       \
        if (strcmp(err.message, (text)) != 0) {               \
            test_fail(__FILE__, __LINE__, "%s", err.message); \
        }                                                     \
    } while (0)

TEST(json_value, names_the_place_of_what_it_refuses)
{
    AUTO_ARENA a = ARENA(1 << 16);
    const struct json *v = read_document(&a), *o = NULL;
    const struct json *second = &json_find(v, "points")->items[1];
    const char *text = NULL;
    int64_t n = 42;
    double d = 42;
    bool b = false;
    CHECK_MESSAGE(json_need_double(second, "value", &d, &err),
                  "points[1].value: a text, must be a number or \"NaN\", \"Infinity\", "
                  "\"-Infinity\"");
    CHECK_MESSAGE(json_need_int(second, "step", &n, &err),
                  "points[1].step: 9007199254740992, beyond 2^53 - 1 a whole number is written as "
                  "a text");
    CHECK_MESSAGE(json_need_int(second, "value", &n, &err),
                  "points[1].value: 'x', must be a whole number of 64 bits");
    CHECK_MESSAGE(json_need_int(second, "time", &n, &err), "points[1]: the member time is missing");
    CHECK_MESSAGE(json_need_int(v, "odd", &n, &err), "odd: 1.5, must be a whole number");
    CHECK_MESSAGE(json_need_int(v, "none", &n, &err), "none: null, must be a number");
    CHECK_MESSAGE(json_need_text(v, "on", &text, &err), "on: true or false, must be a text");
    CHECK_MESSAGE(json_need_bool(v, "name", &b, &err), "name: a text, must be true or false");
    CHECK_MESSAGE(json_need_array(v, "name", &o, &err), "name: a text, must be an array");
    CHECK_MESSAGE(json_need_object(v, "points", &o, &err), "points: an array, must be an object");
    CHECK_MESSAGE(json_get_text(v, &text, &err), "document: an object, must be a text");
    CHECK(n == 42 && d == 42 && !text && !o);
}

TEST(json_value, leaves_alone_what_may_be_absent)
{
    AUTO_ARENA a = ARENA(1 << 16);
    const struct json *v = read_document(&a), *o = NULL;
    const char *text = "old";
    int64_t n = 42;
    double d = 42;
    bool b = true;
    CHECK(json_may_text(v, "absent", &text, NULL) == TRACK_OK && strcmp(text, "old") == 0);
    CHECK(json_may_text(v, "none", &text, NULL) == TRACK_OK && strcmp(text, "old") == 0);
    CHECK(json_may_int(v, "absent", &n, NULL) == TRACK_OK && n == 42);
    CHECK(json_may_double(v, "absent", &d, NULL) == TRACK_OK && d == 42);
    CHECK(json_may_bool(v, "absent", &b, NULL) == TRACK_OK && b);
    CHECK(json_may_array(v, "absent", &o, NULL) == TRACK_OK && !o);
    CHECK(json_may_object(v, "absent", &o, NULL) == TRACK_OK && !o);
    CHECK(json_may_int(v, "top", &n, NULL) == TRACK_OK && n == JSON_INT_MAX);
    CHECK(json_may_int(v, "name", &n, NULL) == TRACK_INVALID);
    CHECK(json_may_int(json_find(v, "name"), "x", &n, NULL) == TRACK_INVALID);
}

TEST(json_value, keeps_the_bounds_of_a_whole_number)
{
    AUTO_ARENA a = ARENA(1 << 16);
    const struct json *v = read_document(&a);
    int64_t n = 42;
    CHECK(json_may_int_in(v, "one", (struct json_range){1, 1}, &n, NULL) == TRACK_OK && n == 1);
    CHECK_MESSAGE(json_may_int_in(v, "one", (struct json_range){2, 1000}, &n, &err),
                  "one: 1, must be 2 to 1000");
    CHECK_MESSAGE(json_need_int_in(v, "one", (struct json_range){-5, 0}, &n, &err),
                  "one: 1, must be -5 to 0");
    CHECK(json_may_int_in(v, "absent", (struct json_range){2, 3}, &n, NULL) == TRACK_OK && n == 1);
    CHECK(json_need_int_in(v, "absent", (struct json_range){2, 3}, &n, NULL) == TRACK_INVALID);
}

TEST(json_value, refuses_an_unknown_member_and_says_what_was_meant)
{
    static const char *const known[] = {"big", "down", "name", "nan", "none", "odd",
                                        "on",  "one",  "top",  "up",  NULL};
    static const char *const item[] = {"value", "steps", NULL};
    AUTO_ARENA a = ARENA(1 << 16);
    const struct json *v = read_document(&a);
    CHECK_MESSAGE(json_check_object(v, known, &err), "points: unknown member");
    CHECK_MESSAGE(json_check_object(&json_find(v, "points")->items[1], item, &err),
                  "points[1].step: unknown member, did you mean steps?");
    CHECK(json_check_object(&json_find(v, "points")->items[0], item, NULL) == TRACK_OK);
    CHECK(json_check_object(json_find(v, "name"), item, NULL) == TRACK_INVALID);
}

TEST(json_value, cuts_a_long_place_at_a_character)
{
    char text[400] = "{\"";
    for (int i = 0; i < 99; i++) {
        memcpy(text + 2 + 3 * i, "\xe2\x82\xac", 4);
    }
    memcpy(text + 2 + 297, "\":1}", 5);
    AUTO_ARENA a = ARENA(1 << 16);
    const struct json *v;
    track_error err;
    struct bytes all = {(const unsigned char *)text, strlen(text)};
    CHECK(json_read(all, NULL, &a, &v, NULL) == TRACK_OK);
    const char *out;
    CHECK(json_get_text(&v->items[0], &out, &err) == TRACK_INVALID);
    CHECK(strstr(err.message, "\xe2\x82\xac: a number, must be a text"));
}
