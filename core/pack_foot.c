#include "pack_foot.h"

#include "zstream.h"

#include <string.h>

static const unsigned char magic[4] = {'T', 'K', 'P', 'E'};

track_status pack_read_memory(void *data, uint64_t offset, size_t size, struct bytes *out,
                              track_error *err)
{
    const struct bytes *all = data;
    if (offset > all->size || size > all->size - offset) {
        return FAIL(err, TRACK_CORRUPT, "bytes behind the end of a pack of %zu bytes", all->size);
    }
    *out = (struct bytes){all->at + offset, size};
    return TRACK_OK;
}

track_status pack_foot_encode(struct bytes plain, uint64_t offset, struct buf *out,
                              track_error *err)
{
    AUTO_ARENA arena = ARENA(1 << 16);
    struct zstream *z;
    struct bytes all;
    size_t from = out->size;
    TRY(zstream_open(&arena, &z, err));
    TRY(zstream_compress(z, plain, 1, out, err));
    struct bytes stored = {out->at + from, out->size - from};
    uint32_t crc = hash_crc32c(0, stored);
    buf_le64(out, offset);
    buf_le32(out, (uint32_t)stored.size);
    buf_le32(out, (uint32_t)plain.size);
    buf_le32(out, crc);
    buf_le64(out, 0);
    buf_put(out, magic, sizeof(magic));
    return buf_end(out, &all, err);
}

/* Where the directory lies. */
struct foot {
    uint64_t offset;
    uint32_t stored, plain, crc;
};

static track_status foot_decode(const struct pack_blob *blob, struct foot *out, track_error *err)
{
    struct bytes in;
    if (blob->size < PACK_HEAD_BYTES + PACK_FOOT_BYTES || blob->size > INT64_MAX) {
        return FAIL(err, TRACK_CORRUPT, "a pack of %llu bytes", (unsigned long long)blob->size);
    }
    TRY(blob->read(blob->data, blob->size - PACK_FOOT_BYTES, PACK_FOOT_BYTES, &in, err));
    struct reader r = {in, false};
    out->offset = reader_le64(&r);
    out->stored = reader_le32(&r);
    out->plain = reader_le32(&r);
    out->crc = reader_le32(&r);
    uint64_t zero = reader_le64(&r);
    struct bytes end = reader_take(&r, sizeof(magic));
    if (r.failed || zero || memcmp(end.at, magic, sizeof(magic)) != 0) {
        return FAIL(err, TRACK_CORRUPT, "a pack without a foot: cut short?");
    }
    if (out->offset < PACK_HEAD_BYTES || out->offset > blob->size ||
        out->plain > PACK_DIRECTORY_MAX ||
        blob->size - out->offset != (uint64_t)out->stored + PACK_FOOT_BYTES) {
        return FAIL(err, TRACK_CORRUPT, "a pack's directory lies outside of it");
    }
    return TRACK_OK;
}

/* Decompresses the directory; what decompressing calls invalid is damage here. */
static track_status foot_unpack(struct bytes in, size_t plain, struct buf *out, track_error *err)
{
    AUTO_ARENA arena = ARENA(1 << 16);
    struct zstream *z;
    struct bytes ignored;
    track_error said = {0};
    TRY(zstream_open(&arena, &z, err));
    unsigned char *at = buf_add(out, plain);
    TRY(buf_end(out, &ignored, err));
    track_status status = zstream_decompress(z, in, at, plain, &said);
    return status == TRACK_OK ? TRACK_OK
                              : FAIL(err, status == TRACK_INVALID ? TRACK_CORRUPT : status,
                                     "a pack's directory: %s", said.message);
}

track_status pack_foot_read(const struct pack_blob *blob, struct pack_head *head, struct buf *plain,
                            uint64_t *end, track_error *err)
{
    struct foot foot = {0};
    struct bytes in;
    TRY(foot_decode(blob, &foot, err));
    TRY(blob->read(blob->data, 0, PACK_HEAD_BYTES, &in, err));
    TRY(pack_decode_head(in, head, err));
    TRY(blob->read(blob->data, foot.offset, foot.stored, &in, err));
    if (hash_crc32c(0, in) != foot.crc) {
        return FAIL(err, TRACK_CORRUPT, "a pack's directory has a wrong CRC");
    }
    *end = foot.offset;
    return foot_unpack(in, foot.plain, plain, err);
}
