/* narrow - columns of numbers in the narrowest width that holds them all.
 *
 * A column is the width of its values in bytes (1, 4 or 8), then their byte planes.  Whole numbers
 * take what the largest one needs; doubles become floats where all of a column survive it.
 * Layout: schema/formats.md#columns
 * Uses:   arena, bytes, planes, zstream.  Pure; belongs to one thread at a time.
 */
#ifndef CORE_NARROW_H
#define CORE_NARROW_H
#include "planes.h"

/* What coding columns works with. */
struct narrow {
    struct zstream *z;
    struct arena *arena; /* for work: 8 bytes a number, and count bytes a column, encoding */
    int level;           /* of zstd, for encoding; 0 tries none */
    void *work;          /* [room * 8] */
    size_t room;
    void *planes; /* [room * 8], decoding */
};

/* Sets n->work for columns of up to count numbers.
 *
 * TRACK_NOMEM  the arena's limit.
 */
track_status narrow_init(struct narrow *n, size_t count, track_error *err);

/* Appends a column of count numbers.
 *
 * TRACK_NOMEM      the arena's limit, or zstd or out got no memory.
 * TRACK_TOO_LARGE  out's limit.
 */
track_status narrow_encode(struct narrow *n, const uint64_t *in, size_t count, struct buf *out,
                           track_error *err);
track_status narrow_encode_real(struct narrow *n, const double *in, size_t count, struct buf *out,
                                track_error *err);

/* Reads a column back, every bit of it.
 *
 *   r    at the column; behind it on TRACK_OK.
 *   out  [count].
 *
 * TRACK_INVALID  an unknown width, or what planes_decode says.
 * TRACK_NOMEM    the arena's limit, or zstd got no memory.
 *
 * Tests: tests/core/test_narrow.c
 */
track_status narrow_decode(struct narrow *n, struct reader *r, uint64_t *out, size_t count,
                           track_error *err);
track_status narrow_decode_real(struct narrow *n, struct reader *r, double *out, size_t count,
                                track_error *err);
#endif
