/* stretch - the points of a series in order, from several places as one.
 *
 * A series is a set of (step, time, value bits).  Packs and the tail each hold a part of it, sorted
 * and without repeats; where their parts overlap they are merged here, and what two of them hold
 * comes once.
 * Uses: bins (the order of values), fail.  Not shared between threads without a hand-over.
 */
#ifndef CORE_STRETCH_H
#define CORE_STRETCH_H
#include "fail.h"

#include <stddef.h>
#include <stdint.h>

/* One measurement. */
struct point {
    int64_t step, time_us;
    double value;
};

/* -1, 0 or 1: by step, time, value as ordered bits (bins_order). */
int point_compare(const struct point *a, const struct point *b);

/* Points as columns. */
struct stretch {
    const int64_t *steps, *times_us; /* [count] */
    const double *values;            /* [count] */
    size_t count;
};

static inline struct point stretch_get(const struct stretch *p, size_t i)
{
    return (struct point){p->steps[i], p->times_us[i], p->values[i]};
}

/* The points without the first ones. */
static inline struct stretch stretch_from(const struct stretch *p, size_t from)
{
    return (struct stretch){p->steps + from, p->times_us + from, p->values + from, p->count - from};
}

/* How many of the points, which are in order, lie before at; found near the start first. */
size_t stretch_before(const struct stretch *p, const struct point *at);

/* A place that holds points of a series in order, each once. */
struct stretch_source {
    /* Goes to the first point whose step is at least step, or some way before it. */
    track_status (*seek)(void *data, int64_t step, track_error *err);
    /* The next points, some at a time; none: the end.  They are valid until the next call. */
    track_status (*next)(void *data, struct stretch *out, track_error *err);
    void *data;
    int64_t step_last; /* points behind this step do not count */
};

/* Where a source stands, and the points of several of them; their own affair. */
struct stretch_head {
    const struct stretch_source *source;
    struct stretch left; /* of what next gave; none: it has no more */
    struct point first;  /* of left */
};
struct stretch_merge {
    struct stretch_head *heads; /* [count] */
    size_t count;
    struct stretch_head *given; /* what was given out last: [given_count] from its front */
    size_t given_count;
};

/* Begins.
 *
 *   sources  [count]; must outlive m.
 *   heads    [count], for m's own use; must outlive it.
 *   step     from where, at the latest: the first points may lie before it.
 *
 * What seek and next say.
 */
track_status stretch_merge_init(struct stretch_merge *m, const struct stretch_source *sources,
                                struct stretch_head *heads, size_t count, int64_t step,
                                track_error *err);

/* The next points, each once, in order; none: the end.  They are valid until the next call.
 *
 * What next of the sources says.
 *
 * Tests: tests/core/test_stretch.c
 */
track_status stretch_merge_next(struct stretch_merge *m, struct stretch *out, track_error *err);
#endif
