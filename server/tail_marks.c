#include "tail_marks.h"

#include <math.h>
#include <stdlib.h>

enum { ROOM_MIN = 16 };

static bool same_ask(const struct smooth_ask *a, const struct smooth_ask *b)
{
    return a->kind == b->kind && a->by == b->by && a->keep == b->keep && a->window == b->window;
}

static void marks_drop(struct tail_series *s, struct tail_marks *m)
{
    s->bytes -= m->room * sizeof(*m->at) + m->kept.room * sizeof(*m->kept.values);
    free(m->at);
    free(m->kept.values);
    *m = (struct tail_marks){.used = 0};
}

struct tail_marks *tail_marks_get(struct tail_series *s, const struct smooth_ask *ask)
{
    if (!s->marks) {
        s->marks = calloc(TAIL_MARKS_ASKS, sizeof(*s->marks));
        if (!s->marks) {
            return NULL;
        }
        s->bytes += TAIL_MARKS_ASKS * sizeof(*s->marks);
    }
    struct tail_marks *found = &s->marks[0];
    uint64_t used = 0;
    for (size_t i = 0; i < TAIL_MARKS_ASKS; i++) {
        struct tail_marks *m = &s->marks[i];
        used = m->used > used ? m->used : used;
        found = m->used < found->used ? m : found;
    }
    for (size_t i = 0; i < TAIL_MARKS_ASKS; i++) {
        found = s->marks[i].used && same_ask(&s->marks[i].ask, ask) ? &s->marks[i] : found;
    }
    if (!found->used || !same_ask(&found->ask, ask)) {
        marks_drop(s, found);
        found->ask = *ask;
    }
    found->used = used + 1;
    return found;
}

void tail_marks_add(struct tail_series *s, struct tail_marks *m, const struct tail_mark *mark)
{
    if (m->count == m->room) {
        size_t room = m->room ? 2 * m->room : ROOM_MIN;
        struct tail_mark *at = realloc(m->at, room * sizeof(*at));
        if (!at) {
            return;
        }
        s->bytes += (room - m->room) * sizeof(*at);
        m->at = at;
        m->room = room;
    }
    m->at[m->count++] = *mark;
}

void tail_marks_clear(struct tail_marks *m)
{
    m->count = 0;
    m->kept.marks = 0;
    m->disorder = false;
}

void tail_marks_keep(struct tail_series *s, struct tail_marks *m, struct bins_axis axis,
                     const struct bins *bins)
{
    struct tail_kept *kept = &m->kept;
    uint32_t count = bins->grid->count;
    if (count > kept->room) {
        double *values = realloc(kept->values, count * sizeof(*values));
        if (!values) {
            return;
        }
        s->bytes += (count - kept->room) * sizeof(*values);
        kept->values = values;
        kept->room = count;
    }
    kept->axis = axis;
    kept->width = bins->grid->width;
    kept->number = bins->grid->number;
    kept->count = count;
    kept->marks = m->count;
    for (uint32_t i = 0; i < count; i++) {
        kept->values[i] = (double)NAN;
    }
    for (size_t i = 0; i < bins->count; i++) {
        kept->values[bins->at[i].index] = bins->at[i].smooth;
    }
}

/* How many bins of the grid end before x. */
static uint32_t bins_before(const struct bins_grid *grid, int64_t x)
{
    int64_t last;
    uint32_t index = bins_place(grid, x, &last);
    return index != UINT32_MAX ? index : x < grid->from ? 0 : grid->count;
}

uint32_t tail_marks_fill(const struct tail_marks *m, struct bins_axis axis, struct bins *bins)
{
    const struct tail_kept *kept = &m->kept;
    const struct bins_grid *grid = bins->grid;
    uint64_t skipped = (uint64_t)grid->number - (uint64_t)kept->number;
    if (kept->marks == 0 || kept->axis.x != axis.x || kept->axis.origin_us != axis.origin_us ||
        kept->width != grid->width || grid->number < kept->number || skipped >= kept->count) {
        return 0;
    }
    const struct point *mark = &m->at[kept->marks - 1].at;
    int64_t x = axis.x == BINS_STEP ? mark->step : bins_time_since(mark->time_us, axis.origin_us);
    uint32_t covered = bins_before(grid, x), left = kept->count - (uint32_t)skipped;
    covered = covered < left ? covered : left;
    for (size_t i = 0; i < bins->count && bins->at[i].index < covered; i++) {
        bins->at[i].smooth = kept->values[skipped + bins->at[i].index];
    }
    return covered;
}

void tail_marks_release(struct tail_series *s)
{
    for (size_t i = 0; s->marks && i < TAIL_MARKS_ASKS; i++) {
        free(s->marks[i].at);
        free(s->marks[i].kept.values);
    }
    free(s->marks);
    s->marks = NULL;
}
