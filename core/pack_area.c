#include "pack_area.h"

/* Marks the frame of a place as one of the shared ones. */
static const uint32_t shared_mark = (uint32_t)1 << 31;

static void run_init(struct pack_run *r, size_t limit)
{
    *r = (struct pack_run){.bytes = BUF(limit)};
    r->frames = (struct buf)BUF(PACK_ROWS_MAX * sizeof(struct pack_frame));
}

static void run_release(struct pack_run *r)
{
    buf_release(&r->bytes);
    buf_release(&r->frames);
}

static void run_clear(struct pack_run *r)
{
    r->bytes.size = r->frames.size = r->count = 0;
}

void pack_area_init(struct pack_area *a, size_t limit)
{
    run_init(&a->alone, limit);
    run_init(&a->shared, limit);
    a->gathered = (struct buf)BUF(PACK_FRAME_PLAIN_MAX);
}

void pack_area_release(struct pack_area *a)
{
    run_release(&a->alone);
    run_release(&a->shared);
    buf_release(&a->gathered);
}

void pack_area_clear(struct pack_area *a)
{
    run_clear(&a->alone);
    run_clear(&a->shared);
    a->gathered.size = 0;
}

/* Ends a frame that began at from. */
static track_status frame_end(struct pack_run *r, size_t from, size_t plain, track_error *err)
{
    struct bytes all;
    TRY(buf_end(&r->bytes, &all, err));
    struct bytes stored = {all.at + from, all.size - from};
    struct pack_frame frame = {from, (uint32_t)stored.size, (uint32_t)plain, 0};
    frame.crc = hash_crc32c(0, stored);
    buf_put(&r->frames, &frame, sizeof(frame));
    r->count++;
    return buf_end(&r->frames, &all, err);
}

track_status pack_area_add(struct pack_area *a, struct bytes piece, struct pack_place *place,
                           track_error *err)
{
    struct pack_run *r = &a->alone;
    size_t from = r->bytes.size;
    *place = (struct pack_place){(uint32_t)r->count, 0, (uint32_t)piece.size};
    buf_put(&r->bytes, piece.at, piece.size);
    return frame_end(r, from, 0, err);
}

track_status pack_area_flush(struct pack_area *a, struct zstream *z, track_error *err)
{
    struct pack_run *r = &a->shared;
    size_t from = r->bytes.size, plain = a->gathered.size;
    if (plain == 0) {
        return TRACK_OK;
    }
    TRY(zstream_compress(z, (struct bytes){a->gathered.at, plain}, 1, &r->bytes, err));
    a->gathered.size = 0;
    return frame_end(r, from, plain, err);
}

track_status pack_area_add_shared(struct pack_area *a, struct zstream *z, struct bytes piece,
                                  struct pack_place *place, track_error *err)
{
    if (piece.size > PACK_FRAME_PLAIN_MAX) {
        return pack_area_add(a, piece, place, err);
    }
    if (piece.size > PACK_FRAME_PLAIN_MAX - a->gathered.size) {
        TRY(pack_area_flush(a, z, err));
    }
    struct bytes ignored;
    place->frame = (uint32_t)a->shared.count | shared_mark;
    place->offset = (uint32_t)a->gathered.size;
    place->size = (uint32_t)piece.size;
    buf_put(&a->gathered, piece.at, piece.size);
    return buf_end(&a->gathered, &ignored, err);
}

size_t pack_area_size(const struct pack_area *a)
{
    return a->alone.bytes.size + a->shared.bytes.size + a->gathered.size;
}

struct bytes pack_area_get(const struct pack_area *a, const struct pack_place *place)
{
    const struct pack_frame *frames = (const void *)a->alone.frames.at;
    return (struct bytes){a->alone.bytes.at + frames[place->frame].offset, place->size};
}

void pack_area_settle(const struct pack_area *a, size_t base, struct pack_place *place)
{
    bool shared = place->frame & shared_mark;
    size_t before = base + (shared ? a->alone.count : 0);
    place->frame = (uint32_t)(before + (place->frame & ~shared_mark));
}
