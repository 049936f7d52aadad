/* tail_lines - the console lines of a run, from the journal and from packs.
 *
 * A line is one of its writer's numbers: where a writer sent a number again, the later line counts,
 * and the earlier ones are hidden.  They keep their number in the run.
 *
 *     TRY(tail_lines_settle(run, err));
 *     struct tail_lines_reader r = {.run = run, .arena = arena};
 *     TRY(tail_lines_read(&r, row, fn, data, err));
 *
 * Uses: tail, tail_pack.  One thread, one request.
 */
#ifndef SERVER_TAIL_LINES_H
#define SERVER_TAIL_LINES_H
#include "tail_readers.h"

/* Finds hidden lines among the rows that are new.
 *
 * What tail_lines_read says; then some rows are not settled, and the next call goes on there.
 *
 * Cost:  nothing to speak of, unless a writer repeats or goes back; then reading those rows.
 * Tests: tests/server/test_tail_lines.c
 */
track_status tail_lines_settle(struct tail_run *run, track_error *err);

/* True if a line of a row is hidden; place: among the lines of the row. */
static inline bool tail_line_hidden(const struct tail_row *row, uint64_t place)
{
    return row->hidden && (row->hidden[place / 8] >> (place % 8) & 1);
}

struct tail_lines_open; /* a pack that is being read */
struct tail_lines_reader {
    struct tail_run *run;
    struct arena *arena; /* holds what reading needs; not the lines */
    struct tail_reading reading;
    struct tail_lines_open *packs;
};

/* Calls fn with all lines of a row, some at a time and in order: hidden ones too.
 *
 *   fn  lines are valid inside the call only; *more = false ends reading.
 *
 * TRACK_CONFLICT  as tail_read_row.
 * TRACK_CORRUPT   a pack or row is damaged.
 * TRACK_NOMEM     no memory.
 * and whatever fn returns.
 *
 * Cost:  the journal row, or the chunks of the pack (64 KiB of text each) that its lines lie in.
 */
struct frame_line;
typedef track_status tail_lines_visit(void *data, const struct frame_line *lines, size_t count,
                                      bool *more, track_error *err);
track_status tail_lines_read(struct tail_lines_reader *r, const struct tail_row *row,
                             tail_lines_visit *fn, void *data, track_error *err);
#endif
