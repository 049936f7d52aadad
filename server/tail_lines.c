#include "tail_lines.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK_ARENA_BYTES = 16 << 20, SETTLE_BYTES = 256 << 20 };

struct tail_lines_open {
    struct tail_lines_open *next;
    const struct tail_pack *pack;
    struct pack_bytes bytes;
    struct pack_blob blob;
    struct pack_lines_ask ask;
    struct arena arena; /* of the chunk at hand */
    size_t chunk;       /* SIZE_MAX: none */
    struct frame_line *lines;
};

static void open_close(void *data)
{
    struct tail_lines_open *o = data;
    pack_bytes_release(&o->bytes);
    arena_release(&o->arena);
}

/* The pack, opened at its first use. */
static track_status pack_use(struct tail_lines_reader *r, const struct tail_pack *pack,
                             struct tail_lines_open **out, track_error *err)
{
    for (struct tail_lines_open *o = r->packs; o; o = o->next) {
        if (o->pack == pack) {
            *out = o;
            return TRACK_OK;
        }
    }
    struct tail_lines_open *o = ARENA_NEW(r->arena, struct tail_lines_open);
    if (!o || !arena_defer(r->arena, open_close, o)) {
        return FAIL(err, TRACK_NOMEM, "lines: no memory; ask for fewer");
    }
    o->pack = pack;
    o->bytes = pack->bytes;
    o->blob = pack_bytes_blob(&o->bytes);
    o->arena = (struct arena)ARENA(CHUNK_ARENA_BYTES);
    o->chunk = SIZE_MAX;
    struct pack_tools *tools;
    r->reading.arena = r->arena;
    TRY(tail_reading_tools(&r->reading, r->run->tail, &tools, err));
    o->ask = (struct pack_lines_ask){&o->blob, &pack->lines, tools};
    o->next = r->packs;
    r->packs = *out = o;
    return TRACK_OK;
}

/* Makes a chunk the one at hand. */
static track_status chunk_use(struct tail_lines_open *o, size_t chunk, track_error *err)
{
    if (o->chunk != chunk) {
        arena_release(&o->arena);
        o->chunk = SIZE_MAX;
        TRY(pack_lines_read(&o->ask, chunk, &o->arena, &o->lines, err));
        o->chunk = chunk;
    }
    return TRACK_OK;
}

static track_status read_pack(struct tail_lines_reader *r, const struct tail_row *row,
                              tail_lines_visit *fn, void *data, track_error *err)
{
    struct tail_lines_open *o;
    uint64_t at = row->pack_first, end = at + row->lines[0] + row->lines[1];
    bool more = true;
    TRY(pack_use(r, row->pack, &o, err));
    while (at < end && more) {
        size_t chunk = pack_lines_chunk_of(&row->pack->lines, at);
        const struct pack_lines_chunk *c = &row->pack->lines.chunks[chunk];
        uint64_t stop = c->first + c->count < end ? c->first + c->count : end;
        TRY(chunk_use(o, chunk, err));
        TRY(fn(data, o->lines + (at - c->first), (size_t)(stop - at), &more, err));
        at = stop;
    }
    return TRACK_OK;
}

/* A journal row being read. */
struct visiting {
    tail_lines_visit *fn;
    void *data;
    bool more;
};

static track_status visit_frame(void *data, const struct frame *frame, track_error *err)
{
    struct visiting *v = data;
    return v->more && frame->line_count
               ? v->fn(v->data, frame->lines, frame->line_count, &v->more, err)
               : TRACK_OK;
}

track_status tail_lines_read(struct tail_lines_reader *r, const struct tail_row *row,
                             tail_lines_visit *fn, void *data, track_error *err)
{
    struct visiting v = {fn, data, true};
    struct tail_place place = {row->writer, row->seq};
    return row->pack ? read_pack(r, row, fn, data, err)
                     : tail_read_row(r->run, place, visit_frame, &v, err);
}

/* Numbers of a row, and which of its lines have them. */
struct number {
    int64_t index;
    uint32_t place;
    uint32_t stream;
};
struct numbers {
    struct number *at; /* [count] */
    size_t count, room;
};

static track_status take_numbers(void *data, const struct frame_line *lines, size_t count,
                                 bool *more, track_error *err)
{
    struct numbers *n = data;
    for (size_t i = 0; i < count && n->count < n->room; i++, n->count++) {
        n->at[n->count] =
            (struct number){lines[i].index, (uint32_t)n->count, (uint32_t)lines[i].stream};
    }
    *more = true;
    (void)err;
    return TRACK_OK;
}

