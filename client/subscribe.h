/* subscribe - asks the sampler of this machine to log to a run, and to leave it again.
 *
 * Starts the sampler where none runs.  Nothing here takes longer than half a second, and a sampler
 * that does not answer is no reason for anything but one line.
 * Uses: agent_socket, json.
 */
#ifndef CLIENT_SUBSCRIBE_H
#define CLIENT_SUBSCRIBE_H
#include "../core/fail.h"

/* What the sampler has to know; texts may be NULL but for run. */
struct subscribe_request {
    const char *program; /* this one, to start `agent` with */
    const char *run, *url, *project, *spool;
    int pid; /* whose process tree belongs to the run */
};

/* Subscribes the process.
 *
 * TRACK_UNREACHABLE  no sampler answers and none can be started.
 * TRACK_INVALID      it refuses; err says why.
 * Others             as agent_folder.
 *
 * Tests: tests/client/test_subscribe.c
 */
track_status subscribe_add(const struct subscribe_request *request, track_error *err);

/* Ends the subscription, so that the sampler's part of the run is closed at once.  Statuses as
 * above; never starts a sampler. */
track_status subscribe_remove(const struct subscribe_request *request, track_error *err);
#endif
