#include "http_peers.h"

#include "clock.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

enum { TICK_NS = 200 * 1000000 };

struct peer {
    struct peer *next, *before; /* guarded by peers.lock */
    int fd;
    bool loopback;
    atomic_bool idle;
    _Atomic int64_t deadline_us; /* steady */
};

struct peers {
    pthread_mutex_t lock; /* guards the list and `stop` */
    pthread_cond_t wake;
    struct peer *first;
    bool stop;
    atomic_bool end_idle;
    pthread_t thread;
    void (*tick)(void *data);
    void *data;
    struct stats *stats;
};

/* shutdown(2) only marks the socket; libmicrohttpd closes it. */
static void cut_late(struct peers *p, int64_t now_us)
{
    bool end_idle = atomic_load(&p->end_idle);
    for (struct peer *peer = p->first; peer; peer = peer->next) {
        bool late = now_us > atomic_load(&peer->deadline_us);
        if (late || (end_idle && atomic_load(&peer->idle))) {
            atomic_store(&peer->deadline_us, INT64_MAX);
            atomic_fetch_add(&p->stats->cut, late ? 1 : 0); /* before anybody can notice */
            (void)shutdown(peer->fd, SHUT_RDWR);
        }
    }
}

static void *peers_run(void *data)
{
    struct peers *p = data;
    pthread_mutex_lock(&p->lock);
    while (!p->stop) {
        struct timespec until = {0};
        int64_t us = clock_wall_us() + TICK_NS / 1000;
        until.tv_sec = us / 1000000;
        until.tv_nsec = us % 1000000 * 1000;
        (void)pthread_cond_timedwait(&p->wake, &p->lock, &until);
        cut_late(p, clock_steady_us());
        pthread_mutex_unlock(&p->lock);
        if (p->tick) {
            p->tick(p->data);
        }
        pthread_mutex_lock(&p->lock);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

track_status peers_open(void (*tick)(void *data), void *data, struct stats *stats,
                        struct peers **out, track_error *err)
{
    struct peers *p = calloc(1, sizeof(*p));
    if (!p) {
        return FAIL(err, TRACK_NOMEM, "no memory for the connections");
    }
    p->tick = tick;
    p->data = data;
    p->stats = stats;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    if (pthread_create(&p->thread, NULL, peers_run, p) != 0) {
        free(p);
        return FAIL(err, TRACK_NOMEM, "no thread for the deadlines of connections");
    }
    *out = p;
    return TRACK_OK;
}

void peers_close(struct peers *p)
{
    if (!p) {
        return;
    }
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    pthread_cond_signal(&p->wake);
    pthread_mutex_unlock(&p->lock);
    pthread_join(p->thread, NULL);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->wake);
    free(p);
}

struct peer *peers_add(struct peers *p, int fd, bool loopback)
{
    struct peer *peer = calloc(1, sizeof(*peer));
    if (!peer) {
        return NULL;
    }
    peer->fd = fd;
    peer->loopback = loopback;
    peer_limit(peer, PEER_HEAD_US, true);
    pthread_mutex_lock(&p->lock);
    peer->next = p->first;
    if (p->first) {
        p->first->before = peer;
    }
    p->first = peer;
    pthread_mutex_unlock(&p->lock);
    atomic_fetch_add(&p->stats->connections, 1);
    return peer;
}

void peers_remove(struct peers *p, struct peer *peer)
{
    pthread_mutex_lock(&p->lock);
    if (peer->before) {
        peer->before->next = peer->next;
    } else {
        p->first = peer->next;
    }
    if (peer->next) {
        peer->next->before = peer->before;
    }
    pthread_mutex_unlock(&p->lock);
    free(peer);
    atomic_fetch_sub(&p->stats->connections, 1);
}

void peer_limit(struct peer *peer, int64_t limit_us, bool idle)
{
    atomic_store(&peer->idle, idle);
    atomic_store(&peer->deadline_us, clock_steady_us() + limit_us);
}

void peer_progress(struct peer *peer, int64_t begin_us, uint64_t bytes)
{
    int64_t stall_us = clock_steady_us() + PEER_STALL_US;
    int64_t slow_us = begin_us + PEER_STALL_US + (int64_t)(bytes * PEER_SLOWEST_US);
    atomic_store(&peer->deadline_us, stall_us < slow_us ? stall_us : slow_us);
}

bool peer_loopback(const struct peer *peer)
{
    return peer->loopback;
}

void peers_end_idle(struct peers *p)
{
    atomic_store(&p->end_idle, true);
}
