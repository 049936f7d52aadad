/* http_peers - open connections and their deadlines.
 *
 * libmicrohttpd sees only inactivity; a peer that sends one byte a second would stay for ever.  A
 * thread looks at all connections five times a second and shuts down those whose time is over.
 * Uses: clock, fail, stats.  Any thread.
 */
#ifndef SERVER_HTTP_PEERS_H
#define SERVER_HTTP_PEERS_H
#include "../core/fail.h"
#include "stats.h"

#include <stdbool.h>
#include <stdint.h>

/* Times in microseconds; the limits of security.md 7. */
enum {
    PEER_HEAD_US = 10 * 1000000,  /* to send a head */
    PEER_BODY_US = 30 * 1000000,  /* to send a document, all together */
    PEER_STALL_US = 60 * 1000000, /* without any progress of a file or an answer */
    PEER_IDLE_US = 60 * 1000000,  /* between two requests */
    PEER_SLOWEST_US = 1000,       /* a byte: 1 KiB/s on average, else it is a slow reader */
};

struct peer;
struct peers;

/* Starts the thread.
 *
 *   tick   called five times a second on that thread, with data; NULL: nothing.
 *   stats  counts connections and those that were cut.
 *   out    close with peers_close.
 *
 * TRACK_NOMEM  no memory or no thread.
 */
track_status peers_open(void (*tick)(void *data), void *data, struct stats *stats,
                        struct peers **out, track_error *err);
void peers_close(struct peers *p); /* NULL is allowed */

/* A new connection; NULL: no memory.  It must be removed before its descriptor is closed. */
struct peer *peers_add(struct peers *p, int fd, bool loopback);
void peers_remove(struct peers *p, struct peer *peer);

/* The connection is shut down unless something sets another limit before this one passes.
 *
 *   idle  between two requests: a server that ends need not wait for it.
 */
void peer_limit(struct peer *peer, int64_t limit_us, bool idle);

/* Something moved: the stall limit begins anew, within what PEER_SLOWEST_US allows for bytes sent
 * since `begin_us` (steady). */
void peer_progress(struct peer *peer, int64_t begin_us, uint64_t bytes);

bool peer_loopback(const struct peer *peer);

/* Shuts down the idle ones, now and from now on. */
void peers_end_idle(struct peers *p);
#endif
