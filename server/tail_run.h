/* tail_run - a run in memory, as frames fill it.
 *
 * Uses: tail, journal, frame, hash.  Not shared between threads without a hand-over.
 */
#ifndef SERVER_TAIL_RUN_H
#define SERVER_TAIL_RUN_H
#include "journal.h"
#include "tail.h"

/* The writer with this id, made when it is new.  TRACK_NOMEM. */
track_status tail_run_writer(struct tail_run *run, const struct run_writer *writer, size_t *out,
                             track_error *err);

/* Adds what the frames of a journal row hold; writer is the index of its writer.
 *
 * TRACK_CORRUPT  a frame is damaged, or uses a key that nobody defined.
 * TRACK_NOMEM    no memory.  In both cases the run holds a part of the row: forget it.
 *
 * Tests: tests/server/test_tail_run.c
 */
track_status tail_run_add(struct tail_run *run, size_t writer, const struct journal_row *row,
                          track_error *err);

/* Numbers the lines of new rows, in the order in which they were received. */
void tail_run_number(struct tail_run *run);

/* Settles all series if those that wait hold much memory, or if all is asked for.  TRACK_NOMEM. */
track_status tail_run_settle(struct tail_run *run, bool all, track_error *err);

size_t tail_run_bytes(const struct tail_run *run);
void tail_run_release(struct tail_run *run);
#endif
