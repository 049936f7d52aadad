/* pack_area - a part of a pack being made: pieces in frames.
 *
 * A piece lies in a frame of its own, or shares one with other small pieces; these frames come
 * behind the others.
 * Uses: bytes, hash, pack, zstream.  Not shared between threads without a hand-over.
 */
#ifndef CORE_PACK_AREA_H
#define CORE_PACK_AREA_H
#include "pack.h"
#include "zstream.h"

/* Frames one behind the other. */
struct pack_run {
    struct buf bytes;
    struct buf frames; /* struct pack_frame [count]; offsets from the start of bytes */
    size_t count;
};

/* Its own affair but for alone and shared. */
struct pack_area {
    struct pack_run alone, shared;
    struct buf gathered; /* pieces of the next shared frame */
};

/* An empty area of at most limit bytes; to be released. */
void pack_area_init(struct pack_area *a, size_t limit);
void pack_area_release(struct pack_area *a);
void pack_area_clear(struct pack_area *a); /* keeps the memory */

/* Adds a piece, to a frame of its own or to a shared one.
 *
 *   place  where it is, for pack_area_get and pack_area_settle.
 *
 * TRACK_NOMEM, TRACK_TOO_LARGE  no memory, or the limit.
 *
 * Tests: tests/core/test_pack_area.c
 */
track_status pack_area_add(struct pack_area *a, struct bytes piece, struct pack_place *place,
                           track_error *err);
track_status pack_area_add_shared(struct pack_area *a, struct zstream *z, struct bytes piece,
                                  struct pack_place *place, track_error *err);

/* Ends the shared frame that is open.  As above. */
track_status pack_area_flush(struct pack_area *a, struct zstream *z, track_error *err);

/* What it takes, with the shared frame as if it were not to be compressed. */
size_t pack_area_size(const struct pack_area *a);

/* A piece that lies alone; valid until the area changes. */
struct bytes pack_area_get(const struct pack_area *a, const struct pack_place *place);

/* Makes the place final: frame counts from the first of the pack, of which base stand before this
 * area.  The area is flushed. */
void pack_area_settle(const struct pack_area *a, size_t base, struct pack_place *place);
#endif
