#include "pack_dir_check.h"

#include "pyramid_code.h"

static track_status bad(const char *what, size_t row, track_error *err)
{
    return FAIL(err, TRACK_CORRUPT, "a pack's directory: %s %zu does not fit", what, row);
}

static bool place_fits(const struct pack_dir *d, const struct pack_place *p)
{
    if (p->frame >= d->frame_count) {
        return false;
    }
    const struct pack_frame *f = &d->frames[p->frame];
    uint32_t size = f->plain ? f->plain : f->stored;
    return p->offset <= size && p->size <= size - p->offset;
}

static track_status check_frames(const struct pack_dir *d, uint64_t end, track_error *err)
{
    uint64_t at = PACK_HEAD_BYTES;
    for (size_t i = 0; i < d->frame_count; i++) {
        if (d->frames[i].plain > PACK_FRAME_PLAIN_MAX) {
            return bad("frame", i, err);
        }
        at += d->frames[i].stored;
    }
    return at == end ? TRACK_OK : bad("the end of frame", d->frame_count, err);
}

static track_status check_axes(const struct pack_dir *d, track_error *err)
{
    for (size_t i = 0; i < d->axis_count; i++) {
        const struct pack_axis *a = &d->axes[i];
        if (!place_fits(d, &a->place) || a->count == 0 || a->count > PACK_CHUNK_POINTS) {
            return bad("axis", i, err);
        }
    }
    return TRACK_OK;
}

/* Chunks of a series in order, one behind the other. */
static bool chunk_fits(const struct pack_dir *d, const struct pack_series *s, size_t i)
{
    const struct pack_chunk *c = &d->chunks[i];
    if (!place_fits(d, &c->place) || c->axis >= d->axis_count || c->masked > 1 ||
        !bucket_is_sound(&c->sum) || (s->kind == PACK_TEXTS && c->sum.values.nan != c->sum.n)) {
        return false;
    }
    uint32_t rows = d->axes[c->axis].count;
    bool ascends = i == s->chunk_from || s->kind == PACK_TEXTS ||
                   point_compare(&d->chunks[i - 1].sum.last, &c->sum.first) < 0;
    return ascends && (c->masked ? c->sum.n <= rows : c->sum.n == rows);
}

/* Levels from the finest to the coarsest, the blocks of each in order. */
static bool block_fits(const struct pack_dir *d, const struct pack_series *s, size_t i)
{
    const struct pack_block *b = &d->blocks[i], *last = i > s->block_from ? b - 1 : NULL;
    bool ascends = !last || b->shift > last->shift ||
                   (b->shift == last->shift && pyramid_number(b->step_first, b->shift) >
                                                   pyramid_number(last->step_last, last->shift));
    return place_fits(d, &b->place) && b->shift <= PYRAMID_SHIFT_MAX && b->count > 0 &&
           b->count <= PYRAMID_BLOCK_BUCKETS && b->step_first <= b->step_last && ascends;
}

static track_status check_series(const struct pack_dir *d, const struct pack_series *s,
                                 track_error *err)
{
    size_t row = (size_t)(s - d->series);
    if (s->chunk_count == 0 || s->chunk_count > d->chunk_count - s->chunk_from ||
        s->block_count > d->block_count - s->block_from || s->kind > PACK_TEXTS ||
        s->has_digest > PACK_DIGEST_SPLIT || (row && pack_compare_names(s - 1, s) >= 0)) {
        return bad("series", row, err);
    }
    for (size_t i = 0; i < s->chunk_count; i++) {
        if (!chunk_fits(d, s, s->chunk_from + i)) {
            return bad("chunk", s->chunk_from + i, err);
        }
    }
    for (size_t i = 0; i < s->block_count; i++) {
        if (!block_fits(d, s, s->block_from + i)) {
            return bad("block", s->block_from + i, err);
        }
    }
    return TRACK_OK;
}

/* The head says what the chunks hold. */
static bool head_fits(const struct pack_dir *d)
{
    struct pack_head sum = {0};
    for (size_t i = 0; i < d->chunk_count; i++) {
        const struct bucket *b = &d->chunks[i].sum;
        sum.step_first = i == 0 || b->first.step < sum.step_first ? b->first.step : sum.step_first;
        sum.step_last = i == 0 || b->last.step > sum.step_last ? b->last.step : sum.step_last;
        sum.points += b->n;
    }
    return d->head.points == sum.points && d->head.step_first == sum.step_first &&
           d->head.step_last == sum.step_last && d->head.series == d->series_count;
}

track_status pack_dir_check(const struct pack_dir *d, uint64_t end, track_error *err)
{
    size_t chunks = 0, blocks = 0;
    TRY(check_frames(d, end, err));
    TRY(check_axes(d, err));
    for (size_t i = 0; i < d->series_count; i++) {
        if (d->series[i].chunk_from != chunks || d->series[i].block_from != blocks) {
            return bad("series", i, err);
        }
        TRY(check_series(d, &d->series[i], err));
        chunks += d->series[i].chunk_count;
        blocks += d->series[i].block_count;
    }
    if (chunks != d->chunk_count || blocks != d->block_count) {
        return bad("the end of series", d->series_count, err);
    }
    return head_fits(d) ? TRACK_OK
                        : FAIL(err, TRACK_CORRUPT, "a pack's head is not what its chunks hold");
}
