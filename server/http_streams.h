/* http_streams - event streams that wait for something to say.
 *
 * A stream that has nothing to say is parked: its connection is suspended.  Waking resumes them all
 * and each looks for itself.  What happens between looking and parking is not lost, since a stream
 * parks only if nobody has woken since it began to look.
 * Uses: nothing.  Any thread.
 */
#ifndef SERVER_HTTP_STREAMS_H
#define SERVER_HTTP_STREAMS_H
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* One stream; lives as long as its connection. */
struct stream {
    struct stream *next; /* guarded by streams.lock, while parked */
    void *connection;    /* as suspend and resume know it */
};

struct streams {
    pthread_mutex_t lock;
    struct stream *parked;
    uint64_t wakes; /* guarded by lock */
    atomic_bool ending;
    void (*suspend)(void *connection);
    void (*resume)(void *connection);
};

void streams_init(struct streams *all);
void streams_release(struct streams *all);

/* How often all have been woken; to be asked before looking for something to say. */
uint64_t streams_wakes(struct streams *all);

/* Parks; false if somebody has woken since `seen`: look again. */
bool streams_park(struct streams *all, struct stream *stream, uint64_t seen);

/* Resumes everything that is parked. */
void streams_wake(struct streams *all);
#endif
