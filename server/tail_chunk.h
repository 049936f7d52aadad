/* tail_chunk - a stretch of a series in memory, each column in its narrowest form.
 *
 * Uses: fail, stretch.  Not shared between threads without a hand-over.
 */
#ifndef SERVER_TAIL_CHUNK_H
#define SERVER_TAIL_CHUNK_H
#include "../core/fail.h"
#include "../core/stretch.h"

enum { TAIL_CHUNK_POINTS = 4096 };

/* Points in that order.  How columns are stored is its own affair. */
struct tail_chunk {
    struct point first, last;
    int64_t time_min_us, time_max_us;
    uint32_t count;
    unsigned char step_form, time_form, value_form;
    bool times_ascend;
    unsigned char *data; /* [bytes] */
    size_t bytes;
};

/* Encodes points [count], in order, 1..TAIL_CHUNK_POINTS.
 *
 *   out  to be released.
 *
 * TRACK_NOMEM  no memory.
 *
 * Tests: tests/server/test_tail_chunk.c
 */
track_status tail_chunk_encode(const struct point *points, size_t count, struct tail_chunk *out,
                               track_error *err);
void tail_chunk_release(struct tail_chunk *chunk);

/* Decoded columns of a chunk. */
struct tail_window {
    int64_t steps[TAIL_CHUNK_POINTS], times_us[TAIL_CHUNK_POINTS];
    double values[TAIL_CHUNK_POINTS];
};
void tail_chunk_decode(const struct tail_chunk *chunk, struct tail_window *out);

/* A point of the window. */
static inline struct point tail_window_get(const struct tail_window *w, size_t i)
{
    return (struct point){w->steps[i], w->times_us[i], w->values[i]};
}
#endif
