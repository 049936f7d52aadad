/* console_stream - descriptors 1 and 2, or one of them, on their way through a helper.
 *
 *     1, 2 --> pipe, or a terminal of its own --> helper --> where they went before
 *                                                        \-> console<n> --> lines
 *
 * Both share one way when they go to the same place, so that their order stays; their lines are
 * then all of the first stream.  A terminal has the size and modes of the user's, but for the
 * output processing, which the user's own does.
 * Uses: console_helper, console_tail.  One thread at a time.
 */
#ifndef SDK_CONSOLE_STREAM_H
#define SDK_CONSOLE_STREAM_H
#include "console_helper.h"
#include "console_tail.h"

#include <sys/ioctl.h>
#include <sys/stat.h>

/* A descriptor, and what it was when we opened it: programs close what is not theirs. */
struct console_fd {
    int fd; /* -1: none */
    dev_t dev;
    ino_t ino;
};

struct console_stream {
    bool takes[2];                 /* which descriptors: 1, 2 */
    struct console_fd original[2]; /* what they were */
    struct console_fd output;      /* what the helper writes to */
    struct console_fd writer;      /* what they are now; its fd is -1 once they are */
    int reader;                    /* keeps writers alive when the helper dies; -1: none */
    bool terminal, regular;        /* what the output is */
    struct winsize size;
    struct console_helper helper;
    bool given_up; /* something went wrong: 1 and 2 are what they were */
    bool over;     /* nobody can write any more */
    uint64_t limit;
    struct console_tail tail;
};

/* What both ends need. */
struct console_place {
    int dir;          /* of the spool's folder */
    const char *path; /* the same */
    int errors;       /* where helpers write errors to */
};

/* Finds out which of 1 and 2 can be recorded, and whether both go one way.
 *
 *   streams  [2], zeroed.
 *   count    set: how many are used, 0..2.
 */
void console_stream_plan(struct console_stream *streams, size_t *count);

/* Makes the way, changes nothing yet.
 *
 * TRACK_UNSUPPORTED  there is no helper, or the output does not wait for its reader (O_NONBLOCK).
 * TRACK_IO, TRACK_FULL  no pipe, terminal, process or file.
 */
track_status console_stream_open(struct console_stream *s, const struct console_place *place,
                                 unsigned number, lines_sink *sink, void *data, track_error *err);

/* Puts 1 and 2 on the way. */
void console_stream_redirect(struct console_stream *s);

/* Makes 1 and 2 what they were, where they still are ours. */
void console_stream_restore(struct console_stream *s);

/* Does what is to be done now and then: size of the terminal, a reader that is gone, the work of a
 * helper that died.  False once the way had to be given up. */
bool console_stream_tend(struct console_stream *s);

/* True when all that was written has been passed on. */
bool console_stream_is_drained(const struct console_stream *s);

/* Closes everything but the tail. */
void console_stream_close(struct console_stream *s);
#endif
