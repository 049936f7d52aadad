/* load - many keep-alive connections to a peer on one thread, each with one request under way.
 *
 * So the clients cost little beside the server, with which they share the cores.  Whoever calls
 * makes the bytes of the requests.
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H
#include "bench.h"
#include "peer.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/epoll.h>

enum { LOAD_CONNECTIONS_MAX = 64, LOAD_REPLY_BYTES = 4096 };

struct load {
    const struct peer *peer;
    int connections;
    size_t requests; /* of all connections together */
    /* Makes request `number`; it is sent before the next one of this connection is made. */
    struct load_bytes (*make)(void *data, int connection, int number);
    void *data;
    double seconds;    /* out: from the first to the last */
    double *acks_ms;   /* out: [requests], ascending */
    double cpu_server; /* out: seconds of processor of the server */
};

struct load_bytes {
    const char *at;
    size_t size;
};

struct load_link {
    int fd;
    double sent;
    struct load_bytes out; /* what is left to be sent */
    size_t have;
    char in[LOAD_REPLY_BYTES + 1];
};

/* Sends as much as the socket takes; the rest when it is asked for. */
static inline void load_send(struct load_link *link)
{
    while (link->out.size) {
        ssize_t n = send(link->fd, link->out.at, link->out.size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EAGAIN) {
            return;
        }
        if (n <= 0) {
            peer_die("send");
        }
        link->out.at += n;
        link->out.size -= (size_t)n;
    }
}

/* Reads what is there; true: the reply is whole. */
static inline bool load_read(struct load_link *link)
{
    ssize_t n = recv(link->fd, link->in + link->have, LOAD_REPLY_BYTES - link->have, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) {
        return false;
    }
    if (n <= 0) {
        peer_die("recv");
    }
    link->in[link->have += (size_t)n] = '\0';
    const char *end = strstr(link->in, "\r\n\r\n");
    const char *said = end ? strcasestr(link->in, "\ncontent-length:") : NULL;
    if (!said || link->have < (size_t)(end + 4 - link->in) + strtoul(said + 16, NULL, 10)) {
        return false;
    }
    if (strncmp(link->in, "HTTP/1.1 2", 10) != 0) {
        peer_die(link->in);
    }
    link->have = 0;
    return true;
}

static inline void load_open(const struct load *l, int poll, struct load_link *links)
{
    for (int i = 0; i < l->connections; i++) {
        struct epoll_event want = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.u32 = (unsigned)i};
        links[i].fd = peer_connect(l->peer);
        if (links[i].fd < 0 || epoll_ctl(poll, EPOLL_CTL_ADD, links[i].fd, &want) != 0) {
            peer_die("connection");
        }
    }
}

static inline void load_next(struct load *l, struct load_link *links, int i, int number)
{
    links[i].out = l->make(l->data, i, number);
    links[i].sent = bench_seconds();
    load_send(&links[i]);
}

/* Plays the load.  acks_ms is malloc'ed. */
static inline void load_run(struct load *l)
{
    struct load_link *links = calloc(LOAD_CONNECTIONS_MAX, sizeof(*links));
    struct epoll_event events[LOAD_CONNECTIONS_MAX];
    int poll = epoll_create1(EPOLL_CLOEXEC);
    size_t sent = 0, done = 0;
    l->acks_ms = calloc(l->requests, sizeof(double));
    if (!links || !l->acks_ms) {
        peer_die("load");
    }
    load_open(l, poll, links);
    double from = bench_seconds(), cpu = peer_cpu_seconds(l->peer);
    for (; sent < (size_t)l->connections && sent < l->requests; sent++) {
        load_next(l, links, (int)sent, (int)sent);
    }
    while (done < l->requests) {
        int count = epoll_wait(poll, events, LOAD_CONNECTIONS_MAX, -1);
        for (int k = 0; k < count; k++) {
            struct load_link *link = &links[events[k].data.u32];
            load_send(link);
            if (link->out.size || !(events[k].events & EPOLLIN) || !load_read(link)) {
                continue;
            }
            l->acks_ms[done++] = (bench_seconds() - link->sent) * 1e3;
            if (sent < l->requests) {
                load_next(l, links, (int)events[k].data.u32, (int)sent++);
            }
        }
    }
    l->seconds = bench_seconds() - from;
    l->cpu_server = peer_cpu_seconds(l->peer) - cpu;
    for (int i = 0; i < l->connections; i++) {
        close(links[i].fd);
    }
    close(poll);
    free(links);
    qsort(l->acks_ms, l->requests, sizeof(double), bench_compare);
}

/* Of the acknowledgements this part came in fewer ms. */
static inline double load_ack(const struct load *l, double part)
{
    size_t at = (size_t)(part * (double)l->requests);
    return l->acks_ms[at < l->requests ? at : l->requests - 1];
}
#endif
