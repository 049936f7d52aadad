#include "series.h"
#include "tail_texts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { WORK_BYTES = 256 << 20 };

/* "STEP.TIME.SERIES.NTH" of the last sample of a page; SERIES is its id. */
static track_status cursor_decode(const struct tail_run *run, const char *text,
                                  struct tail_sample *out, track_error *err)
{
    char rest;
    uint64_t id;
    struct tail_sample s = {0};
    int got = sscanf(text, "%" SCNd64 ".%" SCNd64 ".%16" SCNx64 ".%" SCNu32 "%c", &s.step,
                     &s.time_us, &id, &s.nth, &rest);
    while (got == 4 && s.series < run->series_count && run->series[s.series].id != (int64_t)id) {
        s.series++;
    }
    if (got != 4 || s.series == run->series_count) {
        return FAIL(err, TRACK_INVALID, "cursor %.60s was not given by this server", text);
    }
    *out = s;
    return TRACK_OK;
}

static track_status nomem(track_error *err)
{
    return FAIL(err, TRACK_NOMEM, "texts: no memory; ask for fewer");
}

/* Copies a sample into the caller's arena. */
static track_status sample_fill(const struct tail_run *run, const struct tail_sample *from,
                                struct arena *arena, struct text_sample *out, track_error *err)
{
    const struct tail_series *s = &run->series[from->series];
    const char *text = from->text.size ? (const char *)from->text.at : "";
    const char *copy = arena_text(arena, text, from->text.size);
    *out = (struct text_sample){.step = from->step, .time_us = from->time_us};
    out->text = (struct bytes){(const unsigned char *)copy, from->text.size};
    out->name = arena_text(arena, s->name, strlen(s->name));
    out->context = arena_text(arena, s->context, strlen(s->context));
    return copy && out->name && out->context ? TRACK_OK : nomem(err);
}

static track_status page_next(const struct tail_run *run, const struct tail_sample *last,
                              struct arena *arena, struct texts_page *page, track_error *err)
{
    char next[100];
    int size =
        snprintf(next, sizeof(next), "%" PRId64 ".%" PRId64 ".%016" PRIx64 ".%" PRIu32, last->step,
                 last->time_us, (uint64_t)run->series[last->series].id, last->nth);
    page->next = arena_text(arena, next, (size_t)size);
    return page->next ? TRACK_OK : nomem(err);
}

/* Copies page->count samples into the caller's arena. */
static track_status page_fill(const struct tail_run *run, const struct tail_sample *samples,
                              struct arena *arena, struct texts_page *page, track_error *err)
{
    struct text_sample *at = ARENA_ARRAY(arena, struct text_sample, page->count + 1);
    if (!at) {
        return nomem(err);
    }
    for (size_t i = 0; i < page->count; i++) {
        TRY(sample_fill(run, &samples[i], arena, &at[i], err));
    }
    page->at = at;
    return TRACK_OK;
}

/* How a page is read. */
struct texts_read {
    struct tail *tail;
    enum tail_mode mode;
    struct arena *arena; /* the caller's */
};

/* One try: without a snapshot that is held, a row may be sealed after the run was taken. */
static track_status texts_read(const struct texts_read *r, const struct texts_ask *ask,
                               struct texts_page *out, track_error *err)
{
    AUTO_ARENA work = ARENA(WORK_BYTES);
    AUTO_TAIL struct tail_run *run = NULL;
    struct tail_sample after;
    struct tail_texts_ask wanted = {.key = ask->key, .limit = ask->limit};
    size_t count;
    TRY(tail_take(r->tail, ask->run, r->mode, &run, err));
    if (ask->cursor && *ask->cursor) {
        TRY(cursor_decode(run, ask->cursor, &after, err));
        wanted.after = &after;
    }
    struct tail_sample *samples = ARENA_ARRAY(&work, struct tail_sample, ask->limit + 1);
    if (!samples) {
        return nomem(err);
    }
    TRY(tail_texts_page(run, &wanted, &work, samples, &count, err));
    struct texts_page page = {.count = count < ask->limit ? count : ask->limit};
    TRY(page_fill(run, samples, r->arena, &page, err));
    TRY(count > page.count ? page_next(run, &samples[page.count - 1], r->arena, &page, err)
                           : TRACK_OK);
    *out = page;
    return TRACK_OK;
}

track_status series_texts(struct tail *t, const struct texts_ask *ask, struct arena *arena,
                          struct texts_page *out, track_error *err)
{
    struct texts_read r = {t, TAIL_FRESH, arena};
    if (ask->limit < 1 || ask->limit > SERIES_TEXTS_MAX) {
        return FAIL(err, TRACK_INVALID, "limit %zu, must be 1 to %d", ask->limit, SERIES_TEXTS_MAX);
    }
    track_status status = texts_read(&r, ask, out, err);
    if (status == TRACK_CONFLICT) {
        r.mode = TAIL_HELD;
        status = texts_read(&r, ask, out, err);
    }
    return status;
}
