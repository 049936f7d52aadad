#include "tail_series.h"

#include "tail_marks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM_MIN = 16 };

/* New chunks on their way, in place of those from `from` on. */
struct merge {
    const struct tail_series *series;
    size_t from;
    struct tail_chunk *chunks; /* [count]; those that are kept share data with the series' */
    bool *kept;                /* [count] */
    size_t count, room;
    struct tail_summary summary;
    struct point last; /* the last one put, if any */
    bool any;
    size_t buffered;
    struct point buffer[TAIL_CHUNK_POINTS];
    struct tail_window window;
};

static track_status nomem(track_error *err)
{
    return FAIL(err, TRACK_NOMEM, "points of a series: no memory");
}

static track_status merge_reserve(struct merge *m, track_error *err)
{
    if (m->count < m->room) {
        return TRACK_OK;
    }
    size_t room = m->room ? 2 * m->room : ROOM_MIN;
    struct tail_chunk *chunks = realloc(m->chunks, room * sizeof(*chunks));
    m->chunks = chunks ? chunks : m->chunks;
    bool *kept = realloc(m->kept, room * sizeof(*kept));
    m->kept = kept ? kept : m->kept;
    if (!chunks || !kept) {
        return nomem(err);
    }
    m->room = room;
    return TRACK_OK;
}

/* What is buffered becomes a chunk. */
static track_status merge_flush(struct merge *m, track_error *err)
{
    if (m->buffered == 0) {
        return TRACK_OK;
    }
    TRY(merge_reserve(m, err));
    TRY(tail_chunk_encode(m->buffer, m->buffered, &m->chunks[m->count], err));
    m->kept[m->count++] = false;
    m->buffered = 0;
    return TRACK_OK;
}

static track_status merge_put(struct merge *m, const struct point *p, track_error *err)
{
    if (m->buffered == TAIL_CHUNK_POINTS) {
        TRY(merge_flush(m, err));
    }
    m->buffer[m->buffered++] = *p;
    m->last = *p;
    m->any = true;
    return TRACK_OK;
}

static track_status merge_keep(struct merge *m, const struct tail_chunk *chunk, track_error *err)
{
    TRY(merge_flush(m, err));
    TRY(merge_reserve(m, err));
    m->kept[m->count] = true;
    m->chunks[m->count++] = *chunk;
    m->last = chunk->last;
    m->any = true;
    return TRACK_OK;
}

static void summary_add_extremes(struct tail_summary *s, const struct point *p)
{
    if (!(p->value >= s->min) || (p->value == s->min && p->step < s->min_step)) {
        s->min = p->value;
        s->min_step = p->step;
    }
    if (!(p->value <= s->max) || (p->value == s->max && p->step < s->max_step)) {
        s->max = p->value;
        s->max_step = p->step;
    }
}

static void summary_add(struct tail_summary *s, const struct point *p)
{
    s->time_min_us = s->n && s->time_min_us < p->time_us ? s->time_min_us : p->time_us;
    s->time_max_us = s->n && s->time_max_us > p->time_us ? s->time_max_us : p->time_us;
    if (s->n++ == 0) {
        s->min = s->max = (double)NAN;
    }
    if (!isfinite(p->value)) {
        s->nan += isnan(p->value) != 0;
        s->pinf += p->value > 0;
        s->ninf += p->value < 0;
        return;
    }
    summary_add_extremes(s, p);
    double sum = s->sum_high + p->value, part = sum - s->sum_high;
    s->sum_low += (s->sum_high - (sum - part)) + (p->value - part);
    s->sum_high = sum;
}

/* A point that was pending: a repeat is dropped here. */
static track_status merge_put_new(struct merge *m, const struct point *p, track_error *err)
{
    if (m->any && point_compare(&m->last, p) == 0) {
        return TRACK_OK;
    }
    summary_add(&m->summary, p);
    return merge_put(m, p, err);
}

/* Merges a chunk with the pending points that come before its end; *next goes on. */
static track_status merge_chunk(struct merge *m, const struct tail_chunk *chunk, size_t *next,
                                track_error *err)
{
    const struct tail_series *s = m->series;
    tail_chunk_decode(chunk, &m->window);
    for (size_t i = 0; i < chunk->count; i++) {
        struct point old = tail_window_get(&m->window, i);
        while (*next < s->pending_count && point_compare(&s->pending[*next], &old) < 0) {
            TRY(merge_put_new(m, &s->pending[(*next)++], err));
        }
        TRY(merge_put(m, &old, err));
    }
    return TRACK_OK;
}

static track_status merge_run(struct merge *m, track_error *err)
{
    const struct tail_series *s = m->series;
    size_t next = 0;
    for (size_t i = m->from; i < s->chunk_count; i++) {
        const struct tail_chunk *chunk = &s->chunks[i];
        bool more = next < s->pending_count;
        bool before = !more || point_compare(&chunk->last, &s->pending[next]) < 0;
        bool grows = more && i + 1 == s->chunk_count && chunk->count < TAIL_CHUNK_POINTS;
        if (before && !grows) {
            TRY(merge_keep(m, chunk, err));
        } else {
            TRY(merge_chunk(m, chunk, &next, err));
        }
    }
    while (next < s->pending_count) {
        TRY(merge_put_new(m, &s->pending[next++], err));
    }
    return merge_flush(m, err);
}

/* Forgets the new chunks. */
static void merge_undo(struct merge *m)
{
    for (size_t i = 0; i < m->count; i++) {
        if (!m->kept[i]) {
            tail_chunk_release(&m->chunks[i]);
        }
    }
}

