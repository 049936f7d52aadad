#include "clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

static int64_t read_us(clockid_t id)
{
    struct timespec t = {0};
    (void)clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_wall_us(void)
{
    return read_us(CLOCK_REALTIME);
}

int64_t clock_steady_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

track_status clock_random(void *out, size_t size, track_error *err)
{
    ssize_t got = getrandom(out, size, 0);
    if (got < 0 || (size_t)got != size) {
        return FAIL(err, TRACK_IO, "no random bytes from the system: %s", strerror(errno));
    }
    return TRACK_OK;
}

void clock_text(int64_t wall_us, char *out)
{
    time_t seconds = (time_t)(wall_us / 1000000 - (wall_us % 1000000 < 0));
    int micros = (int)(wall_us - (int64_t)seconds * 1000000);
    struct tm day = {0};
    (void)gmtime_r(&seconds, &day);
    size_t size = strftime(out, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &day);
    (void)snprintf(out + size, CLOCK_TEXT_SIZE - size, ".%06dZ", micros);
}
