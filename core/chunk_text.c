#include "chunk_coder.h"

#include <string.h>

/* The lengths of all texts, then their bytes. */
static track_status texts_gather(const struct bytes *texts, size_t count, struct buf *out,
                                 track_error *err)
{
    struct bytes ignored;
    for (size_t i = 0; i < count; i++) {
        buf_varint(out, texts[i].size);
    }
    for (size_t i = 0; i < count; i++) {
        buf_put(out, texts[i].at, texts[i].size);
    }
    return buf_end(out, &ignored, err);
}

track_status chunk_encode_texts(struct chunk_coder *c, const struct bytes *texts, size_t count,
                                int level, struct buf *out, track_error *err)
{
    AUTO_BUF plain = BUF(CHUNK_TEXT_BYTES_MAX);
    AUTO_BUF packed = BUF(2 * (size_t)CHUNK_TEXT_BYTES_MAX);
    struct bytes ignored;
    TRY(chunk_check_count(count, err));
    TRY(texts_gather(texts, count, &plain, err));
    if (level > 0) {
        TRY(zstream_compress(c->body.z, (struct bytes){plain.at, plain.size}, level, &packed, err));
    }
    bool smaller = level > 0 && packed.size < plain.size;
    chunk_put_start(out, CHUNK_TEXT, smaller ? CHUNK_ZSTD : CHUNK_RAW, count);
    buf_varint(out, plain.size);
    buf_put(out, smaller ? packed.at : plain.at, smaller ? packed.size : plain.size);
    return buf_end(out, &ignored, err);
}

/* The plain bytes, in the arena: texts outlive the chunk. */
static track_status texts_unpack(struct chunk_coder *c, unsigned layout, struct reader *r,
                                 struct arena *arena, struct bytes *out, track_error *err)
{
    uint64_t size = reader_varint(r);
    struct bytes stored = reader_take(r, r->left.size);
    if (r->failed || (layout != CHUNK_ZSTD && (layout != CHUNK_RAW || size != stored.size))) {
        return FAIL(err, TRACK_INVALID, "texts are cut short, or their layout %u is not known",
                    layout);
    }
    if (size > CHUNK_TEXT_BYTES_MAX) {
        return FAIL(err, TRACK_TOO_LARGE, "texts of %llu bytes in a chunk; %d are possible",
                    (unsigned long long)size, CHUNK_TEXT_BYTES_MAX);
    }
    unsigned char *at = ARENA_ARRAY(arena, unsigned char, size + 1);
    if (!at) {
        return FAIL(err, TRACK_NOMEM, "texts of %llu bytes: no memory", (unsigned long long)size);
    }
    *out = (struct bytes){at, (size_t)size};
    if (layout == CHUNK_ZSTD) {
        return zstream_decompress(c->body.z, stored, at, out->size, err);
    }
    memcpy(at, stored.at, out->size);
    return TRACK_OK;
}

track_status chunk_decode_texts(struct chunk_coder *c, struct bytes in, struct arena *arena,
                                struct bytes *out, size_t count, track_error *err)
{
    struct reader r = {in, false}, lengths, texts;
    struct chunk_head head;
    struct bytes plain;
    TRY(chunk_check_count(count, err));
    TRY(chunk_take_start(&r, count, &head, err));
    if (head.code != CHUNK_TEXT) {
        return FAIL(err, TRACK_INVALID, "a chunk of numbers, not of texts");
    }
    TRY(texts_unpack(c, head.layout, &r, arena, &plain, err));
    lengths = texts = (struct reader){plain, false};
    for (size_t i = 0; i < count; i++) {
        reader_varint(&texts);
    }
    for (size_t i = 0; i < count; i++) {
        out[i] = reader_take(&texts, (size_t)reader_varint(&lengths));
    }
    if (texts.failed || texts.left.size) {
        return FAIL(err, TRACK_INVALID, "texts of another size than their lengths say");
    }
    return TRACK_OK;
}
