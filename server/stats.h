/* stats - what the server counts about itself, for /metrics.
 *
 * Uses: nothing.  Any thread; every counter is atomic and only grows.
 */
#ifndef SERVER_STATS_H
#define SERVER_STATS_H
#include <stdatomic.h>
#include <stdint.h>

enum {
    STATS_ROUTES_MAX = 129, /* rows of the route table; the last is for what no row matched */
    STATS_CODES = 6,        /* 1xx..5xx; 0: answers that never ended */
    STATS_BUCKETS = 12,     /* of the time from head to answer */
};

struct stats {
    _Atomic uint64_t requests[STATS_ROUTES_MAX][STATS_CODES];
    _Atomic uint64_t took[STATS_BUCKETS + 1]; /* not cumulative; the last is beyond all */
    _Atomic uint64_t took_us;
    _Atomic uint64_t received_bytes, sent_bytes; /* of bodies */
    _Atomic uint64_t points, repeats,
        frame_bytes;                       /* taken in; repeats: bodies that brought nothing new */
    _Atomic uint64_t connections, streams; /* open now */
    _Atomic uint64_t cut;                  /* connections that missed a deadline */
};

/* Upper bounds of the buckets in microseconds. */
extern const int64_t stats_bucket_us[STATS_BUCKETS];

/* Counts one answered request.
 *
 *   route  row of the table, or STATS_ROUTES_MAX - 1.
 *   http   200, 404, ...; 0: the client went away.
 */
void stats_request(struct stats *s, unsigned route, int http, int64_t took_us);
#endif
