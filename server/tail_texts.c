#include "tail_texts.h"

#include "../core/frame.h"

#include <stdlib.h>
#include <string.h>

/* A sample that was found; text.at is NULL while it is only known where it lies. */
struct found {
    struct tail_sample sample;
    const struct tail_text *row; /* in the journal; NULL: read from a pack */
};

/* A chunk of a pack that may have samples. */
struct wanted {
    const struct tail_texts *from;
    size_t chunk; /* of the pack */
    int64_t step_last;
};

/* All texts of a journal row. */
struct row_texts {
    struct row_texts *next;
    uint32_t writer;
    int64_t seq;
    struct bytes *at; /* [count] */
    size_t count, room;
    struct arena *arena;
};

struct collecting {
    struct tail_run *run;
    const struct tail_texts_ask *ask;
    struct arena *arena;
    struct tail_reading reading;
    struct wanted *chunks; /* [chunk_count], by their last step, the newest first */
    size_t chunk_count, chunk_next;
    struct found *found; /* [count] */
    size_t count, room;
    struct row_texts *rows;
};

static track_status nomem(track_error *err)
{
    return FAIL(err, TRACK_NOMEM, "texts: no memory; ask for fewer");
}

static int series_order(const struct tail_run *run, uint32_t a, uint32_t b)
{
    const struct tail_series *x = &run->series[a], *y = &run->series[b];
    int order = a == b ? 0 : strcmp(x->name, y->name);
    return order || a == b ? order : strcmp(x->context, y->context);
}

/* Newest step first, then newest time, then by series. */
static int group_order(const struct tail_run *run, const struct tail_sample *a,
                       const struct tail_sample *b)
{
    if (a->step != b->step) {
        return a->step > b->step ? -1 : 1;
    }
    if (a->time_us != b->time_us) {
        return a->time_us > b->time_us ? -1 : 1;
    }
    return series_order(run, a->series, b->series);
}

static int found_order(const void *a, const void *b, void *run)
{
    return group_order(run, &((const struct found *)a)->sample, &((const struct found *)b)->sample);
}

