/* spool_scan - what stands in the slots of a spool, made ready for frames.
 *
 * Reads by pread, so that it serves the sender of a live run and whoever finds the spool later.
 * Layout: schema/formats.md#spool
 * Uses:   arena, blocks, fail, frame, spool_slot.  One thread at a time.
 */
#ifndef SDK_SPOOL_SCAN_H
#define SDK_SPOOL_SCAN_H
#include "../core/blocks.h"
#include "spool_slot.h"

enum { SCAN_SLOTS_MAX = 32 * 1024, SCAN_ARENA_BYTES = 32 << 20 };

/* Starts with fd -1. */
struct spool_reader {
    int dir;
    int fd;          /* of the open segment, or -1 */
    uint32_t number; /* its number */
    uint64_t segment_slots;
};

void spool_reader_init(struct spool_reader *r, int dir, uint64_t segment_bytes);
void spool_reader_close(struct spool_reader *r);

/* Finds the slots that are on disk.
 *
 *   first  of the oldest segment.
 *   end    behind the last slot that is published; first if there is none.
 *
 * TRACK_IO, TRACK_NOMEM
 *
 * Tests: tests/sdk/test_spool_scan.c, tests/e2e/test_sdk.py
 */
track_status spool_reader_find(struct spool_reader *r, uint64_t *first, uint64_t *end,
                               track_error *err);

/* Which slots to scan. */
struct spool_range {
    uint64_t from;
    uint64_t to; /* at most SCAN_SLOTS_MAX beyond from are read */
    bool dead;   /* nobody writes: unpublished slots are skipped and counted */
};

/* What they hold. */
struct spool_batch {
    uint64_t to; /* first slot that was not looked at */
    struct blocks_in blocks;
    uint32_t first_key;
    size_t key_count;
    const struct frame_key *keys;
    size_t line_count;
    const struct frame_line *lines;
    uint32_t points_content; /* CRC32C of the CRCs of the slots of points, keys and texts */
    uint32_t lines_content;  /* likewise of lines */
    uint64_t torn;           /* records that were being written when the process died */
    bool rewinds;            /* the scan began at a rewind, and ended there: the batch is empty */
    int64_t rewind_step;
};

/* Scans whole records from range->from on, up to the first that is not published, or to a rewind.
 *
 *   arena  holds out; SCAN_ARENA_BYTES are enough.
 *
 * TRACK_IO       a segment cannot be read.
 * TRACK_CORRUPT  keys that are not numbered in order; a record that cannot be.
 * TRACK_NOMEM
 */
track_status spool_scan(struct spool_reader *r, const struct spool_range *range,
                        struct arena *arena, struct spool_batch *out, track_error *err);
#endif
