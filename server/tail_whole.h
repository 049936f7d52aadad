/* tail_whole - a series as one, though its points lie in packs and in memory.
 *
 * What is known of its parts is put together without decoding them, as long as they lie apart:
 * behind each other in the order of points, so that none is in two of them.  Where they do not, the
 * points of the packs are decoded into memory, once.
 * Uses: tail_pack, tail_series.
 */
#ifndef SERVER_TAIL_WHOLE_H
#define SERVER_TAIL_WHOLE_H
#include "tail.h"

/* Settles a series and fills its whole; its parts are in the order of points then, chunks apart.
 *
 * TRACK_CORRUPT  a pack is damaged.
 * TRACK_NOMEM    no memory.
 *
 * Cost:  nothing when no points were added since; else 20 ns a chunk of a pack.
 * Tests: tests/server/test_tail_pack.c
 */
track_status tail_whole_get(struct tail_run *run, struct tail_series *s, track_error *err);
#endif
