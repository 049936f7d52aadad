/* Shows in which state a run ends.
 * How: every row of cli.md 6.4. */
#include "../../client/tracking.h"
#include "../harness.h"

#include <signal.h>

static track_state state_of(int code, int number, int asked, bool stopped, bool scheduled)
{
    struct launch_result r = {.child = {.code = code, .signal = number, .over = true},
                              .asked = asked,
                              .stopped = stopped};
    return tracking_state(&r, scheduled);
}

TEST(tracking, maps_each_end_to_a_state)
{
    CHECK(state_of(0, 0, 0, false, false) == TRACK_FINISHED);
    CHECK(state_of(1, 0, 0, false, false) == TRACK_FAILED);
    CHECK(state_of(-1, SIGSEGV, 0, false, false) == TRACK_FAILED);
    CHECK(state_of(-1, SIGKILL, 0, false, false) == TRACK_FAILED);
    CHECK(state_of(-1, SIGTERM, 0, false, false) == TRACK_FAILED); /* not by us */
    CHECK(state_of(-1, SIGINT, SIGINT, false, false) == TRACK_STOPPED);
    CHECK(state_of(130, 0, SIGINT, false, false) == TRACK_STOPPED);
    CHECK(state_of(-1, SIGTERM, SIGTERM, false, false) == TRACK_STOPPED);
    CHECK(state_of(143, 0, SIGTERM, false, true) == TRACK_PREEMPTED);
    CHECK(state_of(-1, SIGTERM, SIGTERM, false, true) == TRACK_PREEMPTED);
    CHECK(state_of(0, 0, SIGTERM, false, false) == TRACK_FINISHED); /* it went on to its end */
    CHECK(state_of(1, 0, SIGTERM, false, false) == TRACK_FAILED);
    CHECK(state_of(-1, SIGTERM, 0, true, false) == TRACK_STOPPED);
    CHECK(state_of(0, 0, 0, true, false) == TRACK_STOPPED);
    CHECK(state_of(1, 0, 0, true, false) == TRACK_FAILED);
}
