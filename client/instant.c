#include "instant.h"

#include <time.h>

static int64_t read_clock(clockid_t clock)
{
    struct timespec now = {0};
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t instant_us(void)
{
    return read_clock(CLOCK_REALTIME);
}

int64_t instant_steady_us(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

void instant_pause(int64_t ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}
