#include "pack_check.h"

#include "pack_base.h"

#include <stdio.h>
#include <string.h>

enum { WORK_BYTES_MAX = 256 << 20 };

struct checking {
    const struct pack_check_say *say;
    struct pack_dir dir;
    struct pack_reader *reader;
    struct series_digest *digest;
    struct pack_checked done;
    track_error first;                /* finding */
    const struct pack_series *series; /* that is being looked at */
    bool unread;                      /* points of it are missing */
};

/* Tells a finding, and keeps the first. */
static void found(struct checking *c, enum pack_loss loss, const struct pack_chunk *chunk,
                  const char *what)
{
    struct pack_finding f = {c->series, chunk, what, loss};
    if (c->done.findings++ == 0) {
        struct bytes name = c->series ? c->series->name : (struct bytes){NULL, 0};
        (void)FAIL(&c->first, TRACK_CORRUPT, "%s%.*s%s%s", c->series ? "series " : "",
                   (int)(name.size < 100 ? name.size : 100), (const char *)name.at,
                   c->series ? ": " : "", what);
    }
    if (c->say) {
        c->say->fn(c->say->data, &f);
    }
}

static void found_at(struct checking *c, enum pack_loss loss, size_t chunk, const char *what)
{
    char text[sizeof(c->first.message)];
    (void)snprintf(text, sizeof(text), "chunk %zu of %u: %s", chunk - c->series->chunk_from + 1,
                   c->series->chunk_count, what);
    found(c, loss, &c->dir.chunks[chunk], text);
}

/* Every frame, whether anything uses it or not; those that are used were read. */
static track_status check_frames(struct checking *c, track_error *err)
{
    for (size_t i = 0; i < c->dir.frame_count; i++) {
        const struct pack_frame *f = &c->dir.frames[i];
        struct pack_place whole = {(uint32_t)i, 0, f->plain ? f->plain : f->stored};
        struct bytes ignored;
        track_error why;
        track_status status = pack_read_piece(c->reader, &whole, &ignored, &why);
        if (status == TRACK_CORRUPT && c->done.findings == 0) {
            c->series = NULL;
            found(c, PACK_LOSS_NOTHING, NULL, why.message);
        } else if (status != TRACK_OK && status != TRACK_CORRUPT) {
            return FAIL(err, status, "%s", why.message);
        }
    }
    return TRACK_OK;
}

/* The row of a chunk, and the order of its points. */
static void check_row(struct checking *c, size_t chunk, const struct stretch *in)
{
    const struct pack_chunk *row = &c->dir.chunks[chunk];
    struct pack_chunk want = {0};
    pack_base_describe(in, &want);
    if (!bucket_same(&row->sum, &want.sum) || row->min_step != want.min_step ||
        row->max_step != want.max_step) {
        found_at(c, PACK_LOSS_CHARTS, chunk,
                 "its row in the directory is not what its points give");
    }
    for (size_t i = 1; i < in->count; i++) {
        struct point before = stretch_get(in, i - 1), at = stretch_get(in, i);
        int order = point_compare(&before, &at);
        if (order > 0 || (order == 0 && c->series->kind != PACK_TEXTS)) {
            found_at(c, PACK_LOSS_CHARTS, chunk, "its points are not in order");
            break;
        }
    }
    c->done.points += in->count;
    c->done.chunks++;
}

/* TRACK_OK where status means damage, which is told: *skip. */
static track_status pass_over(struct checking *c, size_t chunk, track_status status,
                              const track_error *why, bool *skip, track_error *err)
{
    *skip = status == TRACK_CORRUPT;
    if (*skip) {
        c->unread = true;
        found_at(c, PACK_LOSS_POINTS, chunk, why->message);
        return TRACK_OK;
    }
    return status == TRACK_OK ? status : FAIL(err, status, "%s", why->message);
}

