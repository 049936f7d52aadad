/* tail_readers - what reads packs: made once, it serves one request after the other.
 *
 * zstd's contexts and room for a chunk are a megabyte, which takes longer to get from the system
 * than a chunk takes to be read.
 * Uses: pack_read, tail_pack.
 */
#ifndef SERVER_TAIL_READERS_H
#define SERVER_TAIL_READERS_H
#include "tail_pack.h"

#include <pthread.h>

enum {
    TAIL_READERS_SPARE = 2,                /* so many wait for the next request, */
    TAIL_READERS_BYTES_MAX = 4 << 20,      /* none of them larger than this */
    TAIL_READER_PIECES_BYTES_MAX = 1 << 20 /* of what a reader read from a file, likewise */
};

/* Readers of packs; one thread at a time. */
struct tail_readers {
    struct arena arena;
    struct pack_tools tools;
    bool open; /* tools are made */
    struct tail_reader *first;
    struct tail *tail;
    struct tail_readers *next; /* spare */
};

/* Spare ones, or new ones; NULL without memory.  They go back when nothing is looked at any more
 * that they read, while the packs are still there.
 *
 *     AUTO_TAIL_READERS readers = tail_readers_borrow(tail);
 */
struct tail_readers *tail_readers_borrow(struct tail *t);
void tail_readers_return(struct tail_readers **r); /* NULL inside is allowed */
#define AUTO_TAIL_READERS __attribute__((cleanup(tail_readers_return))) struct tail_readers *

/* What was read with them is not looked at any more: they may serve the next series. */
void tail_readers_rest(struct tail_readers *r);

/* Those that are spare; the tail's. */
struct tail_spare {
    pthread_mutex_t lock; /* guards the rest, and next */
    struct tail_readers *first;
    size_t count;
};
struct tail_spare *tail_spare(struct tail *t);
void tail_spare_release(struct tail_spare *s);

/* Reading of a series, or of several at once. */
struct tail_reading {
    struct arena *arena;          /* holds what is read; outlives no pack */
    struct tail_readers *readers; /* NULL: borrowed until the arena goes */
};

/* What it decodes with.  TRACK_NOMEM. */
track_status tail_reading_tools(struct tail_reading *r, struct tail *t, struct pack_tools **out,
                                track_error *err);

/* A reader of a pack, which nobody else has until readers rest.
 *
 * TRACK_NOMEM  no memory (300 KiB are needed).
 *
 * Tests: tests/server/test_tail_readers.c
 */
track_status tail_pack_read(const struct tail_pack *pack, struct tail_reading *r,
                            struct pack_reader **out, track_error *err);
#endif