static int text_order(const void *left, const void *right)
{
    struct bytes a = ((const struct found *)left)->sample.text;
    struct bytes b = ((const struct found *)right)->sample.text;
    size_t size = a.size < b.size ? a.size : b.size;
    int order = size ? memcmp(a.at, b.at, size) : 0;
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

static bool is_named(const struct collecting *c, uint32_t series)
{
    return !c->ask->key || strcmp(c->run->series[series].name, c->ask->key) == 0;
}

/* Adds a sample, unless all of its group comes before what is asked for. */
static track_status add(struct collecting *c, const struct found *in, track_error *err)
{
    if (c->ask->after && group_order(c->run, &in->sample, c->ask->after) < 0) {
        return TRACK_OK;
    }
    if (c->count == c->room) {
        size_t room = c->room ? 2 * c->room : 64;
        struct found *grown = ARENA_ARRAY(c->arena, struct found, room);
        if (!grown) {
            return nomem(err);
        }
        if (c->count) {
            memcpy(grown, c->found, c->count * sizeof(*grown));
        }
        c->found = grown;
        c->room = room;
    }
    c->found[c->count++] = *in;
    return TRACK_OK;
}

static track_status add_rows(struct collecting *c, track_error *err)
{
    for (size_t i = 0; i < c->run->text_count; i++) {
        const struct tail_text *t = &c->run->texts[i];
        struct found f = {{t->series, 0, t->step, t->time_us, {NULL, 0}}, t};
        TRY(is_named(c, t->series) ? add(c, &f, err) : TRACK_OK);
    }
    return TRACK_OK;
}

static int chunk_order(const void *left, const void *right)
{
    const struct wanted *a = left, *b = right;
    return (a->step_last < b->step_last) - (a->step_last > b->step_last);
}

/* Lists chunks that may have samples. */
static track_status list_chunks(struct collecting *c, track_error *err)
{
    size_t room = 0;
    for (size_t i = 0; i < c->run->packed_count; i++) {
        room += c->run->packed[i].part.series->chunk_count;
    }
    c->chunks = ARENA_ARRAY(c->arena, struct wanted, room + 1);
    if (!c->chunks) {
        return nomem(err);
    }
    for (size_t i = 0; i < c->run->packed_count; i++) {
        const struct tail_texts *t = &c->run->packed[i];
        const struct pack_series *s = t->part.series;
        for (size_t k = 0; k < s->chunk_count && is_named(c, t->series); k++) {
            const struct bucket *sum = &t->part.pack->dir.chunks[s->chunk_from + k].sum;
            int64_t last = t->part.step_last < sum->last.step ? t->part.step_last : sum->last.step;
            if (sum->first.step <= last &&
                (!c->ask->after || sum->first.step <= c->ask->after->step)) {
                c->chunks[c->chunk_count++] = (struct wanted){t, s->chunk_from + k, last};
            }
        }
    }
    if (c->chunk_count > 1) {
        qsort(c->chunks, c->chunk_count, sizeof(*c->chunks), chunk_order);
    }
    return TRACK_OK;
}

static track_status load_chunk(struct collecting *c, const struct wanted *w, track_error *err)
{
    AUTO_ARENA work = ARENA(64 << 20);
    struct tail_reading reading = {.arena = &work};
    struct pack_reader *reader;
    struct pack_texts texts;
    TRY(tail_pack_read(w->from->part.pack, &reading, &reader, err));
    TRY(pack_read_texts(reader, w->chunk, c->arena, &texts, err));
    for (size_t i = 0; i < texts.at.count; i++) {
        struct found f = {
            {w->from->series, 0, texts.at.steps[i], texts.at.times_us[i], texts.texts[i]}, NULL};
        TRY(f.sample.step <= w->step_last ? add(c, &f, err) : TRACK_OK);
    }
    return TRACK_OK;
}

/* True if a chunk that was not read may have samples of this step. */
static bool is_open(const struct collecting *c, int64_t step)
{
    return c->chunk_next < c->chunk_count && step <= c->chunks[c->chunk_next].step_last;
}

/* Reads chunks until so many samples lie before all that was not read. */
static track_status load_chunks(struct collecting *c, size_t want, track_error *err)
{
    size_t have = 0;
    while (c->chunk_next < c->chunk_count && have < want) {
        TRY(load_chunk(c, &c->chunks[c->chunk_next++], err));
        have = 0;
        for (size_t i = 0; i < c->count; i++) {
            have += !is_open(c, c->found[i].sample.step);
        }
    }
    return TRACK_OK;
}

static track_status copy_column(struct row_texts *r, const struct frame_column *column, size_t rows,
                                track_error *err)
{
    if (r->count + rows > r->room) {
        size_t room = 2 * r->room + rows;
        struct bytes *grown = ARENA_ARRAY(r->arena, struct bytes, room);
        if (!grown) {
            return nomem(err);
        }
        if (r->count) {
            memcpy(grown, r->at, r->count * sizeof(*grown));
        }
        r->at = grown;
        r->room = room;
    }
    for (size_t i = 0; i < rows; i++) {
        struct bytes from = column->texts[i];
        char *copy = arena_text(r->arena, from.size ? (const char *)from.at : "", from.size);
        if (!copy) {
            return nomem(err);
        }
        r->at[r->count++] = (struct bytes){(unsigned char *)copy, from.size};
    }
    return TRACK_OK;
}

/* Copies all texts of a frame. */
static track_status copy_frame(void *data, const struct frame *frame, track_error *err)
{
    for (size_t b = 0; b < frame->block_count; b++) {
        const struct frame_block *block = &frame->blocks[b];
        for (size_t i = 0; i < block->column_count; i++) {
            const struct frame_column *column = &block->columns[i];
            TRY(column->texts ? copy_column(data, column, block->rows, err) : TRACK_OK);
        }
    }
    return TRACK_OK;
}

/* Fills the text of a sample in the journal. */
static track_status read_row(struct collecting *c, struct found *f, track_error *err)
{
    const struct tail_text *t = f->row;
    struct row_texts *r = c->rows;
    while (r && (r->writer != t->writer || r->seq != t->seq)) {
        r = r->next;
    }
    if (!r) {
        r = ARENA_NEW(c->arena, struct row_texts);
        if (!r) {
            return nomem(err);
        }
        *r = (struct row_texts){.writer = t->writer, .seq = t->seq, .arena = c->arena};
        TRY(tail_read_row(c->run, (struct tail_place){t->writer, t->seq}, copy_frame, r, err));
        r->next = c->rows;
        c->rows = r;
    }
    if (t->place >= r->count) {
        return FAIL(err, TRACK_CORRUPT, "run %s, seq %lld: text %u is not there", c->run->id,
                    (long long)t->seq, t->place);
    }
    f->sample.text = r->at[t->place];
    return TRACK_OK;
}

/* Puts the samples of one series, step and time, each once. */
static track_status emit_group(struct collecting *c, struct found *group, size_t size,
                               struct tail_sample *out, size_t *count, track_error *err)
{
    const struct tail_sample *after = c->ask->after;
    uint32_t nth = 0;
    for (size_t i = 0; i < size; i++) {
        TRY(group[i].row ? read_row(c, &group[i], err) : TRACK_OK);
    }
    qsort(group, size, sizeof(*group), text_order);
    bool same = after && group_order(c->run, &group[0].sample, after) == 0;
    for (size_t i = 0; i < size && *count <= c->ask->limit; i++) {
        if (i && text_order(&group[i - 1], &group[i]) == 0) {
            continue;
        }
        group[i].sample.nth = nth++;
        if (!same || group[i].sample.nth > after->nth) {
            out[(*count)++] = group[i].sample;
        }
    }
    return TRACK_OK;
}

/* Puts samples that lie before all that was not read. */
static track_status emit(struct collecting *c, struct tail_sample *out, size_t *count,
                         track_error *err)
{
    *count = 0;
    if (c->count > 1) {
        qsort_r(c->found, c->count, sizeof(*c->found), found_order, c->run);
    }
    for (size_t i = 0, size; i < c->count && *count <= c->ask->limit; i += size) {
        size = 1;
        if (is_open(c, c->found[i].sample.step)) {
            break;
        }
        while (i + size < c->count && found_order(&c->found[i], &c->found[i + size], c->run) == 0) {
            size++;
        }
        TRY(emit_group(c, &c->found[i], size, out, count, err));
    }
    return TRACK_OK;
}

track_status tail_texts_page(struct tail_run *run, const struct tail_texts_ask *ask,
                             struct arena *arena, struct tail_sample *out, size_t *count,
                             track_error *err)
{
    struct collecting c = {.run = run, .ask = ask, .arena = arena};
    size_t want = ask->limit + 1;
    TRY(add_rows(&c, err));
    TRY(list_chunks(&c, err));
    do {
        TRY(load_chunks(&c, want, err));
        TRY(emit(&c, out, count, err));
        want = c.count + 1; /* some of them were repeats */
    } while (*count <= ask->limit && c.chunk_next < c.chunk_count);
    return TRACK_OK;
}
