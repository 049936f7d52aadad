#include "tail_run.h"

#include "../core/hash.h"
#include "../core/pack_lines.h"
#include "tail_pack.h"

#include <stdlib.h>
#include <string.h>

enum {
    PENDING_BYTES_MAX = 32 << 20, /* of all series of a run together */
    ROOM_MIN = 16,
    NONE = -1, /* as uint32_t: UINT32_MAX */
};

static track_status nomem(track_error *err)
{
    return FAIL(err, TRACK_NOMEM, "decoded journal of a run: no memory");
}

/* Makes room for one more element of size bytes; NULL without memory. */
static void *grow(void *at, size_t count, size_t *room, size_t size)
{
    if (count < *room) {
        return at;
    }
    size_t more = *room ? 2 * *room : ROOM_MIN;
    void *grown = realloc(at, more * size);
    *room = grown ? more : *room;
    return grown;
}

track_status tail_run_writer(struct tail_run *run, uint32_t branch, const struct run_writer *writer,
                             size_t *out, track_error *err)
{
    size_t i = 0;
    while (i < run->writer_count &&
           (run->writers[i].branch != branch ||
            memcmp(run->writers[i].id, writer->id.at, sizeof(run->writers[i].id)) != 0)) {
        i++;
    }
    if (i == run->writer_count) {
        void *at = grow(run->writers, i, &run->writer_room, sizeof(*run->writers));
        if (!at) {
            return nomem(err);
        }
        run->writers = at;
        run->writers[i] = (struct tail_writer){.branch = branch, .index_max = -1};
        memcpy(run->writers[i].id, writer->id.at, sizeof(run->writers[i].id));
        run->writer_count++;
    }
    run->writers[i].rank = writer->rank;
    *out = i;
    return TRACK_OK;
}

/* The slot of an id in the hash table: that of its series, or a free one. */
static uint32_t *id_slot(const struct tail_run *run, int64_t id)
{
    size_t i = (size_t)id & (run->id_room - 1);
    while (run->by_id[i] != (uint32_t)NONE && run->series[run->by_id[i]].id != id) {
        i = (i + 1) & (run->id_room - 1);
    }
    return &run->by_id[i];
}

/* Keeps the hash table at most half full. */
static track_status id_reserve(struct tail_run *run, track_error *err)
{
    if (2 * (run->series_count + 1) <= run->id_room) {
        return TRACK_OK;
    }
    size_t room = run->id_room ? 2 * run->id_room : 4 * ROOM_MIN;
    uint32_t *by_id = malloc(room * sizeof(*by_id));
    if (!by_id) {
        return nomem(err);
    }
    memset(by_id, 0xff, room * sizeof(*by_id));
    free(run->by_id);
    run->by_id = by_id;
    run->id_room = room;
    for (size_t i = 0; i < run->series_count; i++) {
        *id_slot(run, run->series[i].id) = (uint32_t)i;
    }
    return TRACK_OK;
}

/* The number behind "rank": in a context, or -1. */
static int64_t rank_of(const char *context)
{
    const char *at = strstr(context, "\"rank\":");
    int64_t rank = 0;
    if (!at) {
        return -1;
    }
    at += strlen("\"rank\":");
    if (*at < '0' || *at > '9') {
        return -1;
    }
    for (; *at >= '0' && *at <= '9' && rank < INT32_MAX; at++) {
        rank = rank * 10 + (*at - '0');
    }
    return rank;
}

track_status tail_run_series(struct tail_run *run, const struct frame_key *key, uint32_t *out,
                             track_error *err)
{
    int64_t id;
    TRY(hash_series(key->name, key->context, &id, err));
    TRY(id_reserve(run, err));
    uint32_t *slot = id_slot(run, id);
    if (*slot != (uint32_t)NONE) {
        *out = *slot;
        return TRACK_OK;
    }
    size_t i = run->series_count;
    void *at = grow(run->series, i, &run->series_room, sizeof(*run->series));
    if (!at) {
        return nomem(err);
    }
    run->series = at;
    run->series[i] = (struct tail_series){.id = id};
    run->series[i].name = arena_text(&run->names, (const char *)key->name.at, key->name.size);
    run->series[i].context = arena_text(
        &run->names, key->context.size ? (const char *)key->context.at : "", key->context.size);
    if (!run->series[i].name || !run->series[i].context) {
        return nomem(err);
    }
    run->series[i].rank = rank_of(run->series[i].context);
    run->series_count++;
    *slot = *out = (uint32_t)i;
    return TRACK_OK;
}

track_status tail_run_define(struct tail_run *run, size_t writer, const struct tail_keys *keys,
                             track_error *err)
{
    struct tail_writer *w = &run->writers[writer];
    size_t end = keys->first + keys->count;
    if (keys->count && end > w->key_room) {
        size_t room = end + end / 2;
        uint32_t *grown = realloc(w->keys, room * sizeof(*grown));
        if (!grown) {
            return nomem(err);
        }
        memset(grown + w->key_room, 0xff, (room - w->key_room) * sizeof(*grown));
        w->keys = grown;
        w->key_room = room;
    }
    for (size_t i = 0; i < keys->count; i++) {
        TRY(tail_run_series(run, &keys->at[i], &w->keys[keys->first + i], err));
    }
    return TRACK_OK;
}

