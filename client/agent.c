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

enum { REQUEST_BYTES_MAX = 64 * 1024, SCAN_EVERY_S = 2, SLOW_EVERY_S = 60 };

static int64_t clock_us(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

__attribute__((format(printf, 2, 3))) static void say(const struct agent *a, const char *format,
                                                      ...)
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
    *a = (struct agent){.options = *options, .lock = -1, .listener = -1};
    agent_node(a->node);
    for (size_t i = 0; i < AGENT_CONNECTIONS_MAX; i++) {
        a->connections[i] = -1;
    }
    for (size_t i = 0; i < PROCS_RUNS_MAX; i++) {
        TRY(board_init(&a->watches[i].board, arena, WATCH_ROWS_MAX, err));
    }
    TRY(board_init(&a->board, arena, WATCH_ROWS_MAX, err));
    TRY(procs_init(&a->procs, options->root, arena, err));
    host_init(&a->host, options->root);
    nets_init(&a->nets, options->root);
    host_check(&a->host, &a->missing);
    a->procs.self[0] = (int)getpid();
    a->empty_us = clock_us(CLOCK_MONOTONIC);
    return devices_open(&a->devices, options->program, err);
}

/* ---- requests -------------------------------------------------------------------------------- */

static struct watch *watch_find(struct agent *a, const char *run_id)
{
    for (size_t i = 0; i < PROCS_RUNS_MAX; i++) {
        if (a->watches[i].subscriber_count > 0 && strcmp(a->watches[i].run_id, run_id) == 0) {
            return &a->watches[i];
        }
    }
    return NULL;
}

static struct watch *watch_free(struct agent *a)
{
    for (size_t i = 0; i < PROCS_RUNS_MAX; i++) {
        if (a->watches[i].subscriber_count == 0) {
            return &a->watches[i];
        }
    }
    return NULL;
}

static track_status subscribe(struct agent *a, const struct watch_request *rq, struct watch **out,
                              track_error *err)
{
    struct watch *w = watch_find(a, rq->run);
    *out = w;
    if (w != NULL) {
        return watch_add(w, rq, err);
    }
    w = watch_free(a);
    if (w == NULL) {
        return FAIL(err, TRACK_TOO_LARGE, "%d runs are sampled already", PROCS_RUNS_MAX);
    }
    TRY(watch_start(w, a->options.root, a->node, rq, err));
    devices_want_lists(&a->devices);
    say(a, "run %s is sampled for process %d", w->run_id, rq->pid);
    *out = w;
    return TRACK_OK;
}

/* The last, shorter window, and what is known by now of the devices. */
static void watch_leave(struct agent *a, struct watch *w)
{
    int64_t now_us = clock_us(CLOCK_REALTIME);
    devices_check(&a->devices, clock_us(CLOCK_MONOTONIC));
    devices_drain(&a->devices, &a->board);
    watch_flush(w, a->node, &a->board, now_us);
    w->tell_us = w->tell_us == 0 || w->failures == 0 ? 1 : w->tell_us;
    watch_tell(w, a->node, &a->devices, &a->missing, now_us);
    watch_finish(w);
}

static void unsubscribe(struct agent *a, const struct watch_request *rq)
{
    struct watch *w = watch_find(a, rq->run);
    if (w != NULL && watch_remove(w, rq->pid)) {
        say(a, "run %s is not sampled any more", w->run_id);
        watch_leave(a, w);
    }
}

static void write_status(struct agent *a, struct json_writer *w)
{
    json_write_text(w, "node", a->node);
    json_write_int(w, "pid", getpid());
    json_write_text(w, "version", TRACK_VERSION);
    json_write_int(w, "devices", a->devices.table.count);
    json_write_int(w, "worker", a->devices.worker);
    json_write_array(w, "runs");
    for (size_t i = 0; i < PROCS_RUNS_MAX; i++) {
        if (a->watches[i].subscriber_count > 0) {
            json_write_text(w, NULL, a->watches[i].run_id);
        }
    }
    json_write_close(w);
}

static track_status work(struct agent *a, const struct agent_request *rq, struct json_writer *w,
                         track_error *err)
{
    char label[AGENT_NODE_MAX + 8];
    struct watch *watch = NULL;
    snprintf(label, sizeof label, "agent:%s", a->node);
    if (rq->op == AGENT_SUBSCRIBE) {
        TRY(subscribe(a, &rq->watch, &watch, err));
    } else if (rq->op == AGENT_UNSUBSCRIBE) {
        unsubscribe(a, &rq->watch);
    }
    json_write_bool(w, "ok", true);
    json_write_text(w, "writer", label);
    if (watch != NULL) {
        json_write_text(w, "basis", share_name(watch->basis));
    }
    if (rq->op == AGENT_STATUS) {
        write_status(a, w);
    }
    return TRACK_OK;
}

