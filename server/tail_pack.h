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
};

/* Gives the series of a run their parts in its packs, and the run its lines; and tells what its
 * writers' key numbers mean: the frames that said so may be gone.
 *
 *   run  holds nothing.  Packs that it has are not read again.
 *   db   the read transaction in which the journal is read afterwards.
 *
 * TRACK_CORRUPT  a pack is damaged, or gone.
 * TRACK_NOMEM    no memory.
 *
 * Cost:  0.5 us a chunk, 1 us a series of a pack (bench/series.c).
 * Tests: tests/server/test_tail_pack.c
 */
track_status tail_pack_load(struct tail_run *run, struct db *db, const struct run_receipt *receipt,
                            track_error *err);

size_t tail_pack_bytes(const struct tail_run *run); /* of all its packs in memory */
void tail_pack_release(struct tail_pack **packs, size_t count);

/* What reads packs; one thread, one request. */
struct tail_reading {
    struct arena *arena;
    struct pack_tools tools;
    bool open; /* tools are made */
};

/* A reader of a pack.
 *
 *   out  in the arena, with buffers that it releases.
 *
 * TRACK_NOMEM  no memory (300 KiB are needed).
 */
track_status tail_pack_read(const struct tail_pack *pack, struct tail_reading *r,
                            struct pack_reader **out, track_error *err);
#endif
