#include "pack_chunk.h"

track_status pack_tools_open(struct arena *arena, struct pack_tools *out, track_error *err)
{
    TRY(zstream_open(arena, &out->z, err));
    return chunk_open(arena, &out->coder, err);
}

/* Small chunks are compressed together, not alone. */
static int level_of(size_t count)
{
    return count < PACK_SMALL_POINTS ? 0 : 1;
}

static track_status mask_encode(struct pack_tools *t, const struct pack_rows_of *of, size_t count,
                                struct buf *out, track_error *err)
{
    return of->mask ? axis_mask_encode(t->z, of->mask, of->rows, level_of(count), out, err)
                    : TRACK_OK;
}

track_status pack_chunk_encode(struct pack_tools *t, const struct pack_rows_of *of,
                               const double *values, size_t count, struct buf *out,
                               track_error *err)
{
    TRY(mask_encode(t, of, count, out, err));
    return chunk_encode(t->coder, values, count, level_of(count), out, err);
}

track_status pack_chunk_encode_texts(struct pack_tools *t, const struct pack_rows_of *of,
                                     const struct bytes *texts, size_t count, struct buf *out,
                                     track_error *err)
{
    TRY(mask_encode(t, of, count, out, err));
    return chunk_encode_texts(t->coder, texts, count, 1, out, err);
}

/* What decoding calls invalid is damage here. */
static track_status chunk_corrupt(track_status status, const track_error *said, track_error *err)
{
    return FAIL(err, status == TRACK_INVALID ? TRACK_CORRUPT : status, "a chunk: %s",
                said->message);
}

/* Decodes the steps and times of a chunk; *in is what stands behind its mask. */
static track_status rows_decode(struct pack_tools *t, const struct pack_coded *c,
                                struct pack_window *w, struct bytes *in, struct stretch *out,
                                track_error *err)
{
    const struct axis_rows *axis = c->axis;
    *in = c->in;
    *out = (struct stretch){axis->steps, axis->times_us, w->values, c->chunk->sum.n};
    if (!c->chunk->masked) {
        return TRACK_OK;
    }
    track_error said;
    struct reader r = {c->in, false};
    track_status status = axis_mask_decode(t->z, &r, w->mask, axis->count, out->count, &said);
    if (status != TRACK_OK) {
        return chunk_corrupt(status, &said, err);
    }
    axis_mask_pick(w->mask, axis->steps, axis->count, w->steps);
    axis_mask_pick(w->mask, axis->times_us, axis->count, w->times_us);
    out->steps = w->steps;
    out->times_us = w->times_us;
    *in = r.left;
    return TRACK_OK;
}

/* Whether the points begin and end as the directory says, and their steps ascend. */
static bool points_fit(const struct pack_chunk *c, const struct stretch *p)
{
    struct point first = stretch_get(p, 0), last = stretch_get(p, p->count - 1);
    bool back = false;
    for (size_t i = 1; i < p->count; i++) {
        back = back || p->steps[i] < p->steps[i - 1];
    }
    return !back && point_compare(&first, &c->sum.first) == 0 &&
           point_compare(&last, &c->sum.last) == 0;
}

track_status pack_chunk_decode(struct pack_tools *t, const struct pack_coded *c,
                               struct pack_window *w, struct stretch *out, track_error *err)
{
    track_error said;
    struct bytes in;
    TRY(rows_decode(t, c, w, &in, out, err));
    track_status status = chunk_decode(t->coder, in, w->values, out->count, &said);
    if (status != TRACK_OK) {
        return chunk_corrupt(status, &said, err);
    }
    return points_fit(c->chunk, out)
               ? TRACK_OK
               : FAIL(err, TRACK_CORRUPT, "a chunk: not the points that the directory says");
}

track_status pack_chunk_decode_texts(struct pack_tools *t, const struct pack_coded *c,
                                     struct pack_window *w, struct arena *arena,
                                     struct pack_texts *out, track_error *err)
{
    track_error said;
    struct bytes in;
    TRY(rows_decode(t, c, w, &in, &out->at, err));
    out->texts = ARENA_ARRAY(arena, struct bytes, out->at.count);
    if (!out->texts) {
        return FAIL(err, TRACK_NOMEM, "%zu texts: no memory", out->at.count);
    }
    track_status status = chunk_decode_texts(t->coder, in, arena, out->texts, out->at.count, &said);
    return status == TRACK_OK ? TRACK_OK : chunk_corrupt(status, &said, err);
}
