#include "axis.h"
#include "pack_lines_dir.h"
#include "planes.h"

#include <string.h>

enum { CHUNK_ARENA_BYTES = 16 << 20 };

/* Columns of a chunk of lines. */
struct lines_columns {
    int64_t *indexes, *times_us;
    unsigned char *streams;
    struct bytes *texts;
    size_t count;
};

static track_status columns_open(struct arena *arena, struct lines_columns *c, track_error *err)
{
    c->indexes = ARENA_ARRAY(arena, int64_t, c->count);
    c->times_us = ARENA_ARRAY(arena, int64_t, c->count);
    c->streams = ARENA_ARRAY(arena, unsigned char, c->count);
    c->texts = ARENA_ARRAY(arena, struct bytes, c->count);
    return c->indexes && c->times_us && c->streams && c->texts
               ? TRACK_OK
               : FAIL(err, TRACK_NOMEM, "%zu lines: no memory", c->count);
}

static track_status columns_decode(struct pack_tools *t, struct bytes in, struct arena *arena,
                                   struct lines_columns *c, track_error *err)
{
    struct reader r = {in, false};
    struct planes streams = {c->streams, c->count, 1};
    TRY(planes_decode(t->z, &r, arena, &streams, err));
    TRY(axis_decode_steps(t->z, &r, c->indexes, c->count, err));
    TRY(axis_decode_times(t->z, &r, c->times_us, c->count, err));
    return chunk_decode_texts(t->coder, r.left, arena, c->texts, c->count, err);
}

static track_status lines_join(const struct lines_columns *c, struct frame_line *out,
                               track_error *err)
{
    for (size_t i = 0; i < c->count; i++) {
        if (c->streams[i] > FRAME_STDERR || c->texts[i].size > FRAME_LINE_BYTES_MAX) {
            return FAIL(err, TRACK_INVALID, "a line of stream %u and %zu bytes", c->streams[i],
                        c->texts[i].size);
        }
        out[i] = (struct frame_line){c->indexes[i], c->times_us[i],
                                     (enum frame_stream)c->streams[i], c->texts[i]};
    }
    return TRACK_OK;
}

track_status pack_lines_read(const struct pack_lines_ask *ask, size_t chunk, struct arena *arena,
                             struct frame_line **out, track_error *err)
{
    const struct pack_lines_chunk *row = &ask->dir->chunks[chunk];
    struct lines_columns c = {.count = row->count};
    struct bytes in;
    track_error said = {0};
    TRY(ask->blob->read(ask->blob->data, row->offset, row->stored, &in, err));
    if (hash_crc32c(0, in) != row->crc) {
        return FAIL(err, TRACK_CORRUPT, "lines from %llu of a pack: a wrong CRC",
                    (unsigned long long)row->first);
    }
    struct frame_line *lines = ARENA_ARRAY(arena, struct frame_line, row->count);
    if (!lines) {
        return FAIL(err, TRACK_NOMEM, "%u lines: no memory", row->count);
    }
    TRY(columns_open(arena, &c, err));
    track_status status = columns_decode(ask->tools, in, arena, &c, &said);
    status = status == TRACK_OK ? lines_join(&c, lines, &said) : status;
    if (status != TRACK_OK) {
        return FAIL(err, status == TRACK_INVALID ? TRACK_CORRUPT : status,
                    "lines from %llu of a pack: %s", (unsigned long long)row->first, said.message);
    }
    *out = lines;
    return TRACK_OK;
}

/* The lines of a chunk are what its row says. */
static bool chunk_is(const struct pack_lines_chunk *row, const struct frame_line *lines)
{
    uint32_t others = 0;
    int64_t min = lines[0].time_us, max = lines[0].time_us;
    for (size_t i = 0; i < row->count; i++) {
        others += lines[i].stream == FRAME_STDERR;
        min = lines[i].time_us < min ? lines[i].time_us : min;
        max = lines[i].time_us > max ? lines[i].time_us : max;
    }
    return others == row->stderr_count && min == row->time_min_us && max == row->time_max_us;
}

/* Widens first and last to the numbers of lines, from those of the first one. */
static void range_add(int64_t *first, int64_t *last, const struct frame_line *lines, size_t count,
                      bool begin)
{
    *first = begin ? lines[0].index : *first;
    *last = begin ? lines[0].index : *last;
    for (size_t i = 0; i < count; i++) {
        *first = lines[i].index < *first ? lines[i].index : *first;
        *last = lines[i].index > *last ? lines[i].index : *last;
    }
}

/* Whether lines of the pack, from number first on, are what the rows of their batches say; sums are
 * gathered in *sum, whose first is the batch at hand. */
static bool batches_are(const struct pack_lines_dir *d, const struct frame_line *lines,
                        size_t count, uint64_t first, struct pack_batch *sum)
{
    for (size_t i = 0; i < count; i++) {
        const struct pack_batch *row = &d->batches[sum->first];
        pack_batch_add(sum, &lines[i], first + i == row->first);
        if (first + i + 1 < row->first + row->count) {
            continue;
        }
        if (sum->stderr_count != row->stderr_count || sum->index_min != row->index_min ||
            sum->index_max != row->index_max || sum->time_max_us != row->time_max_us ||
            sum->disordered != row->disordered) {
            return false;
        }
        sum->first++;
    }
    return true;
}

