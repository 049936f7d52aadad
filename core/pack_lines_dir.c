#include "pack_lines_dir.h"

#include "pack_rows.h"

#include <stdlib.h>
#include <string.h>

enum { WORK_BYTES_MAX = 128 << 20, WRITERS_MAX = 1 << 16 };

/* A batch as it is stored: its writer by number. */
struct batch_row {
    int64_t seq, recv_us;
    uint32_t writer, from, count, stderr_count;
    int64_t index_min, index_max, time_max_us;
    unsigned char disordered;
};

static const struct pack_member batch_members[] = {
    {offsetof(struct batch_row, writer), PACK_U32, PACK_PLAIN, 0},
    {offsetof(struct batch_row, seq), PACK_U64, PACK_BEFORE, 0},
    {offsetof(struct batch_row, recv_us), PACK_U64, PACK_BEFORE, 0},
    {offsetof(struct batch_row, from), PACK_U32, PACK_PLAIN, 0},
    {offsetof(struct batch_row, count), PACK_U32, PACK_PLAIN, 0},
    {offsetof(struct batch_row, stderr_count), PACK_U32, PACK_PLAIN, 0},
    {offsetof(struct batch_row, index_min), PACK_U64, PACK_BEFORE, 0},
    {offsetof(struct batch_row, index_max), PACK_U64, PACK_OTHER,
     offsetof(struct batch_row, index_min)},
    {offsetof(struct batch_row, time_max_us), PACK_U64, PACK_BEFORE, 0},
    {offsetof(struct batch_row, disordered), PACK_U8, PACK_PLAIN, 0},
};
static const struct pack_member chunk_members[] = {
    {offsetof(struct pack_lines_chunk, stored), PACK_U32, PACK_PLAIN, 0},
    {offsetof(struct pack_lines_chunk, crc), PACK_U32, PACK_PLAIN, 0},
    {offsetof(struct pack_lines_chunk, count), PACK_U32, PACK_PLAIN, 0},
    {offsetof(struct pack_lines_chunk, stderr_count), PACK_U32, PACK_PLAIN, 0},
    {offsetof(struct pack_lines_chunk, time_min_us), PACK_U64, PACK_BEFORE, 0},
    {offsetof(struct pack_lines_chunk, time_max_us), PACK_U64, PACK_OTHER,
     offsetof(struct pack_lines_chunk, time_min_us)},
};

static struct pack_rows batch_table(struct batch_row *rows, size_t count)
{
    return (struct pack_rows){rows, sizeof(*rows), count, batch_members,
                              sizeof(batch_members) / sizeof(batch_members[0])};
}

static struct pack_rows chunk_table(struct pack_lines_chunk *rows, size_t count)
{
    return (struct pack_rows){rows, sizeof(*rows), count, chunk_members,
                              sizeof(chunk_members) / sizeof(chunk_members[0])};
}

int pack_lines_compare(const struct pack_batch *a, const struct pack_batch *b)
{
    int order = memcmp(a->writer, b->writer, sizeof(a->writer));
    if (a->recv_us != b->recv_us) {
        return a->recv_us < b->recv_us ? -1 : 1;
    }
    if (order) {
        return order < 0 ? -1 : 1;
    }
    if (a->seq != b->seq) {
        return a->seq < b->seq ? -1 : 1;
    }
    return (a->from > b->from) - (a->from < b->from);
}

void pack_batch_add(struct pack_batch *batch, const struct frame_line *line, bool first)
{
    batch->disordered = !first && (batch->disordered || line->index <= batch->index_max);
    batch->stderr_count = (first ? 0 : batch->stderr_count) + (line->stream == FRAME_STDERR);
    batch->index_min = first || line->index < batch->index_min ? line->index : batch->index_min;
    batch->index_max = first || line->index > batch->index_max ? line->index : batch->index_max;
    batch->time_max_us =
        first || line->time_us > batch->time_max_us ? line->time_us : batch->time_max_us;
}

