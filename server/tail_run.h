/* tail_run - a run in memory, as frames fill it.
 *
 * Uses: tail, journal, frame, hash.  Not shared between threads without a hand-over.
 */
#ifndef SERVER_TAIL_RUN_H
#define SERVER_TAIL_RUN_H
#include "../core/frame.h"
#include "journal.h"
#include "tail.h"

/* The writer of a branch with this id, made when it is new.  TRACK_NOMEM. */
track_status tail_run_writer(struct tail_run *run, uint32_t branch, const struct run_writer *writer,
                             size_t *out, track_error *err);

/* The index of the series with this name and context, made when it is new.  TRACK_NOMEM. */
track_status tail_run_series(struct tail_run *run, const struct frame_key *key, uint32_t *out,
                             track_error *err);

/* Tells what the key numbers of a writer mean, from first on.  TRACK_NOMEM. */
struct tail_keys {
    size_t first;
    const struct frame_key *at; /* [count] */
    size_t count;
};
track_status tail_run_define(struct tail_run *run, size_t writer, const struct tail_keys *keys,
                             track_error *err);

/* Adds what is visible of the frames of a journal row; writer is the index of its writer.  Lines
 * are only those of the run itself.
 *
 * TRACK_CORRUPT  a frame is damaged, or uses a key that nobody defined.
 * TRACK_NOMEM    no memory.  In both cases the run holds a part of the row: forget it.
 *
 * Tests: tests/server/test_tail_run.c
 */
track_status tail_run_add(struct tail_run *run, size_t writer, const struct journal_row *row,
                          track_error *err);

/* Adds lines, or texts in a pack, that lie where they say.  TRACK_NOMEM. */
track_status tail_run_add_lines(struct tail_run *run, const struct tail_row *row, track_error *err);
track_status tail_run_add_texts(struct tail_run *run, const struct tail_texts *texts,
                                track_error *err);

/* Numbers the lines of new rows, in the order in which they were received. */
void tail_run_number(struct tail_run *run);

/* Settles all series if those that wait hold much memory, or if all is asked for.  TRACK_NOMEM. */
track_status tail_run_settle(struct tail_run *run, bool all, track_error *err);

/* Forgets points, texts and lines, to have them read again; series and packs stay. */
void tail_run_forget(struct tail_run *run);

/* Forgets everything but what the cache needs: other points are visible. */
void tail_run_reset(struct tail_run *run);

size_t tail_run_bytes(const struct tail_run *run);
void tail_run_release(struct tail_run *run);
#endif
