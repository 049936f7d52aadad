#include "console.h"

#include "../core/fail.h"
#include "console_stream.h"
#include "moment.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

/* Whose lines they are. */
struct console_label {
    struct track_run *run;
    track_stream stream;
};

struct console {
    struct track_run *run;
    struct console_stream streams[2];
    struct console_label labels[2];
    size_t count;
    int mark;   /* tells others in this process that its console is being logged */
    int errors; /* what helpers complain of: a pipe, which a full disk does not concern */
    int wake;
    bool said; /* that recording ended early */
    atomic_bool ending;
    pthread_t thread;
};

static void log_line(void *data, struct bytes text)
{
    const struct console_label *label = data;
    (void)!track_log_line(label->run, label->stream, (const char *)text.at, text.size);
}

/* True when output is to be skipped, so that values have room. */
static bool is_crowded(const struct console *c)
{
    return spool_bytes(&c->run->spool) > c->run->client->spool_bytes_max / 4;
}

static void say_ended(struct console *c, const char *why)
{
    if (!c->said) {
        c->said = true;
        client_say(c->run->client, "console output is no longer recorded: %.200s", why);
    }
}

/* A helper that complains has stopped writing somewhere. */
static void look_for_errors(struct console *c)
{
    char text[200] = "";
    ssize_t n = read(c->errors, text, sizeof(text) - 1);
    if (n <= 0 || atomic_load(&c->ending)) {
        return; /* that a terminal ends is an error to tee */
    }
    text[strcspn(text, "\n")] = '\0';
    for (size_t i = 0; i < c->count; i++) {
        console_stream_restore(&c->streams[i]);
        c->streams[i].given_up = true;
    }
    say_ended(c, text);
}

static void tend(struct console *c)
{
    for (size_t i = 0; i < c->count; i++) {
        struct console_stream *s = &c->streams[i];
        if (!console_stream_tend(s) && console_helper_is_over(&s->helper) &&
            !atomic_load(&c->ending)) {
            say_ended(c, "its helper has ended");
        }
        console_tail_take(&s->tail, is_crowded(c), moment_now_us());
    }
    look_for_errors(c);
}

/* Sleeps until the time is over or something happened. */
static void wait_for_news(const struct console *c, int ms)
{
    struct pollfd fds[3] = {{c->wake, POLLIN, 0}, {-1, POLLIN, 0}, {-1, POLLIN, 0}};
    for (size_t i = 0; i < c->count; i++) {
        const struct console_stream *s = &c->streams[i];
        bool dead = console_helper_is_over(&s->helper);
        fds[i + 1].fd = !dead ? s->helper.pidfd : s->over ? -1 : s->reader;
    }
    fds[0].fd = atomic_load(&c->ending) ? -1 : c->wake;
    poll(fds, 3, ms);
}

/* True when a stream will get no more: its helper has ended, or nothing came for a while. */
static bool is_done(const struct console_stream *s, bool quiet)
{
    return console_stream_is_drained(s) && (quiet || console_helper_is_over(&s->helper));
}

static uint64_t read_so_far(const struct console *c)
{
    return c->streams[0].tail.at + (c->count > 1 ? c->streams[1].tail.at : 0);
}

/* 1 and 2 are put back: what is still under way. */
static void drain(struct console *c)
{
    int64_t until_ms = moment_tick_ms() + CONSOLE_DRAIN_MS, moved_ms = moment_tick_ms();
    uint64_t before = 0;
    bool done = false;
    while (!done && moment_tick_ms() < until_ms) {
        tend(c);
        if (read_so_far(c) != before) {
            before = read_so_far(c);
            moved_ms = moment_tick_ms();
        }
        bool quiet = moment_tick_ms() >= moved_ms + CONSOLE_QUIET_MS;
        done = true;
        for (size_t i = 0; i < c->count; i++) {
            done = done && is_done(&c->streams[i], quiet);
        }
        if (!done) {
            wait_for_news(c, 10);
        }
    }
    tend(c);
}

static void *console_main(void *data)
{
    struct console *c = data;
    while (!atomic_load(&c->ending)) {
        wait_for_news(c, CONSOLE_TICK_MS);
        tend(c);
    }
    drain(c);
    return NULL;
}

static int dir_of(const struct console *c)
{
    return c->run->outbox.folder.dir;
}

static void console_free(struct console *c)
{
    for (size_t i = 0; i < c->count; i++) {
        struct console_stream *s = &c->streams[i];
        if (!s->regular) {
            console_helper_limit(&s->helper, 0); /* children may hold it: it only passes on */
        }
        if (s->tail.fd >= 0) {
            console_tail_end(&s->tail, dir_of(c));
        }
        console_stream_close(s);
    }
    if (c->errors >= 0) {
        close(c->errors);
    }
    if (c->wake >= 0) {
        close(c->wake);
    }
    if (c->mark >= 0) {
        close(c->mark);
    }
    free(c);
}

