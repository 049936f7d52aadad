#include "chunk_body.h"

#include <string.h>

enum {
    ZSTD_WORTH_BYTES = 64, /* fewer bytes hardly get smaller in one frame */
    ZSTD_WORTH_SHARE = 4,  /* planes that are larger than a quarter of this are noise */
};

/* Byte p of every number becomes plane p. */
static void planes_split(const struct planes *in, unsigned char *out)
{
    const uint64_t *from = in->values;
    for (size_t p = 0; p < in->width; p++, out += in->count) {
        for (size_t i = 0; i < in->count; i++) {
            out[i] = (unsigned char)(from[i] >> (8 * p));
        }
    }
}

static track_status body_put_planes(struct chunk_body *b, const struct planes *in, struct buf *out,
                                    track_error *err)
{
    for (size_t p = 0; p < in->width; p++) {
        struct bytes plane = {b->planes + p * in->count, in->count};
        TRY(planes_encode_one(b->z, plane, b->level, out, err));
    }
    struct bytes ignored;
    return buf_end(out, &ignored, err);
}

/* Puts the one frame in the place of the planes, which begin at begin, if it is smaller. */
static track_status body_try_zstd(struct chunk_body *b, struct bytes plain, size_t begin,
                                  struct buf *out, enum chunk_layout *layout)
{
    AUTO_BUF packed = BUF(2 * plain.size + 1024);
    TRY(zstream_compress(b->z, plain, b->level, &packed, NULL));
    if (packed.size < out->size - begin) {
        memcpy(out->at + begin, packed.at, packed.size);
        out->size = begin + packed.size;
        *layout = CHUNK_ZSTD;
    }
    return TRACK_OK;
}

track_status chunk_body_encode(struct chunk_body *b, const struct planes *in, struct buf *out,
                               enum chunk_layout *layout, track_error *err)
{
    size_t begin = out->size;
    struct bytes plain = {b->planes, in->count * in->width};
    planes_split(in, b->planes);
    TRY(body_put_planes(b, in, out, err));
    size_t size = out->size - begin;
    *layout = CHUNK_PLANES;
    if (size >= plain.size) {
        memcpy(out->at + begin, plain.at, plain.size);
        out->size = begin + plain.size;
        *layout = CHUNK_RAW;
    } else if (b->level > 0 && size >= ZSTD_WORTH_BYTES && size < plain.size / ZSTD_WORTH_SHARE) {
        return body_try_zstd(b, plain, begin, out, layout);
    }
    return TRACK_OK;
}

/* The planes one behind the other: borrowed from r, or decompressed into b. */
static track_status body_take_plain(struct chunk_body *b, unsigned layout, struct reader *r,
                                    struct planes_at *out, track_error *err)
{
    size_t size = out->count * out->width;
    struct bytes stored = reader_take(r, r->left.size);
    const unsigned char *at = stored.at;
    if (layout == CHUNK_ZSTD) {
        TRY(zstream_decompress(b->z, stored, b->planes, size, err));
        at = b->planes;
    } else if (stored.size != size) {
        return FAIL(err, TRACK_INVALID, "%zu bytes of values, not %zu", stored.size, size);
    }
    for (size_t p = 0; p < out->width; p++) {
        out->at[p] = at + p * out->count;
    }
    return TRACK_OK;
}

static track_status body_take_planes(struct chunk_body *b, struct reader *r, struct planes_at *out,
                                     track_error *err)
{
    TRY(planes_take(b->z, r, b->planes, out, err));
    if (r->left.size) {
        return FAIL(err, TRACK_INVALID, "%zu bytes behind the values", r->left.size);
    }
    return TRACK_OK;
}

track_status chunk_body_take(struct chunk_body *b, unsigned layout, struct reader *r,
                             struct planes_at *out, track_error *err)
{
    if (layout >= CHUNK_LAYOUT_COUNT) {
        return FAIL(err, TRACK_INVALID, "layout %u of a chunk is not known", layout);
    }
    return layout == CHUNK_PLANES ? body_take_planes(b, r, out, err)
                                  : body_take_plain(b, layout, r, out, err);
}
