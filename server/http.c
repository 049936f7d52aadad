#include "http.h"

#include "clock.h"
#include "http_call.h"
#include "http_peers.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    HEAD_POOL_BYTES = 32 * 1024,
    CONNECTIONS_MAX = 10000,
    HEARTBEAT_US = 15 * 1000000,
};

struct http {
    struct calls calls;
    struct MHD_Daemon *daemons[CONFIG_LIST_MAX];
    size_t daemon_count;
    struct peers *peers;
    _Atomic int64_t beaten_us; /* when the streams were last woken for a heartbeat */
};

static void suspend_connection(void *connection)
{
    MHD_suspend_connection(connection);
}

static void resume_connection(void *connection)
{
    MHD_resume_connection(connection);
}

static size_t unescape_nothing(void *cls, struct MHD_Connection *connection, char *text)
{
    (void)cls, (void)connection;
    return strlen(text); /* route and url decode on their own */
}

static bool is_loopback(const struct sockaddr *at)
{
    if (!at || at->sa_family == AF_UNIX || at->sa_family == AF_UNSPEC) {
        return true;
    }
    const struct sockaddr_in *v4 = (const void *)at;
    const struct sockaddr_in6 *v6 = (const void *)at;
    return at->sa_family == AF_INET ? ntohl(v4->sin_addr.s_addr) >> 24 == 127
                                    : IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct http *h = cls;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (*context) {
            peers_remove(h->peers, *context);
        }
        return;
    }
    const union MHD_ConnectionInfo *fd =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    const union MHD_ConnectionInfo *at =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    *context = fd ? peers_add(h->peers, fd->connect_fd, at && is_loopback(at->client_addr)) : NULL;
}

__attribute__((format(printf, 2, 0))) static void on_panic_line(void *cls, const char *format,
                                                                va_list args)
{
    const struct http *h = cls;
    char text[256];
    (void)vsnprintf(text, sizeof(text), format, args);
    text[strcspn(text, "\n")] = '\0';
    log_note(h->calls.app->log, LOG_DEBUG, "http", "%s", text);
}

void http_wake(void *http)
{
    struct http *h = http;
    streams_wake(&h->calls.streams);
}

/* Five times a second. */
static void on_tick(void *data)
{
    struct http *h = data;
    int64_t now_us = clock_steady_us();
    calls_expire(&h->calls);
    if (now_us - atomic_load(&h->beaten_us) > HEARTBEAT_US / 3) {
        atomic_store(&h->beaten_us, now_us);
        streams_wake(&h->calls.streams);
    }
}

static struct MHD_Daemon *daemon_start(struct http *h, int fd)
{
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    return MHD_start_daemon(
        flags, 0, NULL, NULL, call_on_request, &h->calls, MHD_OPTION_EXTERNAL_LOGGER, on_panic_line,
        h, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE,
        (unsigned)h->calls.app->config->threads, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)HEAD_POOL_BYTES, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_URI_LOG_CALLBACK, call_on_target, &h->calls,
        MHD_OPTION_UNESCAPE_CALLBACK, unescape_nothing, NULL, MHD_OPTION_NOTIFY_COMPLETED,
        call_on_completed, &h->calls, MHD_OPTION_NOTIFY_CONNECTION, on_connection, h,
        MHD_OPTION_END);
}

track_status http_open(struct app *app, const int *fds, size_t count, struct http **out,
                       track_error *err)
{
    struct http *h = calloc(1, sizeof(*h));
    if (!h) {
        return FAIL(err, TRACK_NOMEM, "no memory for the server");
    }
    h->calls.app = app;
    pthread_mutex_init(&h->calls.lock, NULL);
    streams_init(&h->calls.streams);
    h->calls.streams.suspend = suspend_connection;
    h->calls.streams.resume = resume_connection;
    track_status status = slow_open(&h->calls.slow, err);
    if (status == TRACK_OK) {
        status = peers_open(on_tick, h, app->stats, &h->peers, err);
    }
    for (size_t i = 0; i < count && status == TRACK_OK; i++) {
        h->daemons[i] = daemon_start(h, fds[i]);
        h->daemon_count += h->daemons[i] != NULL;
        status = h->daemons[i] ? TRACK_OK : FAIL(err, TRACK_IO, "libmicrohttpd does not start");
    }
    if (status != TRACK_OK) {
        http_close(h, 0);
        return status;
    }
    *out = h;
    return TRACK_OK;
}

void http_close(struct http *h, int64_t limit_s)
{
    if (!h) {
        return;
    }
    for (size_t i = 0; i < h->daemon_count; i++) {
        int fd = MHD_quiesce_daemon(h->daemons[i]);
        (void)fd; /* closed with the process: MHD may still have it in its epoll set */
    }
    atomic_store(&h->calls.ending, true);
    if (h->peers) {
        peers_end_idle(h->peers);
    }
    int64_t until_us = clock_steady_us() + limit_s * 1000000;
    /* What the writer holds is waited for in any case: it belongs to the writer. */
    while (atomic_load(&h->calls.tickets) > 0 ||
           (atomic_load(&h->calls.open) > 0 && clock_steady_us() < until_us)) {
        streams_wake(&h->calls.streams);
        (void)nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    streams_wake(&h->calls.streams);
    for (size_t i = 0; i < h->daemon_count; i++) {
        MHD_stop_daemon(h->daemons[i]);
    }
    slow_close(h->calls.slow);
    peers_close(h->peers);
    streams_release(&h->calls.streams);
    pthread_mutex_destroy(&h->calls.lock);
    free(h);
}
