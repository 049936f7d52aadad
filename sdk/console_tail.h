/* console_tail - reads what a helper appends to a file, as lines, and gives the read part back.
 *
 *     console<n>     the bytes; a hole in front of what was read
 *     console<n>.at  how many of them became lines (8 bytes), so that whoever finds the file after
 *                    this process was killed goes on there
 *
 * When more than TAIL_BEHIND_MAX waits, or when the caller says so, bytes are skipped, and a line
 * says how many.
 * Uses: lines, fail.  One thread.
 */
#ifndef SDK_CONSOLE_TAIL_H
#define SDK_CONSOLE_TAIL_H
#include "../core/fail.h"
#include "../core/lines.h"

enum {
    TAIL_BLOCK_BYTES = 64 << 10,
    TAIL_PUNCH_BYTES = 1 << 20,
    TAIL_BEHIND_MAX = 64 << 20,
};

struct console_tail {
    int fd;    /* -1: closed */
    int at_fd; /* of the .at file */
    char name[16];
    uint64_t at;      /* bytes read */
    uint64_t punched; /* bytes given back */
    uint64_t skipped; /* bytes that no line will have */
    bool in_skipped;  /* up to the next end of line the rest is skipped too */
    struct lines lines;
    unsigned char text[LINES_BYTES_MAX], block[TAIL_BLOCK_BYTES];
};

/* Makes the two files.
 *
 *   t    zeroed.
 *   dir  of the spool's folder.
 *
 * TRACK_IO, TRACK_FULL  they cannot be made.
 */
track_status console_tail_make(struct console_tail *t, int dir, unsigned number, lines_sink *sink,
                               void *data, track_error *err);

/* Opens what a dead process left.
 *
 * TRACK_NOT_FOUND  nothing.  TRACK_IO  it cannot be read.
 */
track_status console_tail_open(struct console_tail *t, int dir, unsigned number, lines_sink *sink,
                               void *data, track_error *err);

/* Makes lines of what came; `skip`: of nothing, only counts it. */
void console_tail_take(struct console_tail *t, bool skip, int64_t now_us);

/* Bytes in the file so far. */
uint64_t console_tail_size(const struct console_tail *t);

/* Appends bytes itself, in place of a helper that is gone. */
void console_tail_append(struct console_tail *t, struct bytes bytes);

/* Ends the last line, closes and removes the files. */
void console_tail_end(struct console_tail *t, int dir);

/* Lets go of the files; they stay. */
void console_tail_close(struct console_tail *t);
#endif
