/* Shows who is told what: everybody everything once, in order, or to start over.
 * How: events into a hub, read from different places. */
#include "../../server/live.h"

#include "../fault.h"
#include "../harness.h"

#include <stdio.h>
#include <string.h>

static void close_hub(struct live **l)
{
    live_close(*l);
}

#define HUB(l)                                                 \
    __attribute__((cleanup(close_hub))) struct live *l = NULL; \
    CHECK_INT(live_open(&(l), NULL), TRACK_OK)

static void publish(struct live *l, enum live_kind kind, const char *detail)
{
    struct live_event event = {.kind = kind, .run = "r", .project = 3};
    snprintf(event.detail, sizeof(event.detail), "%s", detail);
    live_publish(l, &event);
}

TEST(live, gives_events_in_order)
{
    HUB(l);
    uint64_t after = live_now(l);
    struct live_event got[8];
    publish(l, LIVE_RUN, "name");
    publish(l, LIVE_POINTS, "");
    publish(l, LIVE_RUN, "tags");
    CHECK_INT(live_read(l, &after, got, 2), 2);
    CHECK(got[0].kind == LIVE_RUN && strcmp(got[0].detail, "name") == 0 && got[0].project == 3);
    CHECK_INT(got[1].kind, LIVE_POINTS);
    CHECK_INT(live_read(l, &after, got, 8), 1);
    CHECK(strcmp(got[0].detail, "tags") == 0);
    CHECK_INT(live_read(l, &after, got, 8), 0);
    CHECK_INT(after, live_now(l));
}

TEST(live, folds_what_nobody_has_seen)
{
    HUB(l);
    uint64_t after = live_now(l);
    struct live_event got[8];
    publish(l, LIVE_POINTS, "");
    publish(l, LIVE_POINTS, "");
    CHECK_INT(live_read(l, &after, got, 8), 1);
    publish(l, LIVE_POINTS, "");
    CHECK_INT(live_read(l, &after, got, 8), 1);
}

TEST(live, tells_the_late_to_start_over)
{
    HUB(l);
    uint64_t late = live_now(l), on_time;
    struct live_event got[8];
    publish(l, LIVE_RUN, "x");
    on_time = live_now(l);
    for (int i = 0; i < LIVE_EVENTS; i++) {
        publish(l, LIVE_RUN, i % 2 ? "a" : "b");
    }
    CHECK_INT(live_read(l, &late, got, 8), 1);
    CHECK_INT(got[0].kind, LIVE_RESET);
    CHECK_INT(late, live_now(l));
    CHECK_INT(live_read(l, &on_time, got, 8), 8);
    CHECK(got[0].kind == LIVE_RUN && strcmp(got[0].detail, "b") == 0);
}

TEST(live, knows_its_own_ids)
{
    HUB(l);
    HUB(other);
    char id[LIVE_ID_BYTES];
    uint64_t after = 99;
    publish(l, LIVE_RUN, "x");
    live_id(l, 1, id);
    CHECK(live_place(l, id, &after));
    CHECK_INT(after, 1);
    CHECK(!live_place(other, id, &after));
    live_id(l, 2, id);
    CHECK(!live_place(l, id, &after)); /* it has not happened */
    CHECK(!live_place(l, "", &after) && !live_place(l, "x.1", &after) &&
          !live_place(l, "1", &after));
    CHECK_INT(after, 1);
}

static void count_wake(void *data)
{
    ++*(int *)data;
}

TEST(live, wakes_once_an_event)
{
    HUB(l);
    int wakes = 0;
    live_set_wake(l, count_wake, &wakes);
    publish(l, LIVE_RUN, "x");
    publish(l, LIVE_RUN, "x");
    publish(l, LIVE_FILES, "");
    CHECK_INT(wakes, 2);
    live_publish(NULL, &(struct live_event){.kind = LIVE_RUN});
    CHECK(strcmp(live_kind_name(LIVE_PROJECT), "project") == 0);
}

static track_status open_faulty(void)
{
    struct live *l;
    TRY(live_open(&l, NULL));
    live_close(l);
    return TRACK_OK;
}

TEST(live, survives_each_allocation_failing)
{
    CHECK(fault_each(open_faulty) > 0);
}
