/* moment - what time it is.
 *
 * Uses: nothing.  Any thread.
 */
#ifndef SDK_MOMENT_H
#define SDK_MOMENT_H
#include <stdint.h>
#include <time.h>

/* Microseconds since 1970-01-01 UTC, in whole milliseconds: finer ones would only cost bytes.
 * Cost: 20 ns. */
static inline int64_t moment_now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000000 * 1000;
}

/* Milliseconds of a clock that no one sets. */
static inline int64_t moment_tick_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
#endif