/* A row being added. */
struct adding {
    struct tail_run *run;
    size_t writer;
    const struct journal_row *row;
    int64_t step_last;       /* steps up to it are visible, */
    bool hidden;             /* or none */
    uint32_t texts;          /* of the row, so far */
    struct pack_batch lines; /* of the row, so far */
};

static bool is_seen(const struct adding *a, int64_t step)
{
    return !a->hidden && step <= a->step_last;
}

static track_status add_text(struct adding *a, uint32_t series, const struct frame_block *block,
                             size_t i, track_error *err)
{
    struct tail_run *run = a->run;
    uint32_t place = a->texts++;
    if (!is_seen(a, block->steps[i])) {
        return TRACK_OK;
    }
    void *at = grow(run->texts, run->text_count, &run->text_room, sizeof(*run->texts));
    if (!at) {
        return nomem(err);
    }
    run->texts = at;
    run->texts[run->text_count++] = (struct tail_text){
        .series = series,
        .writer = (uint32_t)a->writer,
        .seq = a->row->seq_lo,
        .place = place,
        .step = block->steps[i],
        .time_us = block->times_us[i],
    };
    return TRACK_OK;
}

/* Adds rows of a column of numbers as far as they are visible. */
static track_status add_values(struct adding *a, struct tail_series *to,
                               const struct tail_column *in, track_error *err)
{
    for (size_t from = 0, end; from < in->count; from = end) {
        bool seen = is_seen(a, in->steps[from]);
        end = from + 1;
        while (end < in->count && is_seen(a, in->steps[end]) == seen) {
            end++;
        }
        struct tail_column part = {in->steps + from, in->times_us + from, in->values + from,
                                   end - from};
        TRY(seen ? tail_series_add(to, &part, err) : TRACK_OK);
    }
    return TRACK_OK;
}

static track_status add_column(struct adding *a, const struct frame_block *block,
                               const struct frame_column *column, track_error *err)
{
    const struct tail_writer *w = &a->run->writers[a->writer];
    uint32_t series = column->key < w->key_room ? w->keys[column->key] : (uint32_t)NONE;
    if (series == (uint32_t)NONE) {
        return FAIL(err, TRACK_CORRUPT, "run %s, seq %lld: key number %u is not defined",
                    a->run->id, (long long)a->row->seq_lo, column->key);
    }
    if (column->values) {
        struct tail_column in = {block->steps, block->times_us, column->values, block->rows};
        return add_values(a, &a->run->series[series], &in, err);
    }
    for (size_t i = 0; i < block->rows; i++) {
        TRY(add_text(a, series, block, i, err));
    }
    return TRACK_OK;
}

static track_status add_frame(struct adding *a, const struct frame *f, track_error *err)
{
    struct tail_keys keys = {f->first_key, f->keys, f->key_count};
    TRY(tail_run_define(a->run, a->writer, &keys, err));
    for (size_t b = 0; b < f->block_count; b++) {
        for (size_t c = 0; c < f->blocks[b].column_count; c++) {
            TRY(add_column(a, &f->blocks[b], &f->blocks[b].columns[c], err));
        }
    }
    bool own = a->run->writers[a->writer].branch == 0;
    for (size_t i = 0; own && i < f->line_count; i++) {
        pack_batch_add(&a->lines, &f->lines[i], a->lines.count == 0);
        a->lines.count++;
    }
    return TRACK_OK;
}

/* Adds the lines of the row. */
static track_status add_lines(struct adding *a, track_error *err)
{
    const struct pack_batch *lines = &a->lines;
    struct tail_row row = {.writer = (uint32_t)a->writer,
                           .seq = a->row->seq_lo,
                           .recv_us = a->row->recv_us,
                           .lines = {lines->count - lines->stderr_count, lines->stderr_count},
                           .time_last_us = lines->time_max_us,
                           .index_min = lines->index_min,
                           .index_max = lines->index_max,
                           .disordered = lines->disordered};
    return lines->count ? tail_run_add_lines(a->run, &row, err) : TRACK_OK;
}

track_status tail_run_add_lines(struct tail_run *run, const struct tail_row *row, track_error *err)
{
    void *at = grow(run->rows, run->row_count, &run->row_room, sizeof(*run->rows));
    if (!at) {
        return nomem(err);
    }
    run->rows = at;
    run->rows[run->row_count++] = *row;
    return TRACK_OK;
}

