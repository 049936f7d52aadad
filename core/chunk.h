/* chunk - values of one series as bytes, small and exact.
 *
 * What packs hold: up to CHUNK_POINTS_MAX values, coded in the way that takes the fewest bytes for
 * what they are: constants, decimals, floats, doubles, or texts.  Every bit comes back, NaN
 * payloads and -0.0 too.  Steps and times are not in here: axis_rows.h.
 * Layout:  schema/formats.md#chunk
 * Uses:    arena, bytes, chunk_body, chunk_decimal, chunk_float, planes, zstream.  Pure; a coder
 *          belongs to one thread at a time.
 */
#ifndef CORE_CHUNK_H
#define CORE_CHUNK_H
#include "arena.h"
#include "bytes.h"

enum {
    CHUNK_POINTS_MAX = 4096,
    CHUNK_BYTES_MAX = 1 << 16,       /* a chunk of numbers as bytes: 8 B a value and a little */
    CHUNK_TEXT_BYTES_MAX = 16 << 20, /* texts of a chunk together, before compression */
};

/* What encoding and decoding work with: zstd's contexts and room for a chunk.  Made once, it serves
 * any number of chunks and takes no more memory. */
struct chunk_coder;

/* TRACK_NOMEM  the arena's limit (about 100 KiB are needed), or no memory.  Closed with the arena.
 */
track_status chunk_open(struct arena *arena, struct chunk_coder **out, track_error *err);

/* Appends values as one chunk, the smallest that the codes give.
 *
 *   values  [count], any bits.
 *   count   1..CHUNK_POINTS_MAX.
 *   level   of zstd; 1 is right.  0 tries none, for small chunks that are compressed together.
 *   out     at most CHUNK_BYTES_MAX bytes more.
 *
 * TRACK_INVALID    count out of range.
 * TRACK_TOO_LARGE  out's limit.
 * TRACK_NOMEM      zstd, or out, got no memory.
 *
 * Cost:  15-35 ns a value (bench/chunk.c).
 * Tests: tests/core/test_chunk.c
 */
track_status chunk_encode(struct chunk_coder *c, const double *values, size_t count, int level,
                          struct buf *out, track_error *err);

/* Reads a chunk of numbers back.
 *
 *   in     exactly one chunk.
 *   out    [count]; holds anything unless TRACK_OK.
 *   count  as the directory says.
 *
 * TRACK_INVALID  another count, texts, an unknown code or layout, cut short, or bytes left over.
 * TRACK_NOMEM    zstd got no memory.
 *
 * Cost:  1-6 ns a value (bench/chunk.c).
 * Tests: tests/core/test_chunk.c, tests/fuzz/fuzz_chunk.c
 */
track_status chunk_decode(struct chunk_coder *c, struct bytes in, double *out, size_t count,
                          track_error *err);

/* Appends texts as one chunk.
 *
 *   texts  [count], any bytes, together with a byte or more each at most CHUNK_TEXT_BYTES_MAX.
 *
 * TRACK_INVALID    count out of range.
 * TRACK_TOO_LARGE  more text than CHUNK_TEXT_BYTES_MAX: make two of it.  Or out's limit.
 * TRACK_NOMEM      zstd, or out, got no memory.
 *
 * Tests: tests/core/test_chunk_text.c
 */
track_status chunk_encode_texts(struct chunk_coder *c, const struct bytes *texts, size_t count,
                                int level, struct buf *out, track_error *err);

/* Reads a chunk of texts back.
 *
 *   arena  holds the bytes of the texts.
 *   out    [count]; holds anything unless TRACK_OK.
 *
 * TRACK_INVALID    as chunk_decode; numbers.
 * TRACK_TOO_LARGE  more text than CHUNK_TEXT_BYTES_MAX.
 * TRACK_NOMEM      the arena's limit, or zstd got no memory.
 *
 * Tests: tests/core/test_chunk_text.c, tests/fuzz/fuzz_chunk.c
 */
track_status chunk_decode_texts(struct chunk_coder *c, struct bytes in, struct arena *arena,
                                struct bytes *out, size_t count, track_error *err);
#endif
