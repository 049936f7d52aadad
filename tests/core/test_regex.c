/* Shows what a pattern may be and that no search is endless, silent or out of bounds.
 * How: small patterns, each limit at the limit and one beyond, expensive patterns on long text. */
#include "../../core/regex.h"
#include "../fault.h"
#include "../harness.h"

#include <stdio.h>
#include <string.h>

static struct bytes text_of(const char *text)
{
    return (struct bytes){(const unsigned char *)text, strlen(text)};
}

/* 1 found, 0 not found, else minus the status. */
static int search(const char *pattern, struct bytes subject, struct bytes *groups)
{
    AUTO_ARENA a = ARENA(1 << 20);
    struct regex *re;
    bool found = false;
    track_status status = regex_compile(text_of(pattern), &a, &re, NULL);
    status = status == TRACK_OK ? regex_search(re, subject, NULL, groups, &found, NULL) : status;
    return status == TRACK_OK ? found : -(int)status;
}

static bool group_is(struct bytes group, const char *text)
{
    return group.at && group.size == strlen(text) && memcmp(group.at, text, group.size) == 0;
}

TEST(regex, finds_and_gives_the_groups)
{
    struct bytes groups[4];
    CHECK_INT(search("loss[=:]\\s*(\\S+)(,x)? (.)", text_of("step 7 loss: 0.25 \xc3\xa9!"), groups),
              1);
    CHECK(group_is(groups[0], "loss: 0.25 \xc3\xa9") && group_is(groups[1], "0.25"));
    CHECK(!groups[2].at && groups[2].size == 0 && group_is(groups[3], "\xc3\xa9"));
    CHECK_INT(search("^resnet", text_of("a resnet"), NULL), 0);
    CHECK_INT(search("", text_of("x"), NULL), -TRACK_INVALID);
    CHECK_INT(search("x*", text_of(""), groups), 1);
    CHECK(group_is(groups[0], ""));
    CHECK_INT(search("x*$", (struct bytes){NULL, 0}, NULL), 1);
}

TEST(regex, names_its_groups)
{
    AUTO_ARENA a = ARENA(1 << 20);
    struct regex *re;
    CHECK(regex_compile(text_of("(x)(?<loss>a)(?<accuracy>b)"), &a, &re, NULL) == TRACK_OK);
    CHECK_INT(regex_group_count(re), 3);
    CHECK(!regex_group_name(re, 1) && strcmp(regex_group_name(re, 2), "loss") == 0);
    CHECK(strcmp(regex_group_name(re, 3), "accuracy") == 0 && !regex_group_name(re, 4));
}

TEST(regex, finds_at_every_place_of_a_long_text)
{
    char text[300];
    for (size_t at = 0; at + 2 <= sizeof(text); at++) {
        struct bytes group;
        memset(text, 'a', sizeof(text));
        memcpy(text + at, "xy", 2);
        CHECK_INT(search("(?<=a|^)xy", (struct bytes){(unsigned char *)text, sizeof(text)}, &group),
                  1);
        CHECK(group.at == (unsigned char *)text + at && group.size == 2);
    }
    for (size_t i = 0; i + 3 <= sizeof(text); i += 3) {
        memcpy(text + i, "\xe2\x82\xac", 3);
    }
    CHECK_INT(search("\\x{20ac}\\x{20ad}", (struct bytes){(unsigned char *)text, 300}, NULL), 0);
}

TEST(regex, goes_on_behind_bytes_that_are_not_utf8)
{
    struct bytes group;
    const char *text = "\xff\xc3 loss=1 \xe2\x82";
    CHECK_INT(search("loss=(?:\\d)", text_of(text), &group), 1);
    CHECK(group.at == (const unsigned char *)text + 3 && group_is(group, "loss=1"));
    CHECK_INT(search("\\xff", text_of(text), NULL), 0);
}

TEST(regex, refuses_bad_patterns_and_says_where)
{
    static const char *const bad[] = {
        "(",   "a)",     "[a",       "*a",   "a\\",    "(?<n>a)(?<n>b)",
        "\\C", "(?C1)a", "(?C'x')a", "\xff", "a{2,1}", "(?P>nix)"};
    AUTO_ARENA a = ARENA(1 << 20);
    struct regex *re = NULL;
    track_error err;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (regex_compile(text_of(bad[i]), &a, &re, &err) != TRACK_INVALID || re) {
            test_fail(__FILE__, __LINE__, "%s", bad[i]);
        }
    }
    CHECK(regex_compile(text_of("lo(ss"), &a, &re, &err) == TRACK_INVALID);
    CHECK(strcmp(err.message, "missing closing parenthesis, at byte 5 of the pattern") == 0);
}