/* All points of the series, which count gets too. */
static track_status check_chunks(struct checking *c, struct pyramid_count *count, track_error *err)
{
    const struct pack_series *s = c->series;
    for (size_t i = s->chunk_from; i < s->chunk_from + s->chunk_count; i++) {
        struct stretch in;
        track_error why;
        bool skip;
        track_status status = pack_read_chunk(c->reader, i, &in, &why);
        TRY(pass_over(c, i, status, &why, &skip, err));
        if (skip) {
            continue;
        }
        check_row(c, i, &in);
        pyramid_count_add(count, in.steps, in.count);
        if (s->has_digest == PACK_DIGEST) {
            TRY(series_digest_add(c->digest, in.steps, in.times_us, in.values, in.count, err));
        }
    }
    return TRACK_OK;
}

static track_status check_texts_of(struct checking *c, size_t chunk, track_error *err)
{
    AUTO_ARENA arena = ARENA(WORK_BYTES_MAX);
    struct pack_texts texts;
    track_error why;
    bool skip;
    track_status status = pack_read_texts(c->reader, chunk, &arena, &texts, &why);
    TRY(pass_over(c, chunk, status, &why, &skip, err));
    double *as_values = skip ? NULL : ARENA_ARRAY(&arena, double, texts.at.count);
    if (skip || !as_values) {
        return skip ? TRACK_OK : FAIL(err, TRACK_NOMEM, "%zu texts: no memory", texts.at.count);
    }
    for (size_t j = 0; j < texts.at.count; j++) {
        as_values[j] = (double)NAN;
    }
    texts.at.values = as_values;
    check_row(c, chunk, &texts.at);
    return TRACK_OK;
}

