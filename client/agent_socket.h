/* agent_socket - where the sampler of a node is found, and what is said there.
 *
 * A folder holds the lock (one sampler a node and user) and a SOCK_SEQPACKET socket; one JSON
 * object a packet, at most 4 KiB:
 *     {"op":"subscribe","run":"<uuid>","pid":812,"start":"4711","url":"http://...",...}
 *     {"ok":true,"writer":"agent:gpu07","basis":"process"}
 * The other ops are unsubscribe, ping, status.  Unknown members are ignored.
 * Uses: json, watch (its request).
 */
#ifndef CLIENT_AGENT_SOCKET_H
#define CLIENT_AGENT_SOCKET_H
#include "../core/json.h"
#include "watch.h"

enum { AGENT_PACKET_MAX = 4096, AGENT_PATH_MAX = 100 };

/* The folder of this user's sampler: $XDG_RUNTIME_DIR/track, else /tmp/track-<uid>; made if it is
 * not there.
 *
 *   out  [AGENT_PATH_MAX].
 *
 * TRACK_DENIED   it belongs to somebody else, or others may write there.
 * TRACK_IO       it cannot be made.
 * TRACK_INVALID  its path is too long for a socket.
 */
track_status agent_folder(char *out, track_error *err);

/* Takes the lock and opens the socket.
 *
 *   lock, listener  descriptors, to be closed by the caller; set only on TRACK_OK.
 *
 * TRACK_CONFLICT  another sampler has the lock; err names its process.
 * TRACK_IO        a file or the socket cannot be made.
 */
track_status agent_listen(const char *folder, int *lock, int *listener, track_error *err);

enum agent_op { AGENT_SUBSCRIBE, AGENT_UNSUBSCRIBE, AGENT_PING, AGENT_STATUS };

/* What a packet asks for; texts live in the arena. */
struct agent_request {
    enum agent_op op;
    struct watch_request watch; /* of subscribe and unsubscribe */
};

/* Reads a packet.
 *
 *   peer_pid  the sender's process number as the kernel says; counts when the packet names none, or
 *             one that does not mean anything here (another PID namespace).
 *
 * TRACK_INVALID      no JSON, a member of the wrong type, no run id.
 * TRACK_UNSUPPORTED  an unknown op; err names it.
 * TRACK_NOMEM        the arena's limit.
 *
 * Tests: tests/client/test_agent.c, tests/fuzz/fuzz_agent.c
 */
track_status agent_read(struct bytes packet, const char *root, int peer_pid, struct arena *arena,
                        struct agent_request *out, track_error *err);
#endif
