/* seal_marks - how far the sealer has looked at the rows of each writer.
 *
 * Rows that hold lines or texts stay in the journal; without a mark each pass would read them all
 * again.  Marks are hints: a server that starts has none, and too many are forgotten at once.
 * Uses: arena.  One thread.
 */
#ifndef SERVER_SEAL_MARKS_H
#define SERVER_SEAL_MARKS_H
#include "../core/arena.h"
#include "../core/fail.h"

#include <stdint.h>

enum { SEAL_MARKS_MAX = 1 << 17 };

struct seal_mark {
    int64_t run_node, epoch;
    unsigned char writer[16]; /* all zero: the journal of the run as a whole */
    int64_t seq;              /* of a writer: rows up to it were looked at */
    /* Of a run: what stayed in the journal, when the newest row had come, when it was looked at. */
    int64_t rows, points, bytes, newest_us, looked_us;
};

struct seal_marks {
    struct arena arena; /* holds at */
    struct seal_mark *at;
    size_t count, room;
};

/* The mark of this run, epoch and writer (NULL: of the run); NULL: none.  Valid until the next
 * seal_marks_set. */
const struct seal_mark *seal_marks_get(const struct seal_marks *m, int64_t run_node, int64_t epoch,
                                       const unsigned char *writer);

/* Sets it.  TRACK_NOMEM.
 *
 * Tests: tests/server/test_seal_marks.c
 */
track_status seal_marks_set(struct seal_marks *m, const struct seal_mark *mark, track_error *err);
void seal_marks_release(struct seal_marks *m);
#endif
