/* Shows what counts as JSON, and that every limit is met exactly.
 * How: small documents by hand, each limit at the limit and one beyond, every allocation failing.
 */
#include "../../core/json.h"
#include "../fault.h"
#include "../harness.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static struct bytes text_of(const char *text)
{
    return (struct bytes){(const unsigned char *)text, strlen(text)};
}

static track_status read_text(const char *text, struct arena *a, const struct json **out,
                              track_error *err)
{
    return json_read(text_of(text), NULL, a, out, err);
}

static track_status status_of(const char *text)
{
    AUTO_ARENA a = ARENA(1 << 20);
    const struct json *value;
    return read_text(text, &a, &value, NULL);
}

TEST(json, reads_every_kind)
{
    AUTO_ARENA a = ARENA(1 << 20);
    const struct json *v;
    CHECK(read_text(" {\"t\":\"\\u00e9\\ud83d\\ude00\",\"n\":-1.5e3,\"b\":true,\"f\":false,"
                    "\"z\":null,\"a\":[1,[]],\"o\":{}} \n",
                    &a, &v, NULL) == TRACK_OK);
    CHECK(v->kind == JSON_KIND_OBJECT && v->count == 7 && !v->parent && !v->name);
    const struct json *t = json_find(v, "t"), *n = json_find(v, "n"), *arr = json_find(v, "a");
    CHECK(t && t->kind == JSON_KIND_TEXT && t->count == 6);
    CHECK(strcmp(t->text, "\xc3\xa9\xf0\x9f\x98\x80") == 0 && t->parent == v);
    CHECK(n && n->kind == JSON_KIND_NUMBER && n->number == -1500);
    CHECK(json_find(v, "b")->truth && !json_find(v, "f")->truth);
    CHECK(json_find(v, "z")->kind == JSON_KIND_NULL);
    CHECK(arr && arr->count == 2 && arr->items[1].kind == JSON_KIND_ARRAY);
    CHECK(json_find(v, "o")->count == 0 && !json_find(v, "x") && !json_find(arr, "x"));
    for (uint32_t i = 1; i < v->count; i++) {
        CHECK(strcmp(v->items[i - 1].name, v->items[i].name) < 0);
    }
}

TEST(json, refuses_what_is_not_json)
{
    static const char *const bad[] = {
        "",
        " ",
        "{",
        "[1,]",
        "{\"a\":1,}",
        "{\"a\" 1}",
        "{a:1}",
        "'a'",
        "nul",
        "NaN",
        "Infinity",
        "[1] 2",
        "01",
        "1.",
        ".5",
        "+1",
        "1e999",
        "-1e999",
        "\"\t\"",
        "\"\\x\"",
        "\"\\ud800\"",
        "\"\\u0000\"",
        "{\"\\u0000\":1}",
        "\"\xff\"",
        "\"\xc0\x80\"",
        "\"\xed\xa0\x80\"",
        "{\"a\":1,\"a\":2}",
        "[{\"a\":1,\"\\u0061\":2}]",
        "]",
        "\"",
        "\"\\",
        "\xef\xbb\xbf{}",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (status_of(bad[i]) != TRACK_INVALID) {
            test_fail(__FILE__, __LINE__, "%s", bad[i]);
        }
    }
    AUTO_ARENA a = ARENA(1 << 16);
    const struct json *v = NULL;
    track_error err = {0};
    CHECK(read_text("{\"loss\":\n  0.5,,}", &a, &v, &err) == TRACK_INVALID && !v);
    CHECK(strstr(err.message, "not JSON at line 2, column 7") == err.message);
    CHECK(json_read((struct bytes){NULL, 0}, NULL, &a, &v, NULL) == TRACK_INVALID);
}

static void nest(char *out, size_t depth)
{
    memset(out, '[', depth);
    memset(out + depth, ']', depth);
    out[2 * depth] = 0;
}

TEST(json, keeps_its_depth)
{
    char text[2 * 100000 + 1];
    nest(text, JSON_DEPTH_MAX);
    CHECK(status_of(text) == TRACK_OK);
    nest(text, JSON_DEPTH_MAX + 1);
    CHECK(status_of(text) == TRACK_TOO_LARGE);
    nest(text, 100000);
    CHECK(status_of(text) == TRACK_TOO_LARGE);
    CHECK(status_of("[[],[],{},[{}],\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"]") == TRACK_OK);
}

TEST(json, keeps_its_number_of_values_and_the_size_of_a_text)
{
    struct json_limits limits = {.depth_max = 2, .node_count_max = 4, .text_bytes_max = 5};
    AUTO_ARENA a = ARENA(1 << 16);
    const struct json *v;
    CHECK(json_read(text_of("[1,2,3]"), &limits, &a, &v, NULL) == TRACK_OK);
    CHECK(json_read(text_of("[1,2,3,4]"), &limits, &a, &v, NULL) == TRACK_TOO_LARGE);
    CHECK(json_read(text_of("\"12345\""), &limits, &a, &v, NULL) == TRACK_OK);
    CHECK(json_read(text_of("\"123456\""), &limits, &a, &v, NULL) == TRACK_TOO_LARGE);
    CHECK(json_read(text_of("{\"123456\":1}"), &limits, &a, &v, NULL) == TRACK_TOO_LARGE);
    track_error err;
    CHECK(json_read(text_of("[1,[\"1\\\"\\u0041\"]]"), &limits, &a, &v, &err) == TRACK_TOO_LARGE);
    CHECK(strcmp(err.message, "a text of 9 bytes at byte 4, at most 5") == 0);
}

TEST(json, keeps_the_size_of_a_number)
{
    char text[80];
    memset(text, '1', sizeof(text));
    text[JSON_NUMBER_BYTES_MAX] = 0;
    CHECK(status_of(text) == TRACK_OK);
    text[JSON_NUMBER_BYTES_MAX] = '1';
    text[JSON_NUMBER_BYTES_MAX + 1] = 0;
    CHECK(status_of(text) == TRACK_INVALID);
    CHECK(status_of("18446744073709551616") == TRACK_OK); /* JavaScript writes 1e20 like this */
}

static track_status read_some(void)
{
    AUTO_ARENA a = ARENA(1 << 20);
    const struct json *v;
    return read_text("{\"a\":[1,\"text\",{\"b\":null}],\"c\":{}}", &a, &v, NULL);
}

TEST(json, survives_each_allocation_failing)
{
    CHECK(fault_each(read_some) >= 1);
    track_status last = TRACK_NOMEM;
    for (size_t room = 0; room < 1024; room += 8) {
        AUTO_ARENA a = ARENA(room);
        const struct json *v;
        track_status now = read_text("{\"a\":[1,\"text\",{\"b\":null}]}", &a, &v, NULL);
        CHECK(now == last || (now == TRACK_OK && last == TRACK_NOMEM));
        last = now;
    }
    CHECK(last == TRACK_OK);
}
