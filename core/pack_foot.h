/* pack_foot - what ends a pack: its directory, compressed, and where that lies.
 *
 * Layout: schema/formats.md#tkp1
 * Uses:   arena, bytes, hash, pack, zstream.  Pure; any thread.
 */
#ifndef CORE_PACK_FOOT_H
#define CORE_PACK_FOOT_H
#include "pack.h"

/* A pack somewhere.  read gives bytes of it, valid until its next call; it may fail as it likes,
 * but gives all that were asked for. */
struct pack_blob {
    track_status (*read)(void *data, uint64_t offset, size_t size, struct bytes *out,
                         track_error *err);
    void *data;
    uint64_t size; /* of the blob */
};

/* A pack in memory: data is a struct bytes. */
track_status pack_read_memory(void *data, uint64_t offset, size_t size, struct bytes *out,
                              track_error *err);

/* Appends a directory and the foot.
 *
 *   plain   the directory, at most PACK_DIRECTORY_MAX bytes.
 *   offset  where it is going to lie.
 *
 * TRACK_TOO_LARGE  out's limit.
 * TRACK_NOMEM      no memory.
 */
track_status pack_foot_encode(struct bytes plain, uint64_t offset, struct buf *out,
                              track_error *err);

/* Reads head and directory.
 *
 *   plain  gets the directory; its limit is PACK_DIRECTORY_MAX.
 *   end    where the directory lies, and what is before it ends.
 *
 * TRACK_CORRUPT  not a pack, damaged, or cut short.
 * TRACK_NOMEM    no memory.
 * and what the blob says.
 *
 * Tests: tests/core/test_pack_foot.c
 */
track_status pack_foot_read(const struct pack_blob *blob, struct pack_head *head, struct buf *plain,
                            uint64_t *end, track_error *err);
#endif
