/* points - runs full of points, texts and lines, for tests.
 *
 * Frames go into the journal as they do from the SDK; the tail reads them from there.
 */
#ifndef TESTS_SERVER_POINTS_H
#define TESTS_SERVER_POINTS_H
#include "../../core/blocks.h"
#include "../../server/tail.h"
#include "fixture.h"

/* A fixture with run RUN_A and a tail.
 *
 *     POINTS(p);
 */
struct points {
    struct fixture f;
    struct tail *tail;
    uint64_t seq[16]; /* next of each writer */
    uint32_t key[16]; /* next key number of each writer */
};
void points_open(struct points *p, size_t limit_bytes);
void points_close(struct points *p);
#define POINTS(p)                                                 \
    __attribute__((cleanup(points_close))) struct points p = {0}; \
    points_open(&(p), 0);                                         \
    CHECK(p.tail)

/* A batch of one writer.  Key numbers of points are indexes of names. */
struct points_batch {
    const char *run;
    unsigned char writer;     /* 0..15 */
    const char *const *names; /* [name_count], "name" or "name{context}" */
    size_t name_count;
    struct blocks_in in;            /* points and texts */
    const struct frame_line *lines; /* [line_count]: then there are no points */
    size_t line_count;
    int64_t now_us; /* 0: NOW_US */
    uint32_t epoch;
};

/* Appends it as one frame; TRACK_OK when it is durable. */
track_status points_add(struct points *p, const struct points_batch *batch);

/* Appends one point of one series. */
track_status points_add_one(struct points *p, const char *name, int64_t step, double value);
#endif
