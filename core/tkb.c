#include "tkb.h"

#include "hash.h"

#include <string.h>

enum {
    VERSION = 1,
    FRAME_LOG2 = 20,
    MODE_RAW = 1,
    MODE_ZSTD = 2,
    WORK_BYTES = 1 << 20, /* arena of tkb_encode and tkb_decode: zstd's contexts and the index */
};

static const unsigned char magic[4] = {'T', 'K', 'B', '1'};
static const unsigned char foot_magic[4] = {'T', 'K', 'B', 'E'};

static track_status damaged(track_error *err, const char *what)
{
    return FAIL(err, TRACK_CORRUPT, "TKB1: %s", what);
}

/* How many frames content of this size has. */
static uint64_t frames_of(uint64_t size)
{
    return size / TKB_FRAME_BYTES + (size % TKB_FRAME_BYTES != 0);
}

/* Reports a sticky failure of b. */
static track_status check_buf(const struct buf *b, track_error *err)
{
    struct bytes all;
    return buf_end(b, &all, err);
}

track_status tkb_encode_head(uint64_t size, struct buf *out, track_error *err)
{
    if (frames_of(size) > TKB_FRAMES_MAX) {
        return FAIL(err, TRACK_TOO_LARGE, "TKB1: %llu bytes are too many",
                    (unsigned long long)size);
    }
    size_t from = out->size;
    buf_put(out, magic, sizeof(magic));
    buf_byte(out, VERSION);
    buf_byte(out, FRAME_LOG2);
    buf_byte(out, 0);
    buf_byte(out, 0);
    buf_le64(out, size);
    buf_le32(out, (uint32_t)frames_of(size));
    buf_le64(out, 0);
    TRY(check_buf(out, err));
    buf_le32(out, hash_crc32c(0, (struct bytes){out->at + from, TKB_HEAD_BYTES - 4}));
    return check_buf(out, err);
}

track_status tkb_encode_frame(struct zstream *z, struct bytes plain, int level, struct buf *out,
                              struct tkb_entry *entry, track_error *err)
{
    size_t from = out->size;
    *entry = (struct tkb_entry){.plain = (uint32_t)plain.size, .mode = MODE_ZSTD};
    if (level > 0) {
        TRY(zstream_compress(z, plain, level, out, err));
    }
    if (level == 0 || out->size - from >= plain.size) {
        out->size = from;
        buf_put(out, plain.at, plain.size);
        entry->mode = MODE_RAW;
    }
    entry->stored = (uint32_t)(out->size - from);
    return check_buf(out, err);
}

track_status tkb_encode_foot(const struct tkb_entry *entries, size_t count, struct buf *out,
                             track_error *err)
{
    size_t from = out->size;
    uint64_t offset = TKB_HEAD_BYTES;
    for (size_t i = 0; i < count; i++) {
        buf_varint(out, entries[i].stored);
        buf_byte(out, 0); /* transform: none */
        buf_byte(out, entries[i].mode);
        offset += entries[i].stored;
    }
    TRY(check_buf(out, err));
    struct bytes index = {out->at + from, out->size - from};
    uint32_t crc = hash_crc32c(0, index);
    buf_le64(out, offset);
    buf_le32(out, (uint32_t)index.size);
    buf_le32(out, crc);
    buf_le32(out, 0);
    buf_put(out, foot_magic, sizeof(foot_magic));
    return check_buf(out, err);
}

track_status tkb_decode_foot(struct bytes foot, uint64_t stored, uint64_t *offset, size_t *size,
                             track_error *err)
{
    struct reader r = {foot, false};
    uint64_t at = reader_le64(&r);
    uint32_t length = reader_le32(&r);
    (void)reader_le32(&r);
    uint32_t zero = reader_le32(&r);
    struct bytes end = reader_take(&r, sizeof(foot_magic));
    if (r.failed || r.left.size != 0 || zero != 0 ||
        memcmp(end.at, foot_magic, sizeof(foot_magic)) != 0) {
        return damaged(err, "it has no foot");
    }
    if (length > TKB_INDEX_BYTES_MAX || at < TKB_HEAD_BYTES || at > stored ||
        stored - at != (uint64_t)length + TKB_FOOT_BYTES) {
        return damaged(err, "its index lies outside");
    }
    *offset = at;
    *size = length;
    return TRACK_OK;
}

/* Reads the head: the size of the content. */
static track_status decode_head(struct bytes head, uint64_t *size, track_error *err)
{
    struct reader r = {head, false};
    struct bytes word = reader_take(&r, sizeof(magic));
    unsigned version = reader_byte(&r), log2 = reader_byte(&r);
    unsigned flags = reader_byte(&r) | reader_byte(&r);
    *size = reader_le64(&r);
    uint32_t frames = reader_le32(&r);
    uint64_t zero = reader_le64(&r);
    uint32_t crc = reader_le32(&r);
    if (r.failed || r.left.size != 0 || memcmp(word.at, magic, sizeof(magic)) != 0) {
        return damaged(err, "it has no head");
    }
    if (crc != hash_crc32c(0, (struct bytes){head.at, TKB_HEAD_BYTES - 4})) {
        return damaged(err, "its head has a wrong CRC");
    }
    if (version != VERSION || log2 != FRAME_LOG2 || flags != 0 || zero != 0) {
        return damaged(err, "a newer trackd wrote it");
    }
    return frames == frames_of(*size) && frames <= TKB_FRAMES_MAX
               ? TRACK_OK
               : damaged(err, "its frames do not add up");
}

