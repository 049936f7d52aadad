/* chunks - columns of values for tests of chunks.
 *
 * Uses: bytes, chunk.
 */
#ifndef TESTS_CORE_CHUNKS_H
#define TESTS_CORE_CHUNKS_H
#include "../../core/chunk.h"

/* Kinds of columns; those from CHUNKS_HARD on are meant to break a coder. */
enum chunks_kind {
    CHUNKS_CONSTANT,
    CHUNKS_WHOLE,      /* 90..99, as percents are */
    CHUNKS_COUNTER,    /* 0, 1, 2, ... */
    CHUNKS_DIGITS,     /* 4 of them behind the point */
    CHUNKS_BINARY,     /* k / 256 */
    CHUNKS_FLOATS,     /* noisy */
    CHUNKS_SMOOTH,     /* floats */
    CHUNKS_DOUBLES,    /* noisy */
    CHUNKS_SCHEDULE,   /* doubles, smooth */
    CHUNKS_STAIRS,     /* doubles that hardly change */
    CHUNKS_HARD,       /* NaN payloads, infinities, both zeros, denormals */
    CHUNKS_BITS,       /* any bits */
    CHUNKS_FLOAT_BITS, /* any bits of a float */
    CHUNKS_EDGES,      /* whole numbers around 2^51 and 2^53, both signs */
    CHUNKS_MIXED,      /* decimals with one value in between that is none */
    CHUNKS_KIND_COUNT
};

/* Fills a column; the same seed gives the same one. */
void chunks_fill(enum chunks_kind kind, uint64_t seed, double *out, size_t count);

/* Encodes and decodes.
 *
 *   code  the one that was taken; may be NULL.
 *
 * TRACK_CORRUPT  other bits came back. */
track_status chunks_round_trip(struct chunk_coder *c, const double *values, size_t count, int level,
                               unsigned *code);
#endif
