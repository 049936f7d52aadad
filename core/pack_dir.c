#include "pack_dir.h"

#include "pack_dir_check.h"
#include "pack_rows.h"

#include <string.h>

/* Work of coding a directory: a column of the largest table and what planes take. */
enum { WORK_BYTES_MAX = 128 << 20 };

#define MEMBER(table, member, type, base)             \
    {                                                 \
        offsetof(struct table, member), type, base, 0 \
    }
#define MEMBER_FROM(table, member, type, other)                                         \
    {                                                                                   \
        offsetof(struct table, member), type, PACK_OTHER, offsetof(struct table, other) \
    }

static const struct pack_member frame_members[] = {
    MEMBER(pack_frame, stored, PACK_U32, PACK_PLAIN),
    MEMBER(pack_frame, plain, PACK_U32, PACK_PLAIN),
    MEMBER(pack_frame, crc, PACK_U32, PACK_PLAIN),
};
static const struct pack_member series_members[] = {
    MEMBER(pack_series, name.size, PACK_U64, PACK_PLAIN),
    MEMBER(pack_series, context.size, PACK_U64, PACK_PLAIN),
    MEMBER(pack_series, scale, PACK_U8, PACK_PLAIN),
    MEMBER(pack_series, kind, PACK_U8, PACK_PLAIN),
    MEMBER(pack_series, has_digest, PACK_U8, PACK_PLAIN),
    MEMBER(pack_series, chunk_count, PACK_U32, PACK_PLAIN),
    MEMBER(pack_series, block_count, PACK_U32, PACK_PLAIN),
};
static const struct pack_member axis_members[] = {
    MEMBER(pack_axis, place.frame, PACK_U32, PACK_BEFORE),
    MEMBER(pack_axis, place.offset, PACK_U32, PACK_PLAIN),
    MEMBER(pack_axis, place.size, PACK_U32, PACK_PLAIN),
    MEMBER(pack_axis, count, PACK_U32, PACK_PLAIN),
};
static const struct pack_member chunk_members[] = {
    MEMBER(pack_chunk, place.frame, PACK_U32, PACK_BEFORE),
    MEMBER(pack_chunk, place.offset, PACK_U32, PACK_PLAIN),
    MEMBER(pack_chunk, place.size, PACK_U32, PACK_PLAIN),
    MEMBER(pack_chunk, axis, PACK_U32, PACK_BEFORE),
    MEMBER(pack_chunk, masked, PACK_U8, PACK_PLAIN),
    MEMBER(pack_chunk, sum.n, PACK_U32, PACK_PLAIN),
    MEMBER(pack_chunk, sum.values.nan, PACK_U32, PACK_PLAIN),
    MEMBER(pack_chunk, sum.values.pinf, PACK_U32, PACK_PLAIN),
    MEMBER(pack_chunk, sum.values.ninf, PACK_U32, PACK_PLAIN),
    MEMBER(pack_chunk, sum.first.step, PACK_U64, PACK_BEFORE),
    MEMBER_FROM(pack_chunk, sum.last.step, PACK_U64, sum.first.step),
    MEMBER_FROM(pack_chunk, min_step, PACK_U64, sum.first.step),
    MEMBER_FROM(pack_chunk, max_step, PACK_U64, sum.first.step),
    MEMBER(pack_chunk, sum.first.time_us, PACK_U64, PACK_BEFORE),
    MEMBER_FROM(pack_chunk, sum.last.time_us, PACK_U64, sum.first.time_us),
    MEMBER_FROM(pack_chunk, sum.time_min_us, PACK_U64, sum.first.time_us),
    MEMBER_FROM(pack_chunk, sum.time_max_us, PACK_U64, sum.last.time_us),
    MEMBER(pack_chunk, sum.first.value, PACK_REAL, PACK_PLAIN),
    MEMBER(pack_chunk, sum.last.value, PACK_REAL, PACK_PLAIN),
    MEMBER(pack_chunk, sum.values.min, PACK_REAL, PACK_PLAIN),
    MEMBER(pack_chunk, sum.values.max, PACK_REAL, PACK_PLAIN),
    MEMBER(pack_chunk, sum.sum.high, PACK_REAL, PACK_PLAIN),
    MEMBER(pack_chunk, sum.sum.low, PACK_REAL, PACK_PLAIN),
    MEMBER(pack_chunk, sum.sum.scale, PACK_U32, PACK_PLAIN),
};
static const struct pack_member block_members[] = {
    MEMBER(pack_block, place.frame, PACK_U32, PACK_BEFORE),
    MEMBER(pack_block, place.offset, PACK_U32, PACK_PLAIN),
    MEMBER(pack_block, place.size, PACK_U32, PACK_PLAIN),
    MEMBER(pack_block, shift, PACK_U8, PACK_PLAIN),
    MEMBER(pack_block, count, PACK_U32, PACK_PLAIN),
    MEMBER(pack_block, step_first, PACK_U64, PACK_BEFORE),
    MEMBER_FROM(pack_block, step_last, PACK_U64, step_first),
};

