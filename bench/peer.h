/* peer - a trackd of a bench program's own, and a keep-alive HTTP connection to it.
 *
 * Starts $TRACK_BIN/trackd on a data directory below /var/tmp, which goes when the program ends it.
 * Any trouble ends the program with a line: a bench has nobody to recover for.
 */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
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

/* Starts trackd on p->data; ready when somebody listens.
 *   seal  "yes": points leave the journal for packs meanwhile; or "no". */
static inline void peer_serve(struct peer *p, const char *seal)
{
    const char *bin = getenv("TRACK_BIN");
    char program[4096], listen_at[32], setting[32];
    snprintf(program, sizeof(program), "%s/trackd", bin ? bin : ".");
    snprintf(listen_at, sizeof(listen_at), "127.0.0.1:%u", p->port);
    const char *const argv[] = {program,   "--data",      p->data, "--listen",
                                listen_at, "--log-level", "error", NULL};
    snprintf(setting, sizeof(setting), "TRACKD_SEAL=%s", seal);
    char *settings[] = {setting, NULL};
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
    if (posix_spawn(&p->pid, program, &quiet, NULL, (char *const *)(uintptr_t)argv, settings) !=
        0) {
        peer_die(program);
    }
    posix_spawn_file_actions_destroy(&quiet);
    for (int i = 0, fd = -1; fd < 0; i++) {
        fd = peer_connect(p);
        close(fd);
        if (fd < 0 && (i > 500 || usleep(10000) != 0)) {
            peer_die("trackd does not listen");
        }
    }
}

static inline void peer_start_as(struct peer *p, unsigned short port, const char *seal)
{
    *p = (struct peer){.port = port, .data = "/var/tmp/track-bench.XXXXXX"};
    if (!mkdtemp(p->data)) {
        peer_die(p->data);
    }
    peer_serve(p, seal);
}

static inline void peer_start(struct peer *p, unsigned short port)
{
    peer_start_as(p, port, "no");
}

/* Processor seconds that the server has used. */
static inline double peer_cpu_seconds(const struct peer *p)
{
    char path[64], text[1024];
    unsigned long user = 0, kernel = 0;
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)p->pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = read(fd, text, sizeof(text) - 1);
    close(fd);
    text[size > 0 ? size : 0] = '\0';
    char *at = strrchr(text, ')');
    if (!at ||
        sscanf(at, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &kernel) != 2) {
        peer_die(path);
    }
    return (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK);
}

static inline void peer_stop(const struct peer *p)
{
    kill(p->pid, SIGTERM);
    waitpid(p->pid, NULL, 0);
}

static inline void peer_end(struct peer *p)
{
    const char *const argv[] = {"rm", "-rf", p->data, NULL};
    char *none[] = {NULL};
    pid_t rm;
    peer_stop(p);
    if (posix_spawn(&rm, "/bin/rm", NULL, NULL, (char *const *)(uintptr_t)argv, none) == 0) {
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

/* A connection and the last reply that came over it */
struct peer_link {
    int fd;
    char *in;    /* [room]: the reply's body at its start */
    size_t size; /* of the body */
    size_t room;
};

static inline void peer_open(const struct peer *p, struct peer_link *link)
{
    *link = (struct peer_link){.fd = peer_connect(p)};
}

static inline void peer_close(struct peer_link *link)
{
    close(link->fd);
    free(link->in);
    *link = (struct peer_link){.fd = -1};
}

static inline void peer_reserve(struct peer_link *link, size_t room)
{
    if (link->room < room) {
        link->in = realloc(link->in, room);
        link->room = room;
    }
    if (!link->in) {
        peer_die("realloc");
    }
}

/* Reads a reply: head and body, as far as Content-Length says. */
static inline void peer_read(struct peer_link *link)
{
    size_t have = 0, want = SIZE_MAX, skip = 0;
    peer_reserve(link, 1 << 16);
    while (have < want) {
        ssize_t n = recv(link->fd, link->in + have, link->room - 1 - have, 0);
        if (n <= 0) {
            peer_die("recv");
        }
        link->in[have += (size_t)n] = '\0';
        char *end = skip ? NULL : strstr(link->in, "\r\n\r\n");
        char *said = end ? strcasestr(link->in, "\ncontent-length:") : NULL;
        if (said) {
            skip = (size_t)(end + 4 - link->in);
            want = skip + strtoul(said + 16, NULL, 10);
            peer_reserve(link, want + 1);
        }
    }
    if (strncmp(link->in, "HTTP/1.1 2", 10) != 0) {
        peer_die(link->in);
    }
    link->size = have - skip;
    memmove(link->in, link->in + skip, link->size);
}

/* Sends a request, whose head has no Host and no Content-Length yet, and reads the reply. */
static inline void peer_ask(struct peer_link *link, const char *head, const void *body, size_t size)
{
    char start[1024];
    int length = snprintf(start, sizeof(start),
                          "%s\r\nHost: 127.0.0.1\r\nContent-Length: %zu\r\n\r\n", head, size);
    peer_send(link->fd, start, (size_t)length);
    peer_send(link->fd, body, size);
    peer_read(link);
}
#endif
