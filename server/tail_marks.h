/* tail_marks - how far the exponential mean of a series had come, every so many points.
 *
 * What a later request needs to go on from there.  Marks are true as long as the points before them
 * are the same ones; that is so if as many points follow the last mark as the series has beyond
 * those that it counts (points are never taken away while a series stays in memory).  The bins of
 * the last answer that end before a mark are kept too: a chart that is asked for again, or grows,
 * begins where it ended.
 *
 * Uses: bins_merge, smooth, tail_series.
 */
#ifndef SERVER_TAIL_MARKS_H
#define SERVER_TAIL_MARKS_H
#include "../core/bins_merge.h"
#include "../core/smooth.h"
#include "tail_series.h"

enum { TAIL_MARK_POINTS = 65536, TAIL_MARKS_ASKS = 3 };

/* The mean behind point at, in the order of points. */
struct tail_mark {
    struct point at;
    struct smooth_mean mean;
};

/* Smoothed values of bins side by side. */
struct tail_kept {
    struct bins_axis axis;
    int64_t width, number; /* of the first one */
    double *values;        /* [count], NaN where a bin has none */
    uint32_t count, room;
    size_t marks; /* bins that end before mark number marks - 1 are true */
};

/* Marks of one way of smoothing: mark i stands behind (i + 1) * TAIL_MARK_POINTS points. */
struct tail_marks {
    struct smooth_ask ask;
    struct tail_mark *at; /* [count] */
    size_t count, room;
    struct tail_kept kept;
    bool disorder; /* among the points up to the last mark some times go back */
    uint64_t used; /* the greatest: the last one asked for */
};

/* The marks of this way of smoothing, empty at first; those that were not asked for longest go.
 * NULL: no memory. */
struct tail_marks *tail_marks_get(struct tail_series *s, const struct smooth_ask *ask);

/* Adds one behind the others; without memory it is left out, and so are those that would follow. */
void tail_marks_add(struct tail_series *s, struct tail_marks *m, const struct tail_mark *mark);

/* Forgets all marks: they were of other points. */
void tail_marks_clear(struct tail_marks *m);

/* Keeps the values of bins; without memory those of before. */
void tail_marks_keep(struct tail_series *s, struct tail_marks *m, struct bins_axis axis,
                     const struct bins *bins);

/* Fills smooth of the first bins from what is kept; how many bins of the grid that covers. */
uint32_t tail_marks_fill(const struct tail_marks *m, struct bins_axis axis, struct bins *bins);

void tail_marks_release(struct tail_series *s); /* all; tail_series_release does it */

/* Tests: tests/server/test_tail_marks.c */
#endif