enum { TABLE_COUNT = 5 };
#define ROWS(array, type, total, list)                                           \
    (struct pack_rows)                                                           \
    {                                                                            \
        (array), sizeof(type), (total), (list), sizeof(list) / sizeof((list)[0]) \
    }

/* The tables of a directory, in the order in which they are stored. */
static void tables_fill(const struct pack_dir *d, struct pack_rows out[TABLE_COUNT])
{
    out[0] = ROWS(d->frames, struct pack_frame, d->frame_count, frame_members);
    out[1] = ROWS(d->series, struct pack_series, d->series_count, series_members);
    out[2] = ROWS(d->axes, struct pack_axis, d->axis_count, axis_members);
    out[3] = ROWS(d->chunks, struct pack_chunk, d->chunk_count, chunk_members);
    out[4] = ROWS(d->blocks, struct pack_block, d->block_count, block_members);
}

static size_t tables_most(const struct pack_rows tables[TABLE_COUNT])
{
    size_t most = 0;
    for (int i = 0; i < TABLE_COUNT; i++) {
        most = tables[i].count > most ? tables[i].count : most;
    }
    return most;
}

static void names_encode(const struct pack_dir *in, struct buf *out)
{
    for (size_t i = 0; i < in->series_count; i++) {
        buf_put(out, in->series[i].name.at, in->series[i].name.size);
        buf_put(out, in->series[i].context.at, in->series[i].context.size);
    }
    for (size_t i = 0; i < in->series_count; i++) {
        if (in->series[i].has_digest) {
            buf_put(out, in->series[i].digest.at, DIGEST_BYTES);
        }
    }
}

/* The directory before compression; each table in an arena of its own, to need less memory. */
static track_status plain_encode(const struct pack_dir *in, struct zstream *z, struct buf *out,
                                 track_error *err)
{
    struct pack_rows tables[TABLE_COUNT];
    struct bytes ignored;
    tables_fill(in, tables);
    for (int i = 0; i < TABLE_COUNT; i++) {
        buf_varint(out, tables[i].count);
    }
    for (int i = 0; i < TABLE_COUNT; i++) {
        AUTO_ARENA work = ARENA(WORK_BYTES_MAX);
        struct narrow n = {.z = z, .arena = &work};
        TRY(narrow_init(&n, tables[i].count, err));
        TRY(pack_rows_encode(&n, &tables[i], out, err));
    }
    names_encode(in, out);
    return buf_end(out, &ignored, err);
}

track_status pack_dir_encode(const struct pack_dir *in, uint64_t offset, struct buf *out,
                             track_error *err)
{
    AUTO_ARENA arena = ARENA(1 << 16);
    AUTO_BUF plain = BUF(PACK_DIRECTORY_MAX);
    struct zstream *z;
    struct bytes all;
    TRY(zstream_open(&arena, &z, err));
    TRY(plain_encode(in, z, &plain, err));
    TRY(buf_end(&plain, &all, err));
    return pack_foot_encode(all, offset, out, err);
}

static track_status tables_open(struct reader *r, struct arena *arena, struct pack_dir *d,
                                track_error *err)
{
    size_t counts[TABLE_COUNT];
    for (int i = 0; i < TABLE_COUNT; i++) {
        uint64_t count = reader_varint(r);
        if (r->failed || count > PACK_ROWS_MAX) {
            return FAIL(err, TRACK_INVALID, "more than %d rows", PACK_ROWS_MAX);
        }
        counts[i] = (size_t)count;
    }
    d->frame_count = counts[0];
    d->series_count = counts[1];
    d->axis_count = counts[2];
    d->chunk_count = counts[3];
    d->block_count = counts[4];
    d->frames = ARENA_ARRAY(arena, struct pack_frame, d->frame_count + 1);
    d->series = ARENA_ARRAY(arena, struct pack_series, d->series_count + 1);
    d->axes = ARENA_ARRAY(arena, struct pack_axis, d->axis_count + 1);
    d->chunks = ARENA_ARRAY(arena, struct pack_chunk, d->chunk_count + 1);
    d->blocks = ARENA_ARRAY(arena, struct pack_block, d->block_count + 1);
    if (!d->frames || !d->series || !d->axes || !d->chunks || !d->blocks) {
        return FAIL(err, TRACK_NOMEM, "a pack's directory: no memory");
    }
    return TRACK_OK;
}

