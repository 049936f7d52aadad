/* tail_level - buckets of packs that were decoded for a chart, kept for the next one.
 *
 * Of each series of a pack that of the last chart stays, in the width that it was drawn with: a
 * chart is drawn again and again while a run goes on, and its packs never change.
 * Uses: pack_read, tail_pack.
 */
#ifndef SERVER_TAIL_LEVEL_H
#define SERVER_TAIL_LEVEL_H
#include "tail_pack.h"

enum {
    TAIL_LEVEL_BUCKETS_MAX = 8192,    /* more of one series are not kept */
    TAIL_LEVELS_BYTES_MAX = 16 << 20, /* of a run */
};

/* The buckets of a part on the grid step >> shift.
 *
 *   points  of the part, whose series has a pyramid level of at most this shift.
 *   level   its coarsest one.
 *   steps   the rest may be left out.
 *   out     kept or in the arena: until the run is given back.
 *
 * What pack_read_level says.
 *
 * Cost:  0.2 us when kept; else 60 ns a bucket of the level (bench/reads.c).
 * Tests: tests/server/test_tail_level.c
 */
struct tail_level_ask {
    const struct tail_part *part;
    struct pack_reader *reader;
    unsigned level, shift;
    struct bins_range steps;
};
track_status tail_level_get(const struct tail_level_ask *ask, struct arena *arena,
                            struct pyramid_level *out, track_error *err);

/* Forgets what is kept if there was not room for all: before the run is given back. */
void tail_level_trim(struct tail_run *run);

void tail_level_drop(struct tail_pack *pack); /* what is kept of a pack */
#endif
