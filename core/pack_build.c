#include "pack_build.h"

#include "pack_base.h"

#include <string.h>

enum {
    NAME_BYTES_MAX = 1 << 20,                     /* name and context of a series */
    PIECE_BYTES_MAX = 2 * (16 << 20) + (1 << 20), /* a chunk of texts */
    ROW_BYTES = 100,         /* of the directory, a chunk; more than it takes */
    BUCKET_BYTES = 64,       /* of a pyramid, likewise */
    TEXTS_BYTES = 1 << 20,   /* of a chunk, but for the last text */
    SPARE_BYTES = 256 << 10, /* an axis, a chunk, the foot */
};

static void builder_close(void *data)
{
    struct pack_builder *b = data;
    pack_area_release(&b->chunks);
    pack_area_release(&b->blocks);
    struct buf *bufs[] = {&b->series_rows, &b->chunk_rows, &b->block_rows,  &b->names,
                          &b->piece,       &b->name,       &b->name_before, &b->texts};
    for (size_t i = 0; i < sizeof(bufs) / sizeof(bufs[0]); i++) {
        buf_release(bufs[i]);
    }
}

static void builder_init(struct pack_builder *b, const struct pack_options *options)
{
    b->options = *options;
    if (b->options.bytes_max == 0) {
        b->options.bytes_max = PACK_BYTES_MAX;
    }
    size_t limit = 2 * b->options.bytes_max + PIECE_BYTES_MAX;
    pack_area_init(&b->chunks, limit);
    pack_area_init(&b->blocks, limit);
    b->series_rows = (struct buf)BUF(PACK_ROWS_MAX * sizeof(struct pack_series));
    b->chunk_rows = (struct buf)BUF(PACK_ROWS_MAX * sizeof(struct pack_chunk));
    b->block_rows = (struct buf)BUF(PACK_ROWS_MAX * sizeof(struct pack_block));
    b->names = (struct buf)BUF(limit);
    b->piece = (struct buf)BUF(PIECE_BYTES_MAX);
    b->texts = (struct buf)BUF(CHUNK_TEXT_BYTES_MAX);
    b->name = (struct buf)BUF(NAME_BYTES_MAX);
    b->name_before = (struct buf)BUF(NAME_BYTES_MAX);
}

track_status pack_build_open(const struct pack_options *options, struct arena *arena,
                             struct pack_builder **out, track_error *err)
{
    struct pack_builder *b = ARENA_NEW(arena, struct pack_builder);
    struct pack_pending *pending = ARENA_NEW(arena, struct pack_pending);
    struct pack_window *window = ARENA_NEW(arena, struct pack_window);
    if (!b || !pending || !window || !arena_defer(arena, builder_close, b)) {
        return FAIL(err, TRACK_NOMEM, "building a pack: no memory");
    }
    builder_init(b, options);
    b->pending = pending;
    b->window = window;
    TRY(pack_tools_open(arena, &b->tools, err));
    TRY(pack_axes_open(arena, b->tools.z, &b->axes, err));
    TRY(series_digest_open(arena, &b->digest, err));
    *out = b;
    return TRACK_OK;
}

/* Bytes of the pack so far, and of what is going to be added to end it; never too few. */
static size_t builder_size(const struct pack_builder *b)
{
    size_t rows = b->chunk_rows.size / sizeof(struct pack_chunk) + pack_axes_count(b->axes) +
                  b->block_rows.size / sizeof(struct pack_block) +
                  b->series_rows.size / sizeof(struct pack_series);
    size_t buckets = b->count.points > PYRAMID_POINTS_MIN
                         ? (size_t)(b->count.points / PYRAMID_BUCKET_POINTS) * 2
                         : 0;
    return PACK_HEAD_BYTES + pack_axes_size(b->axes) + pack_area_size(&b->chunks) +
           pack_area_size(&b->blocks) + b->names.size + rows * ROW_BYTES + buckets * BUCKET_BYTES +
           b->piece.size + SPARE_BYTES;
}

static bool builder_full(const struct pack_builder *b)
{
    size_t rows = b->chunk_rows.size / sizeof(struct pack_chunk);
    return builder_size(b) > b->options.bytes_max || rows >= PACK_ROWS_MAX / 2 ||
           rows >= PACK_POINTS_MAX / PACK_CHUNK_POINTS;
}

/* Ends the part of the series that lies in this pack. */
static track_status part_end(struct pack_builder *b, track_error *err)
{
    struct bytes ignored;
    if (b->series.chunk_count == 0) {
        return TRACK_OK;
    }
    TRY(pack_base_levels(b, err));
    buf_put(&b->names, b->series.name.at, b->series.name.size);
    buf_put(&b->names, b->series.context.at, b->series.context.size);
    buf_put(&b->series_rows, &b->series, sizeof(b->series));
    TRY(buf_end(&b->names, &ignored, err));
    return buf_end(&b->series_rows, &ignored, err);
}

/* Begins a part of the series in this pack. */
static void part_begin(struct pack_builder *b)
{
    b->series.chunk_count = b->series.block_count = 0;
    b->series.has_digest = PACK_NO_DIGEST;
    b->count = (struct pyramid_count){0};
    b->last_axis = UINT32_MAX;
}

