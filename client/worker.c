#include "worker.h"

#include "sample_nvml.h"

#include <signal.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { ARENA_BYTES = 4 << 20, FULL_EVERY_S = 5, SLOW_EVERY_S = 60 };

static int64_t wall_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Sleeps until the next whole second of the wall clock, so that nodes look at the same time. */
static int64_t next_second(void)
{
    int64_t left_us = 1000000 - wall_us() % 1000000;
    const struct timespec t = {.tv_sec = left_us / 1000000, .tv_nsec = left_us % 1000000 * 1000};
    nanosleep(&t, NULL);
    return (wall_us() + 1000) / 1000000;
}

static unsigned sets_due(int64_t second)
{
    return NVML_FAST | (second % FULL_EVERY_S == 0 ? (unsigned)NVML_FULL : 0) |
           (second % SLOW_EVERY_S == 0 ? (unsigned)NVML_SLOW | NVML_LISTS : 0);
}

track_status worker_run(int fd, track_error *err)
{
    AUTO_ARENA arena = ARENA(ARENA_BYTES);
    struct ring *ring;
    struct nvml *nvml;
    pid_t parent = getppid();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    TRY(ring_join(fd, &ring, err));
    TRY(nvml_open(&arena, ring, &nvml, err));
    nvml_sample(nvml, NVML_FAST | NVML_LISTS | NVML_FULL | NVML_SLOW, wall_us());
    while (getppid() == parent) {
        unsigned sets = sets_due(next_second());
        if (atomic_exchange(&ring->want_lists, 0) != 0) {
            sets |= NVML_LISTS;
        }
        nvml_sample(nvml, sets, wall_us());
    }
    nvml_close(nvml);
    return TRACK_OK;
}

track_status worker_once(struct ring *ring, track_error *err)
{
    AUTO_ARENA arena = ARENA(ARENA_BYTES);
    struct nvml *nvml;
    const struct timespec second = {.tv_sec = 1};
    const unsigned all = NVML_FAST | NVML_LISTS | NVML_FULL | NVML_SLOW;
    TRY(nvml_open(&arena, ring, &nvml, err));
    nvml_sample(nvml, all, wall_us());
    nanosleep(&second, NULL);
    nvml_sample(nvml, all, wall_us());
    nvml_close(nvml);
    return TRACK_OK;
}
