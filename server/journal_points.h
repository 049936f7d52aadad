/* journal_points - points, texts and lines of programs that have no writer of their own.
 *
 * They become a frame of a writer that the server keeps for them in each run, named by `writer`;
 * its seq and its key numbers are taken inside the transaction.  That writer counts as closed
 * between two calls, so no run waits for it.  A repeated call repeats points, and those are a set;
 * lines and what has no step are there twice then.
 * Uses: journal, frame, blocks.
 */
#ifndef SERVER_JOURNAL_POINTS_H
#define SERVER_JOURNAL_POINTS_H
#include "../core/blocks.h"
#include "journal.h"

/* The step of a point whose sender said none: it gets the number of calls before this one. */
#define JOURNAL_NO_STEP INT64_MIN

/* The call; `append` holds the ticket and the outputs, of its inputs only run and now_us are read.
 */
struct journal_points {
    struct journal_append append; /* first */
    const char *writer;           /* its name; the id is the start of its SHA-256 */
    struct frame_key *keys;       /* [key_count], each series once */
    size_t key_count;
    struct blocks_point *points; /* [point_count]; key: index of keys */
    size_t point_count;
    struct blocks_text *texts; /* [text_count]; likewise */
    size_t text_count;
    struct frame_line *lines; /* [line_count]: then neither points nor texts; index is filled */
    size_t line_count;
    /* for the writer's thread */
    unsigned char id[JOURNAL_WRITER_BYTES]; /* of the writer */
    int64_t ready_node;      /* of the run that append.decoded was made for; 0: it was not made */
    bool counts_calls;       /* every step in it is the number of the call */
    const uint32_t *numbers; /* [key_count] of keys, once they are known */
};

/* Queues it.
 *
 *   call  ticket.arena is needed; what it points to must live as long as it, and is changed.
 *
 * TRACK_INVALID    a key, text or line that no frame can hold.
 * TRACK_TOO_LARGE  more than a frame can hold.
 * Status of the ticket: as journal_append.
 *
 * Tests: tests/server/test_journal_points.c
 */
track_status journal_points(struct store *s, struct journal_points *call, track_error *err);
#endif
