/* instant - the clock and a pause.
 *
 * Uses: nothing.  Any thread.
 */
#ifndef CLIENT_INSTANT_H
#define CLIENT_INSTANT_H
#include <stdint.h>

/* Microseconds since 1970-01-01 UTC; and on a clock that never jumps. */
int64_t instant_us(void);
int64_t instant_steady_us(void);

/* Waits; a signal ends it early. */
void instant_pause(int64_t ms);
#endif
