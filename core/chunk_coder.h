/* chunk_coder - what all code of chunks shares: the head, and the room for work.
 *
 * Layout:  schema/formats.md#chunk
 * Uses:    arena, bytes, chunk, chunk_body.  Pure; not shared between threads.
 */
#ifndef CORE_CHUNK_CODER_H
#define CORE_CHUNK_CODER_H
#include "chunk.h"
#include "chunk_body.h"

enum chunk_code {
    CHUNK_CONSTANT = 0,
    CHUNK_DECIMAL = 1,
    CHUNK_DECIMAL_DELTA = 2,
    CHUNK_F32 = 3,
    CHUNK_F32_DELTA = 4,
    CHUNK_F64 = 5,
    CHUNK_F64_XOR = 6,
    CHUNK_F64_DELTA2 = 7,
    CHUNK_TEXT = 8,
    CHUNK_CODE_COUNT
};

enum { CHUNK_LAYOUT_AT = 1, CHUNK_F32_BYTES = 4, CHUNK_F64_BYTES = 8 };

struct chunk_coder {
    struct chunk_body body;
    uint64_t source[CHUNK_POINTS_MAX]; /* what values are: whole numbers, or bits, or their order */
    uint64_t lanes[CHUNK_POINTS_MAX];  /* what is stored of them */
    uint32_t narrow[CHUNK_POINTS_MAX]; /* the same of floats, decoding */
    uint64_t *at;                      /* those of source that are encoded now */
    struct buf best, trial;            /* chunks; they have their room from the start */
};

/* What stands before the body of a chunk of numbers. */
struct chunk_head {
    enum chunk_code code;
    unsigned layout;
    unsigned exponent; /* of decimals */
    uint64_t base;     /* not with F32 and F64 */
    size_t width;      /* bytes of a lane; not with CONSTANT */
};

static inline bool chunk_code_is_decimal(enum chunk_code code)
{
    return code == CHUNK_DECIMAL || code == CHUNK_DECIMAL_DELTA;
}

static inline bool chunk_code_has_base(enum chunk_code code)
{
    return code != CHUNK_F32 && code != CHUNK_F64;
}

/* TRACK_INVALID  not 1..CHUNK_POINTS_MAX. */
track_status chunk_check_count(size_t count, track_error *err);

/* Appends code, layout and count: how every chunk begins. */
void chunk_put_start(struct buf *out, enum chunk_code code, unsigned layout, size_t count);

/* Reads them.
 *
 * TRACK_INVALID  another count, an unknown code, or cut short.
 */
track_status chunk_take_start(struct reader *r, size_t count, struct chunk_head *out,
                              track_error *err);

/* Appends the head of a chunk of numbers. */
void chunk_put_head(struct buf *out, const struct chunk_head *head, size_t count);

/* Reads it.
 *
 * TRACK_INVALID  as chunk_take_start; texts; a width or exponent that its code cannot have.
 */
track_status chunk_take_head(struct reader *r, size_t count, struct chunk_head *out,
                             track_error *err);
#endif