/* The number of a writer, given in the order in which they appear. */
static track_status writer_find(struct buf *writers, const unsigned char *id, uint32_t *out,
                                track_error *err)
{
    struct bytes all;
    for (size_t at = writers->size; at > 0; at -= FRAME_WRITER_BYTES) {
        if (memcmp(writers->at + at - FRAME_WRITER_BYTES, id, FRAME_WRITER_BYTES) == 0) {
            *out = (uint32_t)(at / FRAME_WRITER_BYTES - 1);
            return TRACK_OK;
        }
    }
    *out = (uint32_t)(writers->size / FRAME_WRITER_BYTES);
    buf_put(writers, id, FRAME_WRITER_BYTES);
    return buf_end(writers, &all, err);
}

static track_status batches_split(const struct pack_lines_dir *in, struct batch_row *rows,
                                  struct buf *writers, track_error *err)
{
    for (size_t i = 0; i < in->batch_count; i++) {
        const struct pack_batch *b = &in->batches[i];
        rows[i] = (struct batch_row){.seq = b->seq,
                                     .recv_us = b->recv_us,
                                     .from = b->from,
                                     .count = b->count,
                                     .stderr_count = b->stderr_count,
                                     .index_min = b->index_min,
                                     .index_max = b->index_max,
                                     .time_max_us = b->time_max_us,
                                     .disordered = b->disordered};
        TRY(writer_find(writers, b->writer, &rows[i].writer, err));
    }
    return TRACK_OK;
}

static track_status lines_nomem(track_error *err)
{
    return FAIL(err, TRACK_NOMEM, "the directory of a pack of lines: no memory");
}

track_status pack_lines_dir_encode(struct pack_lines_dir *in, uint64_t offset, struct buf *out,
                                   track_error *err)
{
    AUTO_ARENA work = ARENA(WORK_BYTES_MAX);
    AUTO_BUF plain = BUF(PACK_DIRECTORY_MAX);
    AUTO_BUF writers = BUF(WRITERS_MAX * FRAME_WRITER_BYTES);
    struct narrow n = {.arena = &work};
    struct bytes all;
    struct batch_row *rows = ARENA_ARRAY(&work, struct batch_row, in->batch_count + 1);
    if (!rows) {
        return lines_nomem(err);
    }
    TRY(batches_split(in, rows, &writers, err));
    struct pack_rows batches = batch_table(rows, in->batch_count);
    struct pack_rows chunks = chunk_table(in->chunks, in->chunk_count);
    TRY(zstream_open(&work, &n.z, err));
    TRY(narrow_init(&n, batches.count > chunks.count ? batches.count : chunks.count, err));
    buf_varint(&plain, writers.size / FRAME_WRITER_BYTES);
    buf_varint(&plain, batches.count);
    buf_varint(&plain, chunks.count);
    TRY(pack_rows_encode(&n, &batches, &plain, err));
    TRY(pack_rows_encode(&n, &chunks, &plain, err));
    buf_put(&plain, writers.at, writers.size);
    TRY(buf_end(&plain, &all, err));
    in->head.series = (uint32_t)(writers.size / FRAME_WRITER_BYTES);
    return pack_foot_encode(all, offset, out, err);
}

/* Gives batches their writers and numbers, *lines in all; false if they do not fit. */
static bool batches_join(struct pack_lines_dir *d, const struct batch_row *rows,
                         struct bytes writers, uint64_t *lines)
{
    *lines = 0;
    for (size_t i = 0; i < d->batch_count; i++) {
        const struct batch_row *row = &rows[i];
        if (row->writer >= writers.size / FRAME_WRITER_BYTES || row->count == 0 ||
            row->stderr_count > row->count || row->index_min > row->index_max ||
            row->disordered > 1) {
            return false;
        }
        struct pack_batch *b = &d->batches[i];
        *b = (struct pack_batch){.seq = row->seq,
                                 .recv_us = row->recv_us,
                                 .from = row->from,
                                 .count = row->count,
                                 .stderr_count = row->stderr_count,
                                 .index_min = row->index_min,
                                 .index_max = row->index_max,
                                 .time_max_us = row->time_max_us,
                                 .disordered = row->disordered,
                                 .first = *lines};
        memcpy(b->writer, writers.at + (size_t)row->writer * FRAME_WRITER_BYTES,
               FRAME_WRITER_BYTES);
        if (i && pack_lines_compare(b - 1, b) >= 0) {
            return false;
        }
        *lines += b->count;
    }
    return true;
}

