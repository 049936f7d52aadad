/* axis - the steps and the times of rows as bytes.
 *
 * Steps mostly go up by the same amount and times nearly so; both then take a few bytes, or one
 * for each row.  Any int64 survives.
 * Layout:  schema/formats.md#axis
 * Uses:    arena, bytes, zstream.  Pure; any thread.
 */
#ifndef CORE_AXIS_H
#define CORE_AXIS_H
#include "zstream.h"

/* Appends a column of steps, or of times (which are stored in the largest of us, ms and s that
 * divides them all).
 *
 *   in     [count].
 *   count  >= 1; the decoder has to be told.
 *   level  of zstd; 0 tries none.
 *
 * TRACK_NOMEM      zstd, or out, got no memory.
 * TRACK_TOO_LARGE  out's limit.
 *
 * Tests: tests/core/test_axis.c
 */
track_status axis_encode_steps(struct zstream *z, const int64_t *in, size_t count, int level,
                               struct buf *out, track_error *err);
track_status axis_encode_times(struct zstream *z, const int64_t *in, size_t count, int level,
                               struct buf *out, track_error *err);

/* Reads such a column back.
 *
 *   r    at the column; behind it on TRACK_OK.
 *   out  [count]; holds anything unless TRACK_OK.
 *
 * TRACK_INVALID  an unknown code or unit, cut short, bytes left over in it, or a time beyond int64.
 * TRACK_NOMEM    zstd got no memory.
 *
 * Tests: tests/core/test_axis.c
 */
track_status axis_decode_steps(struct zstream *z, struct reader *r, int64_t *out, size_t count,
                               track_error *err);
track_status axis_decode_times(struct zstream *z, struct reader *r, int64_t *out, size_t count,
                               track_error *err);
#endif
