/* Shows what the scanner of points takes and what it leaves to core/json; that both agree is the
 * property of tests/fuzz/fuzz_scan.c. */
#include "../../server/scan.h"
#include "../harness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 4 };

static size_t scan_text(const char *text, struct scan_point *out)
{
    return scan_points((struct bytes){(const unsigned char *)text, strlen(text)}, out, ROOM);
}

TEST(scan, reads_members_in_any_order)
{
    struct scan_point p[ROOM];
    CHECK_INT(scan_text("{\"points\":[{\"value\":0.25,\"step\":-7,\"key\":\"a/b\",\"time_us\":9},"
                        " {\"key\":\"c\", \"value\":\"NaN\"}]}",
                        p),
              2);
    CHECK(p[0].key.size == 3 && memcmp(p[0].key.at, "a/b", 3) == 0);
    CHECK_INT(p[0].step, -7);
    CHECK_INT(p[0].time_us, 9);
    CHECK(p[0].value == 0.25 && isnan(p[1].value));
    CHECK(p[1].step == SCAN_NO_STEP && p[1].time_us == SCAN_NO_TIME);
}

TEST(scan, keeps_infinities_and_their_signs)
{
    struct scan_point p[ROOM];
    CHECK_INT(scan_text("{\"points\":[{\"key\":\"a\",\"value\":\"Infinity\"},"
                        "{\"key\":\"a\",\"value\":\"-Infinity\"}]}",
                        p),
              2);
    CHECK(p[0].value == (double)INFINITY && p[1].value == -(double)INFINITY);
}

TEST(scan, reads_whole_numbers_in_texts)
{
    struct scan_point p[ROOM];
    CHECK_INT(scan_text("{\"points\":[{\"key\":\"a\",\"value\":1,\"step\":\"9007199254740993\","
                        "\"time_us\":\"12345678901234567\"},"
                        "{\"key\":\"a\",\"value\":1,\"step\":\"-1\"}]}",
                        p),
              2);
    CHECK_INT(p[0].step, INT64_C(9007199254740993));
    CHECK_INT(p[0].time_us, INT64_C(12345678901234567));
    CHECK_INT(p[1].step, -1);
}

/* Every length of a text and of a number, at every distance from the end of the body. */
TEST(scan, reads_texts_and_numbers_of_each_length)
{
    for (int size = 1; size <= 40; size++) {
        char text[256], key[64];
        struct scan_point p[ROOM];
        memset(key, 'k', sizeof(key));
        snprintf(text, sizeof(text), "{\"points\":[{\"key\":\"%.*s\",\"value\":0.%.*s}%*s]}", size,
                 key, size % 19, "1234567890123456789", size, "");
        CHECK_INT(scan_text(text, p), size % 19 ? 1 : 0);
        if (size % 19) {
            CHECK_INT(p[0].key.size, size);
            CHECK(p[0].value == strtod(strstr(text, "0."), NULL));
        }
    }
}

TEST(scan, leaves_what_is_not_plain)
{
    static const char *const texts[] = {
        "",
        "{}",
        "{\"points\":[]}",
        "[1]",
        "{\"points\":[{\"key\":\"a\"}]}",
        "{\"points\":[{\"value\":1}]}",
        "{\"points\":[{\"key\":\"\\u0041\",\"value\":1}]}",
        "{\"points\":[{\"key\":\"a\",\"value\":01}]}",
        "{\"points\":[{\"key\":\"a\",\"value\":+1}]}",
        "{\"points\":[{\"key\":\"a\",\"value\":.5}]}",
        "{\"points\":[{\"key\":\"a\",\"value\":1.}]}",
        "{\"points\":[{\"key\":\"a\",\"value\":NaN}]}",
        "{\"points\":[{\"key\":\"a\",\"value\":null}]}",
        "{\"points\":[{\"key\":\"a\",\"value\":1e999}]}",
        "{\"points\":[{\"key\":\"a\",\"value\":1,\"value\":2}]}",
        "{\"points\":[{\"key\":\"a\",\"value\":1,\"step\":1.5}]}",
        "{\"points\":[{\"key\":\"a\",\"value\":1,\"step\":9007199254740993}]}",
        "{\"points\":[{\"key\":\"a\",\"value\":1,\"time_us\":-1}]}",
        "{\"points\":[{\"key\":\"a\",\"value\":1,\"context\":{}}]}",
        "{\"points\":[{\"key\":\"a\",\"value\":1}],\"x\":1}",
        "{\"points\":[{\"key\":\"a\",\"value\":1}]} x",
        "{\"points\":[{\"key\":\"a\",\"value\":1},]}",
        "{\"points\":[{\"key\":\"a\",\"value\":1}",
        "{\"points\":[{\"key\":\"\xc3\xa9\",\"value\":1}]}",
    };
    struct scan_point p[ROOM];
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        CHECK_INT(scan_text(texts[i], p), 0);
    }
}

TEST(scan, keeps_to_its_room)
{
    struct scan_point p[ROOM + 1];
    static const char item[] = "{\"key\":\"a\",\"value\":1}";
    for (int count = ROOM; count <= ROOM + 1; count++) {
        AUTO_BUF text = BUF(1024);
        struct bytes all;
        buf_text(&text, "{\"points\":[");
        for (int i = 0; i < count; i++) {
            buf_text(&text, i ? "," : "");
            buf_text(&text, item);
        }
        buf_text(&text, "]}");
        CHECK_INT(buf_end(&text, &all, NULL), TRACK_OK);
        CHECK_INT(scan_points(all, p, ROOM), count == ROOM ? ROOM : 0);
    }
}
