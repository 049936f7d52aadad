/* blocks - points in the order they were logged, as blocks of a frame.
 *
 * Points are sorted by series, keeping their order; series with the same steps and times then share
 * a block.  So rows that were logged as rows become one dense block, whoever logged in between, and
 * loose points become a block for each series.
 * Uses: arena, bytes, frame.  Pure; any thread.
 */
#ifndef CORE_BLOCKS_H
#define CORE_BLOCKS_H
#include "frame.h"

/* One measurement. */
struct blocks_point {
    int64_t step;
    int64_t time_us;
    double value;
    uint32_t key; /* the writer's number of the series */
};

/* One text sample. */
struct blocks_text {
    int64_t step;
    int64_t time_us;
    struct bytes text;
    uint32_t key;
};

/* What to make a frame of; either part may be empty. */
struct blocks_in {
    const struct blocks_point *points; /* [point_count] */
    size_t point_count;
    const struct blocks_text *texts; /* [text_count] */
    size_t text_count;
};

/* Fills the blocks of a frame.
 *
 *   in     at most FRAME_POINTS_MAX points and texts together; not kept, but for the texts' bytes.
 *   arena  holds the blocks: about 48 bytes a point.
 *   out    its blocks and block_count are set, on TRACK_OK only: points of one key in the order of
 *          in, keys ascending within a block, numbers before texts.
 *
 * TRACK_TOO_LARGE  too many points, or more blocks than a frame can hold: make two frames of it.
 * TRACK_INVALID    a key number beyond FRAME_KEY_NUMBER_MAX.
 * TRACK_NOMEM      the arena's limit.
 *
 * Cost:  about 10 ns a point (bench/frame.c).
 * Tests: tests/core/test_blocks.c
 */
track_status blocks_fill(const struct blocks_in *in, struct arena *arena, struct frame *out,
                         track_error *err);
#endif