size_t agent_answer(struct agent *a, struct bytes packet, int peer_pid, char *out)
{
    AUTO_ARENA arena = ARENA(REQUEST_BYTES_MAX);
    AUTO_BUF buf = BUF(AGENT_PACKET_MAX);
    struct json_writer w = {.to = &buf};
    struct agent_request rq;
    struct bytes text;
    track_error err = {0};
    json_write_object(&w, NULL);
    track_status status = agent_read(packet, a->options.root, peer_pid, &arena, &rq, &err);
    if (status == TRACK_OK) {
        status = work(a, &rq, &w, &err);
    }
    if (status != TRACK_OK) {
        json_write_bool(&w, "ok", false);
        json_write_text(&w, "code", status_wire(status));
        json_write_text(&w, "message", err.message);
        say(a, "refused: %s", err.message);
    }
    json_write_close(&w);
    if (json_end(&w, &text, NULL) != TRACK_OK) {
        return 0;
    }
    memcpy(out, text.at, text.size);
    return text.size;
}

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
        const struct watch *w = &a->watches[i];
        bool used = w->subscriber_count > 0;
        runs[i] = (struct procs_run){.id = used ? w->run_id : "-",
                                     .pid = used ? w->subscribers[0].pid : -1};
    }
    a->procs.self[1] = (int)a->devices.worker;
    procs_scan(&a->procs, now_us, runs, PROCS_RUNS_MAX);
    a->scan_us = now_us;
    for (size_t i = 0; i < PROCS_RUNS_MAX; i++) {
        if (a->watches[i].subscriber_count > 0) {
            procs_sample(&a->procs, (int)i, window_us, &a->watches[i].board);
        }
    }
}

static void share_devices(struct agent *a)
{
    for (size_t i = 0; i < PROCS_RUNS_MAX; i++) {
        struct watch *w = &a->watches[i];
        if (w->subscriber_count > 0) {
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
        struct watch *w = &a->watches[i];
        if (w->subscriber_count > 0) {
            watch_flush(w, a->node, &a->board, now_us);
        }
    }
    board_flush(&a->board, drop_value, NULL);
}

static void drop_gone(struct agent *a)
{
    for (size_t i = 0; i < PROCS_RUNS_MAX; i++) {
        struct watch *w = &a->watches[i];
        if (w->subscriber_count > 0 && watch_check(w, a->options.root)) {
            say(a, "run %s has no subscriber any more", w->run_id);
            watch_finish(w);
        }
    }
}

static size_t count_watches(const struct agent *a)
{
    size_t count = 0;
    for (size_t i = 0; i < PROCS_RUNS_MAX; i++) {
        count += a->watches[i].subscriber_count > 0;
    }
    return count;
}

static void tell_devices(struct agent *a, int64_t now_us)
{
    for (size_t i = 0; i < PROCS_RUNS_MAX; i++) {
        if (a->watches[i].subscriber_count > 0) {
            watch_tell(&a->watches[i], a->node, &a->devices, &a->missing, now_us);
        }
    }
}

/* What is due at this second of the wall clock. */
static void tick(struct agent *a, int64_t second)
{
    int64_t now_us = clock_us(CLOCK_REALTIME);
    devices_check(&a->devices, clock_us(CLOCK_MONOTONIC));
    devices_drain(&a->devices, &a->board);
    host_sample_fast(&a->host, &a->board);
    if (second % SCAN_EVERY_S == 0) {
        scan_processes(a, now_us);
        drop_gone(a);
    }
    share_devices(a);
    if (second % SLOW_EVERY_S == 0) {
        host_sample_space(&a->host, &a->board);
    }
    if (second % AGENT_PERIOD_S == 0) {
        host_sample(&a->host, now_us, &a->board);
        nets_sample(&a->nets, &a->board);
        clock_sample(a->options.root, &a->board);
        for (size_t i = 0; i < PROCS_RUNS_MAX; i++) {
            if (a->watches[i].subscriber_count > 0) {
                cgroup_sample(&a->watches[i].cgroup, now_us, &a->watches[i].board);
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
        int64_t now_us = clock_us(CLOCK_REALTIME);
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
    int64_t now_us = clock_us(CLOCK_MONOTONIC);
    if (count_watches(a) > 0) {
        a->empty_us = 0;
        return false;
    }
    a->empty_us = a->empty_us == 0 ? now_us : a->empty_us;
    return now_us - a->empty_us >= a->options.idle_us;
}

static void loop(struct agent *a, int signals)
{
    int64_t second = clock_us(CLOCK_REALTIME) / 1000000;
    while (wait_second(a, signals, &second)) {
        if (count_watches(a) > 0) {
            tick(a, second);
        }
        if (idle_check(a)) {
            say(a, "nobody needs it any more");
            return;
        }
    }
    say(a, "asked to end");
}

void agent_serve(struct agent *a, const char *folder)
{
    char path[AGENT_PATH_MAX + 16];
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    int signals = signalfd(-1, &set, SFD_CLOEXEC);
    say(a, "listens in %s, node %s", folder, a->node);
    if (signals >= 0) {
        loop(a, signals);
        close(signals);
    }
    snprintf(path, sizeof path, "%s/agent.sock", folder);
    unlink(path); /* before the lock goes: a later subscriber starts a new one */
    for (size_t i = 0; i < PROCS_RUNS_MAX; i++) {
        if (a->watches[i].subscriber_count > 0) {
            watch_finish(&a->watches[i]);
        }
    }
    devices_close(&a->devices);
}

void agent_look(struct agent *a)
{
    const struct timespec second = {.tv_sec = 1};
    host_sample_fast(&a->host, &a->board);
    host_sample(&a->host, clock_us(CLOCK_REALTIME), &a->board);
    nets_sample(&a->nets, &a->board);
    if (worker_once(a->devices.ring, NULL) != TRACK_OK) {
        nanosleep(&second, NULL); /* nothing waited yet */
    }
    devices_drain(&a->devices, &a->board);
    host_sample_fast(&a->host, &a->board);
    host_sample(&a->host, clock_us(CLOCK_REALTIME), &a->board);
    nets_sample(&a->nets, &a->board);
    clock_sample(a->options.root, &a->board);
    host_sample_space(&a->host, &a->board);
}
