/* readers - what every reader of points must answer, from all points that were ever sent.
 *
 * A series is a set: it is kept as a list here, sorted, and each answer of the server is compared
 * with what follows from the list by definition.
 * Uses: points, series.
 */
#ifndef TESTS_SERVER_READERS_H
#define TESTS_SERVER_READERS_H
#include "../../core/stretch.h"
#include "../../server/series.h"
#include "points.h"

enum { READERS_SERIES = 4, READERS_POINTS_MAX = 200000 };

/* All points of a run, of series readers_names. */
extern const char *const readers_names[READERS_SERIES];
struct readers {
    const char *run;                  /* RUN_A, unless it is changed */
    struct point *at[READERS_SERIES]; /* [count], sorted, each once by readers_settle */
    size_t count[READERS_SERIES];
};

/* Room in the fixture's arena. */
bool readers_open(struct readers *r, struct fixture *f);

/* Notes points that were sent; keys are indexes of readers_names. */
void readers_add(struct readers *r, const struct blocks_point *points, size_t count);
void readers_settle(struct readers *r);

/* Asks for everything and compares; false: something differs, and is said. */
bool readers_agree(struct points *p, const struct readers *r, uint64_t *random);

uint64_t readers_next(uint64_t *random); /* 40 bits */
#endif
