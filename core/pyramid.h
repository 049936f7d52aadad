/* pyramid - the points of a series summed up in buckets, in levels that get coarser.
 *
 * Bucket b of a level holds the points with step >> shift == b: a grid that is anchored at 0 and
 * the same for every pack, so that levels of different packs and of the tail fall on each other.
 * pyramid_code.h makes bytes of a level.
 * Uses: arena, bucket, fail.  Pure; any thread.
 */
#ifndef CORE_PYRAMID_H
#define CORE_PYRAMID_H
#include "arena.h"
#include "bucket.h"

enum {
    PYRAMID_POINTS_MIN = 4096,   /* up to here a series has no pyramid: decoding it is as quick */
    PYRAMID_BUCKET_POINTS = 128, /* on average in a bucket of the finest level, at least */
    PYRAMID_SHIFT_STEP = 4,      /* from level to level */
    PYRAMID_TOP_BUCKETS = 16,    /* a level of so few is the last */
    PYRAMID_LEVELS_MAX = 16,
    PYRAMID_SHIFT_MAX = 63,
};

/* The bucket of a step. */
static inline int64_t pyramid_number(int64_t step, unsigned shift)
{
    return step >> shift; /* rounds down, negative steps too */
}

/* How many buckets a series has at every shift, counted while its points pass. */
struct pyramid_count {
    uint64_t changes[65]; /* [b]: neighbours whose steps differ in bit b - 1 and none above */
    uint64_t points;
    int64_t last; /* step */
};

/* Adds steps in order.  A count begins as all zero. */
void pyramid_count_add(struct pyramid_count *c, const int64_t *steps, size_t count);

/* The shift of the finest level: the smallest with PYRAMID_BUCKET_POINTS points in a bucket that is
 * not empty, on average. */
unsigned pyramid_count_base(const struct pyramid_count *c);

/* Buckets of one level, none empty, ascending. */
struct pyramid_level {
    unsigned shift;
    struct bucket *at; /* [count] */
    size_t count;
};

/* The levels of a series, the finest first. */
struct pyramid {
    struct pyramid_level levels[PYRAMID_LEVELS_MAX];
    size_t count;
};

/* A level being filled; its own affair but for level. */
struct pyramid_fill {
    struct pyramid_level level;
    size_t room;
};

/* Begins a level of the given shift.
 *
 *   most  more buckets are refused as broken: pyramid_count_buckets.
 *   arena holds the buckets.
 *
 * TRACK_NOMEM  the arena's limit.
 */
track_status pyramid_fill_open(struct pyramid_fill *f, unsigned shift, uint64_t most,
                               struct arena *arena, track_error *err);
uint64_t pyramid_count_buckets(const struct pyramid_count *c, unsigned shift);

/* Adds points in order.
 *
 * TRACK_CORRUPT  more buckets than were counted.
 *
 * Cost: 4-5 ns a point (bench/pack.c).
 */
track_status pyramid_fill_add(struct pyramid_fill *f, const struct stretch *in, track_error *err);

/* The buckets of a level put together at a shift that is not smaller.
 *
 * TRACK_NOMEM  the arena's limit.
 */
track_status pyramid_coarsen(const struct pyramid_level *from, unsigned shift, struct arena *arena,
                             struct pyramid_level *out, track_error *err);

/* The levels above the finest one.
 *
 * TRACK_NOMEM  the arena's limit.
 *
 * Tests: tests/core/test_pyramid.c
 */
track_status pyramid_fill_levels(const struct pyramid_level *base, struct arena *arena,
                                 struct pyramid *out, track_error *err);
#endif
