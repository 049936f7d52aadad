/* planes - numbers of one width as byte planes.
 *
 * Plane p holds byte p of every value: noise in the low bytes is kept from hiding the order in the
 * high ones.  Each plane is stored in the way that takes the fewest bytes: as one byte if all are
 * equal, as they are, or as zstd.
 * Layout:  schema/formats.md#planes
 * Uses:    arena, bytes, zstream.  Pure; any thread.
 */
#ifndef CORE_PLANES_H
#define CORE_PLANES_H
#include "zstream.h"

enum { PLANES_WIDTH_MAX = 8 };

/* Values as bytes, little-endian, one behind the other. */
struct planes {
    void *values; /* [count][width]; read by encoding, filled by decoding */
    size_t count;
    size_t width; /* 1..PLANES_WIDTH_MAX */
};

/* Appends the planes, the lowest byte first; nothing when count is 0.
 *
 *   in     not changed.
 *   level  of zstd; 0 tries none.
 *   arena  for work: count bytes.
 *
 * TRACK_NOMEM      the arena's limit, or zstd got no memory.
 * TRACK_TOO_LARGE  out's limit.
 *
 * Cost:  4-20 ns a value of 4 bytes with level 1 (bench/frame.c).
 * Tests: tests/core/test_planes.c
 */
track_status planes_encode(struct zstream *z, const struct planes *in, int level,
                           struct arena *arena, struct buf *out, track_error *err);

/* Reads planes back.
 *
 *   r      at the first plane; behind the last one on TRACK_OK.
 *   arena  for work: count * width bytes a call.
 *   out    count and width say what to read; values is filled.
 *
 * TRACK_INVALID  an unknown mode, a plane cut short, or zstd that gives another size.
 * TRACK_NOMEM    the arena's limit, or zstd got no memory.
 *
 * Tests: tests/core/test_planes.c
 */
track_status planes_decode(struct zstream *z, struct reader *r, struct arena *arena,
                           struct planes *out, track_error *err);

/* The same for one plane alone, of plane.size >= 1 bytes. */
track_status planes_encode_one(struct zstream *z, struct bytes plane, int level, struct buf *out,
                               track_error *err);

/* Reads one plane of out->size bytes, into work [out->size] or borrowed from the reader. */
track_status planes_decode_one(struct zstream *z, struct reader *r, unsigned char *work,
                               struct bytes *out, track_error *err);

/* Where the planes of numbers lie: byte p of number i is at[p][i]. */
struct planes_at {
    const unsigned char *at[PLANES_WIDTH_MAX]; /* [width] */
    size_t count, width;
};

/* Reads planes without putting them together: count and width of out say what to read.
 *
 *   work  [count * width]; the planes are in it, or borrowed from the reader.
 *
 * What planes_decode says.
 */
track_status planes_take(struct zstream *z, struct reader *r, unsigned char *work,
                         struct planes_at *out, track_error *err);

/* Puts numbers together: out [count].  The narrow one is for a width of at most 4. */
void planes_join(const struct planes_at *in, uint64_t *out);
void planes_join_narrow(const struct planes_at *in, uint32_t *out);
#endif
