#include "pack_lines.h"

#include "axis.h"
#include "pack_lines_dir.h"
#include "planes.h"

#include <string.h>

enum {
    PIECE_BYTES_MAX = 4 << 20,
    ROW_BYTES = 80, /* of the directory, a batch or a chunk; more than it takes */
    ROWS_BYTES_MAX = PACK_ROWS_MAX * 64,
};

/* Lines that wait for their chunk. */
struct lines_pending {
    int64_t indexes[PACK_CHUNK_POINTS], times_us[PACK_CHUNK_POINTS];
    unsigned char streams[PACK_CHUNK_POINTS];
    size_t sizes[PACK_CHUNK_POINTS];
    size_t count;
};

struct pack_lines_builder {
    struct pack_options options;
    struct pack_tools tools;
    struct lines_pending *pending;
    struct buf texts;         /* of the pending lines */
    struct buf chunks;        /* bytes */
    struct buf rows, batches; /* of the directory */
    struct pack_batch last;   /* what was added last */
    bool any;                 /* last counts */
    uint64_t lines;           /* of this pack, pending ones too */
    int64_t first_index, last_index;
};

static void lines_close(void *data)
{
    struct pack_lines_builder *b = data;
    buf_release(&b->texts);
    buf_release(&b->chunks);
    buf_release(&b->rows);
    buf_release(&b->batches);
}

track_status pack_lines_open(const struct pack_options *options, struct arena *arena,
                             struct pack_lines_builder **out, track_error *err)
{
    struct pack_lines_builder *b = ARENA_NEW(arena, struct pack_lines_builder);
    struct lines_pending *pending = ARENA_NEW(arena, struct lines_pending);
    if (!b || !pending || !arena_defer(arena, lines_close, b)) {
        return FAIL(err, TRACK_NOMEM, "building a pack of lines: no memory");
    }
    b->options = *options;
    b->options.bytes_max = options->bytes_max ? options->bytes_max : PACK_BYTES_MAX;
    b->pending = pending;
    b->texts = (struct buf)BUF(2 * FRAME_LINE_BYTES_MAX + PACK_LINES_CHUNK_BYTES);
    b->chunks = (struct buf)BUF(b->options.bytes_max + PIECE_BYTES_MAX);
    b->rows = (struct buf)BUF(ROWS_BYTES_MAX);
    b->batches = (struct buf)BUF(ROWS_BYTES_MAX);
    TRY(pack_tools_open(arena, &b->tools, err));
    *out = b;
    return TRACK_OK;
}

/* Appends the pending lines as bytes. */
static track_status chunk_encode_lines(struct pack_lines_builder *b, track_error *err)
{
    AUTO_ARENA work = ARENA(1 << 20);
    struct lines_pending *p = b->pending;
    struct bytes *texts = ARENA_ARRAY(&work, struct bytes, p->count);
    if (!texts) {
        return FAIL(err, TRACK_NOMEM, "%zu lines: no memory", p->count);
    }
    for (size_t i = 0, at = 0; i < p->count; i++) {
        texts[i] = (struct bytes){b->texts.at + at, p->sizes[i]};
        at += p->sizes[i];
    }
    struct planes streams = {p->streams, p->count, 1};
    TRY(planes_encode(b->tools.z, &streams, 1, &work, &b->chunks, err));
    TRY(axis_encode_steps(b->tools.z, p->indexes, p->count, 1, &b->chunks, err));
    TRY(axis_encode_times(b->tools.z, p->times_us, p->count, 1, &b->chunks, err));
    return chunk_encode_texts(b->tools.coder, texts, p->count, 1, &b->chunks, err);
}

static void row_describe(const struct lines_pending *p, struct pack_lines_chunk *out)
{
    out->count = (uint32_t)p->count;
    out->time_min_us = out->time_max_us = p->times_us[0];
    for (size_t i = 0; i < p->count; i++) {
        int64_t time = p->times_us[i];
        out->stderr_count += p->streams[i] == FRAME_STDERR;
        out->time_min_us = time < out->time_min_us ? time : out->time_min_us;
        out->time_max_us = time > out->time_max_us ? time : out->time_max_us;
    }
}

/* Makes a chunk of the pending lines. */
static track_status pending_flush(struct pack_lines_builder *b, track_error *err)
{
    struct pack_lines_chunk row = {.offset = PACK_HEAD_BYTES + b->chunks.size};
    size_t from = b->chunks.size;
    struct bytes ignored;
    if (b->pending->count == 0) {
        return TRACK_OK;
    }
    TRY(chunk_encode_lines(b, err));
    row_describe(b->pending, &row);
    row.stored = (uint32_t)(b->chunks.size - from);
    row.crc = hash_crc32c(0, (struct bytes){b->chunks.at + from, row.stored});
    buf_put(&b->rows, &row, sizeof(row));
    b->pending->count = b->texts.size = 0;
    return buf_end(&b->rows, &ignored, err);
}