static track_status check_texts(struct checking *c, track_error *err)
{
    const struct pack_series *s = c->series;
    for (size_t i = s->chunk_from; i < s->chunk_from + s->chunk_count; i++) {
        TRY(check_texts_of(c, i, err));
    }
    if (s->block_count || s->has_digest) {
        found(c, PACK_LOSS_CHARTS, NULL, "texts have a pyramid or a digest");
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

/* The buckets of a level are those that the points give. */
static track_status check_level(struct checking *c, const struct pyramid_level *want,
                                struct arena *arena, track_error *err)
{
    struct pack_level_ask ask = {c->series, want->shift, {INT64_MIN, INT64_MAX}};
    struct pyramid_level got;
    track_error why;
    char text[sizeof(why.message) + 64];
    track_status status = pack_read_level(c->reader, &ask, arena, &got, &why);
    if (status != TRACK_OK && status != TRACK_CORRUPT) {
        return FAIL(err, status, "%s", why.message);
    }
    bool same = status == TRACK_OK && got.count == want->count;
    for (size_t i = 0; same && i < got.count; i++) {
        same = bucket_same(&got.at[i], &want->at[i]);
    }
    if (!same) {
        (void)snprintf(text, sizeof(text), "its pyramid at buckets of 2^%u steps: %s", want->shift,
                       status == TRACK_OK ? "not what its points give" : why.message);
        found(c, PACK_LOSS_CHARTS, NULL, text);
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
    if (buckets) {
        found(c, PACK_LOSS_CHARTS, NULL, "its pyramid has other buckets than its points give");
    }
    return TRACK_OK;
}

static track_status check_digest(struct checking *c, track_error *err)
{
    struct digest digest;
    if (c->series->has_digest != PACK_DIGEST) {
        return TRACK_OK;
    }
    TRY(series_digest_end(c->digest, &digest, err));
    c->done.digests++;
    if (!c->unread && memcmp(&digest, &c->series->digest, sizeof(digest)) != 0) {
        found(c, PACK_LOSS_PROOF, NULL,
              "its points do not have the digest that stands beside them");
    }
    return TRACK_OK;
}

static track_status check_series(struct checking *c, track_error *err)
{
    struct pyramid_count count = {0};
    c->done.series++;
    c->unread = false;
    if (c->series->kind == PACK_TEXTS) {
        return check_texts(c, err);
    }
    TRY(check_chunks(c, &count, err));
    if (!c->unread) {
        TRY(check_levels(c, &count, err));
    }
    return check_digest(c, err);
}

static void note_times(struct checking *c)
{
    c->done.time_min_us = INT64_MAX;
    c->done.time_max_us = INT64_MIN;
    for (size_t i = 0; i < c->dir.chunk_count; i++) {
        const struct bucket *sum = &c->dir.chunks[i].sum;
        c->done.time_min_us =
            sum->time_min_us < c->done.time_min_us ? sum->time_min_us : c->done.time_min_us;
        c->done.time_max_us =
            sum->time_max_us > c->done.time_max_us ? sum->time_max_us : c->done.time_max_us;
    }
}

static track_status check_all(struct checking *c, track_error *err)
{
    note_times(c);
    for (size_t i = 0; i < c->dir.series_count; i++) {
        c->series = &c->dir.series[i];
        TRY(check_series(c, err));
    }
    return check_frames(c, err);
}

track_status pack_check(const struct pack_blob *blob, const struct pack_check_say *say,
                        struct pack_checked *out, track_error *err)
{
    AUTO_ARENA arena = ARENA(WORK_BYTES_MAX);
    struct checking c = {.say = say};
    struct pack_tools tools;
    track_error why;
    *out = (struct pack_checked){.findings = 0};
    track_status status = pack_dir_read(blob, &arena, &c.dir, &why);
    if (status == TRACK_CORRUPT) {
        found(&c, PACK_LOSS_POINTS, NULL, why.message);
    } else if (status != TRACK_OK) {
        return FAIL(err, status, "%s", why.message);
    } else {
        TRY(pack_tools_open(&arena, &tools, err));
        TRY(pack_reader_open(blob, &c.dir, &tools, &arena, &c.reader, err));
        TRY(series_digest_open(&arena, &c.digest, err));
        TRY(check_all(&c, err));
        c.done.head = c.dir.head;
    }
    *out = c.done;
    return c.done.findings ? FAIL(err, TRACK_CORRUPT, "%s", c.first.message) : TRACK_OK;
}

/* Adds the points of a part to the digest; last is that of the part before. */
static track_status add_part(const struct pack_part *part, struct series_digest *digest,
                             struct point *last, bool *any, track_error *err)
{
    AUTO_ARENA arena = ARENA(WORK_BYTES_MAX);
    struct pack_tools tools;
    struct pack_reader *r;
    const struct pack_series *s = part->series;
    TRY(pack_tools_open(&arena, &tools, err));
    TRY(pack_reader_open(part->blob, part->dir, &tools, &arena, &r, err));
    for (size_t i = s->chunk_from; i < s->chunk_from + s->chunk_count; i++) {
        const struct bucket *sum = &part->dir->chunks[i].sum;
        struct stretch in;
        if (*any && point_compare(last, &sum->first) >= 0) {
            return FAIL(err, TRACK_CORRUPT, "its parts in several packs are not in order");
        }
        TRY(pack_read_chunk(r, i, &in, err));
        TRY(series_digest_add(digest, in.steps, in.times_us, in.values, in.count, err));
        *last = sum->last;
        *any = true;
    }
    return TRACK_OK;
}

track_status pack_check_split(const struct pack_part *parts, size_t count, track_error *err)
{
    AUTO_ARENA arena = ARENA(1 << 16);
    struct series_digest *digest;
    struct digest got;
    struct point last;
    bool any = false;
    TRY(series_digest_open(&arena, &digest, err));
    for (size_t i = 0; i < count; i++) {
        TRY(add_part(&parts[i], digest, &last, &any, err));
    }
    TRY(series_digest_end(digest, &got, err));
    const struct pack_series *s = parts[count - 1].series;
    return s->has_digest && memcmp(&got, &s->digest, sizeof(got)) == 0
               ? TRACK_OK
               : FAIL(err, TRACK_CORRUPT,
                      "its points in %zu packs do not have the digest of the last", count);
}
