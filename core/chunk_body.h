/* chunk_body - whole numbers as the body of a chunk, in one of three layouts.
 *
 * The low bytes of the numbers lie as planes, one behind the other.  Each plane is stored in its
 * own way (planes.h), which is best for noise; or all of them as one zstd frame, which is best for
 * what hardly changes; or as they are.
 * Layout:  schema/formats.md#chunk
 * Uses:    arena, bytes, planes, zstream.  Pure; not shared between threads.
 */
#ifndef CORE_CHUNK_BODY_H
#define CORE_CHUNK_BODY_H
#include "planes.h"

enum { CHUNK_BODY_COUNT_MAX = 4096 };

enum chunk_layout { CHUNK_PLANES = 0, CHUNK_ZSTD = 1, CHUNK_RAW = 2, CHUNK_LAYOUT_COUNT };

/* What encoding and decoding work with; its own affair but for z and level. */
struct chunk_body {
    struct zstream *z;
    int level; /* of zstd; 0 tries none */
    unsigned char planes[CHUNK_BODY_COUNT_MAX * PLANES_WIDTH_MAX];
};

/* Appends the smallest layout.
 *
 *   in      [count], each below 2^(8 * width).
 *   count   1..CHUNK_BODY_COUNT_MAX.
 *   layout  which one it is.
 *
 * TRACK_TOO_LARGE  out's limit; 9 bytes a number are always enough.
 * TRACK_NOMEM      zstd, or out, got no memory.
 *
 * Tests: tests/core/test_chunk_body.c
 */
track_status chunk_body_encode(struct chunk_body *b, const struct planes *in, struct buf *out,
                               enum chunk_layout *layout, track_error *err);

/* Reads a body.
 *
 *   r    at the body; all that is left in it is the body.
 *   out  count and width say what to read; its planes lie in b and r's bytes, until b is used
 * again.
 *
 * TRACK_INVALID  an unknown layout, cut short, bytes left over, or damaged.
 * TRACK_NOMEM    zstd got no memory.
 *
 * Tests: tests/core/test_chunk_body.c
 */
track_status chunk_body_take(struct chunk_body *b, unsigned layout, struct reader *r,
                             struct planes_at *out, track_error *err);
#endif