/* Gives batches their writers, and all rows their numbers; false if they do not fit. */
static bool lines_join(struct pack_lines_dir *d, const struct batch_row *rows, struct bytes writers,
                       uint64_t end)
{
    uint64_t line, offset = PACK_HEAD_BYTES, lines = 0;
    if (!batches_join(d, rows, writers, &line)) {
        return false;
    }
    for (size_t i = 0; i < d->chunk_count; i++) {
        struct pack_lines_chunk *c = &d->chunks[i];
        c->offset = offset;
        c->first = lines;
        offset += c->stored;
        lines += c->count;
        if (c->count == 0 || c->count > PACK_CHUNK_POINTS || c->stderr_count > c->count ||
            c->time_min_us > c->time_max_us) {
            return false;
        }
    }
    return line == lines && lines == d->head.points && offset == end &&
           d->head.series == writers.size / FRAME_WRITER_BYTES;
}

static track_status lines_decode(struct bytes in, struct arena *arena, uint64_t end,
                                 struct pack_lines_dir *d, track_error *err)
{
    AUTO_ARENA work = ARENA(WORK_BYTES_MAX);
    struct narrow n = {.arena = &work};
    struct reader r = {in, false};
    uint64_t writers = reader_varint(&r), batches = reader_varint(&r), chunks = reader_varint(&r);
    if (r.failed || writers > WRITERS_MAX || batches > PACK_ROWS_MAX || chunks > PACK_ROWS_MAX) {
        return FAIL(err, TRACK_INVALID, "more than %d rows", PACK_ROWS_MAX);
    }
    d->batch_count = (size_t)batches;
    d->chunk_count = (size_t)chunks;
    d->batches = ARENA_ARRAY(arena, struct pack_batch, d->batch_count + 1);
    d->chunks = ARENA_ARRAY(arena, struct pack_lines_chunk, d->chunk_count + 1);
    struct batch_row *rows = ARENA_ARRAY(&work, struct batch_row, d->batch_count + 1);
    if (!d->batches || !d->chunks || !rows) {
        return lines_nomem(err);
    }
    struct pack_rows batch_rows = batch_table(rows, d->batch_count);
    struct pack_rows chunk_rows = chunk_table(d->chunks, d->chunk_count);
    TRY(zstream_open(&work, &n.z, err));
    TRY(narrow_init(&n, (size_t)(batches > chunks ? batches : chunks), err));
    TRY(pack_rows_decode(&n, &r, &batch_rows, err));
    TRY(pack_rows_decode(&n, &r, &chunk_rows, err));
    struct bytes ids = reader_take(&r, (size_t)writers * FRAME_WRITER_BYTES);
    if (r.failed || r.left.size || !lines_join(d, rows, ids, end)) {
        return FAIL(err, TRACK_INVALID, "its parts do not fit each other");
    }
    return TRACK_OK;
}

track_status pack_lines_dir_read(const struct pack_blob *blob, struct arena *arena,
                                 struct pack_lines_dir *out, track_error *err)
{
    AUTO_BUF plain = BUF(PACK_DIRECTORY_MAX);
    struct pack_lines_dir dir = {.size = blob->size};
    uint64_t end = 0;
    track_error said = {0};
    TRY(pack_foot_read(blob, &dir.head, &plain, &end, err));
    if (dir.head.kind != PACK_LINES) {
        return FAIL(err, TRACK_CORRUPT, "a pack of points, not of lines");
    }
    track_status status =
        lines_decode((struct bytes){plain.at, plain.size}, arena, end, &dir, &said);
    if (status != TRACK_OK) {
        return FAIL(err, status == TRACK_INVALID ? TRACK_CORRUPT : status,
                    "the directory of a pack of lines: %s", said.message);
    }
    *out = dir;
    return TRACK_OK;
}

size_t pack_lines_chunk_of(const struct pack_lines_dir *d, uint64_t line)
{
    size_t low = 0, high = d->chunk_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (d->chunks[middle].first <= line) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

size_t pack_lines_batch_of(const struct pack_lines_dir *d, uint64_t line)
{
    size_t low = 0, high = d->batch_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (d->batches[middle].first <= line) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}
