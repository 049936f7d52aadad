/* pack_chunk - one chunk of a pack: a mask where there is one, and values.
 *
 * Its steps and times stand in its axis, which is decoded apart.
 * Layout: schema/formats.md#tkp1
 * Uses:   axis_rows, chunk, pack, zstream.  Pure; tools belong to one thread at a time.
 */
#ifndef CORE_PACK_CHUNK_H
#define CORE_PACK_CHUNK_H
#include "axis_rows.h"
#include "chunk.h"
#include "pack.h"

/* What coding chunks works with; made once, it serves any number of packs. */
struct pack_tools {
    struct zstream *z;
    struct chunk_coder *coder;
};

/* TRACK_NOMEM  the arena's limit (about 300 KiB are needed). */
track_status pack_tools_open(struct arena *arena, struct pack_tools *out, track_error *err);

/* Points of one chunk; its own affair. */
struct pack_window {
    int64_t steps[PACK_CHUNK_POINTS], times_us[PACK_CHUNK_POINTS];
    double values[PACK_CHUNK_POINTS];
    unsigned char mask[AXIS_MASK_BYTES];
};

/* Which rows of an axis a chunk has. */
struct pack_rows_of {
    const unsigned char *mask; /* NULL: all */
    size_t rows;
};

/* Appends a chunk of numbers, or of texts.
 *
 * What chunk_encode and axis_mask_encode say.
 */
track_status pack_chunk_encode(struct pack_tools *t, const struct pack_rows_of *of,
                               const double *values, size_t count, struct buf *out,
                               track_error *err);
track_status pack_chunk_encode_texts(struct pack_tools *t, const struct pack_rows_of *of,
                                     const struct bytes *texts, size_t count, struct buf *out,
                                     track_error *err);

/* Decodes a chunk of numbers.
 *
 *   c    its row, its axis, and exactly its bytes.
 *   out  its points; valid until w is used again or the axis changes.
 *
 * TRACK_CORRUPT  damaged, or not the points that the row says.
 * TRACK_NOMEM    zstd got no memory.
 *
 * Cost:  3-8 ns a point (bench/pack.c).
 * Tests: tests/core/test_pack_chunk.c
 */
struct pack_coded {
    const struct pack_chunk *chunk;
    const struct axis_rows *axis;
    struct bytes in;
};
track_status pack_chunk_decode(struct pack_tools *t, const struct pack_coded *c,
                               struct pack_window *w, struct stretch *out, track_error *err);

/* Decodes a chunk of texts; they are in arena, the rest is as above. */
struct pack_texts {
    struct stretch at; /* its values do not count */
    struct bytes *texts;
};
track_status pack_chunk_decode_texts(struct pack_tools *t, const struct pack_coded *c,
                                     struct pack_window *w, struct arena *arena,
                                     struct pack_texts *out, track_error *err);
#endif
