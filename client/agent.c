#include "agent.h"

#include "worker.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SCAN_EVERY_S = 2, SLOW_EVERY_S = 60 };

int64_t agent_clock_us(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void agent_say(const struct agent *a, const char *format, ...)
{
    if (a->options.talk == NULL) {
        return;
    }
    va_list args;
    va_start(args, format);
    fputs("track agent: ", a->options.talk);
    vfprintf(a->options.talk, format, args);
    fputc('\n', a->options.talk);
    fflush(a->options.talk);
    va_end(args);
}

struct watch *agent_watch(const struct agent *a, size_t i)
{
    struct watch *w = a->watches[i];
    return w != NULL && w->subscriber_count > 0 ? w : NULL;
}

void agent_node(char out[AGENT_NODE_MAX])
{
    if (gethostname(out, AGENT_NODE_MAX) != 0 || out[0] == '\0') {
        snprintf(out, AGENT_NODE_MAX, "localhost");
    }
    out[AGENT_NODE_MAX - 1] = '\0';
    out[strcspn(out, ".")] = '\0';
    for (char *at = out; *at != '\0'; at++) {
        *at = isalnum((unsigned char)*at) || *at == '_' || *at == '-' ? *at : '-';
    }
}

track_status agent_init(struct agent *a, struct arena *arena, const struct agent_options *options,
                        track_error *err)
{
    *a = (struct agent){.options = *options, .arena = arena, .lock = -1, .listener = -1};
    agent_node(a->node);
    for (size_t i = 0; i < AGENT_CONNECTIONS_MAX; i++) {
        a->connections[i] = -1;
    }
    TRY(board_init(&a->board, arena, WATCH_ROWS_MAX, err));
    TRY(procs_init(&a->procs, options->root, arena, err));
    host_init(&a->host, options->root);
    nets_init(&a->nets, options->root);
    host_check(&a->host, &a->missing);
    a->procs.self[0] = (int)getpid();
    a->empty_us = agent_clock_us(CLOCK_MONOTONIC);
    return devices_open(&a->devices, options->program, err);
}

/* ---- packets ----------------------------------------------------------------------------------
 */

static void connection_close(struct agent *a, size_t at)
{
    close(a->connections[at]);
    a->connections[at] = -1;
}

/* One packet of a connection; a peer of another user (but root) is not listened to. */
static void connection_read(struct agent *a, size_t at)
{
    char in[AGENT_PACKET_MAX + 1], out[AGENT_PACKET_MAX];
    struct ucred peer;
    socklen_t size = sizeof peer;
    int fd = a->connections[at];
    ssize_t n = recv(fd, in, sizeof in, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (n <= 0 || n > AGENT_PACKET_MAX ||
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 ||
        (peer.uid != getuid() && peer.uid != 0)) {
        connection_close(a, at);
        return;
    }
    size_t answer = agent_answer(a, (struct bytes){(unsigned char *)in, (size_t)n}, peer.pid, out);
    if (send(fd, out, answer, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
        connection_close(a, at);
    }
}

static void connection_accept(struct agent *a)
{
    int fd = accept4(a->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    for (size_t i = 0; fd >= 0 && i < AGENT_CONNECTIONS_MAX; i++) {
        if (a->connections[i] < 0) {
            a->connections[i] = fd;
            return;
        }
    }
    if (fd >= 0) {
        close(fd);
    }
}

/* ---- looking --------------------------------------------------------------------------------- */

static void scan_processes(struct agent *a, int64_t now_us)
{
    struct procs_run runs[PROCS_RUNS_MAX];
    int64_t window_us = a->procs.scans == 0 ? 0 : now_us - a->scan_us;
    for (size_t i = 0; i < PROCS_RUNS_MAX; i++) {
        const struct watch *w = agent_watch(a, i);
        runs[i] = (struct procs_run){.id = w != NULL ? w->run_id : "-",
                                     .pid = w != NULL ? w->subscribers[0].pid : -1};
    }
    a->procs.self[1] = (int)a->devices.worker;
    procs_scan(&a->procs, now_us, runs, PROCS_RUNS_MAX);
    a->scan_us = now_us;
    for (size_t i = 0; i < PROCS_RUNS_MAX; i++) {
        struct watch *w = agent_watch(a, i);
        if (w != NULL) {
            procs_sample(&a->procs, (int)i, window_us, &w->board);
        }
    }
}

/* Lists of processes are dear for the driver: once a minute, but at these seconds of a run too,
 * because a training takes its GPU only when it has read its data. */
static void want_lists(struct agent *a)
{
    static const int64_t seconds[] = {3, 8, 15, 30};
    for (size_t i = 0; i < PROCS_RUNS_MAX; i++) {
        struct watch *w = agent_watch(a, i);
        w = w != NULL && w->ticks < 60 ? w : NULL;
        int64_t age = w != NULL ? ++w->ticks : 0;
        for (size_t k = 0; k < sizeof seconds / sizeof *seconds; k++) {
            if (age == seconds[k]) {
                devices_want_lists(&a->devices);
            }
        }
    }
}

static void share_devices(struct agent *a)
{
    if (a->procs.scans == 0) {
        return; /* nobody is known yet: the lists wait */
    }
    for (size_t i = 0; i < PROCS_RUNS_MAX; i++) {
        struct watch *w = agent_watch(a, i);
        if (w != NULL) {
            struct share_job job = {.procs = &a->procs,
                                    .run = (int)i,
                                    .basis = w->basis,
                                    .used = &w->used,
                                    .board = &w->board};
            share_sample(&a->devices, &job);
        }
    }
    share_end(&a->devices);
}

static void drop_value(void *data, const char *name, double value)
{
    (void)data;
    (void)name;
    (void)value;
}

static void log_window(struct agent *a, int64_t now_us)
{
    for (size_t i = 0; i < PROCS_RUNS_MAX; i++) {
        struct watch *w = agent_watch(a, i);
        if (w != NULL) {
            watch_flush(w, a->node, &a->board, now_us);
        }
    }
    board_flush(&a->board, drop_value, NULL);
}

static void drop_gone(struct agent *a)
{
    for (size_t i = 0; i < PROCS_RUNS_MAX; i++) {
        struct watch *w = agent_watch(a, i);
        if (w != NULL && watch_check(w, a->options.root)) {
            agent_say(a, "run %s has no subscriber any more", w->run_id);
            agent_leave(a, w);
        }
    }
}

static size_t count_watches(const struct agent *a)
{
    size_t count = 0;
    for (size_t i = 0; i < PROCS_RUNS_MAX; i++) {
        count += agent_watch(a, i) != NULL;
    }
    return count;
}

/* Says it in every run, where people look. */
static void alert(struct agent *a, const char *title, const char *text)
{
    char full[AGENT_NODE_MAX + 64];
    snprintf(full, sizeof full, "%s: %s", a->node, title);
    for (size_t i = 0; i < PROCS_RUNS_MAX; i++) {
        struct watch *w = agent_watch(a, i);
        if (w != NULL && track_log_alert(w->run, TRACK_WARNING, full, text) != TRACK_OK) {
            agent_say(a, "no alert in run %s", w->run_id); /* counted in the run, too */
        }
    }
}

static void alert_devices(struct agent *a)
{
    const struct devices *d = &a->devices;
    if (d->hung && !a->hung) {
        alert(a, "the GPUs do not answer",
              "The driver has not answered for 10 seconds. GPU metrics pause; the run goes on.");
    }
    a->hung = d->hung;
    for (uint32_t i = 0; i < DEVICES_MAX; i++) {
        uint32_t bit = UINT32_C(1) << i;
        char title[32];
        if (d->list[i].lost && (a->lost & bit) == 0) {
            snprintf(title, sizeof title, "gpu%u is lost", i);
            alert(a, title, "The driver says that it fell off the bus, or needs a reset.");
        }
        a->lost = d->list[i].lost ? a->lost | bit : a->lost & ~bit;
    }
}

static void tell_devices(struct agent *a, int64_t now_us)
{
    for (size_t i = 0; i < PROCS_RUNS_MAX; i++) {
        struct watch *w = agent_watch(a, i);
        if (w != NULL) {
            watch_tell(w, a->node, &a->devices, &a->missing, now_us);
        }
    }
}

/* What is due at this second of the wall clock. */
static void tick(struct agent *a, int64_t second)
{
    int64_t now_us = agent_clock_us(CLOCK_REALTIME);
    devices_check(&a->devices, agent_clock_us(CLOCK_MONOTONIC));
    devices_drain(&a->devices, &a->board);
    alert_devices(a);
    host_sample_fast(&a->host, &a->board);
    if (second % SCAN_EVERY_S == 0) {
        scan_processes(a, now_us);
        drop_gone(a);
    }
    share_devices(a);
    want_lists(a);
    if (second % SLOW_EVERY_S == 0) {
        host_sample_space(&a->host, &a->board);
    }
    if (second % AGENT_PERIOD_S == 0) {
        host_sample(&a->host, now_us, &a->board);
        nets_sample(&a->nets, &a->board);
        clock_sample(a->options.root, &a->board);
        for (size_t i = 0; i < PROCS_RUNS_MAX; i++) {
            struct watch *w = agent_watch(a, i);
            if (w != NULL) {
                cgroup_sample(&w->cgroup, now_us, &w->board);
            }
        }
        log_window(a, now_us);
    }
    tell_devices(a, now_us);
}

/* ---- serving --------------------------------------------------------------------------------- */

static size_t polls_fill(const struct agent *a, int signals, struct pollfd *out)
{
    size_t count = 0;
    out[count++] = (struct pollfd){.fd = signals, .events = POLLIN};
    out[count++] = (struct pollfd){.fd = a->listener, .events = POLLIN};
    for (size_t i = 0; i < AGENT_CONNECTIONS_MAX; i++) {
        out[count++] = (struct pollfd){.fd = a->connections[i], .events = POLLIN};
    }
    return count;
}

/* Waits for packets until the next whole second; false when a signal asks to end. */
static bool wait_second(struct agent *a, int signals, int64_t *second)
{
    struct pollfd polls[2 + AGENT_CONNECTIONS_MAX];
    int64_t end_us = (*second + 1) * 1000000;
    for (;;) {
        int64_t now_us = agent_clock_us(CLOCK_REALTIME);
        if (now_us >= end_us || end_us - now_us > 2000000) { /* it is time, or the clock jumped */
            *second = now_us / 1000000;
            return true;
        }
        size_t count = polls_fill(a, signals, polls);
        int ready = poll(polls, count, (int)((end_us - now_us + 999) / 1000));
        if (ready > 0 && polls[0].revents != 0) {
            return false;
        }
        if (ready > 0 && polls[1].revents != 0) {
            connection_accept(a);
        }
        for (size_t i = 0; ready > 0 && i < AGENT_CONNECTIONS_MAX; i++) {
            if (polls[2 + i].fd >= 0 && polls[2 + i].revents != 0) {
                connection_read(a, i);
            }
        }
    }
}

/* True when it is to end: nobody has subscribed for so long. */
static bool idle_check(struct agent *a)
{
    int64_t now_us = agent_clock_us(CLOCK_MONOTONIC);
    if (count_watches(a) > 0) {
        a->empty_us = 0;
        return false;
    }
    a->empty_us = a->empty_us == 0 ? now_us : a->empty_us;
    return now_us - a->empty_us >= a->options.idle_us;
}

static void loop(struct agent *a, int signals)
{
    int64_t second = agent_clock_us(CLOCK_REALTIME) / 1000000;
    while (wait_second(a, signals, &second)) {
        if (count_watches(a) > 0) {
            tick(a, second);
        }
        if (idle_check(a)) {
            agent_say(a, "nobody needs it any more");
            return;
        }
    }
    agent_say(a, "asked to end");
}

void agent_serve(struct agent *a, const char *folder)
{
    char path[AGENT_PATH_MAX + 16];
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    int signals = signalfd(-1, &set, SFD_CLOEXEC);
    agent_say(a, "listens in %s, node %s", folder, a->node);
    if (signals >= 0) {
        loop(a, signals);
        close(signals);
    }
    snprintf(path, sizeof path, "%s/agent.sock", folder);
    unlink(path); /* before the lock goes: a later subscriber starts a new one */
    for (size_t i = 0; i < PROCS_RUNS_MAX; i++) {
        struct watch *w = agent_watch(a, i);
        if (w != NULL) {
            agent_leave(a, w);
        }
    }
    devices_close(&a->devices);
}

void agent_look(struct agent *a)
{
    const struct timespec second = {.tv_sec = 1};
    host_sample_fast(&a->host, &a->board);
    host_sample(&a->host, agent_clock_us(CLOCK_REALTIME), &a->board);
    nets_sample(&a->nets, &a->board);
    if (worker_once(a->devices.ring, NULL) != TRACK_OK) {
        nanosleep(&second, NULL); /* nothing waited yet */
    }
    devices_drain(&a->devices, &a->board);
    host_sample_fast(&a->host, &a->board);
    host_sample(&a->host, agent_clock_us(CLOCK_REALTIME), &a->board);
    nets_sample(&a->nets, &a->board);
    clock_sample(a->options.root, &a->board);
    host_sample_space(&a->host, &a->board);
}
