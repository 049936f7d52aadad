/* many - random series to test with, and sources of their points. */
#ifndef TESTS_CORE_MANY_H
#define TESTS_CORE_MANY_H
#include "../../core/stretch.h"

#include <stdbool.h>

enum { MANY_MAX = 20000 };

/* Points of a series in order, each once. */
struct many {
    int64_t steps[MANY_MAX], times_us[MANY_MAX];
    double values[MANY_MAX];
    size_t count;
};

/* The next of a row of random numbers. */
uint64_t many_next(uint64_t *state);

/* Fills about count points: steps with gaps and repeats, negative ones too, times that mostly
 * ascend (always if asked for), values with NaN, infinities and zeros of both signs. */
void many_fill(struct many *m, size_t count, bool ascend, uint64_t *state);

/* The same, as columns. */
struct stretch many_stretch(const struct many *m);

/* One of several parts of a series that lie one behind the other, with some points of the others
 * too: parts overlap, and together hold every point once or more. */
void many_part(const struct many *from, unsigned part, unsigned parts, uint64_t *state,
               struct many *out);

/* Sorts and drops repeats. */
void many_sort(struct many *m);

/* A source of these points that gives a few at a time, and counts them. */
struct many_source {
    const struct many *from;
    size_t at, piece, given;
};
struct stretch_source many_source(struct many_source *s);
#endif
