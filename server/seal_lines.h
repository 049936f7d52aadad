/* seal_lines - console lines of journal rows, in the order in which they arrived.
 *
 * Uses: frame, pack_lines, store_pack.  One thread.
 */
#ifndef SERVER_SEAL_LINES_H
#define SERVER_SEAL_LINES_H
#include "../core/pack_lines.h"
#include "store_pack.h"

struct seal_lines {
    struct buf batches; /* of struct seal_batch, in the order in which they were added */
    struct buf lines;   /* of struct frame_line, without the places of their texts */
    struct buf bytes;   /* of the texts, one behind the other */
};
#define SEAL_LINES                                                            \
    {                                                                         \
        .batches = BUF(1 << 30), .lines = BUF(1 << 30), .bytes = BUF(1 << 30) \
    }

/* Adds the lines of a frame of a row; frames of one row follow each other.  TRACK_NOMEM. */
track_status seal_lines_add(struct seal_lines *l, const struct journal_head *row,
                            const struct frame *frame, track_error *err);

/* Gives them to a builder that has just been opened; the caller ends it.
 *
 * TRACK_NOMEM, and what the builder says.
 *
 * Tests: tests/server/test_seal_run.c
 */
track_status seal_lines_build(struct seal_lines *l, struct pack_lines_builder *to,
                              track_error *err);

void seal_lines_release(struct seal_lines *l);
#endif
