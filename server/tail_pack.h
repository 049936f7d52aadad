/* tail_pack - the packs of a run: their directories are kept, their points are not.
 *
 * Uses: pack_lines, pack_read, store_pack_bytes, tail_run.
 */
#ifndef SERVER_TAIL_PACK_H
#define SERVER_TAIL_PACK_H
#include "../core/pack_lines.h"
#include "../core/pack_read.h"
#include "db.h"
#include "store_pack_bytes.h"
#include "tail.h"

/* A pack of a run. */
struct tail_pack {
    struct arena arena;  /* holds what follows */
    struct pack pack;    /* its row */
    struct pack_dir dir; /* of points and texts; names are in it too */
    struct pack_lines_dir lines;
    struct pack_bytes bytes; /* reads nothing: it is copied by those who read */
    struct tail *tail;
    struct tail_levels *kept;   /* tail_level.h; the run's */
    struct tail_level **levels; /* [dir.series_count]: what is kept of each */
};

/* Gives the series of a run their parts in its packs, and in those of the runs that it was forked
 * from, as far as they are visible, and the run its lines; and tells what the writers' key numbers
 * mean: the frames that said so may be gone.
 *
 *   run  holds nothing.  Packs that it has are not read again.
 *   db   the read transaction in which the journal is read afterwards.
 *   receipts  of each branch of the run.
 *
 * TRACK_CORRUPT  a pack is damaged, or gone.
 * TRACK_NOMEM    no memory.
 *
 * Cost:  0.5 us a chunk, 1 us a series of a pack (bench/series.c).
 * Tests: tests/server/test_tail_pack.c
 */
track_status tail_pack_load(struct tail_run *run, struct db *db, const struct run_receipt *receipts,
                            track_error *err);

size_t tail_pack_bytes(const struct tail_run *run); /* of all its packs in memory */
void tail_pack_release(struct tail_pack **packs, size_t count);
#endif
