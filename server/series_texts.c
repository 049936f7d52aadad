#include "../core/frame.h"
#include "series.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Newest first; then what was written later. */
static int text_order(const void *left, const void *right)
{
    const struct tail_text *a = left, *b = right;
    if (a->step != b->step) {
        return a->step > b->step ? -1 : 1;
    }
    if (a->time_us != b->time_us) {
        return a->time_us > b->time_us ? -1 : 1;
    }
    if (a->writer != b->writer) {
        return a->writer < b->writer ? -1 : 1;
    }
    if (a->seq != b->seq) {
        return a->seq > b->seq ? -1 : 1;
    }
    return a->place > b->place ? -1 : a->place < b->place;
}

/* "STEP.TIME.WRITER.SEQ.PLACE" of the last sample of a page. */
static track_status cursor_decode(const char *text, struct tail_text *out, track_error *err)
{
    char rest;
    struct tail_text t = {0};
    if (sscanf(text, "%" SCNd64 ".%" SCNd64 ".%" SCNu32 ".%" SCNd64 ".%" SCNu32 "%c", &t.step,
               &t.time_us, &t.writer, &t.seq, &t.place, &rest) != 5) {
        return FAIL(err, TRACK_INVALID, "cursor %.60s was not given by this server", text);
    }
    *out = t;
    return TRACK_OK;
}

/* A text being looked for in its row. */
struct picking {
    uint32_t place; /* counts down */
    struct arena *arena;
    struct bytes text;
    bool found;
};

static track_status pick_column(struct picking *p, const struct frame_column *column, size_t rows,
                                track_error *err)
{
    if (!column->texts || p->found) {
        return TRACK_OK;
    }
    if (p->place >= rows) {
        p->place -= (uint32_t)rows;
        return TRACK_OK;
    }
    struct bytes from = column->texts[p->place];
    char *copy = arena_text(p->arena, from.size ? (const char *)from.at : "", from.size);
    if (!copy) {
        return FAIL(err, TRACK_NOMEM, "a text of %zu bytes: no memory; ask for fewer", from.size);
    }
    p->text = (struct bytes){(unsigned char *)copy, from.size};
    p->found = true;
    return TRACK_OK;
}

static track_status pick(void *data, const struct frame *frame, track_error *err)
{
    for (size_t b = 0; b < frame->block_count; b++) {
        const struct frame_block *block = &frame->blocks[b];
        for (size_t c = 0; c < block->column_count; c++) {
            TRY(pick_column(data, &block->columns[c], block->rows, err));
        }
    }
    return TRACK_OK;
}

static track_status sample_fill(struct tail_run *run, const struct tail_text *text,
                                struct arena *arena, struct text_sample *out, track_error *err)
{
    const struct tail_series *s = &run->series[text->series];
    struct picking p = {.place = text->place, .arena = arena};
    TRY(tail_read_row(run, (struct tail_place){text->writer, text->seq}, pick, &p, err));
    if (!p.found) {
        return FAIL(err, TRACK_CORRUPT, "run %s, seq %lld: text %u is not there", run->id,
                    (long long)text->seq, text->place);
    }
    *out = (struct text_sample){.step = text->step, .time_us = text->time_us, .text = p.text};
    out->name = arena_text(arena, s->name, strlen(s->name));
    out->context = arena_text(arena, s->context, strlen(s->context));
    if (!out->name || !out->context) {
        return FAIL(err, TRACK_NOMEM, "texts: no memory");
    }
    return TRACK_OK;
}

/* The samples that ask wants, in order, behind its cursor. */
static track_status texts_select(const struct tail_run *run, const struct texts_ask *ask,
                                 struct arena *arena, struct tail_text **out, size_t *count,
                                 track_error *err)
{
    struct tail_text behind;
    bool paged = ask->cursor && *ask->cursor;
    if (paged) {
        TRY(cursor_decode(ask->cursor, &behind, err));
    }
    struct tail_text *texts = ARENA_ARRAY(arena, struct tail_text, run->text_count + 1);
    if (!texts) {
        return FAIL(err, TRACK_NOMEM, "%zu texts: no memory", run->text_count);
    }
    *count = 0;
    for (size_t i = 0; i < run->text_count; i++) {
        const struct tail_text *t = &run->texts[i];
        bool named = !ask->key || strcmp(run->series[t->series].name, ask->key) == 0;
        if (named && (!paged || text_order(t, &behind) > 0)) {
            texts[(*count)++] = *t;
        }
    }
    if (*count) {
        qsort(texts, *count, sizeof(*texts), text_order);
    }
    *out = texts;
    return TRACK_OK;
}

static track_status page_next(const struct tail_text *last, struct arena *arena,
                              struct texts_page *page, track_error *err)
{
    char next[120];
    int size =
        snprintf(next, sizeof(next), "%" PRId64 ".%" PRId64 ".%" PRIu32 ".%" PRId64 ".%" PRIu32,
                 last->step, last->time_us, last->writer, last->seq, last->place);
    page->next = arena_text(arena, next, (size_t)size);
    return page->next ? TRACK_OK : FAIL(err, TRACK_NOMEM, "texts: no memory");
}

track_status series_texts(struct tail *t, const struct texts_ask *ask, struct arena *arena,
                          struct texts_page *out, track_error *err)
{
    AUTO_TAIL struct tail_run *run = NULL;
    struct tail_text *texts;
    struct texts_page page = {0};
    size_t count;
    if (ask->limit < 1 || ask->limit > SERIES_TEXTS_MAX) {
        return FAIL(err, TRACK_INVALID, "limit %zu, must be 1 to %d", ask->limit, SERIES_TEXTS_MAX);
    }
    TRY(tail_take(t, ask->run, TAIL_FRESH, &run, err));
    TRY(texts_select(run, ask, arena, &texts, &count, err));
    page.count = count < ask->limit ? count : ask->limit;
    struct text_sample *samples = ARENA_ARRAY(arena, struct text_sample, page.count + 1);
    if (!samples) {
        return FAIL(err, TRACK_NOMEM, "texts: no memory");
    }
    for (size_t i = 0; i < page.count; i++) {
        TRY(sample_fill(run, &texts[i], arena, &samples[i], err));
    }
    if (count > page.count) {
        TRY(page_next(&texts[page.count - 1], arena, &page, err));
    }
    page.at = samples;
    *out = page;
    return TRACK_OK;
}
