/* tail_marks - how far the exponential mean of a series had come, every so many points.
 *
 * What a later request needs to go on from there.  Marks are true as long as the points before them
 * are the same ones; that is so if as many points follow the last mark as the series has beyond
 * those that it counts (points are never taken away while a series stays in memory). Uses: smooth,
 * tail_series.
 */
#ifndef SERVER_TAIL_MARKS_H
#define SERVER_TAIL_MARKS_H
#include "../core/smooth.h"
#include "tail_series.h"

enum { TAIL_MARK_POINTS = 65536, TAIL_MARKS_ASKS = 3 };

/* The mean behind point at, in the order of points. */
struct tail_mark {
    struct point at;
    struct smooth_mean mean;
};

/* Marks of one way of smoothing: mark i stands behind (i + 1) * TAIL_MARK_POINTS points. */
struct tail_marks {
    struct smooth_ask ask;
    struct tail_mark *at; /* [count] */
    size_t count, room;
    bool disorder; /* among the points up to the last mark some times go back */
    uint64_t used; /* the greatest: the last one asked for */
};

/* The marks of this way of smoothing, empty at first; those that were not asked for longest go.
 * NULL: no memory. */
struct tail_marks *tail_marks_get(struct tail_series *s, const struct smooth_ask *ask);

/* Adds one behind the others; without memory it is left out, and so are those that would follow. */
void tail_marks_add(struct tail_series *s, struct tail_marks *m, const struct tail_mark *mark);

void tail_marks_release(struct tail_series *s); /* all; tail_series_release does it */

/* Tests: tests/server/test_tail_marks.c */
#endif