/* Marks this process; false when it is marked already.  A child made by fork has our mark too, with
 * another process's number. */
static bool mark_process(struct console *c)
{
    char name[64], link[300], path[sizeof(link) + 32];
    int found = 0;
    snprintf(name, sizeof(name), "track-console-%ld", (long)getpid());
    c->mark = console_lift(memfd_create(name, MFD_CLOEXEC));
    DIR *list = opendir("/proc/self/fd");
    for (const struct dirent *d; list && (d = readdir(list));) {
        snprintf(path, sizeof(path), "/proc/self/fd/%.20s", d->d_name);
        ssize_t n = readlink(path, link, sizeof(link) - 1);
        link[n > 0 ? n : 0] = '\0';
        size_t size = strlen(name);
        found += strncmp(link, "/memfd:", 7) == 0 && strncmp(link + 7, name, size) == 0 &&
                 link[7 + size] == ' ';
    }
    if (list) {
        closedir(list);
    }
    return found <= 1;
}

static track_status open_streams(struct console *c, track_error *err)
{
    struct console_place place = {dir_of(c), c->run->outbox.folder.path, -1};
    int pipe[2] = {-1, -1};
    c->wake = console_lift(eventfd(0, EFD_CLOEXEC));
    if (c->wake < 0 || pipe2(pipe, O_CLOEXEC) != 0) {
        return FAIL(err, TRACK_IO, "a pipe: %s", strerror(errno));
    }
    c->errors = console_lift(pipe[0]);
    place.errors = console_lift(pipe[1]);
    fcntl(c->errors, F_SETFL, O_NONBLOCK);
    track_status status =
        place.errors < 0 ? FAIL(err, TRACK_IO, "a pipe: %s", strerror(errno)) : TRACK_OK;
    for (size_t i = 0; i < c->count && status == TRACK_OK; i++) {
        struct console_stream *s = &c->streams[i];
        c->labels[i] = (struct console_label){c->run, s->takes[0] ? TRACK_STDOUT : TRACK_STDERR};
        status = console_stream_open(s, &place, (unsigned)i, log_line, &c->labels[i], err);
    }
    if (place.errors >= 0) {
        close(place.errors);
    }
    return status;
}

static track_status console_start(struct track_run *run, track_error *err)
{
    struct console *c = calloc(1, sizeof(*c));
    if (!c) {
        return FAIL(err, TRACK_NOMEM, "no memory for the console");
    }
    c->run = run;
    c->mark = c->errors = c->wake = -1;
    console_stream_plan(c->streams, &c->count);
    track_status status =
        c->count == 0 ? FAIL(err, TRACK_NOT_FOUND, "descriptors 1 and 2 are closed")
        : mark_process(c)
            ? open_streams(c, err)
            : FAIL(err, TRACK_CONFLICT, "the console of this process is being logged already");
    if (status == TRACK_OK && !client_start_thread(&c->thread, console_main, c)) {
        status = FAIL(err, TRACK_NOMEM, "the system gives no more threads");
    }
    if (status != TRACK_OK) {
        console_free(c);
        return status;
    }
    fflush(stdout); /* what was printed before is not the run's */
    fflush(stderr);
    for (size_t i = 0; i < c->count; i++) {
        console_stream_redirect(&c->streams[i]);
    }
    atomic_store(&run->console, c);
    return TRACK_OK;
}

track_status track_log_console(track_run *run, track_error *err)
{
    run = run_here(run);
    if (!run) {
        return FAIL(err, TRACK_INVALID, "run is NULL");
    }
    if (run->spool.off) {
        return TRACK_OK;
    }
    if (run->joined) {
        return FAIL(err, TRACK_CONFLICT, "the run was joined: who started it logs its console");
    }
    if (getpid() == 1) {
        return FAIL(err, TRACK_UNSUPPORTED,
                    "console output is not recorded: this is the first process of its container, "
                    "with which all others end (an init, as of `docker run --init`, helps)");
    }
    pthread_mutex_lock(&run->lock);
    bool open = run->opened && !run->ended;
    run->users += open;
    pthread_mutex_unlock(&run->lock);
    if (!open) {
        return FAIL(err, TRACK_CONFLICT, "the run was finished");
    }
    track_status status = console_start(run, err);
    pthread_mutex_lock(&run->lock);
    run->users--;
    pthread_mutex_unlock(&run->lock);
    return status;
}

void console_stop(struct track_run *run)
{
    struct console *c = atomic_exchange(&run->console, NULL);
    if (!c) {
        return;
    }
    fflush(stdout);
    fflush(stderr);
    atomic_store(&c->ending, true); /* from now on a helper may end */
    for (size_t i = 0; i < c->count; i++) {
        console_stream_restore(&c->streams[i]);
    }
    (void)!write(c->wake, &(uint64_t){1}, sizeof(uint64_t));
    pthread_join(c->thread, NULL);
    console_free(c);
}
