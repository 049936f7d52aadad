/* pack_rows - arrays of structs as columns of bytes, and back.
 *
 * A table of a pack's directory is told once, member by member; the same list serves both ways.
 * Uses: arena, bytes, narrow.  Pure; belongs to one thread at a time.
 */
#ifndef CORE_PACK_ROWS_H
#define CORE_PACK_ROWS_H
#include "narrow.h"

enum pack_type {
    PACK_U8,
    PACK_U32,
    PACK_U64, /* int64_t too: arithmetic is modulo 2^64 */
    PACK_REAL,
};

/* What is stored of a whole number; a difference as a zigzag. */
enum pack_base {
    PACK_PLAIN,  /* the number itself */
    PACK_BEFORE, /* less the same member of the row before, 0 at first */
    PACK_OTHER,  /* less another member of its row, which stands earlier in the list; of type U64 */
};

struct pack_member {
    size_t offset; /* in the struct */
    enum pack_type type;
    enum pack_base base;
    size_t other; /* offset of the other member */
};

/* Rows of one struct. */
struct pack_rows {
    void *at; /* [count][size] */
    size_t size, count;
    const struct pack_member *members; /* [member_count] */
    size_t member_count;
};

/* Appends the columns.  TRACK_NOMEM, TRACK_TOO_LARGE as narrow_encode. */
track_status pack_rows_encode(struct narrow *n, const struct pack_rows *in, struct buf *out,
                              track_error *err);

/* Reads them back into out->at.
 *
 * TRACK_INVALID  as narrow_decode, or a number that its member has no room for.
 * TRACK_NOMEM    as narrow_decode.
 *
 * Tests: tests/core/test_pack_rows.c
 */
track_status pack_rows_decode(struct narrow *n, struct reader *r, struct pack_rows *out,
                              track_error *err);
#endif
