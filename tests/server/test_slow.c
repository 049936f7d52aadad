/* Shows that all work is done, by several threads, also what waits at the end. */
#include "../../server/http_slow.h"
#include "../harness.h"

#include <stdatomic.h>
#include <time.h>

enum { WORKS = 1000 };

struct count {
    struct slow_work work; /* first */
    atomic_int *done;
};

static void count_run(struct slow_work *work)
{
    struct count *c = (struct count *)(void *)work;
    if (atomic_fetch_add(c->done, 1) % 100 == 0) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
}

TEST(slow, does_everything_before_it_ends)
{
    static struct count works[WORKS];
    atomic_int done = 0;
    struct slow *slow = NULL;
    CHECK(slow_open(&slow, NULL) == TRACK_OK);
    for (int i = 0; i < WORKS; i++) {
        works[i] = (struct count){.work = {.run = count_run}, .done = &done};
        slow_add(slow, &works[i].work);
    }
    slow_close(slow);
    CHECK_INT(done, WORKS);
}

TEST(slow, ends_without_work)
{
    struct slow *slow = NULL;
    CHECK(slow_open(&slow, NULL) == TRACK_OK);
    slow_close(slow);
    slow_close(NULL);
}