/* The first step with a value of these bits. */
static int64_t step_of(const struct stretch *in, double value)
{
    for (size_t i = 0; i < in->count; i++) {
        if (memcmp(&in->values[i], &value, sizeof(value)) == 0) {
            return in->steps[i];
        }
    }
    return 0;
}

/* What the directory says about the points of a chunk. */
void pack_base_describe(const struct stretch *in, struct pack_chunk *out)
{
    bucket_add(&out->sum, in);
    if (bucket_finite(&out->sum)) {
        out->min_step = step_of(in, out->sum.values.min);
        out->max_step = step_of(in, out->sum.values.max);
    }
}

/* Adds a coded chunk, in b->piece, and its row. */
static track_status chunk_add(struct pack_builder *b, struct pack_chunk *row, track_error *err)
{
    struct bytes piece, ignored;
    bool small = row->sum.n < PACK_SMALL_POINTS && b->series.chunk_count == 0;
    TRY(buf_end(&b->piece, &piece, err));
    if (small) {
        TRY(pack_area_add_shared(&b->chunks, b->tools.z, piece, &row->place, err));
    } else {
        TRY(pack_area_add(&b->chunks, piece, &row->place, err));
    }
    buf_put(&b->chunk_rows, row, sizeof(*row));
    b->series.chunk_count++;
    b->last_axis = row->axis;
    return buf_end(&b->chunk_rows, &ignored, err);
}

/* Ends the pack, and goes on with the same series in the next one. */
static track_status builder_split(struct pack_builder *b, track_error *err)
{
    TRY(part_end(b, err));
    TRY(pack_base_emit(b, err));
    b->split = b->split || b->series.chunk_count;
    part_begin(b);
    return TRACK_OK;
}

/* Makes a chunk of the first ones of the points, with values or texts; returns how many. */
static track_status chunk_make(struct pack_builder *b, const struct stretch *in,
                               const struct bytes *texts, size_t *count, track_error *err)
{
    struct pack_axes_use use;
    struct pack_chunk row = {0};
    struct axis_rows points = {in->steps, in->times_us, in->count};
    if (builder_full(b) && b->chunk_rows.size) {
        TRY(builder_split(b, err));
    }
    TRY(pack_axes_find(b->axes, &points, b->last_axis, &use, err));
    struct stretch part = *in;
    part.count = *count = use.count;
    struct pack_rows_of of = {use.masked ? use.mask : NULL, use.rows};
    b->piece.size = 0;
    if (texts) {
        TRY(pack_chunk_encode_texts(&b->tools, &of, texts, part.count, &b->piece, err));
    } else {
        TRY(pack_chunk_encode(&b->tools, &of, part.values, part.count, &b->piece, err));
    }
    pack_base_describe(&part, &row);
    row.axis = use.axis;
    row.masked = use.masked;
    pyramid_count_add(&b->count, part.steps, part.count);
    return chunk_add(b, &row, err);
}

static struct stretch pending_get(const struct pack_pending *p)
{
    size_t most = p->count < PACK_CHUNK_POINTS ? p->count : PACK_CHUNK_POINTS;
    return (struct stretch){p->steps + p->start, p->times_us + p->start, p->values + p->start,
                            most};
}

static void pending_drop(struct pack_pending *p, size_t count)
{
    p->start += count;
    p->count -= count;
    if (p->start < PACK_CHUNK_POINTS) {
        return;
    }
    memmove(p->steps, p->steps + p->start, p->count * sizeof(*p->steps));
    memmove(p->times_us, p->times_us + p->start, p->count * sizeof(*p->times_us));
    memmove(p->values, p->values + p->start, p->count * sizeof(*p->values));
    p->start = 0;
}

/* Makes chunks of the pending points until fewer than least are left. */
static track_status pending_flush(struct pack_builder *b, size_t least, track_error *err)
{
    while (b->pending->count >= least && b->pending->count) {
        struct stretch in = pending_get(b->pending);
        size_t count;
        TRY(chunk_make(b, &in, NULL, &count, err));
        pending_drop(b->pending, count);
    }
    return TRACK_OK;
}

/* Makes chunks of all pending texts. */
static track_status texts_flush(struct pack_builder *b, track_error *err)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    struct pack_pending *p = b->pending;
    struct bytes *texts = ARENA_ARRAY(&arena, struct bytes, p->count + 1);
    if (!texts) {
        return FAIL(err, TRACK_NOMEM, "%zu texts: no memory", p->count);
    }
    for (size_t i = 0, at = 0; i < p->count; i++) {
        texts[i] = (struct bytes){b->texts.at + at, p->text_sizes[i]};
        at += p->text_sizes[i];
    }
    for (size_t i = 0, count; i < p->count; i += count) {
        struct stretch in = {p->steps + i, p->times_us + i, p->values + i, p->count - i};
        TRY(chunk_make(b, &in, texts + i, &count, err));
    }
    p->count = b->texts.size = 0;
    return TRACK_OK;
}