track_status pack_lines_check(const struct pack_blob *blob, struct pack_lines_dir *out,
                              struct arena *arena, track_error *err)
{
    struct pack_lines_dir dir;
    struct pack_tools tools;
    struct pack_batch sum = {.first = 0};
    int64_t first = 0, last = 0;
    TRY(pack_lines_dir_read(blob, arena, &dir, err));
    TRY(pack_tools_open(arena, &tools, err));
    struct pack_lines_ask ask = {blob, &dir, &tools};
    for (size_t i = 0; i < dir.chunk_count; i++) {
        AUTO_ARENA work = ARENA(CHUNK_ARENA_BYTES);
        struct frame_line *lines;
        TRY(pack_lines_read(&ask, i, &work, &lines, err));
        const struct pack_lines_chunk *c = &dir.chunks[i];
        if (!chunk_is(c, lines) || !batches_are(&dir, lines, c->count, c->first, &sum)) {
            return FAIL(err, TRACK_CORRUPT, "lines from %llu of a pack: not what its rows say",
                        (unsigned long long)c->first);
        }
        range_add(&first, &last, lines, c->count, i == 0);
    }
    if (first != dir.head.step_first || last != dir.head.step_last) {
        return FAIL(err, TRACK_CORRUPT, "a pack's head is not what its lines give");
    }
    *out = dir;
    return TRACK_OK;
}

/* A pack being merged. */
struct lines_input {
    const struct pack_lines_ask *ask;
    size_t batch, chunk; /* the next batch; the chunk at hand, SIZE_MAX: none */
    struct arena arena;  /* of the chunk */
    struct frame_line *lines;
};

struct lines_merging {
    struct lines_input at[PACK_LINES_MERGE_MAX];
    size_t count;
    const struct pack_between *between;
};

static void merging_close(void *data)
{
    struct lines_merging *m = data;
    for (size_t i = 0; i < m->count; i++) {
        arena_release(&m->at[i].arena);
    }
}

static const struct pack_batch *input_batch(const struct lines_input *in)
{
    return in->batch < in->ask->dir->batch_count ? &in->ask->dir->batches[in->batch] : NULL;
}

/* Lines of the pack from number line on, as many as the chunk has. */
static track_status input_lines(struct lines_merging *m, struct lines_input *in, uint64_t line,
                                struct frame_line **out, uint32_t *count, track_error *err)
{
    size_t chunk = pack_lines_chunk_of(in->ask->dir, line);
    const struct pack_lines_chunk *row = &in->ask->dir->chunks[chunk];
    if (in->chunk != chunk) {
        arena_release(&in->arena);
        in->chunk = SIZE_MAX;
        TRY(pack_lines_read(in->ask, chunk, &in->arena, &in->lines, err));
        in->chunk = chunk;
        TRY(m->between ? m->between->call(m->between->data, err) : TRACK_OK);
    }
    *out = in->lines + (line - row->first);
    *count = (uint32_t)(row->count - (line - row->first));
    return TRACK_OK;
}

/* Gives a whole batch to the builder. */
static track_status batch_put(struct lines_merging *m, struct lines_input *in,
                              struct pack_lines_builder *to, track_error *err)
{
    struct pack_batch left = *input_batch(in);
    uint64_t line = left.first;
    while (left.count) {
        struct frame_line *lines;
        struct pack_batch part = left;
        uint32_t have;
        TRY(input_lines(m, in, line, &lines, &have, err));
        part.count = have < left.count ? have : left.count;
        TRY(pack_lines_add(to, &part, lines, err));
        line += part.count;
        left.from += part.count;
        left.count -= part.count;
    }
    return TRACK_OK;
}

/* The pack with the first batch; NULL: the end.  The same batch in others is passed over. */
static struct lines_input *merging_find(struct lines_merging *m)
{
    struct lines_input *first = NULL;
    for (size_t i = 0; i < m->count; i++) {
        struct lines_input *in = &m->at[i];
        const struct pack_batch *b = input_batch(in);
        int order = b && first ? pack_lines_compare(b, input_batch(first)) : -1;
        in->batch += b && order == 0;
        first = b && order < 0 ? in : first;
    }
    return first;
}

track_status pack_lines_merge(const struct pack_lines_ask *inputs, size_t count,
                              const struct pack_between *between, struct arena *arena,
                              struct pack_lines_builder *to, track_error *err)
{
    struct lines_merging *m = ARENA_NEW(arena, struct lines_merging);
    if (count > PACK_LINES_MERGE_MAX) {
        return FAIL(err, TRACK_INVALID, "%zu packs to merge, at most %d", count,
                    PACK_LINES_MERGE_MAX);
    }
    if (!m || !arena_defer(arena, merging_close, m)) {
        return FAIL(err, TRACK_NOMEM, "merging packs of lines: no memory");
    }
    for (size_t i = 0; i < count; i++) {
        m->at[i] = (struct lines_input){.ask = &inputs[i], .chunk = SIZE_MAX};
        m->at[i].arena = (struct arena)ARENA(CHUNK_ARENA_BYTES);
    }
    m->count = count;
    m->between = between;
    struct lines_input *in;
    while ((in = merging_find(m)) != NULL) {
        TRY(batch_put(m, in, to, err));
        in->batch++;
    }
    return TRACK_OK;
}
