/* axis_rows - the steps and the times of the rows that series of a pack share.
 *
 * An axis holds the rows that were logged together, in order of (step, time).  A series that has a
 * point in each row needs nothing but the axis; one that has a point in at least a quarter of them
 * needs a mask as well: a bit for each row.
 * Layout:  schema/formats.md#axis-rows
 * Uses:    axis, bytes, planes, zstream.  Pure; any thread.
 */
#ifndef CORE_AXIS_ROWS_H
#define CORE_AXIS_ROWS_H
#include "zstream.h"

enum {
    AXIS_ROWS_MAX = 4096,                /* rows of an axis */
    AXIS_MASK_BYTES = AXIS_ROWS_MAX / 8, /* row i: bit i % 8 (lowest first) of byte i / 8 */
    AXIS_SHARE = 4,                      /* a series uses an axis from count / AXIS_SHARE on */
    AXIS_ROWS_BYTES_MAX = 88 * 1024,     /* an axis as bytes */
    AXIS_MASK_BYTES_MAX = AXIS_MASK_BYTES + 1, /* a mask as bytes */
};

/* Rows, in order of (step, time); two may be equal. */
struct axis_rows {
    const int64_t *steps;    /* [count] */
    const int64_t *times_us; /* [count], since 1970-01-01 UTC */
    size_t count;            /* 1..AXIS_ROWS_MAX */
};

/* Appends an axis.
 *
 *   level  of zstd; 0 tries none.
 *
 * TRACK_INVALID    count out of range.
 * TRACK_TOO_LARGE  out's limit.
 * TRACK_NOMEM      zstd, or out, got no memory.
 *
 * Tests: tests/core/test_axis_rows.c
 */
track_status axis_rows_encode(struct zstream *z, const struct axis_rows *in, int level,
                              struct buf *out, track_error *err);

/* Reads an axis back.
 *
 *   in             exactly one axis.
 *   steps, times   [count]; hold anything unless TRACK_OK.
 *   count          as the directory says.
 *
 * TRACK_INVALID  another count, an unknown code, cut short, or bytes left over.
 * TRACK_NOMEM    zstd got no memory.
 *
 * Tests: tests/core/test_axis_rows.c, tests/fuzz/fuzz_axis.c
 */
track_status axis_rows_decode(struct zstream *z, struct bytes in, int64_t *steps, int64_t *times_us,
                              size_t count, track_error *err);

/* Looks for the rows of an axis that points lie on.
 *
 *   points  in order of (step, time).
 *   mask    [AXIS_MASK_BYTES]: the rows found; set only if true.
 *
 * False if a point is on no row of its own, or they are fewer than a quarter of the rows. */
bool axis_rows_match(const struct axis_rows *axis, const struct axis_rows *points,
                     unsigned char *mask);

/* Appends the mask of an axis of rows rows, as bits or compressed.
 *
 * TRACK_TOO_LARGE  out's limit.
 * TRACK_NOMEM      zstd, or out, got no memory.
 */
track_status axis_mask_encode(struct zstream *z, const unsigned char *mask, size_t rows, int level,
                              struct buf *out, track_error *err);

/* Reads a mask back.
 *
 *   r      at the mask; behind it on TRACK_OK.
 *   mask   [AXIS_MASK_BYTES]; holds anything unless TRACK_OK.
 *   rows   of the axis, 1..AXIS_ROWS_MAX.
 *   count  of bits that are set.
 *
 * TRACK_INVALID  another count, an unknown mode, a bit behind the last row, or cut short.
 * TRACK_NOMEM    zstd got no memory.
 */
track_status axis_mask_decode(struct zstream *z, struct reader *r, unsigned char *mask, size_t rows,
                              size_t count, track_error *err);

/* Copies those of in [rows] whose bit is set to out, which has room for as many as there are. */
void axis_mask_pick(const unsigned char *mask, const int64_t *in, size_t rows, int64_t *out);
#endif
