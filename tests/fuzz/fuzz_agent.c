/* Fuzzes what a stranger may send to the sampler's socket: what is accepted names a run and a
 * process, and nothing else comes through. */
#include "../../client/agent_socket.h"
#include "../../core/name.h"
#include "fuzz.h"

FUZZ(agent)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    struct agent_request rq = {0};
    struct uuid id;
    if (agent_read(in, "/nowhere", 77, &arena, &rq, NULL) != TRACK_OK) {
        CHECK(rq.watch.run == NULL);
        return;
    }
    CHECK(rq.op <= AGENT_STATUS);
    if (rq.op == AGENT_SUBSCRIBE || rq.op == AGENT_UNSUBSCRIBE) {
        CHECK(name_decode_uuid(rq.watch.run, &id, NULL) == TRACK_OK);
        CHECK(rq.watch.pid == 77);
    }
}
