#include "seal_set.h"

#include "../core/point_sort.h"

#include "../core/frame.h"

#include <stdlib.h>
#include <string.h>

enum {
    ID_ROOM_MIN = 64,
    PART = 1024, /* points given to the builder at once */
    POINTS_BYTES_MAX = 1 << 30,
};

static track_status nomem(track_error *err)
{
    return FAIL(err, TRACK_NOMEM, "points that leave the journal: no memory");
}

static struct seal_series **slot(const struct seal_set *set, int64_t id)
{
    size_t i = (size_t)id & (set->id_room - 1);
    while (set->by_id[i] && set->by_id[i]->id != id) {
        i = (i + 1) & (set->id_room - 1);
    }
    return &set->by_id[i];
}

/* Keeps the table at most half full. */
static track_status reserve(struct seal_set *set, track_error *err)
{
    if (2 * (set->count + 1) <= set->id_room) {
        return TRACK_OK;
    }
    struct seal_set old = *set;
    set->id_room = old.id_room ? 2 * old.id_room : ID_ROOM_MIN;
    set->by_id = ARENA_ARRAY(set->arena, struct seal_series *, set->id_room);
    if (!set->by_id) {
        *set = old;
        return nomem(err);
    }
    for (size_t i = 0; i < old.id_room; i++) {
        if (old.by_id[i]) {
            *slot(set, old.by_id[i]->id) = old.by_id[i];
        }
    }
    return TRACK_OK;
}

static track_status copy(struct seal_set *set, const char *text, struct bytes *out,
                         track_error *err)
{
    size_t size = strlen(text);
    const char *at = arena_text(set->arena, text, size);
    *out = (struct bytes){(const unsigned char *)at, size};
    return at ? TRACK_OK : nomem(err);
}

/* The series of a key, made when it is new. */
static track_status series_get(struct seal_set *set, const struct journal_key *key,
                               struct seal_series **out, track_error *err)
{
    TRY(reserve(set, err));
    struct seal_series **at = slot(set, key->series);
    if (!*at) {
        struct seal_series *s = ARENA_NEW(set->arena, struct seal_series);
        if (!s) {
            return nomem(err);
        }
        *s = (struct seal_series){.id = key->series,
                                  .points = BUF(POINTS_BYTES_MAX),
                                  .sorted = true,
                                  .texts = SEAL_TEXTS};
        TRY(copy(set, key->name, &s->name, err));
        TRY(copy(set, key->context, &s->context, err));
        *at = s;
        set->count++;
    }
    *out = *at;
    return TRACK_OK;
}

static const struct point *points_of(const struct seal_series *s)
{
    return (const struct point *)(const void *)s->points.at;
}

static size_t count_of(const struct seal_series *s)
{
    return s->points.size / sizeof(struct point);
}

static track_status add_column(struct seal_series *s, const struct frame_block *b,
                               const double *values, track_error *err)
{
    size_t had = count_of(s);
    void *at = buf_add(&s->points, b->rows * sizeof(struct point));
    if (!at) {
        return nomem(err);
    }
    struct point *to = at;
    for (size_t i = 0; i < b->rows; i++) {
        to[i] = (struct point){b->steps[i], b->times_us[i], values[i]};
    }
    const struct point *all = points_of(s);
    for (size_t i = had ? had : 1; i < had + b->rows && s->sorted; i++) {
        s->sorted = point_compare(&all[i - 1], &all[i]) < 0;
    }
    return TRACK_OK;
}

static track_status add_texts(struct seal_set *set, struct seal_series *s,
                              const struct frame_block *b, const struct bytes *texts,
                              track_error *err)
{
    size_t had = s->texts.bytes.size;
    TRY(seal_texts_add(&s->texts, b, texts, err));
    set->text_bytes += s->texts.bytes.size - had;
    return TRACK_OK;
}

static track_status add_block(struct seal_set *set, const struct frame_block *b,
                              struct seal_keys *keys, track_error *err)
{
    for (size_t c = 0; c < b->column_count; c++) {
        const struct frame_column *column = &b->columns[c];
        if (column->key >= keys->keys->count) {
            return FAIL(err, TRACK_CORRUPT, "a journal row uses key %u, which nobody has defined",
                        column->key);
        }
        struct seal_series **s = &keys->series[column->key];
        if (!*s) {
            TRY(series_get(set, &keys->keys->at[column->key], s, err));
        }
        TRY(column->values ? add_column(*s, b, column->values, err)
                           : add_texts(set, *s, b, column->texts, err));
        set->points += b->rows;
    }
    return TRACK_OK;
}

static track_status add_frame(struct seal_set *set, const struct journal_head *row,
                              const struct frame *f, struct seal_keys *keys, track_error *err)
{
    size_t had = set->lines.bytes.size;
    for (size_t b = 0; b < f->block_count; b++) {
        TRY(add_block(set, &f->blocks[b], keys, err));
    }
    TRY(seal_lines_add(&set->lines, row, f, err));
    set->text_bytes += set->lines.bytes.size - had;
    return TRACK_OK;
}

