/* clock - time and random bytes, the only place that asks the system for them.
 *
 * Everybody else is handed `now_us`, so tests need no clock.
 * Uses: fail.  Any thread.
 */
#ifndef SERVER_CLOCK_H
#define SERVER_CLOCK_H
#include "../core/fail.h"

#include <stddef.h>
#include <stdint.h>

/* Microseconds since 1970-01-01 UTC.  May jump. */
int64_t clock_wall_us(void);

/* Microseconds since some moment before the process began.  Never goes back: for deadlines. */
int64_t clock_steady_us(void);

/* Random bytes of the system, fit for keys and ids.
 *
 *   out  [size], size at most 256.
 *
 * TRACK_IO  the system gives none.
 *
 * Tests: tests/server/test_clock.c
 */
track_status clock_random(void *out, size_t size, track_error *err);

/* Text of a moment as RFC 3339 in UTC with microseconds, "2026-11-25T04:03:02.000001Z".
 *
 *   out  [CLOCK_TEXT_SIZE], NUL-terminated.
 *
 * Tests: tests/server/test_clock.c
 */
enum { CLOCK_TEXT_SIZE = 40 };
void clock_text(int64_t wall_us, char *out);
#endif
