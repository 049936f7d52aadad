/* peer - a trackd of a bench program's own, and a keep-alive HTTP connection to it.
 *
 * Starts $TRACK_BIN/trackd on a data directory below /var/tmp, which goes when the program ends it.
 * Any trouble ends the program with a line: a bench has nobody to recover for.
 */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct peer {
    pid_t pid;
    unsigned short port;
    char data[64];
};

static inline void peer_die(const char *what)
{
    perror(what);
    exit(1);
}

/* A connection, or -1 while nobody listens. */
static inline int peer_connect(const struct peer *p)
{
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons(p->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) != 0) {
        close(fd);
        return -1;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    return fd;
}

static inline void peer_start(struct peer *p, unsigned short port)
{
    *p = (struct peer){.port = port, .data = "/var/tmp/track-bench.XXXXXX"};
    const char *bin = getenv("TRACK_BIN");
    char program[4096], listen_at[32];
    snprintf(program, sizeof(program), "%s/trackd", bin ? bin : ".");
    snprintf(listen_at, sizeof(listen_at), "127.0.0.1:%u", port);
    if (!mkdtemp(p->data)) {
        peer_die(p->data);
    }
    char *argv[] = {program,   "--data",      p->data, "--listen",
                    listen_at, "--log-level", "error", NULL};
    char *none[] = {NULL};
    if (posix_spawn(&p->pid, program, NULL, NULL, argv, none) != 0) {
        peer_die(program);
    }
    for (int i = 0, fd = -1; fd < 0; i++) {
        fd = peer_connect(p);
        close(fd);
        if (fd < 0 && (i > 500 || usleep(10000) != 0)) {
            peer_die("trackd does not listen");
        }
    }
}

static inline void peer_end(struct peer *p)
{
    char *argv[] = {"rm", "-rf", p->data, NULL};
    char *none[] = {NULL};
    pid_t rm;
    kill(p->pid, SIGTERM);
    waitpid(p->pid, NULL, 0);
    if (posix_spawn(&rm, "/bin/rm", NULL, NULL, argv, none) == 0) {
        waitpid(rm, NULL, 0);
    }
}

static inline void peer_send(int fd, const void *data, size_t size)
{
    for (const char *at = data; size;) {
        ssize_t n = send(fd, at, size, MSG_NOSIGNAL);
        if (n <= 0) {
            peer_die("send");
        }
        at += n;
        size -= (size_t)n;
    }
}

/* Sends a request and reads the reply; returns the size of its body, which lies in `in` [room]. */
static inline size_t peer_ask(int fd, const char *head, const void *body, size_t size, char *in,
                              size_t room)
{
    char start[1024];
    int length = snprintf(start, sizeof(start),
                          "%s\r\nHost: 127.0.0.1\r\nContent-Length: %zu\r\n\r\n", head, size);
    peer_send(fd, start, (size_t)length);
    peer_send(fd, body, size);
    size_t have = 0, want = room, skip = 0;
    while (have < want) {
        ssize_t n = recv(fd, in + have, room - 1 - have, 0);
        if (n <= 0) {
            peer_die("recv");
        }
        in[have += (size_t)n] = '\0';
        char *end = want == room ? strstr(in, "\r\n\r\n") : NULL;
        char *said = end ? strcasestr(in, "\ncontent-length:") : NULL;
        if (end && !said) {
            break;
        }
        if (end) {
            skip = (size_t)(end + 4 - in);
            want = skip + strtoul(said + 16, NULL, 10);
        }
        if (want > room) {
            peer_die("a reply is too large");
        }
    }
    if (strncmp(in, "HTTP/1.1 2", 10) != 0) {
        fprintf(stderr, "%s\n%s\n", head, in);
        exit(1);
    }
    memmove(in, in + skip, have - skip);
    return have - skip;
}
#endif
