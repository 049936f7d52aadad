/* Shows that what is written is JSON, whatever it is given, and reads back as it was.
 * How: golden bytes; every byte as text; wrong nesting; each allocation failing. */
#include "../../core/json.h"
#include "../fault.h"
#include "../harness.h"

#include <math.h>
#include <string.h>

static void write_all(struct json_writer *w)
{
    json_write_object(w, NULL);
    json_write_text(w, "text", "a\"\\\b\f\n\r\t\x01\x7f/\xc3\xa9");
    json_write_text(w, "none", NULL);
    json_write_array(w, "numbers");
    json_write_int(w, NULL, JSON_INT_MAX);
    json_write_int(w, NULL, JSON_INT_MAX + 1);
    json_write_int(w, NULL, -JSON_INT_MAX);
    json_write_int(w, NULL, INT64_MIN);
    json_write_double(w, NULL, 0.1);
    json_write_double(w, NULL, -0.0);
    json_write_double(w, NULL, 1e300);
    json_write_double(w, NULL, NAN);
    json_write_double(w, NULL, INFINITY);
    json_write_double(w, NULL, -INFINITY);
    json_write_close(w);
    json_write_bool(w, "yes", true);
    json_write_bool(w, "no", false);
    json_write_null(w, "null");
    json_write_raw(w, "raw", (struct bytes){(const unsigned char *)"{\"a\":1}", 7});
    json_write_object(w, "");
    json_write_close(w);
    json_write_array(w, "empty");
    json_write_close(w);
    json_write_close(w);
}

TEST(json_write, writes_what_reads_back_as_equal_bytes)
{
    AUTO_BUF b = BUF(4096);
    AUTO_BUF again = BUF(4096);
    AUTO_ARENA a = ARENA(1 << 16);
    struct json_writer w = {.to = &b}, w2 = {.to = &again};
    struct bytes out, second;
    const struct json *v;
    write_all(&w);
    CHECK(json_end(&w, &out, NULL) == TRACK_OK);
    CHECK_GOLDEN("json_all", out);
    CHECK(json_read(out, NULL, &a, &v, NULL) == TRACK_OK);
    json_write_value(&w2, NULL, v);
    CHECK(json_end(&w2, &second, NULL) == TRACK_OK);
    CHECK_GOLDEN("json_sorted", second);
}

TEST(json_write, mends_what_is_not_utf8)
{
    static const unsigned char bad[] = {'a', 0xff, 'b', 0xe2, 0x82, 0xc3, 0xa9, 0xf0};
    static const char want[] = "\"a\xef\xbf\xbd"
                               "b\xef\xbf\xbd\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\"";
    AUTO_BUF b = BUF(4096);
    struct json_writer w = {.to = &b};
    struct bytes out;
    json_write_bytes(&w, NULL, (struct bytes){bad, sizeof(bad)});
    CHECK(json_end(&w, &out, NULL) == TRACK_OK);
    CHECK(out.size == sizeof(want) - 1 && memcmp(out.at, want, out.size) == 0);
}

TEST(json_write, writes_every_byte_as_text_that_reads_back)
{
    for (unsigned c = 1; c < 256; c++) {
        unsigned char text[2] = {(unsigned char)c, 'x'};
        AUTO_BUF b = BUF(4096);
        AUTO_ARENA a = ARENA(1 << 16);
        struct json_writer w = {.to = &b};
        struct bytes out;
        const struct json *v;
        json_write_bytes(&w, NULL, (struct bytes){text, 2});
        CHECK(json_end(&w, &out, NULL) == TRACK_OK);
        CHECK(json_read(out, NULL, &a, &v, NULL) == TRACK_OK);
        CHECK(c >= 128 || (v->count == 2 && memcmp(v->text, text, 2) == 0));
    }
}

TEST(json_write, reports_wrong_nesting)
{
    struct bytes out;
    for (int how = 0; how < 5; how++) {
        AUTO_BUF b = BUF(4096);
        struct json_writer w = {.to = &b};
        if (how == 0) {
            json_write_close(&w); /* nothing is open */
        } else if (how == 1) {
            json_write_array(&w, NULL); /* stays open */
        } else if (how == 2) {
            json_write_array(&w, NULL);
            json_write_int(&w, "named", 1);
            json_write_close(&w);
        } else if (how == 3) {
            json_write_object(&w, NULL);
            json_write_int(&w, NULL, 1);
            json_write_close(&w);
        } else {
            for (int i = 0; i <= JSON_WRITER_DEPTH_MAX; i++) {
                json_write_array(&w, NULL);
            }
            for (int i = 0; i <= JSON_WRITER_DEPTH_MAX; i++) {
                json_write_close(&w);
            }
        }
        CHECK(json_end(&w, &out, NULL) == TRACK_CORRUPT);
    }
}

static track_status write_some(void)
{
    AUTO_BUF b = BUF(4096);
    struct json_writer w = {.to = &b};
    struct bytes out;
    write_all(&w);
    return json_end(&w, &out, NULL);
}

TEST(json_write, survives_each_allocation_failing)
{
    CHECK(fault_each(write_some) >= 1);
    AUTO_BUF b = BUF(10);
    struct json_writer w = {.to = &b};
    struct bytes out;
    write_all(&w);
    CHECK(json_end(&w, &out, NULL) == TRACK_TOO_LARGE);
}
