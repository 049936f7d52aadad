/* subscribe - asks the sampler of this node (`track agent`) to log the machine into a run.
 *
 * One is started when none answers; it outlives this process by a minute at most.  Everything here
 * has a time limit, and a failure changes nothing but that there are no system metrics.
 * Protocol: client/agent_socket.h.
 * Uses: json, settings, spool_folder.
 */
#ifndef SDK_SUBSCRIBE_H
#define SDK_SUBSCRIBE_H
#include "settings.h"

enum { SUBSCRIBE_WAIT_MS = 3000 };

/* Which run, and where the sampler sends what it sees. */
struct subscription {
    const char *run_id;
    const char *project;
    const struct settings *settings;
};

/* Subscribes this process.
 *
 * TRACK_UNSUPPORTED  there is no `track` beside this program or library or in PATH.
 * TRACK_UNREACHABLE  no sampler answers, not even a new one.
 * TRACK_TIMEOUT      it does not answer in time.
 * TRACK_CONFLICT     it refuses; err says why.
 * TRACK_DENIED       another user has taken its place in /tmp.
 * TRACK_IO, TRACK_NOMEM
 *
 * Tests: tests/sdk/test_subscribe.c, tests/e2e/test_agent.py
 */
track_status subscribe_start(const struct subscription *s, track_error *err);

/* Ends that; waits until the sampler has sent what it saw, for SUBSCRIBE_WAIT_MS at most.  Starts
 * none.  Statuses as above. */
track_status subscribe_end(const struct subscription *s, track_error *err);
#endif