track_status seal_set_add(struct seal_set *set, const struct journal_head *row, struct bytes body,
                          struct seal_keys *keys, track_error *err)
{
    while (body.size > 0) {
        AUTO_ARENA arena = ARENA(FRAME_ARENA_BYTES);
        struct frame_head head;
        struct frame f;
        track_status status = frame_decode_head(body, &head, err);
        if (status == TRACK_OK) {
            status = frame_decode((struct bytes){body.at, head.size}, &arena, &f, err);
        }
        if (status != TRACK_OK) {
            return status == TRACK_NOMEM ? status
                                         : FAIL(err, TRACK_CORRUPT, "a journal row is damaged");
        }
        TRY(add_frame(set, row, &f, keys, err));
        body = (struct bytes){body.at + head.size, body.size - head.size};
    }
    return TRACK_OK;
}

bool seal_set_full(const struct seal_set *set)
{
    return set->points >= SEAL_POINTS_MAX || set->text_bytes >= SEAL_TEXT_BYTES_MAX;
}

/* Sorts the points, and drops what is there twice. */
static track_status settle(struct seal_series *s, track_error *err)
{
    struct point *at = (struct point *)(void *)s->points.at;
    size_t count = count_of(s), kept = 0;
    if (s->sorted) {
        return TRACK_OK;
    }
    AUTO_BUF work = BUF(POINTS_BYTES_MAX);
    void *room = buf_add(&work, count * sizeof(*at));
    if (!room) {
        return nomem(err);
    }
    point_sort(at, count, room);
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || point_compare(&at[kept - 1], &at[i]) != 0) {
            at[kept++] = at[i];
        }
    }
    s->points.size = kept * sizeof(*at);
    s->sorted = true;
    return TRACK_OK;
}

static track_status build_texts(struct seal_series *s, struct pack_builder *to, track_error *err)
{
    struct pack_series series = {.name = s->name, .context = s->context, .kind = PACK_TEXTS};
    TRY(pack_build_series(to, &series, err));
    return seal_texts_build(&s->texts, to, err);
}

static track_status build_numbers(const struct seal_set *set, const struct seal_series *s,
                                  struct pack_builder *to, track_error *err)
{
    const struct metric_def *def = metric_def_find(set->defs, (const char *)s->name.at);
    struct pack_series series = {.name = s->name, .context = s->context, .kind = PACK_NUMBERS};
    if (def) {
        series.kind = def->kind ? PACK_FLOATS : PACK_NUMBERS;
        series.scale = (unsigned char)def->step_scale;
    }
    const struct point *at = points_of(s);
    size_t count = count_of(s);
    int64_t steps[PART], times[PART];
    double values[PART];
    TRY(pack_build_series(to, &series, err));
    for (size_t i = 0; i < count; i += PART) {
        struct stretch part = {steps, times, values, count - i < PART ? count - i : PART};
        for (size_t k = 0; k < part.count; k++) {
            steps[k] = at[i + k].step;
            times[k] = at[i + k].time_us;
            values[k] = at[i + k].value;
        }
        TRY(pack_build_add(to, &part, err));
    }
    return TRACK_OK;
}

static int compare_bytes(struct bytes a, struct bytes b)
{
    size_t size = a.size < b.size ? a.size : b.size;
    int order = size ? memcmp(a.at, b.at, size) : 0;
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

static int compare_series(const void *a, const void *b)
{
    const struct seal_series *x = *(struct seal_series *const *)a;
    const struct seal_series *y = *(struct seal_series *const *)b;
    int order = compare_bytes(x->name, y->name);
    return order ? order : compare_bytes(x->context, y->context);
}

track_status seal_set_build(struct seal_set *set, struct pack_builder *to, track_error *err)
{
    struct seal_series **sorted = ARENA_ARRAY(set->arena, struct seal_series *, set->count + 1);
    size_t count = 0;
    if (!sorted) {
        return nomem(err);
    }
    for (size_t i = 0; i < set->id_room; i++) {
        if (set->by_id[i]) {
            sorted[count++] = set->by_id[i];
        }
    }
    qsort(sorted, count, sizeof(struct seal_series *), compare_series);
    for (size_t i = 0; i < count; i++) {
        struct seal_series *s = sorted[i];
        TRY(settle(s, err));
        TRY(s->points.size ? build_numbers(set, s, to, err) : TRACK_OK);
        TRY(s->texts.at.size ? build_texts(s, to, err) : TRACK_OK);
        buf_release(&s->points);
        seal_texts_release(&s->texts);
    }
    return TRACK_OK;
}

void seal_set_release(struct seal_set *set)
{
    for (size_t i = 0; i < set->id_room; i++) {
        if (set->by_id[i]) {
            buf_release(&set->by_id[i]->points);
            seal_texts_release(&set->by_id[i]->texts);
        }
    }
    seal_lines_release(&set->lines);
    set->id_room = 0;
}