/* Puts the new chunks in place of the old ones and releases those that were not kept. */
static track_status merge_apply(struct merge *m, struct tail_series *s, track_error *err)
{
    size_t count = m->from + m->count;
    if (count > s->chunk_room) {
        size_t room = count + count / 2;
        struct tail_chunk *chunks = realloc(s->chunks, room * sizeof(*chunks));
        if (!chunks) {
            return nomem(err);
        }
        s->bytes += (room - s->chunk_room) * sizeof(*chunks);
        s->chunks = chunks;
        s->chunk_room = room;
    }
    for (size_t i = 0; i < m->count; i++) {
        s->bytes += m->kept[i] ? 0 : m->chunks[i].bytes;
    }
    size_t at = 0; /* in the new ones: those that were kept stand there in the same order */
    for (size_t old = m->from; old < s->chunk_count; old++) {
        while (at < m->count && !m->kept[at]) {
            at++;
        }
        if (at < m->count && m->chunks[at].data == s->chunks[old].data) {
            at++;
        } else {
            s->bytes -= s->chunks[old].bytes;
            tail_chunk_release(&s->chunks[old]);
        }
    }
    memcpy(s->chunks + m->from, m->chunks, m->count * sizeof(*m->chunks));
    s->chunk_count = count;
    s->summary = m->summary;
    return TRACK_OK;
}

static int point_order(const void *a, const void *b)
{
    return point_compare(a, b);
}

static void pending_sort(struct tail_series *s)
{
    for (size_t i = 1; i < s->pending_count; i++) {
        if (point_compare(&s->pending[i - 1], &s->pending[i]) > 0) {
            qsort(s->pending, s->pending_count, sizeof(*s->pending), point_order);
            return;
        }
    }
}

/* Chunks before this one lie before every pending point, and are full or not the last. */
static size_t merge_from(const struct tail_series *s)
{
    size_t low = 0, high = s->chunk_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (point_compare(&s->chunks[middle].last, &s->pending[0]) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool grows = low && low == s->chunk_count && s->chunks[low - 1].count < TAIL_CHUNK_POINTS;
    return grows ? low - 1 : low;
}

track_status tail_series_settle(struct tail_series *s, track_error *err)
{
    if (s->pending_count == 0) {
        return TRACK_OK;
    }
    pending_sort(s);
    struct merge m;
    m.series = s;
    m.from = merge_from(s);
    m.chunks = NULL;
    m.kept = NULL;
    m.count = m.room = m.buffered = 0;
    m.summary = s->summary;
    m.any = false;
    track_status status = merge_run(&m, err);
    if (status == TRACK_OK) {
        status = merge_apply(&m, s, err);
    }
    if (status != TRACK_OK) {
        merge_undo(&m);
    } else {
        s->bytes -= s->pending_room * sizeof(*s->pending);
        free(s->pending);
        s->pending = NULL;
        s->pending_count = s->pending_room = 0;
    }
    free(m.chunks);
    free(m.kept);
    return status;
}

static track_status pending_reserve(struct tail_series *s, track_error *err)
{
    if (s->pending_count == TAIL_PENDING_POINTS) {
        TRY(tail_series_settle(s, err));
    }
    if (s->pending_count < s->pending_room) {
        return TRACK_OK;
    }
    size_t room = s->pending_room ? 4 * s->pending_room : ROOM_MIN;
    struct point *pending = realloc(s->pending, room * sizeof(*pending));
    if (!pending) {
        return nomem(err);
    }
    s->bytes += (room - s->pending_room) * sizeof(*pending);
    s->pending = pending;
    s->pending_room = room;
    return TRACK_OK;
}

track_status tail_series_add(struct tail_series *s, const struct tail_column *in, track_error *err)
{
    s->is_whole = false;
    for (size_t i = 0; i < in->count;) {
        TRY(pending_reserve(s, err));
        size_t more = s->pending_room - s->pending_count;
        more = more < in->count - i ? more : in->count - i;
        struct point *to = s->pending + s->pending_count;
        for (size_t j = 0; j < more; j++, i++) {
            to[j] = (struct point){in->steps[i], in->times_us[i], in->values[i]};
        }
        s->pending_count += more;
    }
    return TRACK_OK;
}

track_status tail_series_add_part(struct tail_series *s, struct tail_part part, track_error *err)
{
    if (s->part_count == s->part_room) {
        size_t room = s->part_room ? 2 * s->part_room : 2;
        struct tail_part *parts = realloc(s->parts, room * sizeof(*parts));
        if (!parts) {
            return nomem(err);
        }
        s->bytes += (room - s->part_room) * sizeof(*parts);
        s->parts = parts;
        s->part_room = room;
    }
    s->parts[s->part_count++] = part;
    s->is_whole = false;
    return TRACK_OK;
}

void tail_series_drop_parts(struct tail_series *s)
{
    s->bytes -= s->part_room * sizeof(*s->parts);
    free(s->parts);
    s->parts = NULL;
    s->part_count = s->part_room = 0;
    s->is_whole = false;
}

size_t tail_series_find(const struct tail_series *s, int64_t step)
{
    size_t low = 0, high = s->chunk_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (s->chunks[middle].last.step < step) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

void tail_series_release(struct tail_series *s)
{
    for (size_t i = 0; i < s->chunk_count; i++) {
        tail_chunk_release(&s->chunks[i]);
    }
    tail_series_drop_parts(s);
    tail_marks_release(s);
    free(s->chunks);
    free(s->pending);
    s->chunks = NULL;
    s->pending = NULL;
    s->summary = (struct tail_summary){0};
    s->chunk_count = s->chunk_room = s->pending_count = s->pending_room = s->bytes = 0;
}