TEST(regex, keeps_the_limits_of_a_pattern)
{
    char text[REGEX_PATTERN_BYTES_MAX + 2];
    memset(text, 'a', sizeof(text));
    text[REGEX_PATTERN_BYTES_MAX] = 0;
    CHECK_INT(search(text, text_of("b"), NULL), 0);
    text[REGEX_PATTERN_BYTES_MAX] = 'a';
    text[REGEX_PATTERN_BYTES_MAX + 1] = 0;
    CHECK_INT(search(text, text_of("b"), NULL), -TRACK_INVALID);
    for (int depth = REGEX_PAREN_DEPTH_MAX; depth <= REGEX_PAREN_DEPTH_MAX + 1; depth++) {
        snprintf(text, sizeof(text), "%.*sa%.*s", 3 * depth,
                 "(?:(?:(?:(?:(?:(?:(?:(?:(?:(?:(?:(?:(?:(?:(?:(?:(?:(?:(?:(?:(?:(?:(?:(?:(?:(?:"
                 "(?:(?:(?:(?:(?:(?:(?:",
                 depth, ")))))))))))))))))))))))))))))))))))))))");
        CHECK_INT(search(text, text_of("a"), NULL),
                  depth <= REGEX_PAREN_DEPTH_MAX ? 1 : -TRACK_INVALID);
    }
    for (int count = REGEX_GROUP_COUNT_MAX; count <= REGEX_GROUP_COUNT_MAX + 1; count++) {
        text[0] = 0;
        for (int i = 0; i < count; i++) {
            memcpy(text + 3 * i, "(a)", 4);
        }
        CHECK_INT(search(text, text_of("b"), NULL),
                  count <= REGEX_GROUP_COUNT_MAX ? 0 : -TRACK_INVALID);
    }
}

TEST(regex, keeps_the_size_of_what_it_searches)
{
    static unsigned char text[REGEX_SUBJECT_BYTES_MAX + 1];
    memset(text, 'a', sizeof(text));
    CHECK_INT(search("ab", (struct bytes){text, REGEX_SUBJECT_BYTES_MAX}, NULL), 0);
    CHECK_INT(search("ab", (struct bytes){text, REGEX_SUBJECT_BYTES_MAX + 1}, NULL),
              -TRACK_TOO_LARGE);
}

TEST(regex, never_calls_an_expensive_pattern_no_match)
{
    char text[101];
    memset(text, 'a', 100);
    text[100] = 0;
    AUTO_ARENA a = ARENA(1 << 20);
    struct regex *re;
    bool found = true;
    track_error err;
    CHECK(regex_compile(text_of("(a+)+b"), &a, &re, NULL) == TRACK_OK);
    memset(text + 50, 'b', 1);
    CHECK(regex_search(re, text_of(text), NULL, NULL, &found, &err) == TRACK_OK && found);
    CHECK(regex_compile(text_of("(a|aa)+[bc]$"), &a, &re, NULL) == TRACK_OK);
    CHECK(regex_search(re, text_of(text), NULL, NULL, &found, &err) == TRACK_INVALID);
    CHECK(strcmp(err.message, "pattern too expensive (match limit 10000)") == 0);
}

static bool stop_after(void *data)
{
    return --*(int *)data == 0;
}

TEST(regex, asks_to_stop_between_slices)
{
    char text[REGEX_SLICE_BYTES * 10];
    memset(text, 'a', sizeof(text));
    AUTO_ARENA a = ARENA(1 << 20);
    struct regex *re;
    int left = 3;
    bool found = true;
    struct regex_stop stop = {stop_after, &left};
    struct bytes subject = {(unsigned char *)text, sizeof(text)};
    CHECK(regex_compile(text_of("a[0-9]"), &a, &re, NULL) == TRACK_OK);
    CHECK(regex_search(re, subject, &stop, NULL, &found, NULL) == TRACK_TIMEOUT && left == 0);
    left = 100;
    CHECK(regex_search(re, subject, &stop, NULL, &found, NULL) == TRACK_OK && !found);
    CHECK_INT(left, 90);
}

static track_status compile_and_search(void)
{
    AUTO_ARENA a = ARENA(1 << 20);
    struct regex *re;
    bool found;
    TRY(regex_compile(text_of("a(b)"), &a, &re, NULL));
    return regex_search(re,
                        text_of("\xff"
                                "ab"),
                        NULL, NULL, &found, NULL);
}

TEST(regex, survives_each_allocation_failing)
{
    CHECK(fault_each(compile_and_search) >= 2);
}