/* Ends the open series. */
static track_status series_end(struct pack_builder *b, track_error *err)
{
    if (!b->any) {
        return TRACK_OK;
    }
    TRY(b->series.kind == PACK_TEXTS ? texts_flush(b, err) : pending_flush(b, 0, err));
    b->pending->start = 0;
    if (b->options.digests && b->any_point && b->series.kind != PACK_TEXTS) {
        TRY(series_digest_end(b->digest, &b->series.digest, err));
        b->series.has_digest = b->split ? PACK_DIGEST_SPLIT : PACK_DIGEST;
    }
    TRY(part_end(b, err));
    b->any = false;
    return TRACK_OK;
}

/* Keeps the names of a series in b->name; those before in b->name_before. */
static track_status names_keep(struct pack_builder *b, const struct pack_series *s,
                               track_error *err)
{
    struct buf before = b->name;
    struct bytes all;
    b->name = b->name_before;
    b->name_before = before;
    b->name.size = 0;
    buf_put(&b->name, s->name.at, s->name.size);
    buf_byte(&b->name, 0);
    buf_put(&b->name, s->context.at, s->context.size);
    TRY(buf_end(&b->name, &all, err));
    b->series.name = (struct bytes){all.at, s->name.size};
    b->series.context = (struct bytes){all.at + s->name.size + 1, s->context.size};
    return TRACK_OK;
}

track_status pack_build_series(struct pack_builder *b, const struct pack_series *series,
                               track_error *err)
{
    TRY(series_end(b, err));
    struct pack_series before = b->series;
    b->series = (struct pack_series){.scale = series->scale, .kind = series->kind};
    TRY(names_keep(b, series, err));
    if (b->name_before.size && pack_compare_names(&before, &b->series) >= 0) {
        return FAIL(err, TRACK_INVALID, "series %.*s does not come behind %.*s",
                    (int)(series->name.size < 100 ? series->name.size : 100), series->name.at,
                    (int)(before.name.size < 100 ? before.name.size : 100), before.name.at);
    }
    b->any = true;
    b->any_point = b->split = false;
    part_begin(b);
    return TRACK_OK;
}

/* Whether the points come behind those before, and are in order. */
static track_status points_check(struct pack_builder *b, const struct stretch *in, bool texts,
                                 track_error *err)
{
    for (size_t i = 0; i < in->count; i++) {
        struct point at = stretch_get(in, i);
        if (b->any_point && !(at.step > b->last.step)) {
            int order = point_compare(&b->last, &at);
            if (order > 0 || (order == 0 && !texts)) {
                return FAIL(err, TRACK_INVALID, "points that are not in order, at step %lld",
                            (long long)at.step);
            }
        }
        b->last = at;
        b->any_point = true;
    }
    return TRACK_OK;
}

track_status pack_build_add(struct pack_builder *b, const struct stretch *in, track_error *err)
{
    if (!b->any || b->series.kind == PACK_TEXTS) {
        return FAIL(err, TRACK_INVALID, "points without a series, or numbers for texts");
    }
    TRY(points_check(b, in, false, err));
    if (b->options.digests) {
        TRY(series_digest_add(b->digest, in->steps, in->times_us, in->values, in->count, err));
    }
    struct pack_pending *p = b->pending;
    for (size_t i = 0, more; i < in->count; i += more) {
        more = PACK_CHUNK_POINTS - p->count < in->count - i ? PACK_CHUNK_POINTS - p->count
                                                            : in->count - i;
        size_t to = p->start + p->count;
        memcpy(p->steps + to, in->steps + i, more * sizeof(*p->steps));
        memcpy(p->times_us + to, in->times_us + i, more * sizeof(*p->times_us));
        memcpy(p->values + to, in->values + i, more * sizeof(*p->values));
        p->count += more;
        TRY(pending_flush(b, PACK_CHUNK_POINTS, err));
    }
    return TRACK_OK;
}

track_status pack_build_add_texts(struct pack_builder *b, const struct stretch *at,
                                  const struct bytes *texts, track_error *err)
{
    if (!b->any || b->series.kind != PACK_TEXTS) {
        return FAIL(err, TRACK_INVALID, "texts without a series, or for numbers");
    }
    struct pack_pending *p = b->pending;
    static const double as_value = (double)NAN; /* a text counts as NaN */
    for (size_t i = 0; i < at->count; i++) {
        struct stretch one = {at->steps + i, at->times_us + i, &as_value, 1};
        struct bytes ignored;
        TRY(points_check(b, &one, true, err));
        if (p->count == PACK_CHUNK_POINTS || (p->count && b->texts.size > TEXTS_BYTES)) {
            TRY(texts_flush(b, err));
        }
        p->steps[p->count] = one.steps[0];
        p->times_us[p->count] = one.times_us[0];
        p->values[p->count] = as_value;
        p->text_sizes[p->count++] = texts[i].size;
        buf_put(&b->texts, texts[i].at, texts[i].size);
        TRY(buf_end(&b->texts, &ignored, err));
    }
    return TRACK_OK;
}

track_status pack_build_end(struct pack_builder *b, track_error *err)
{
    TRY(series_end(b, err));
    return pack_base_emit(b, err);
}
