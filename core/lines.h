/* lines - bytes of console output become lines.
 *
 * A line ends at \n.  What a \r rewrites, as a progress bar does, is collapsed to the last text and
 * at most one text a second before it.
 *
 *     struct lines l = {.text = room, .sink = keep, .data = me};
 *     lines_add(&l, bytes, now_us);        again and again, in pieces of any size
 *     lines_end(&l);
 *
 * Uses: bytes.  One thread.
 */
#ifndef CORE_LINES_H
#define CORE_LINES_H
#include "bytes.h"

enum { LINES_BYTES_MAX = 64 * 1024 };

/* Gets a line, without its end; borrowed. */
typedef void lines_sink(void *data, struct bytes text);

struct lines {
    unsigned char *text; /* [LINES_BYTES_MAX], of the caller */
    lines_sink *sink;
    void *data;
    bool raw; /* every text that a \r rewrites is a line */

    size_t size;     /* of the text so far */
    bool rewind;     /* a \r came: the next byte begins the text anew */
    int64_t kept_us; /* when a rewritten text was last kept */
    size_t pending;  /* bytes added last that are in no line yet */
};

/* Takes the next bytes.  A line over LINES_BYTES_MAX becomes several.
 *
 * Tests: tests/core/test_lines.c, tests/fuzz/fuzz_lines.c
 */
void lines_add(struct lines *l, struct bytes bytes, int64_t now_us);

/* Ends the stream: a last line without \n is a line. */
void lines_end(struct lines *l);
#endif