track_status tail_run_add(struct tail_run *run, size_t writer, const struct journal_row *row,
                          track_error *err)
{
    struct adding a = {.run = run, .writer = writer, .row = row};
    const struct branch *branch = &run->branches.at[run->writers[writer].branch];
    a.hidden = !visible_until(&branch->visible, row->epoch, &a.step_last);
    struct bytes left = row->body;
    while (left.size) {
        AUTO_ARENA arena = ARENA(FRAME_ARENA_BYTES);
        struct frame_head head;
        struct frame frame;
        track_error why = {0};
        track_status status = frame_decode_head(left, &head, &why);
        if (status == TRACK_OK) {
            status = frame_decode((struct bytes){left.at, head.size}, &arena, &frame, &why);
        }
        if (status != TRACK_OK) {
            return FAIL(err, status == TRACK_NOMEM ? status : TRACK_CORRUPT,
                        "run %s, seq %lld: %.150s", run->id, (long long)row->seq_lo, why.message);
        }
        TRY(add_frame(&a, &frame, err));
        left = (struct bytes){left.at + head.size, left.size - head.size};
    }
    return add_lines(&a, err);
}

track_status tail_run_add_texts(struct tail_run *run, const struct tail_texts *texts,
                                track_error *err)
{
    void *at = grow(run->packed, run->packed_count, &run->packed_room, sizeof(*run->packed));
    if (!at) {
        return nomem(err);
    }
    run->packed = at;
    run->packed[run->packed_count++] = *texts;
    return TRACK_OK;
}

/* As packs of lines have them: pack_lines_compare. */
static int row_order(const void *left, const void *right, void *data)
{
    const struct tail_row *a = left, *b = right;
    const struct tail_writer *writers = data;
    if (a->recv_us != b->recv_us) {
        return a->recv_us < b->recv_us ? -1 : 1;
    }
    if (a->writer != b->writer) {
        return memcmp(writers[a->writer].id, writers[b->writer].id, sizeof(writers->id));
    }
    if (a->seq != b->seq) {
        return a->seq < b->seq ? -1 : 1;
    }
    return (a->from > b->from) - (a->from < b->from);
}

void tail_run_number(struct tail_run *run)
{
    size_t more = run->row_count - run->row_numbered;
    if (more) {
        qsort_r(run->rows + run->row_numbered, more, sizeof(*run->rows), row_order, run->writers);
    }
    for (size_t i = run->row_numbered; i < run->row_count; i++) {
        run->rows[i].line_first = run->line_count;
        run->line_count += (int64_t)run->rows[i].lines[0] + run->rows[i].lines[1];
    }
    run->row_numbered = run->row_count;
}

track_status tail_run_settle(struct tail_run *run, bool all, track_error *err)
{
    size_t pending = 0;
    for (size_t i = 0; !all && i < run->series_count; i++) {
        pending += run->series[i].pending_room * sizeof(*run->series[i].pending);
    }
    for (size_t i = 0; (all || pending > PENDING_BYTES_MAX) && i < run->series_count; i++) {
        TRY(tail_series_settle(&run->series[i], err));
    }
    return TRACK_OK;
}

void tail_run_forget(struct tail_run *run)
{
    for (size_t i = 0; i < run->series_count; i++) {
        tail_series_release(&run->series[i]);
    }
    for (size_t i = 0; i < run->writer_count; i++) {
        run->writers[i].next_seq = 0;
        run->writers[i].index_max = -1;
    }
    for (size_t i = 0; i < run->row_count; i++) {
        free(run->rows[i].hidden);
    }
    run->row_count = run->row_numbered = run->row_settled = 0;
    run->text_count = run->packed_count = 0;
    run->line_count = 0;
}

size_t tail_run_bytes(const struct tail_run *run)
{
    size_t bytes = sizeof(*run) + run->names.used_bytes + run->origin.used_bytes +
                   run->id_room * sizeof(*run->by_id) + run->series_room * sizeof(*run->series) +
                   run->sorted_count * sizeof(*run->by_name) + run->row_room * sizeof(*run->rows) +
                   run->text_room * sizeof(*run->texts) + run->packed_room * sizeof(*run->packed);
    for (size_t i = 0; i < run->series_count; i++) {
        bytes += run->series[i].bytes;
    }
    bytes += tail_pack_bytes(run) + run->levels.bytes;
    for (size_t i = 0; i < run->writer_count; i++) {
        bytes += sizeof(*run->writers) + run->writers[i].key_room * sizeof(uint32_t);
    }
    return bytes;
}

void tail_run_reset(struct tail_run *run)
{
    /* What stands before is the same, what stands behind is the cache's, under its lock. */
    size_t from = offsetof(struct tail_run, origin), to = offsetof(struct tail_run, next);
    size_t origin_limit = run->origin.limit_bytes, names_limit = run->names.limit_bytes;
    tail_run_release(run);
    memset((unsigned char *)run + from, 0, to - from);
    run->origin.limit_bytes = origin_limit;
    run->names.limit_bytes = names_limit;
}

void tail_run_release(struct tail_run *run)
{
    tail_run_forget(run);
    for (size_t i = 0; i < run->writer_count; i++) {
        free(run->writers[i].keys);
    }
    tail_pack_release(run->packs, run->pack_count);
    free(run->writers);
    free(run->series);
    free(run->by_name);
    free(run->by_id);
    free(run->rows);
    free(run->texts);
    free(run->packed);
    arena_release(&run->names);
    arena_release(&run->origin);
}
