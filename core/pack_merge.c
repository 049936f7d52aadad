#include "pack_merge.h"

#include <string.h>

enum { TEXTS_BYTES_MAX = 64 << 20 };

/* A pack being merged: its next series. */
struct merge_pack {
    struct pack_points points;
    size_t next;
    bool here; /* it has a part of the series at hand */
    /* of texts: the chunk at hand, and the next one of it */
    struct arena arena;
    struct pack_texts texts;
    size_t text;
};

struct pack_merging {
    struct merge_pack packs[PACK_MERGE_MAX];
    size_t count;
    struct stretch_source sources[PACK_MERGE_MAX];
    struct stretch_head heads[PACK_MERGE_MAX];
    struct pack_builder *to;
};

static void merging_close(void *data)
{
    struct pack_merging *m = data;
    for (size_t i = 0; i < m->count; i++) {
        arena_release(&m->packs[i].arena);
    }
}

static track_status inputs_check(const struct pack_input *inputs, size_t count, track_error *err)
{
    if (count == 0 || count > PACK_MERGE_MAX) {
        return FAIL(err, TRACK_INVALID, "%zu packs to merge, must be 1 to %d", count,
                    PACK_MERGE_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        const struct pack_head *a = &inputs[0].dir->head, *b = &inputs[i].dir->head;
        if (b->kind != PACK_POINTS || a->epoch != b->epoch ||
            memcmp(a->run, b->run, sizeof(a->run)) != 0) {
            return FAIL(err, TRACK_INVALID, "packs of several runs, epochs or kinds");
        }
    }
    return TRACK_OK;
}

static const struct pack_series *pack_next(const struct merge_pack *p, const struct pack_input *in)
{
    return p->next < in->dir->series_count ? &in->dir->series[p->next] : NULL;
}

/* Finds the first series that is left, and which packs have a part of it; NULL: none is left. */
static const struct pack_series *series_find(struct pack_merging *m,
                                             const struct pack_input *inputs)
{
    const struct pack_series *first = NULL;
    for (size_t i = 0; i < m->count; i++) {
        const struct pack_series *s = pack_next(&m->packs[i], &inputs[i]);
        if (s && (!first || pack_compare_names(s, first) < 0)) {
            first = s;
        }
    }
    for (size_t i = 0; i < m->count; i++) {
        const struct pack_series *s = pack_next(&m->packs[i], &inputs[i]);
        m->packs[i].here = s && pack_compare_names(s, first) == 0;
        m->packs[i].points.series = s;
        m->packs[i].points.next = 0;
        m->packs[i].next += m->packs[i].here;
    }
    return first;
}

/* What the last pack that has the series at hand says of it. */
static const struct pack_series *series_last(const struct pack_merging *m)
{
    size_t i = m->count - 1;
    while (!m->packs[i].here) {
        i--;
    }
    return m->packs[i].points.series;
}

static track_status merge_numbers(struct pack_merging *m, track_error *err)
{
    struct stretch_merge merge;
    struct stretch in;
    size_t count = 0;
    for (size_t i = 0; i < m->count; i++) {
        if (m->packs[i].here) {
            m->sources[count++] = pack_points_source(&m->packs[i].points, INT64_MAX);
        }
    }
    TRY(stretch_merge_init(&merge, m->sources, m->heads, count, INT64_MIN, err));
    for (;;) {
        TRY(stretch_merge_next(&merge, &in, err));
        if (in.count == 0) {
            return TRACK_OK;
        }
        TRY(pack_build_add(m->to, &in, err));
    }
}

/* Gets the next chunk of texts when the one at hand is used up. */
static track_status texts_next(struct merge_pack *p, track_error *err)
{
    const struct pack_series *s = p->points.series;
    if (p->text < p->texts.at.count || p->points.next == s->chunk_count) {
        p->here = p->text < p->texts.at.count;
        return TRACK_OK;
    }
    arena_release(&p->arena);
    p->text = 0;
    return pack_read_texts(p->points.reader, s->chunk_from + p->points.next++, &p->arena, &p->texts,
                           err);
}

/* Order of the texts at hand: step, time, bytes. */
static int texts_compare(const struct merge_pack *a, const struct merge_pack *b)
{
    const struct stretch *x = &a->texts.at, *y = &b->texts.at;
    struct bytes s = a->texts.texts[a->text], t = b->texts.texts[b->text];
    if (x->steps[a->text] != y->steps[b->text]) {
        return x->steps[a->text] < y->steps[b->text] ? -1 : 1;
    }
    if (x->times_us[a->text] != y->times_us[b->text]) {
        return x->times_us[a->text] < y->times_us[b->text] ? -1 : 1;
    }
    size_t size = s.size < t.size ? s.size : t.size;
    int order = size ? memcmp(s.at, t.at, size) : 0;
    return order ? order : (s.size > t.size) - (s.size < t.size);
}

/* Looks at the text at hand of a pack: the first one so far is *out; what is the same is passed
 * over. */
static track_status text_look(struct merge_pack *p, struct merge_pack **out, track_error *err)
{
    while (p->here) {
        TRY(texts_next(p, err));
        int order = p->here && *out ? texts_compare(p, *out) : -1;
        if (order != 0) {
            *out = p->here && order < 0 ? p : *out;
            return TRACK_OK;
        }
        p->text++;
    }
    return TRACK_OK;
}

/* The pack with the first text; NULL: the end. */
static track_status texts_find(struct pack_merging *m, struct merge_pack **out, track_error *err)
{
    *out = NULL;
    for (size_t i = 0; i < m->count; i++) {
        TRY(text_look(&m->packs[i], out, err));
    }
    return TRACK_OK;
}

static track_status merge_texts(struct pack_merging *m, track_error *err)
{
    for (size_t i = 0; i < m->count; i++) {
        m->packs[i].texts.at.count = m->packs[i].text = 0;
    }
    for (;;) {
        struct merge_pack *p;
        TRY(texts_find(m, &p, err));
        if (!p) {
            return TRACK_OK;
        }
        struct stretch at = stretch_from(&p->texts.at, p->text);
        at.count = 1;
        TRY(pack_build_add_texts(m->to, &at, p->texts.texts + p->text, err));
        p->text++;
    }
}

static track_status merging_open(struct pack_merging *m, const struct pack_input *inputs,
                                 size_t count, struct arena *arena, track_error *err)
{
    struct pack_tools *tools = ARENA_NEW(arena, struct pack_tools);
    if (!tools || !arena_defer(arena, merging_close, m)) {
        return FAIL(err, TRACK_NOMEM, "merging %zu packs: no memory", count);
    }
    TRY(pack_tools_open(arena, tools, err));
    for (size_t i = 0; i < count; i++) {
        struct merge_pack *p = &m->packs[i];
        p->arena = (struct arena)ARENA(TEXTS_BYTES_MAX);
        TRY(pack_reader_open(&inputs[i].blob, inputs[i].dir, tools, arena, &p->points.reader, err));
    }
    m->count = count;
    return TRACK_OK;
}

track_status pack_merge(const struct pack_input *inputs, size_t count,
                        const struct pack_between *between, struct arena *arena,
                        struct pack_builder *to, track_error *err)
{
    struct pack_merging *m = ARENA_NEW(arena, struct pack_merging);
    if (!m) {
        return FAIL(err, TRACK_NOMEM, "merging packs: no memory");
    }
    TRY(inputs_check(inputs, count, err));
    TRY(merging_open(m, inputs, count, arena, err));
    m->to = to;
    const struct pack_series *s;
    while ((s = series_find(m, inputs)) != NULL) {
        TRY(pack_build_series(to, series_last(m), err));
        TRY(s->kind == PACK_TEXTS ? merge_texts(m, err) : merge_numbers(m, err));
        TRY(between ? between->call(between->data, err) : TRACK_OK);
    }
    return TRACK_OK;
}
