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

/* One loop for each width up to 4: compilers make them of wide instructions. */
void planes_join_narrow(const struct planes_at *in, uint32_t *restrict out)
{
    const unsigned char *restrict a = in->at[0], *restrict b = in->at[1];
    const unsigned char *restrict c = in->at[2], *restrict d = in->at[3];
    size_t count = in->count;
    if (in->width == 1) {
        for (size_t i = 0; i < count; i++) {
            out[i] = a[i];
        }
    } else if (in->width == 2) {
        for (size_t i = 0; i < count; i++) {
            out[i] = a[i] | (uint32_t)b[i] << 8;
        }
    } else if (in->width == 3) {
        for (size_t i = 0; i < count; i++) {
            out[i] = a[i] | (uint32_t)b[i] << 8 | (uint32_t)c[i] << 16;
        }
    } else {
        for (size_t i = 0; i < count; i++) {
            out[i] = a[i] | (uint32_t)b[i] << 8 | (uint32_t)c[i] << 16 | (uint32_t)d[i] << 24;
        }
    }
}

void planes_join(const struct planes_at *in, uint64_t *out)
{
    enum { PIECE = 512, NARROW = 4 };
    for (size_t from = 0; from < in->count; from += PIECE) {
        uint32_t low[PIECE], high[PIECE];
        size_t n = in->count - from < PIECE ? in->count - from : PIECE;
        struct planes_at half = {.width = in->width < NARROW ? in->width : NARROW, .count = n};
        for (size_t p = 0; p < half.width; p++) {
            half.at[p] = in->at[p] + from;
        }
        planes_join_narrow(&half, low);
        if (in->width <= NARROW) {
            for (size_t i = 0; i < n; i++) {
                out[from + i] = low[i];
            }
            continue;
        }
        half.width = in->width - NARROW;
        for (size_t p = 0; p < half.width; p++) {
            half.at[p] = in->at[NARROW + p] + from;
        }
        planes_join_narrow(&half, high);
        for (size_t i = 0; i < n; i++) {
            out[from + i] = low[i] | (uint64_t)high[i] << 32;
        }
    }
}

/* Values of a width that has no loop of its own. */
static void planes_join_bytes(const struct planes_at *in, unsigned char *out)
{
    for (size_t p = 0; p < in->width; p++) {
        for (size_t i = 0; i < in->count; i++) {
            out[i * in->width + p] = in->at[p][i];
        }
    }
}

track_status planes_take(struct zstream *z, struct reader *r, unsigned char *work,
                         struct planes_at *out, track_error *err)
{
    for (size_t p = 0; p < out->width; p++) {
        struct bytes plane = {NULL, out->count};
        TRY(planes_decode_one(z, r, work + p * out->count, &plane, err));
        out->at[p] = plane.at;
    }
    return TRACK_OK;
}

track_status planes_decode(struct zstream *z, struct reader *r, struct arena *arena,
                           struct planes *out, track_error *err)
{
    struct planes_at planes = {.count = out->count, .width = out->width};
    if (out->count == 0) {
        return TRACK_OK;
    }
    unsigned char *work = arena_calloc(arena, out->count, out->width, 1);
    if (!work) {
        return FAIL(err, TRACK_NOMEM, "planes of %zu values: no memory", out->count);
    }
    TRY(planes_take(z, r, work, &planes, err));
    if (out->width == sizeof(uint32_t)) {
        planes_join_narrow(&planes, out->values);
    } else if (out->width == sizeof(uint64_t)) {
        planes_join(&planes, out->values);
    } else {
        planes_join_bytes(&planes, out->values);
    }
    return TRACK_OK;
}
