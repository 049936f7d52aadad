#include "planes.h"

#include <string.h>

enum plane_mode { PLANE_CONSTANT = 0, PLANE_RAW = 1, PLANE_ZSTD = 2 };

enum { ZSTD_WORTH_BYTES = 32 }; /* fewer bytes never get smaller by zstd */

static void plane_gather(const struct planes *in, size_t plane, unsigned char *out)
{
    const unsigned char *from = (const unsigned char *)in->values + plane;
    for (size_t i = 0; i < in->count; i++) {
        out[i] = from[i * in->width];
    }
}

/* Tries zstd; false, and out as before, if it does not make the plane smaller. */
static track_status plane_compress(struct zstream *z, struct bytes plane, int level,
                                   struct buf *out, bool *smaller, track_error *err)
{
    *smaller = false;
    if (level == 0 || plane.size < ZSTD_WORTH_BYTES) {
        return TRACK_OK;
    }
    AUTO_BUF packed = BUF(2 * plane.size + 1024);
    TRY(zstream_compress(z, plane, level, &packed, err));
    if (packed.size + 4 >= plane.size) {
        return TRACK_OK;
    }
    buf_byte(out, PLANE_ZSTD);
    buf_varint(out, packed.size);
    buf_put(out, packed.at, packed.size);
    *smaller = true;
    return TRACK_OK;
}

track_status planes_encode_one(struct zstream *z, struct bytes plane, int level, struct buf *out,
                               track_error *err)
{
    bool smaller;
    if (memcmp(plane.at, plane.at + 1, plane.size - 1) == 0) {
        buf_byte(out, PLANE_CONSTANT);
        buf_byte(out, plane.at[0]);
        return TRACK_OK;
    }
    TRY(plane_compress(z, plane, level, out, &smaller, err));
    if (!smaller) {
        buf_byte(out, PLANE_RAW);
        buf_put(out, plane.at, plane.size);
    }
    return TRACK_OK;
}

track_status planes_encode(struct zstream *z, const struct planes *in, int level,
                           struct arena *arena, struct buf *out, track_error *err)
{
    if (in->count == 0) {
        return TRACK_OK;
    }
    unsigned char *plane = ARENA_ARRAY(arena, unsigned char, in->count);
    if (!plane) {
        return FAIL(err, TRACK_NOMEM, "a plane of %zu values: no memory", in->count);
    }
    for (size_t i = 0; i < in->width; i++) {
        plane_gather(in, i, plane);
        TRY(planes_encode_one(z, (struct bytes){plane, in->count}, level, out, err));
    }
    struct bytes ignored;
    return buf_end(out, &ignored, err);
}

static void plane_scatter(const unsigned char *plane, size_t index, struct planes *out)
{
    unsigned char *to = (unsigned char *)out->values + index;
    for (size_t i = 0; i < out->count; i++) {
        to[i * out->width] = plane[i];
    }
}

track_status planes_decode_one(struct zstream *z, struct reader *r, unsigned char *work,
                               struct bytes *out, track_error *err)
{
    unsigned mode = reader_byte(r);
    if (r->failed || mode > PLANE_ZSTD) {
        return FAIL(err, TRACK_INVALID, "plane mode %u, not 0, 1 or 2", mode);
    }
    if (mode == PLANE_CONSTANT) {
        memset(work, (int)reader_byte(r), out->size);
        out->at = work;
    } else if (mode == PLANE_RAW) {
        *out = reader_take(r, out->size);
    } else {
        struct bytes packed = reader_take(r, (size_t)reader_varint(r));
        out->at = work;
        if (!r->failed) {
            TRY(zstream_decompress(z, packed, work, out->size, err));
        }
    }
    if (r->failed) {
        return FAIL(err, TRACK_INVALID, "values are cut short");
    }
    return TRACK_OK;
}

track_status planes_decode(struct zstream *z, struct reader *r, struct arena *arena,
                           struct planes *out, track_error *err)
{
    if (out->count == 0) {
        return TRACK_OK;
    }
    unsigned char *work = ARENA_ARRAY(arena, unsigned char, out->count);
    if (!work) {
        return FAIL(err, TRACK_NOMEM, "a plane of %zu values: no memory", out->count);
    }
    for (size_t i = 0; i < out->width; i++) {
        struct bytes plane = {work, out->count};
        TRY(planes_decode_one(z, r, work, &plane, err));
        plane_scatter(plane.at, i, out);
    }
    return TRACK_OK;
}
