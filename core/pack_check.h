/* pack_check - whether a pack holds what it says.
 *
 * Everything is read: every CRC, every point; sums, levels and digests are computed again from the
 * points and compared bit for bit.
 * Uses: arena, pack_base, pack_read.  Pure; any thread.
 */
#ifndef CORE_PACK_CHECK_H
#define CORE_PACK_CHECK_H
#include "pack_read.h"

/* What was looked at. */
struct pack_checked {
    struct pack_head head;
    uint64_t points; /* or lines */
    size_t series, chunks, blocks, digests;
};

/*   out  set only on TRACK_OK.  A digest of a series that does not begin in this pack is not
 *        looked at: only all packs of a record together hold its points.
 *
 * TRACK_CORRUPT  damaged, or something is not what the points give; err names series and place.
 * TRACK_NOMEM    no memory.
 * and what the blob says.
 *
 * Cost:  25-40 ns a point (bench/pack.c).
 * Tests: tests/core/test_pack_check.c
 */
track_status pack_check(const struct pack_blob *blob, struct pack_checked *out, track_error *err);
#endif