/* Hands out the pack. */
static track_status lines_emit(struct pack_lines_builder *b, track_error *err)
{
    AUTO_BUF head = BUF(PACK_HEAD_BYTES);
    AUTO_BUF foot = BUF(PACK_DIRECTORY_MAX);
    TRY(pending_flush(b, err));
    if (b->rows.size == 0) {
        return TRACK_OK;
    }
    struct pack_lines_dir dir = {.head = b->options.head};
    dir.chunks = (void *)b->rows.at;
    dir.chunk_count = b->rows.size / sizeof(*dir.chunks);
    dir.batches = (void *)b->batches.at;
    dir.batch_count = b->batches.size / sizeof(*dir.batches);
    dir.head.points = b->lines;
    dir.head.step_first = b->first_index;
    dir.head.step_last = b->last_index;
    uint64_t offset = PACK_HEAD_BYTES + b->chunks.size;
    TRY(pack_lines_dir_encode(&dir, offset, &foot, err));
    TRY(pack_encode_head(&dir.head, &head, err));
    struct pack_made made = {.head = &dir.head, .lines = &dir, .size = offset + foot.size};
    made.parts[0] = (struct bytes){head.at, head.size};
    made.parts[1] = (struct bytes){b->chunks.at, b->chunks.size};
    made.parts[2] = (struct bytes){foot.at, foot.size};
    TRY(b->options.made(b->options.data, &made, err));
    b->chunks.size = b->rows.size = b->batches.size = 0;
    b->lines = 0;
    return TRACK_OK;
}

static bool lines_full(const struct pack_lines_builder *b)
{
    size_t rows = b->rows.size / sizeof(struct pack_lines_chunk) +
                  b->batches.size / sizeof(struct pack_batch);
    return b->chunks.size + rows * ROW_BYTES + b->texts.size + PACK_LINES_CHUNK_BYTES >
               b->options.bytes_max ||
           rows >= PACK_ROWS_MAX / 2;
}

static track_status line_add(struct pack_lines_builder *b, const struct frame_line *line,
                             track_error *err)
{
    struct lines_pending *p = b->pending;
    struct bytes ignored;
    if (line->text.size > FRAME_LINE_BYTES_MAX) {
        return FAIL(err, TRACK_INVALID, "a line of %zu bytes, at most %d", line->text.size,
                    FRAME_LINE_BYTES_MAX);
    }
    if (p->count == PACK_CHUNK_POINTS || b->texts.size >= PACK_LINES_CHUNK_BYTES) {
        TRY(pending_flush(b, err));
    }
    p->indexes[p->count] = line->index;
    p->times_us[p->count] = line->time_us;
    p->streams[p->count] = (unsigned char)line->stream;
    p->sizes[p->count++] = line->text.size;
    buf_put(&b->texts, line->text.at, line->text.size);
    bool first = b->lines == 0;
    b->first_index = first || line->index < b->first_index ? line->index : b->first_index;
    b->last_index = first || line->index > b->last_index ? line->index : b->last_index;
    b->lines++;
    return buf_end(&b->texts, &ignored, err);
}

/* Whether the lines of b are the next ones of the batch that a is. */
static bool batch_goes_on(const struct pack_batch *a, const struct pack_batch *b)
{
    return a->recv_us == b->recv_us && a->seq == b->seq && a->from + a->count == b->from &&
           memcmp(a->writer, b->writer, sizeof(a->writer)) == 0;
}

/* The row of a batch: the last one if the part goes on with it, else a new one. */
static track_status batch_row(struct pack_lines_builder *b, const struct pack_batch *part,
                              struct pack_batch **out, track_error *err)
{
    size_t rows = b->batches.size / sizeof(*part);
    struct pack_batch *at = (struct pack_batch *)(void *)b->batches.at;
    if (rows && batch_goes_on(&at[rows - 1], part)) {
        *out = &at[rows - 1];
        return TRACK_OK;
    }
    struct pack_batch fresh = *part;
    struct bytes all;
    fresh.count = 0;
    buf_put(&b->batches, &fresh, sizeof(fresh));
    TRY(buf_end(&b->batches, &all, err));
    *out = (struct pack_batch *)(void *)b->batches.at + rows;
    return TRACK_OK;
}

/* Adds some lines of a batch to this pack. */
static track_status part_add(struct pack_lines_builder *b, const struct pack_batch *part,
                             const struct frame_line *lines, uint32_t *done, track_error *err)
{
    struct pack_batch *row;
    uint32_t i = 0;
    TRY(batch_row(b, part, &row, err));
    for (; i < part->count && (b->lines == 0 || !lines_full(b)); i++) {
        TRY(line_add(b, &lines[i], err));
        pack_batch_add(row, &lines[i], row->count == 0);
        row->count++;
    }
    *done = i;
    return TRACK_OK;
}

track_status pack_lines_add(struct pack_lines_builder *b, const struct pack_batch *batch,
                            const struct frame_line *lines, track_error *err)
{
    if (batch->count == 0 || (b->any && pack_lines_compare(&b->last, batch) >= 0)) {
        return FAIL(err, TRACK_INVALID, "lines of seq %lld do not come behind seq %lld",
                    (long long)batch->seq, (long long)b->last.seq);
    }
    struct pack_batch left = *batch;
    b->last = *batch;
    b->any = true;
    while (left.count) {
        uint32_t done;
        if (b->lines && lines_full(b)) {
            TRY(lines_emit(b, err));
        }
        TRY(part_add(b, &left, lines, &done, err));
        lines += done;
        left.from += done;
        left.count -= done;
    }
    return TRACK_OK;
}

track_status pack_lines_end(struct pack_lines_builder *b, track_error *err)
{
    return lines_emit(b, err);
}
