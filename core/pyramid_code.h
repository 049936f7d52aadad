/* pyramid_code - buckets of a pyramid level as bytes.
 *
 * A block holds up to PYRAMID_BLOCK_BUCKETS buckets of one level, so that a chart of a part of a
 * long series reads only what it shows.
 * Layout: schema/formats.md#pyramid
 * Uses:   arena, bytes, planes, pyramid, zstream.  Pure; any thread.
 */
#ifndef CORE_PYRAMID_CODE_H
#define CORE_PYRAMID_CODE_H
#include "pyramid.h"
#include "zstream.h"

enum { PYRAMID_BLOCK_BUCKETS = 1024 };

/* Appends the buckets of in as bytes.
 *
 *   in     1..PYRAMID_BLOCK_BUCKETS buckets.
 *   arena  for work: 300 bytes a bucket.
 *
 * TRACK_NOMEM      the arena's limit, or zstd got no memory.
 * TRACK_TOO_LARGE  out's limit.
 */
track_status pyramid_encode(struct zstream *z, const struct pyramid_level *in, struct arena *arena,
                            struct buf *out, track_error *err);

/* Reads such a block.
 *
 *   in     exactly one block.
 *   arena  holds the buckets, and work of 300 bytes a bucket.
 *   out    shift says what level it is; at and count are set, on TRACK_OK only.
 *
 * TRACK_INVALID  cut short, bytes left over, or buckets that cannot be: not ascending, points
 *                outside, counts that do not add up.
 * TRACK_NOMEM    the arena's limit, or zstd got no memory.
 *
 * Cost:  100 ns a bucket (bench/pack.c).
 * Tests: tests/core/test_pyramid_code.c, tests/fuzz/fuzz_pyramid.c
 */
track_status pyramid_decode(struct zstream *z, struct bytes in, struct arena *arena,
                            struct pyramid_level *out, track_error *err);
#endif
