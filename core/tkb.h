/* tkb - bytes at rest: TKB1, frames that are compressed and read alone.
 *
 * A frame holds 1 MiB of the content (the last one the rest), so a part of it costs only the frames
 * it touches.  Encoding goes frame by frame, too: nobody needs the whole in memory.
 *
 *     tkb_encode_head(size, &out, err)                   then, for each frame in turn,
 *     tkb_encode_frame(z, plain, level, &out, &entry, err)   (what out gets may be flushed)
 *     tkb_encode_foot(entries, count, &out, err)
 *
 * Layout: schema/formats.md#tkb1
 * Uses:   arena, bytes, hash, zstream.  Pure; any thread.
 */
#ifndef CORE_TKB_H
#define CORE_TKB_H
#include "arena.h"
#include "bytes.h"
#include "zstream.h"

enum {
    TKB_HEAD_BYTES = 32,
    TKB_FOOT_BYTES = 24,
    TKB_FRAME_BYTES = 1 << 20,                     /* plain */
    TKB_FRAMES_MAX = 1 << 16,                      /* 64 GiB */
    TKB_STORED_MAX = TKB_FRAME_BYTES + (64 << 10), /* of a frame: zstd may want some room */
    TKB_INDEX_BYTES_MAX = TKB_FRAMES_MAX * (10 + 2),
};

/* One frame of the index. */
struct tkb_entry {
    uint64_t offset; /* from the start of the object */
    uint32_t stored; /* bytes there */
    uint32_t plain;  /* bytes of content */
    unsigned mode;   /* 1 raw, 2 zstd */
};

/* What is known of an object. */
struct tkb_index {
    uint64_t size;                   /* of the content */
    const struct tkb_entry *entries; /* [count] */
    size_t count;
};

/* Appends the head for content of this size.
 *
 * TRACK_TOO_LARGE  over TKB_FRAMES_MAX frames, or out's limit.
 * TRACK_NOMEM      no memory.
 */
track_status tkb_encode_head(uint64_t size, struct buf *out, track_error *err);

/* Appends one frame, raw where compression does not make it smaller.
 *
 *   plain  [1..TKB_FRAME_BYTES]; all but the last frame are full.
 *   level  of zstd; 0: raw.
 *   out    may have been flushed and emptied since.
 *   entry  stored, plain and mode are set; the caller knows the offset.
 *
 * TRACK_TOO_LARGE, TRACK_NOMEM  as above.
 */
track_status tkb_encode_frame(struct zstream *z, struct bytes plain, int level, struct buf *out,
                              struct tkb_entry *entry, track_error *err);

/* Appends index and foot.
 *
 *   entries  [count], in order.
 */
track_status tkb_encode_foot(const struct tkb_entry *entries, size_t count, struct buf *out,
                             track_error *err);

/* Reads where the index lies from the last TKB_FOOT_BYTES of an object.
 *
 *   stored  size of the whole object.
 *   offset, size  of the index; within the object.
 *
 * TRACK_CORRUPT  not a foot, or it points outside.
 */
track_status tkb_decode_foot(struct bytes foot, uint64_t stored, uint64_t *offset, size_t *size,
                             track_error *err);

/* Reads head and index.
 *
 *   head   [TKB_HEAD_BYTES], the first of the object.
 *   index  what tkb_decode_foot pointed at, with the foot behind it.
 *   arena  holds out's entries: 24 bytes a frame.
 *
 * TRACK_CORRUPT  a wrong CRC or magic, an unknown version, or frames that do not add up.
 * TRACK_NOMEM    the arena's limit.
 */
track_status tkb_decode_index(struct bytes head, struct bytes index, struct arena *arena,
                              struct tkb_index *out, track_error *err);

/* Decodes one frame.
 *
 *   stored  [entry->stored]
 *   out     [entry->plain]
 *
 * TRACK_CORRUPT  it is not what the entry says.  TRACK_NOMEM  zstd got no memory.
 */
track_status tkb_decode_frame(struct zstream *z, const struct tkb_entry *entry, struct bytes stored,
                              void *out, track_error *err);

/* Content as a whole, both ways, for what fits into memory.
 *
 *   out  gets the bytes appended.
 *
 * The statuses of the calls above; decoding also TRACK_TOO_LARGE: out's limit.
 *
 * Tests: tests/core/test_tkb.c, tests/fuzz/fuzz_tkb.c
 */
track_status tkb_encode(struct bytes in, int level, struct buf *out, track_error *err);
track_status tkb_decode(struct bytes in, struct buf *out, track_error *err);
#endif
