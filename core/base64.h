/* base64 - bytes as text, the standard alphabet with padding (RFC 4648, 4).
 *
 * Uses: bytes.  Pure; any thread.
 */
#ifndef CORE_BASE64_H
#define CORE_BASE64_H
#include "bytes.h"

void base64_put(struct buf *out, struct bytes in);

/* Appends what text stands for.  Only the one form that base64_put writes is taken: no blanks, no
 * missing padding, no bits behind the last byte.
 *
 * TRACK_INVALID    not such a text; err names the place.
 * TRACK_TOO_LARGE, TRACK_NOMEM  of the buffer.
 *
 * Tests: tests/core/test_base64.c (vectors of RFC 4648), tests/fuzz/fuzz_base64.c
 */
track_status base64_take(struct buf *out, struct bytes text, track_error *err);
#endif
