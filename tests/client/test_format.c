/* Shows how people read values, and that no text of others reaches a terminal unescaped.
 * How: tables of values; every control character; text that is not UTF-8. */
#include "../../client/format.h"
#include "../harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static bool escapes_to(const char *text, size_t size, enum format_escape how, const char *want)
{
    AUTO_BUF b = BUF(4096);
    struct bytes out;
    format_escape(&b, (struct bytes){(const unsigned char *)text, size}, how);
    return buf_end(&b, &out, NULL) == TRACK_OK && out.size == strlen(want) &&
           memcmp(out.at, want, out.size) == 0;
}

#define ESCAPES(text, how, want) escapes_to(text, sizeof(text) - 1, how, want)

TEST(format, counts_in_groups_of_three)
{
    char out[FORMAT_TEXT_MAX];
    CHECK(strcmp(format_count(0, out), "0") == 0);
    CHECK(strcmp(format_count(999, out), "999") == 0);
    CHECK(strcmp(format_count(61204, out), "61 204") == 0);
    CHECK(strcmp(format_count(-1234567, out), "-1 234 567") == 0);
    CHECK(strcmp(format_count(INT64_MIN, out), "-9 223 372 036 854 775 808") == 0);
}

TEST(format, sizes_and_lengths_of_time)
{
    char out[FORMAT_TEXT_MAX];
    CHECK(strcmp(format_bytes(0, out), "0 B") == 0);
    CHECK(strcmp(format_bytes(1023, out), "1023 B") == 0);
    CHECK(strcmp(format_bytes(1024, out), "1.0 KiB") == 0);
    CHECK(strcmp(format_bytes(4402341478, out), "4.1 GiB") == 0);
    CHECK(strcmp(format_bytes(INT64_MAX, out), "8.0 EiB") == 0);
    CHECK(strcmp(format_duration(-1, out), "0 s") == 0);
    CHECK(strcmp(format_duration(12345, out), "12 ms") == 0);
    CHECK(strcmp(format_duration(8390000, out), "8.3 s") == 0);
    CHECK(strcmp(format_duration(59999999, out), "59.9 s") == 0);
    CHECK(strcmp(format_duration(61000000, out), "1 m 1 s") == 0);
    CHECK(strcmp(format_duration(8040000000, out), "2 h 14 m") == 0);
    CHECK(strcmp(format_duration(180000000000, out), "2 d 2 h") == 0);
}

TEST(format, values_short_and_exact)
{
    char out[FORMAT_TEXT_MAX];
    CHECK(strcmp(format_real(0.29123456, out), "0.29123") == 0);
    CHECK(strcmp(format_real(3e-4, out), "0.0003") == 0);
    CHECK(strcmp(format_real((double)NAN, out), "NaN") == 0);
    CHECK(strcmp(format_exact(0.1, out), "0.1") == 0);
    CHECK(strcmp(format_exact(-(double)INFINITY, out), "-Infinity") == 0);
}

TEST(format, moments)
{
    char out[FORMAT_TEXT_MAX];
    setenv("TZ", "UTC", 1);
    tzset();
    CHECK(strcmp(format_time(0, out), "1970-01-01 00:00:00") == 0);
    CHECK(strcmp(format_time(-1, out), "1969-12-31 23:59:59") == 0);
    CHECK(strcmp(format_time(1764043938000000, out), "2025-11-25 04:12:18") == 0);
    CHECK(format_time(INT64_MAX, out) && *out);
    CHECK(strcmp(format_since(0, 119000000, out), "119 s ago") == 0);
    CHECK(strcmp(format_since(0, 7200000000, out), "2 h ago") == 0);
    CHECK(strcmp(format_since(180000000, 0, out), "in 3 m") == 0);
}

TEST(format, escapes_every_control_character_for_a_screen)
{
    for (int c = 1; c < 0x20; c++) {
        AUTO_BUF b = BUF(64);
        struct bytes out;
        unsigned char byte = (unsigned char)c;
        format_escape(&b, (struct bytes){&byte, 1}, FORMAT_SCREEN);
        CHECK(buf_end(&b, &out, NULL) == TRACK_OK && out.at[0] == '\\');
    }
    CHECK(ESCAPES("a\x1b[31mb", FORMAT_SCREEN, "a\\e[31mb"));
    CHECK(ESCAPES("\x7f", FORMAT_SCREEN, "\\u007f"));
    CHECK(ESCAPES("\xc2\x9b", FORMAT_SCREEN, "\\u009b"));             /* CSI in one character */
    CHECK(ESCAPES("x\xe2\x80\xaetxt", FORMAT_SCREEN, "x\\u202etxt")); /* right-to-left override */
    CHECK(ESCAPES("\xff\xc0\x80", FORMAT_SCREEN, "\\377\\300\\200"));
    CHECK(ESCAPES("\xed\xa0\x80", FORMAT_SCREEN, "\\355\\240\\200")); /* a surrogate */
    CHECK(ESCAPES("\xe2\x82", FORMAT_SCREEN, "\\342\\202"));          /* cut short */
    CHECK(ESCAPES("Größe 🦦 ä", FORMAT_SCREEN, "Größe 🦦 ä"));
    CHECK(ESCAPES("\0", FORMAT_SCREEN, "\\u0000"));
}

TEST(format, keeps_the_layout_of_lines_and_of_columns)
{
    CHECK(ESCAPES("a\n\tb\r\x1b", FORMAT_LINES, "a\n\tb\\r\\e"));
    CHECK(ESCAPES("a\tb\nc\\d\r", FORMAT_TSV, "a\\tb\\nc\\\\d\\r"));
    CHECK(ESCAPES("\x1b\xff", FORMAT_TSV, "\x1b\xff")); /* a program may want them */
}
