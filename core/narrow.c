#include "narrow.h"

#include <string.h>

track_status narrow_init(struct narrow *n, size_t count, track_error *err)
{
    n->room = count;
    n->work = ARENA_ARRAY(n->arena, uint64_t, count + 1);
    return n->work ? TRACK_OK : FAIL(err, TRACK_NOMEM, "columns of %zu numbers: no memory", count);
}

static size_t width_of(const uint64_t *in, size_t count)
{
    uint64_t all = 0;
    for (size_t i = 0; i < count; i++) {
        all |= in[i];
    }
    return all <= UINT8_MAX ? 1 : all <= UINT32_MAX ? 4 : 8;
}

static track_status narrow_check(const struct narrow *n, size_t count, track_error *err)
{
    return count <= n->room ? TRACK_OK
                            : BROKEN(err, "a column of %zu numbers, room for %zu", count, n->room);
}

track_status narrow_encode(struct narrow *n, const uint64_t *in, size_t count, struct buf *out,
                           track_error *err)
{
    TRY(narrow_check(n, count, err));
    struct planes p = {n->work, count, width_of(in, count)};
    unsigned char *bytes = n->work;
    uint32_t *words = n->work;
    for (size_t i = 0; i < count && p.width < 8; i++) {
        if (p.width == 1) {
            bytes[i] = (unsigned char)in[i];
        } else {
            words[i] = (uint32_t)in[i];
        }
    }
    if (p.width == 8) {
        memcpy(n->work, in, count * sizeof(*in));
    }
    buf_byte(out, (unsigned)p.width);
    return planes_encode(n->z, &p, n->level, n->arena, out, err);
}

track_status narrow_encode_real(struct narrow *n, const double *in, size_t count, struct buf *out,
                                track_error *err)
{
    TRY(narrow_check(n, count, err));
    struct planes p = {n->work, count, sizeof(float)};
    float *floats = n->work;
    for (size_t i = 0; i < count && p.width == sizeof(float); i++) {
        floats[i] = (float)in[i];
        double back = (double)floats[i];
        if (memcmp(&back, &in[i], sizeof(back)) != 0) {
            memcpy(n->work, in, count * sizeof(*in));
            p.width = sizeof(double);
        }
    }
    buf_byte(out, (unsigned)p.width);
    return planes_encode(n->z, &p, n->level, n->arena, out, err);
}

static track_status narrow_unknown(size_t width, track_error *err)
{
    return FAIL(err, TRACK_INVALID, "a column of %zu bytes a number", width);
}

/* Reads the planes of a column. */
static track_status planes_find(struct narrow *n, struct reader *r, struct planes_at *out,
                                track_error *err)
{
    if (!n->planes) {
        n->planes = ARENA_ARRAY(n->arena, uint64_t, n->room + 1);
    }
    if (!n->planes) {
        return FAIL(err, TRACK_NOMEM, "columns of %zu numbers: no memory", n->room);
    }
    return out->count ? planes_take(n->z, r, n->planes, out, err) : TRACK_OK;
}

track_status narrow_decode(struct narrow *n, struct reader *r, uint64_t *out, size_t count,
                           track_error *err)
{
    TRY(narrow_check(n, count, err));
    struct planes_at p = {.count = count, .width = reader_byte(r)};
    if (p.width != 1 && p.width != 4 && p.width != 8) {
        return narrow_unknown(p.width, err);
    }
    TRY(planes_find(n, r, &p, err));
    planes_join(&p, out);
    return TRACK_OK;
}

track_status narrow_decode_real(struct narrow *n, struct reader *r, double *out, size_t count,
                                track_error *err)
{
    TRY(narrow_check(n, count, err));
    struct planes_at p = {.count = count, .width = reader_byte(r)};
    const float *floats = n->work;
    if (p.width != sizeof(float) && p.width != sizeof(double)) {
        return narrow_unknown(p.width, err);
    }
    TRY(planes_find(n, r, &p, err));
    if (p.width == sizeof(double)) {
        planes_join(&p, (uint64_t *)(void *)out);
        return TRACK_OK;
    }
    planes_join_narrow(&p, n->work);
    for (size_t i = 0; i < count; i++) {
        out[i] = (double)floats[i];
    }
    return TRACK_OK;
}
