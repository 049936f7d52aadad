/* Who wants a run to be sampled: limits, processes that go, numbers that come again; and a run that
 * is logged to with tracking off. */
#include "../../client/watch.h"
#include "../harness.h"
#include "tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RUN "0198c2f0a1b27c3d9e40518a6b7c8d9e"

static void put_process(const struct tree *t, int pid, int start)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    tree_put(t, path, "%d (x) S 1 1 1 0 0 0 0 0 0 0 0 0 0 0 20 0 1 0 %d 9 9 0\n", pid, start);
}

TEST(watch, sixty_four_subscribers_and_no_more)
{
    static struct watch w;
    struct watch_request rq = {.run = RUN};
    track_error err;
    for (int i = 1; i <= WATCH_SUBSCRIBERS_MAX; i++) {
        rq.pid = i;
        CHECK(watch_add(&w, &rq, NULL) == TRACK_OK);
    }
    CHECK(watch_add(&w, &rq, NULL) == TRACK_OK); /* the same one again */
    CHECK_INT(w.subscriber_count, WATCH_SUBSCRIBERS_MAX);
    rq.pid = 1000;
    CHECK(watch_add(&w, &rq, &err) == TRACK_TOO_LARGE);
    for (int i = 1; i < WATCH_SUBSCRIBERS_MAX; i++) {
        CHECK(!watch_remove(&w, i));
    }
    CHECK(!watch_remove(&w, 4711));
    CHECK(watch_remove(&w, WATCH_SUBSCRIBERS_MAX));
}

TEST(watch, a_process_that_is_gone_subscribes_nothing)
{
    AUTO_TREE t = tree_make();
    static struct watch w;
    w.subscriber_count = 0;
    CHECK(watch_add(&w, &(struct watch_request){.pid = 10, .start = 100}, NULL) == TRACK_OK);
    CHECK(watch_add(&w, &(struct watch_request){.pid = 11, .start = 200}, NULL) == TRACK_OK);
    put_process(&t, 10, 100);
    put_process(&t, 11, 200);
    CHECK(!watch_check(&w, t.root));
    CHECK_INT(w.subscriber_count, 2);
    put_process(&t, 11, 999); /* the number went to somebody else */
    CHECK(!watch_check(&w, t.root));
    CHECK_INT(w.subscriber_count, 1);
    tree_drop(&t, "/proc/10");
    CHECK(watch_check(&w, t.root));
}

TEST(watch, starts_flushes_and_ends_with_tracking_off)
{
    AUTO_TREE t = tree_make();
    AUTO_ARENA arena = ARENA(1 << 20);
    static struct watch w;
    struct board host;
    const struct watch_request rq = {
        .run = RUN, .pid = 10, .start = 100, .project = "p", .spool = t.root};
    memset(&w, 0, sizeof w);
    setenv("TRACK_MODE", "off", 1);
    CHECK(board_init(&w.board, &arena, 16, NULL) == TRACK_OK);
    CHECK(board_init(&host, &arena, 16, NULL) == TRACK_OK);
    const struct watch_request bad = {.run = RUN, .project = "\n"};
    CHECK(watch_start(&w, t.root, "n", &bad, NULL) == TRACK_INVALID);
    CHECK_INT(w.subscriber_count, 0);
    CHECK(watch_start(&w, t.root, "n", &rq, NULL) == TRACK_OK);
    CHECK_INT(w.subscriber_count, 1);
    CHECK_INT(w.missing.count, 1); /* no control group in this tree */
    board_add(&host, BOARD_PEAK, "cpu/", "busy_pct", 50);
    board_add(&w.board, BOARD_LAST, "run/", "procs", 1);
    watch_flush(&w, "n", &host, 1000000);
    CHECK_INT(w.board.rows[0].count, 0);
    CHECK_INT(host.rows[0].count, 1); /* other runs get it too */
    watch_finish(&w);
    CHECK_INT(w.subscriber_count, 0);
    unsetenv("TRACK_MODE");
}