static track_status read_numbers(struct tail_lines_reader *r, const struct tail_row *row,
                                 struct arena *arena, struct numbers *out, track_error *err)
{
    *out = (struct numbers){.room = row->lines[0] + row->lines[1]};
    out->at = ARENA_ARRAY(arena, struct number, out->room);
    if (!out->at) {
        return FAIL(err, TRACK_NOMEM, "%zu lines: no memory", out->room);
    }
    return tail_lines_read(r, row, take_numbers, out, err);
}

static track_status hide(struct tail_row *row, const struct number *n, track_error *err)
{
    if (!row->hidden) {
        row->hidden = calloc(((size_t)row->lines[0] + row->lines[1]) / 8 + 1, 1);
    }
    if (!row->hidden) {
        return FAIL(err, TRACK_NOMEM, "lines that were sent again: no memory");
    }
    unsigned char bit = (unsigned char)(1u << n->place % 8);
    row->hidden_lines[n->stream] += !(row->hidden[n->place / 8] & bit);
    row->hidden[n->place / 8] |= bit;
    return TRACK_OK;
}

/* By number, then place. */
static int number_order(const void *left, const void *right)
{
    const struct number *a = left, *b = right;
    if (a->index != b->index) {
        return a->index < b->index ? -1 : 1;
    }
    return (a->place > b->place) - (a->place < b->place);
}

static int index_order(const void *left, const void *right)
{
    const struct number *a = left, *b = right;
    return (a->index > b->index) - (a->index < b->index);
}

/* Hides what a row itself repeats; numbers are sorted. */
static track_status hide_inside(struct tail_row *row, const struct numbers *n, track_error *err)
{
    for (size_t i = 1; i < n->count; i++) {
        if (n->at[i - 1].index == n->at[i].index) {
            TRY(hide(row, &n->at[i - 1], err));
        }
    }
    return TRACK_OK;
}

/* Hides lines of an older row that are among the sorted numbers of a newer one. */
static track_status hide_older(struct tail_lines_reader *r, struct tail_row *older,
                               const struct numbers *newer, track_error *err)
{
    AUTO_ARENA arena = ARENA(SETTLE_BYTES);
    struct numbers n;
    TRY(read_numbers(r, older, &arena, &n, err));
    for (size_t i = 0; i < n.count; i++) {
        if (bsearch(&n.at[i], newer->at, newer->count, sizeof(*newer->at), index_order)) {
            TRY(hide(older, &n.at[i], err));
        }
    }
    return TRACK_OK;
}

/* True if lines of an older row may be among those of a newer one. */
static bool may_hide(const struct tail_row *older, const struct tail_row *newer)
{
    return older->writer == newer->writer && older->index_max >= newer->index_min &&
           older->index_min <= newer->index_max &&
           older->hidden_lines[0] + older->hidden_lines[1] < older->lines[0] + older->lines[1];
}

/* Hides what row i repeats of itself and of the rows before. */
static track_status settle_row(struct tail_lines_reader *r, size_t i, track_error *err)
{
    AUTO_ARENA arena = ARENA(SETTLE_BYTES);
    struct tail_row *rows = r->run->rows;
    struct numbers n;
    TRY(read_numbers(r, &rows[i], &arena, &n, err));
    qsort(n.at, n.count, sizeof(*n.at), number_order);
    TRY(hide_inside(&rows[i], &n, err));
    for (size_t k = 0; k < i; k++) {
        if (may_hide(&rows[k], &rows[i])) {
            TRY(hide_older(r, &rows[k], &n, err));
        }
    }
    return TRACK_OK;
}

track_status tail_lines_settle(struct tail_run *run, track_error *err)
{
    AUTO_ARENA arena = ARENA(SETTLE_BYTES);
    struct tail_lines_reader r = {.run = run, .arena = &arena};
    for (; run->row_settled < run->row_count; run->row_settled++) {
        const struct tail_row *row = &run->rows[run->row_settled];
        struct tail_writer *w = &run->writers[row->writer];
        if (row->disordered || row->index_min <= w->index_max) {
            TRY(settle_row(&r, run->row_settled, err));
        }
        w->index_max = row->index_max > w->index_max ? row->index_max : w->index_max;
    }
    return TRACK_OK;
}
