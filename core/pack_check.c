#include "pack_check.h"

#include "pack_base.h"

#include <string.h>

enum { WORK_BYTES_MAX = 256 << 20 };

struct checking {
    const struct pack_blob *blob;
    struct pack_dir dir;
    struct pack_reader *reader;
    struct series_digest *digest;
    struct pack_checked done;
    const struct pack_series *series; /* that is being looked at */
};

static track_status wrong(const struct checking *c, const char *what, size_t place,
                          track_error *err)
{
    struct bytes name = c->series->name;
    return FAIL(err, TRACK_CORRUPT, "series %.*s of a pack: %s %zu is not what its points give",
                (int)(name.size < 100 ? name.size : 100), name.at, what, place);
}

/* Every frame, whether anything uses it or not. */
static track_status check_frames(struct checking *c, track_error *err)
{
    for (size_t i = 0; i < c->dir.frame_count; i++) {
        const struct pack_frame *f = &c->dir.frames[i];
        struct pack_place whole = {(uint32_t)i, 0, f->plain ? f->plain : f->stored};
        struct bytes ignored;
        TRY(pack_read_piece(c->reader, &whole, &ignored, err));
    }
    return TRACK_OK;
}

/* The row of a chunk, and the order of its points. */
static track_status check_row(struct checking *c, size_t chunk, const struct stretch *in,
                              track_error *err)
{
    const struct pack_chunk *row = &c->dir.chunks[chunk];
    struct pack_chunk want = {0};
    pack_base_describe(in, &want);
    if (!bucket_same(&row->sum, &want.sum) || row->min_step != want.min_step ||
        row->max_step != want.max_step) {
        return wrong(c, "the row of chunk", chunk, err);
    }
    for (size_t i = 1; i < in->count; i++) {
        struct point before = stretch_get(in, i - 1), at = stretch_get(in, i);
        int order = point_compare(&before, &at);
        if (order > 0 || (order == 0 && c->series->kind != PACK_TEXTS)) {
            return wrong(c, "the order of chunk", chunk, err);
        }
    }
    c->done.points += in->count;
    c->done.chunks++;
    return TRACK_OK;
}

/* All points of the series, which count gets too. */
static track_status check_chunks(struct checking *c, struct pyramid_count *count, track_error *err)
{
    const struct pack_series *s = c->series;
    for (size_t i = s->chunk_from; i < s->chunk_from + s->chunk_count; i++) {
        struct stretch in;
        TRY(pack_read_chunk(c->reader, i, &in, err));
        TRY(check_row(c, i, &in, err));
        pyramid_count_add(count, in.steps, in.count);
        if (s->has_digest == PACK_DIGEST) {
            TRY(series_digest_add(c->digest, in.steps, in.times_us, in.values, in.count, err));
        }
    }
    return TRACK_OK;
}

static track_status check_texts(struct checking *c, track_error *err)
{
    const struct pack_series *s = c->series;
    for (size_t i = s->chunk_from; i < s->chunk_from + s->chunk_count; i++) {
        AUTO_ARENA arena = ARENA(WORK_BYTES_MAX);
        struct pack_texts texts;
        TRY(pack_read_texts(c->reader, i, &arena, &texts, err));
        double *as_values = ARENA_ARRAY(&arena, double, texts.at.count);
        if (!as_values) {
            return FAIL(err, TRACK_NOMEM, "%zu texts: no memory", texts.at.count);
        }
        for (size_t j = 0; j < texts.at.count; j++) {
            as_values[j] = (double)NAN;
        }
        texts.at.values = as_values;
        TRY(check_row(c, i, &texts.at, err));
    }
    return TRACK_OK;
}