/* Reads one entry of the index; left: bytes of content from here on. */
static bool read_entry(struct reader *r, uint64_t offset, uint64_t left, struct tkb_entry *out)
{
    uint64_t stored = reader_varint(r);
    unsigned transform = reader_byte(r), mode = reader_byte(r);
    *out = (struct tkb_entry){
        .offset = offset,
        .stored = (uint32_t)stored,
        .plain = left < TKB_FRAME_BYTES ? (uint32_t)left : TKB_FRAME_BYTES,
        .mode = mode,
    };
    return !r->failed && stored > 0 && stored <= TKB_STORED_MAX && transform == 0 &&
           (mode == MODE_ZSTD || (mode == MODE_RAW && stored == out->plain));
}

track_status tkb_decode_index(struct bytes head, struct bytes index, struct arena *arena,
                              struct tkb_index *out, track_error *err)
{
    uint64_t size;
    TRY(decode_head(head, &size, err));
    if (index.size < TKB_FOOT_BYTES) {
        return damaged(err, "it has no foot");
    }
    struct reader foot = {{index.at + index.size - TKB_FOOT_BYTES, TKB_FOOT_BYTES}, false};
    uint64_t at = reader_le64(&foot);
    (void)reader_le32(&foot);
    struct reader r = {{index.at, index.size - TKB_FOOT_BYTES}, false};
    if (reader_le32(&foot) != hash_crc32c(0, r.left)) {
        return damaged(err, "its index has a wrong CRC");
    }
    size_t count = (size_t)frames_of(size);
    struct tkb_entry *entries = ARENA_ARRAY(arena, struct tkb_entry, count ? count : 1);
    if (!entries) {
        return FAIL(err, TRACK_NOMEM, "no room for %zu frames", count);
    }
    uint64_t offset = TKB_HEAD_BYTES, left = size;
    for (size_t i = 0; i < count; i++) {
        if (!read_entry(&r, offset, left, &entries[i])) {
            return damaged(err, "its index is malformed");
        }
        offset += entries[i].stored;
        left -= entries[i].plain;
    }
    if (offset != at || reader_end(&r, NULL) != TRACK_OK) {
        return damaged(err, "its index does not add up");
    }
    *out = (struct tkb_index){size, entries, count};
    return TRACK_OK;
}

track_status tkb_decode_frame(struct zstream *z, const struct tkb_entry *entry, struct bytes stored,
                              void *out, track_error *err)
{
    if (stored.size != entry->stored) {
        return damaged(err, "a frame is cut short");
    }
    if (entry->mode == MODE_RAW) {
        memcpy(out, stored.at, stored.size);
        return TRACK_OK;
    }
    track_status status = zstream_decompress(z, stored, out, entry->plain, err);
    return status == TRACK_INVALID ? damaged(err, "a frame does not decompress") : status;
}

track_status tkb_encode(struct bytes in, int level, struct buf *out, track_error *err)
{
    AUTO_ARENA work = ARENA(WORK_BYTES + TKB_FRAMES_MAX * sizeof(struct tkb_entry));
    struct zstream *z;
    size_t count = 0;
    struct tkb_entry *entries =
        ARENA_ARRAY(&work, struct tkb_entry, (size_t)frames_of(in.size) + 1);
    if (!entries) {
        return FAIL(err, TRACK_NOMEM, "no room for an index");
    }
    TRY(zstream_open(&work, &z, err));
    TRY(tkb_encode_head(in.size, out, err));
    for (size_t at = 0; at < in.size; count++) {
        size_t size = in.size - at < TKB_FRAME_BYTES ? in.size - at : TKB_FRAME_BYTES;
        TRY(tkb_encode_frame(z, (struct bytes){in.at + at, size}, level, out, &entries[count],
                             err));
        at += size;
    }
    return tkb_encode_foot(entries, count, out, err);
}

/* Decodes all frames of in to the end of out. */
static track_status decode_frames(struct bytes in, const struct tkb_index *index, struct zstream *z,
                                  struct buf *out, track_error *err)
{
    for (size_t i = 0; i < index->count; i++) {
        const struct tkb_entry *e = &index->entries[i];
        unsigned char *to = buf_add(out, e->plain);
        if (!to) {
            return check_buf(out, err);
        }
        TRY(tkb_decode_frame(z, e, (struct bytes){in.at + e->offset, e->stored}, to, err));
    }
    return check_buf(out, err);
}

track_status tkb_decode(struct bytes in, struct buf *out, track_error *err)
{
    AUTO_ARENA work = ARENA(WORK_BYTES + TKB_FRAMES_MAX * sizeof(struct tkb_entry));
    struct zstream *z;
    struct tkb_index index;
    uint64_t at;
    size_t size;
    if (in.size < TKB_HEAD_BYTES + TKB_FOOT_BYTES) {
        return damaged(err, "it is cut short");
    }
    struct bytes foot = {in.at + in.size - TKB_FOOT_BYTES, TKB_FOOT_BYTES};
    TRY(tkb_decode_foot(foot, in.size, &at, &size, err));
    TRY(tkb_decode_index((struct bytes){in.at, TKB_HEAD_BYTES},
                         (struct bytes){in.at + at, size + TKB_FOOT_BYTES}, &work, &index, err));
    TRY(zstream_open(&work, &z, err));
    return decode_frames(in, &index, z, out, err);
}
