#include "client.h"

#include "moment.h"
#include "run.h"

#include <errno.h>
#include <time.h>

/* Works on one run's spool, unless the run is being closed. */
static void keeper_tend(struct track_run *run, bool flush)
{
    pthread_mutex_lock(&run->keeping);
    if (run->opened) {
        spool_keep(&run->spool);
        if (flush) {
            (void)!outbox_note_missed(&run->outbox, NULL);
            (void)!spool_flush(&run->spool, NULL);
        }
    }
    pthread_mutex_unlock(&run->keeping);
}

void *keeper_main(void *data)
{
    track_client *client = data;
    int64_t flush_ms = moment_tick_ms() + KEEPER_FLUSH_MS;
    while (!atomic_load(&client->stopping)) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += KEEPER_TICK_MS / 1000;
        while (sem_clockwait(&client->keep, CLOCK_MONOTONIC, &until) != 0 && errno == EINTR) {
        }
        bool flush = moment_tick_ms() >= flush_ms;
        if (flush) {
            flush_ms = moment_tick_ms() + KEEPER_FLUSH_MS;
        }
        for (struct track_run *run = atomic_load(&client->runs); run; run = run->older) {
            keeper_tend(run, flush);
        }
    }
    return NULL;
}
