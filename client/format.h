/* format - values as people read them, and text of others made harmless.
 *
 * Uses: bytes, number.  Pure but for the time zone; any thread.
 */
#ifndef CLIENT_FORMAT_H
#define CLIENT_FORMAT_H
#include "../core/bytes.h"

#include <stdint.h>

enum { FORMAT_TEXT_MAX = 40 }; /* bytes that the functions below write, NUL included */

/* Each writes into out [FORMAT_TEXT_MAX] and returns it. */

const char *format_count(int64_t value, char *out);      /* "61 204" */
const char *format_bytes(int64_t bytes, char *out);      /* "4.1 GiB" */
const char *format_duration(int64_t time_us, char *out); /* "2 h 14 m", "8.3 s", "12 ms" */
const char *format_real(double value, char *out);        /* five digits: "0.2912", "3e-04", "NaN" */
const char *format_exact(double value, char *out);       /* the shortest that reads back */
const char *format_since(int64_t from_us, int64_t now_us, char *out); /* "2 h ago", "in 3 m" */
const char *format_time(int64_t time_us, char *out); /* "2026-11-25 04:12:18", local time */

/* How text of others is made harmless. */
enum format_escape {
    FORMAT_SCREEN, /* a cell or a line on a terminal */
    FORMAT_LINES,  /* text of many lines on a terminal: line ends and tabs pass */
    FORMAT_TSV,    /* a cell of tab-separated output: \t \n \r \\ only, other bytes pass */
};

/* Appends text with what could move the cursor, change colours or break the format escaped:
 * control characters (C0, DEL, C1), bidirectional overrides and bytes that are not UTF-8.
 *
 * Tests: tests/client/test_format.c
 */
void format_escape(struct buf *to, struct bytes text, enum format_escape how);

/* The width of the UTF-8 character at text [size > 0] in bytes, and its code point; code point -1
 * and width 1 for a byte that begins none. */
size_t format_decode(struct bytes text, int32_t *code);
#endif
