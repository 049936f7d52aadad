#include "http_listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un file;
};

static track_status say_refusal(const char *place, int code, track_error *err)
{
    if (code == EADDRINUSE) {
        return FAIL(err, TRACK_CONFLICT,
                    "%s is in use by another program; --listen 127.0.0.1:0 takes a free port",
                    place);
    }
    return FAIL(err, code == EACCES ? TRACK_INVALID : TRACK_IO, "cannot listen on %s: %s", place,
                strerror(code));
}

static bool port_parse(const char *text, uint16_t *out)
{
    char *end = NULL;
    unsigned long port = strtoul(text, &end, 10);
    *out = htons((uint16_t)port);
    return *text >= '0' && *text <= '9' && *end == '\0' && port <= 65535;
}

/* Splits "host:port"; the brackets of an IPv6 address go. */
static bool place_split(const char *place, char *host, size_t room, uint16_t *port)
{
    const char *colon = strrchr(place, ':');
    if (!colon || (size_t)(colon - place) >= room || !port_parse(colon + 1, port)) {
        return false;
    }
    size_t size = (size_t)(colon - place);
    bool bracket = size > 2 && place[0] == '[' && place[size - 1] == ']';
    memcpy(host, place + bracket, size);
    host[size - (bracket ? 2 : 0)] = '\0';
    return true;
}

static bool is_local(const union address *at)
{
    return at->any.sa_family == AF_INET6 ? IN6_IS_ADDR_LOOPBACK(&at->v6.sin6_addr)
                                         : ntohl(at->v4.sin_addr.s_addr) >> 24 == 127;
}

static track_status net_parse(const char *place, union address *out, socklen_t *size,
                              track_error *err)
{
    char host[64];
    uint16_t port = 0;
    *out = (union address){.v4 = {.sin_family = AF_INET}};
    *size = sizeof(out->v4);
    if (!place_split(place, host, sizeof(host), &port)) {
        return FAIL(err, TRACK_INVALID, "listen is '%s', not ADDRESS:PORT or unix:PATH", place);
    }
    const char *name = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
    out->v4.sin_port = port;
    if (inet_pton(AF_INET, name, &out->v4.sin_addr) != 1) {
        *out = (union address){.v6 = {.sin6_family = AF_INET6, .sin6_port = port}};
        *size = sizeof(out->v6);
        if (inet_pton(AF_INET6, name, &out->v6.sin6_addr) != 1) {
            return FAIL(err, TRACK_INVALID, "listen is '%s'; '%s' is no IP address", place, host);
        }
    }
    if (!is_local(out)) {
        return FAIL(
            err, TRACK_INVALID,
            "listen is '%s', which others can reach, and whoever reaches trackd may change "
            "everything; use 127.0.0.1, [::1] or unix:PATH, behind a proxy or an SSH tunnel",
            place);
    }
    return TRACK_OK;
}

/* A socket file that nobody listens on any more is left from a crash. */
static void remove_stale(const union address *at)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, &at->any, sizeof(at->file)) != 0 && errno == ECONNREFUSED) {
        (void)unlink(at->file.sun_path);
    }
    if (fd >= 0) {
        close(fd);
    }
}

static track_status file_parse(const char *place, union address *out, socklen_t *size,
                               track_error *err)
{
    const char *path = place + strlen("unix:");
    *out = (union address){.file = {.sun_family = AF_UNIX}};
    *size = sizeof(out->file);
    if (!*path || strlen(path) >= sizeof(out->file.sun_path)) {
        return FAIL(err, TRACK_INVALID, "listen is '%s'; a socket path has 1 to %zu bytes", place,
                    sizeof(out->file.sun_path) - 1);
    }
    memcpy(out->file.sun_path, path, strlen(path));
    remove_stale(out);
    return TRACK_OK;
}

static void say_url(int fd, const char *place, char *url)
{
    union address at = {.v4 = {.sin_family = AF_UNSPEC}};
    socklen_t size = sizeof(at);
    char host[INET6_ADDRSTRLEN] = "";
    (void)getsockname(fd, &at.any, &size);
    if (at.any.sa_family == AF_INET) {
        (void)inet_ntop(AF_INET, &at.v4.sin_addr, host, sizeof(host));
        (void)snprintf(url, LISTEN_URL_BYTES, "http://%s:%u", host, ntohs(at.v4.sin_port));
    } else if (at.any.sa_family == AF_INET6) {
        (void)inet_ntop(AF_INET6, &at.v6.sin6_addr, host, sizeof(host));
        (void)snprintf(url, LISTEN_URL_BYTES, "http://[%s]:%u", host, ntohs(at.v6.sin6_port));
    } else {
        (void)snprintf(url, LISTEN_URL_BYTES, "%s", place);
    }
}

static int socket_listen(const union address *at, socklen_t size)
{
    const int yes = 1;
    int fd = socket(at->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return -1;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes));
    if (bind(fd, &at->any, size) != 0 || listen(fd, BACKLOG) != 0) {
        int code = errno;
        close(fd);
        errno = code;
        return -1;
    }
    return fd;
}

track_status listen_open(const char *place, int *fd, char *url, track_error *err)
{
    union address at;
    socklen_t size = 0;
    bool file = strncmp(place, "unix:", 5) == 0;
    TRY((file ? file_parse : net_parse)(place, &at, &size, err));
    int got = socket_listen(&at, size);
    if (got < 0) {
        return say_refusal(place, errno, err);
    }
    say_url(got, place, url);
    *fd = got;
    return TRACK_OK;
}

void listen_remove(const char *place)
{
    if (strncmp(place, "unix:", 5) == 0) {
        (void)unlink(place + strlen("unix:"));
    }
}