/* The levels that the points give; out is empty where there are to be none. */
static track_status levels_make(struct checking *c, const struct pyramid_count *count,
                                struct arena *arena, struct pyramid *out, track_error *err)
{
    struct pack_points points = {c->reader, c->series, 0};
    struct stretch_source source = pack_points_source(&points, INT64_MAX);
    struct pyramid_fill f;
    struct stretch in;
    out->count = 0;
    if (count->points <= PYRAMID_POINTS_MIN) {
        return TRACK_OK;
    }
    unsigned shift = pyramid_count_base(count);
    TRY(pyramid_fill_open(&f, shift, pyramid_count_buckets(count, shift), arena, err));
    do {
        TRY(source.next(source.data, &in, err));
        TRY(pyramid_fill_add(&f, &in, err));
    } while (in.count);
    return pyramid_fill_levels(&f.level, arena, out, err);
}

static track_status check_level(struct checking *c, const struct pyramid_level *want,
                                struct arena *arena, track_error *err)
{
    struct pack_level_ask ask = {c->series, want->shift, {INT64_MIN, INT64_MAX}};
    struct pyramid_level got;
    TRY(pack_read_level(c->reader, &ask, arena, &got, err));
    if (got.count != want->count) {
        return wrong(c, "the pyramid at shift", want->shift, err);
    }
    for (size_t i = 0; i < got.count; i++) {
        if (!bucket_same(&got.at[i], &want->at[i])) {
            return wrong(c, "the pyramid at shift", want->shift, err);
        }
    }
    return TRACK_OK;
}

static track_status check_levels(struct checking *c, const struct pyramid_count *count,
                                 track_error *err)
{
    AUTO_ARENA arena = ARENA(WORK_BYTES_MAX);
    struct pyramid want;
    size_t buckets = 0;
    TRY(levels_make(c, count, &arena, &want, err));
    for (size_t i = 0; i < want.count; i++) {
        TRY(check_level(c, &want.levels[i], &arena, err));
        buckets += want.levels[i].count;
    }
    for (size_t i = 0; i < c->series->block_count; i++) {
        buckets -= c->dir.blocks[c->series->block_from + i].count;
        c->done.blocks++;
    }
    return buckets ? wrong(c, "the number of pyramid buckets, by", buckets, err) : TRACK_OK;
}

static track_status check_digest(struct checking *c, track_error *err)
{
    struct digest digest;
    if (c->series->has_digest != PACK_DIGEST) {
        return TRACK_OK;
    }
    TRY(series_digest_end(c->digest, &digest, err));
    c->done.digests++;
    return memcmp(&digest, &c->series->digest, sizeof(digest)) == 0
               ? TRACK_OK
               : wrong(c, "the digest of series", (size_t)(c->series - c->dir.series), err);
}

static track_status check_series(struct checking *c, track_error *err)
{
    struct pyramid_count count = {0};
    c->done.series++;
    if (c->series->kind == PACK_TEXTS) {
        TRY(check_texts(c, err));
        return c->series->block_count || c->series->has_digest
                   ? wrong(c, "a pyramid or digest of texts in series", c->done.series, err)
                   : TRACK_OK;
    }
    TRY(check_chunks(c, &count, err));
    TRY(check_levels(c, &count, err));
    return check_digest(c, err);
}

track_status pack_check(const struct pack_blob *blob, struct pack_checked *out, track_error *err)
{
    AUTO_ARENA arena = ARENA(WORK_BYTES_MAX);
    struct checking c = {.blob = blob};
    struct pack_tools tools;
    TRY(pack_dir_read(blob, &arena, &c.dir, err));
    TRY(pack_tools_open(&arena, &tools, err));
    TRY(pack_reader_open(blob, &c.dir, &tools, &arena, &c.reader, err));
    TRY(series_digest_open(&arena, &c.digest, err));
    TRY(check_frames(&c, err));
    for (size_t i = 0; i < c.dir.series_count; i++) {
        c.series = &c.dir.series[i];
        TRY(check_series(&c, err));
    }
    c.done.head = c.dir.head;
    *out = c.done;
    return TRACK_OK;
}
