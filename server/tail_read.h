/* tail_read - brings a run in memory up to date with the database.
 *
 * All in one read transaction: packs first, when rows have left the journal since the last time,
 * then what is in the journal.  So each point is met, whatever is sealed meanwhile; what is met
 * twice counts once.
 * Uses: journal, store, tail_pack, tail_run.
 */
#ifndef SERVER_TAIL_READ_H
#define SERVER_TAIL_READ_H
#include "tail.h"

/* What tail_take says.
 *
 *   read  begun by it, ended by the caller.
 *   rows  grows by the journal rows that were read.
 *
 * Tests: tests/server/test_tail.c, tests/server/test_tail_pack.c
 */
struct read;
track_status tail_refresh(struct tail_run *run, struct read *read, uint64_t *rows,
                          track_error *err);
#endif
