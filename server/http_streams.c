#include "http_streams.h"

#include <stddef.h>

void streams_init(struct streams *all)
{
    pthread_mutex_init(&all->lock, NULL);
}

void streams_release(struct streams *all)
{
    pthread_mutex_destroy(&all->lock);
}

uint64_t streams_wakes(struct streams *all)
{
    pthread_mutex_lock(&all->lock);
    uint64_t wakes = all->wakes;
    pthread_mutex_unlock(&all->lock);
    return wakes;
}

bool streams_park(struct streams *all, struct stream *stream, uint64_t seen)
{
    pthread_mutex_lock(&all->lock);
    bool park = all->wakes == seen;
    if (park) {
        all->suspend(stream->connection);
        stream->next = all->parked;
        all->parked = stream;
    }
    pthread_mutex_unlock(&all->lock);
    return park;
}

void streams_wake(struct streams *all)
{
    pthread_mutex_lock(&all->lock);
    struct stream *parked = all->parked;
    all->parked = NULL;
    all->wakes++;
    pthread_mutex_unlock(&all->lock);
    while (parked) {
        /* Once resumed, a stream may end and its memory go. */
        struct stream *next = parked->next;
        all->resume(parked->connection);
        parked = next;
    }
}