static track_status names_decode(struct reader *r, struct arena *arena, struct pack_dir *d,
                                 track_error *err)
{
    unsigned char *all = ARENA_ARRAY(arena, unsigned char, r->left.size + 1);
    if (!all) {
        return FAIL(err, TRACK_NOMEM, "a pack's directory: no memory");
    }
    if (r->left.size) {
        memcpy(all, r->left.at, r->left.size);
    }
    struct reader copy = {{all, r->left.size}, r->failed};
    for (size_t i = 0; i < d->series_count; i++) {
        d->series[i].name = reader_take(&copy, d->series[i].name.size);
        d->series[i].context = reader_take(&copy, d->series[i].context.size);
    }
    for (size_t i = 0; i < d->series_count && !copy.failed; i++) {
        if (d->series[i].has_digest) {
            struct bytes digest = reader_take(&copy, DIGEST_BYTES);
            memcpy(d->series[i].digest.at, digest.size ? digest.at : all, digest.size);
        }
    }
    return copy.failed || copy.left.size
               ? FAIL(err, TRACK_INVALID, "names are cut short, or bytes are left over")
               : TRACK_OK;
}

/* What is not stored because it follows. */
static void dir_join(struct pack_dir *d)
{
    uint64_t offset = PACK_HEAD_BYTES;
    size_t chunk = 0, block = 0;
    for (size_t i = 0; i < d->frame_count; i++) {
        d->frames[i].offset = offset;
        offset += d->frames[i].stored;
    }
    for (size_t i = 0; i < d->series_count; i++) {
        d->series[i].chunk_from = chunk;
        d->series[i].block_from = block;
        chunk += d->series[i].chunk_count;
        block += d->series[i].block_count;
    }
}

static track_status plain_decode(struct bytes in, struct zstream *z, struct arena *arena,
                                 struct pack_dir *out, track_error *err)
{
    struct reader r = {in, false};
    struct pack_rows tables[TABLE_COUNT];
    TRY(tables_open(&r, arena, out, err));
    tables_fill(out, tables);
    AUTO_ARENA work = ARENA(WORK_BYTES_MAX);
    struct narrow n = {.z = z, .arena = &work};
    TRY(narrow_init(&n, tables_most(tables), err));
    for (int i = 0; i < TABLE_COUNT; i++) {
        TRY(pack_rows_decode(&n, &r, &tables[i], err));
    }
    TRY(names_decode(&r, arena, out, err));
    dir_join(out);
    return TRACK_OK;
}

track_status pack_dir_read(const struct pack_blob *blob, struct arena *arena, struct pack_dir *out,
                           track_error *err)
{
    AUTO_ARENA work = ARENA(1 << 16);
    AUTO_BUF plain = BUF(PACK_DIRECTORY_MAX);
    struct pack_dir dir = {.size = blob->size};
    struct zstream *z;
    uint64_t end = 0;
    track_error said = {0};
    TRY(pack_foot_read(blob, &dir.head, &plain, &end, err));
    if (dir.head.kind != PACK_POINTS) {
        return FAIL(err, TRACK_CORRUPT, "a pack of lines, not of points");
    }
    TRY(zstream_open(&work, &z, err));
    track_status status = plain_decode((struct bytes){plain.at, plain.size}, z, arena, &dir, &said);
    if (status != TRACK_OK) { /* what decoding calls invalid is damage here */
        return FAIL(err, status == TRACK_INVALID ? TRACK_CORRUPT : status, "a pack's directory: %s",
                    said.message);
    }
    TRY(pack_dir_check(&dir, end, err));
    *out = dir;
    return TRACK_OK;
}

const struct pack_series *pack_dir_find(const struct pack_dir *d, struct bytes name,
                                        struct bytes context)
{
    struct pack_series wanted = {.name = name, .context = context};
    size_t low = 0, high = d->series_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = pack_compare_names(&d->series[middle], &wanted);
        if (order == 0) {
            return &d->series[middle];
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}
