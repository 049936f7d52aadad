/* smooth - the smoothed value of a series at any of its points, from every point before it.
 *
 * Points pass once, in the order of the chart's x; values that are not finite are passed over.  How
 * far two points are apart is counted in points, in steps, or in us:  u is the number of the point,
 * its step or its time, and never goes back (a point whose u is less than that of one before it
 * stands at the greatest u so far).
 *   mean    exponential: the average of all values so far, each weighing keep^(u - its u).  That
 *           is the debiased exponential mean: the first value is itself, nothing begins at 0.
 *   median, min, max   of the values with u - window < their u, the last one included.
 * Uses: arena, bins (the order of values), fail, stretch.  Pure; any thread.
 */
#ifndef CORE_SMOOTH_H
#define CORE_SMOOTH_H
#include "arena.h"
#include "stretch.h"

#include <stdbool.h>

enum { SMOOTH_WINDOW_MAX = 16384 }; /* points in a window */

enum smooth_kind { SMOOTH_NONE, SMOOTH_EMA, SMOOTH_MEDIAN, SMOOTH_MIN, SMOOTH_MAX };
enum smooth_by { SMOOTH_BY_POINT, SMOOTH_BY_STEP, SMOOTH_BY_TIME };

struct smooth_ask {
    enum smooth_kind kind;
    enum smooth_by by;
    double keep;    /* SMOOTH_EMA: log2 of what a value still weighs one further; below 0 */
    int64_t window; /* the others: >= 1 */
};

/* The exponential mean so far: all that a later point needs of those before it. */
struct smooth_mean {
    double value, mass; /* mass: sum of weights; 0: no finite value yet */
    int64_t u;          /* the greatest so far */
};

/* A series being smoothed; its own affair but for mean. */
struct smooth {
    const struct smooth_ask *ask;
    struct arena *arena;
    struct smooth_mean mean;
    double keep_one;   /* what a value weighs one further */
    uint64_t apart;    /* the last distance, */
    double keep_apart; /* and what a value weighs then */
    int64_t *us;       /* ring [room] of the window: u and */
    double *values;    /* their values; */
    double *sorted;    /* [room] for finding the middle one */
    size_t first, count, room;
    track_status status;
};

/* Begins; ask and arena must outlive s. */
void smooth_init(struct smooth *s, const struct smooth_ask *ask, struct arena *arena);

/* Adds the next points; true if one of them is finite.
 *
 * Cost: 4-7 ns a point at even distances, 15-20 ns at others (bench/smooth.c).
 */
bool smooth_add(struct smooth *s, const struct stretch *in);

/* The value at the last finite point, of which there must be one.
 *
 * Cost: nothing for means; 5-15 ns a point of the window for the others.
 */
double smooth_value(const struct smooth *s);

/* Ends it.
 *
 * TRACK_TOO_LARGE  over SMOOTH_WINDOW_MAX points in a window.
 * TRACK_NOMEM      the arena's limit.
 *
 * Tests: tests/core/test_smooth.c (against the sums of the definition)
 */
track_status smooth_end(const struct smooth *s, track_error *err);
#endif
