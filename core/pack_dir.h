/* pack_dir - the directory of a pack as bytes, and back.
 *
 * Decoded, it is what a server keeps: some 200 bytes a chunk in an arena of its own, whose
 * used_bytes say how large it is.  It is never changed, so any thread may look at it.
 * Layout: schema/formats.md#tkp1
 * Uses:   arena, pack_dir_check, pack_foot, pack_rows, zstream.  Pure; any thread.
 */
#ifndef CORE_PACK_DIR_H
#define CORE_PACK_DIR_H
#include "arena.h"
#include "pack_foot.h"

/* Appends the directory and the foot.
 *
 *   in      all but head, size and the offsets of frames is read.
 *   offset  where it is going to lie.
 *
 * TRACK_TOO_LARGE  out's limit, or more than PACK_DIRECTORY_MAX.
 * TRACK_NOMEM      no memory.
 */
track_status pack_dir_encode(const struct pack_dir *in, uint64_t offset, struct buf *out,
                             track_error *err);

/* Reads head and directory, and checks that they fit each other.
 *
 *   arena  holds the directory.
 *   out    set only on TRACK_OK.
 *
 * TRACK_CORRUPT  not a pack, damaged, or a newer one; err says where.
 * TRACK_NOMEM    the arena's limit.
 * and what the blob says.
 *
 * Cost:  0.5 us a chunk (bench/pack.c).
 * Tests: tests/core/test_pack_dir.c, tests/fuzz/fuzz_pack.c
 */
track_status pack_dir_read(const struct pack_blob *blob, struct arena *arena, struct pack_dir *out,
                           track_error *err);

/* The numbers of the series of this name and context; NULL: there are none. */
const struct pack_series *pack_dir_find(const struct pack_dir *d, struct bytes name,
                                        struct bytes context);
#endif
