/* zstream - zstd, with limits.
 *
 * What comes out is never larger than what the caller allows, and no window makes the decoder take
 * more memory than that.  zstd is used here only.
 * Uses: arena, bytes, fail.  Pure; a zstream belongs to one thread at a time.
 */
#ifndef CORE_ZSTREAM_H
#define CORE_ZSTREAM_H
#include "arena.h"
#include "bytes.h"

enum {
    ZSTREAM_WINDOW_NETWORK = 23, /* log2 of the largest window accepted: bytes of others, */
    ZSTREAM_WINDOW_REST = 27,    /* and bytes that we stored ourselves */
};

/* Contexts of zstd, made when first needed, so that many small pieces cost their bytes only. */
struct zstream;

/* TRACK_NOMEM  the arena's limit.  Closed with the arena. */
track_status zstream_open(struct arena *arena, struct zstream **out, track_error *err);

/* Appends in as one zstd frame, its size written in it.
 *
 *   level  1..19; the server and the SDK use 1 to 3.
 *
 * TRACK_NOMEM      zstd, or out, got no memory.
 * TRACK_TOO_LARGE  out's limit; zstd may want a few bytes more room than it fills.
 */
track_status zstream_compress(struct zstream *z, struct bytes in, int level, struct buf *out,
                              track_error *err);

/* Decompresses one zstd frame of a size that is known.
 *
 *   in    one zstd frame and nothing behind it.
 *   out   [size]; holds anything unless TRACK_OK.
 *
 * TRACK_INVALID  not a zstd frame, cut short, damaged, bytes behind it, another size, or a window
 *                over ZSTREAM_WINDOW_NETWORK.
 * TRACK_NOMEM    zstd got no memory.
 */
track_status zstream_decompress(struct zstream *z, struct bytes in, void *out, size_t size,
                                track_error *err);

/* Decompresses one zstd frame of unknown size, appending to out.
 *
 *   window  log2 of the largest window accepted, ZSTREAM_WINDOW_*.
 *
 * TRACK_INVALID    as zstream_decompress.
 * TRACK_TOO_LARGE  out's limit; what fitted is in out.
 * TRACK_NOMEM      zstd, or out, got no memory.
 */
track_status zstream_decompress_into(struct zstream *z, struct bytes in, int window,
                                     struct buf *out, track_error *err);
#endif
