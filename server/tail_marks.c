#include "tail_marks.h"

#include <stdlib.h>

enum { ROOM_MIN = 16 };

static bool same_ask(const struct smooth_ask *a, const struct smooth_ask *b)
{
    return a->kind == b->kind && a->by == b->by && a->keep == b->keep && a->window == b->window;
}

static void marks_clear(struct tail_series *s, struct tail_marks *m)
{
    s->bytes -= m->room * sizeof(*m->at);
    free(m->at);
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
        marks_clear(s, found);
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

void tail_marks_release(struct tail_series *s)
{
    for (size_t i = 0; s->marks && i < TAIL_MARKS_ASKS; i++) {
        free(s->marks[i].at);
    }
    free(s->marks);
    s->marks = NULL;
}
