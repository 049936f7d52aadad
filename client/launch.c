#include "launch.h"

#include "follow.h"
#include "instant.h"
#include "terminal.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LOOK_MS = 200, /* a file is looked at so often when nobody says that it grew */
    KEYS_BYTES = 4096,
    SHOWN_BYTES = 64 * 1024,
    LINGER_MS = 50,      /* what a terminal still shows when its command has ended */
    KEYBOARD_CODE = 128, /* SI_KERNEL */
};

struct launch {
    const struct launch_options *options;
    struct launch_result result;
    struct terminal terminal;
    struct follow follow;
    sigset_t before;      /* signals that were blocked */
    int signals;          /* signalfd */
    bool input_over;      /* standard input has ended */
    bool deaf[2];         /* our own output cannot be written any more */
    unsigned char *shown; /* [SHOWN_BYTES] */
};

/* Signals that are passed on, or are news. */
static void fill_signals(sigset_t *set)
{
    static const int numbers[] = {SIGHUP,  SIGINT,  SIGQUIT,  SIGTERM, SIGUSR1,
                                  SIGUSR2, SIGCHLD, SIGWINCH, SIGALRM, SIGCONT};
    sigemptyset(set);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        sigaddset(set, numbers[i]);
    }
}

static void take_signals(struct launch *l);

/* Writes all of it.  Where a reader may be slow (a pipe, a terminal) no write waits longer than for
 * PIPE_BUF bytes, and signals are passed on meanwhile.  False when nobody reads any more. */
static bool write_all(struct launch *l, int fd, struct bytes bytes)
{
    struct stat st;
    bool file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    while (bytes.size > 0) {
        struct pollfd fds[] = {{fd, POLLOUT, 0}, {l->signals, POLLIN, 0}};
        size_t size = file || bytes.size < PIPE_BUF ? bytes.size : PIPE_BUF;
        if (!file && poll(fds, 2, -1) > 0 && fds[1].revents) {
            take_signals(l);
        }
        if (!file && !fds[0].revents) {
            continue;
        }
        ssize_t n = write(fd, bytes.at, size);
        if (n < 0 && errno != EINTR && errno != EAGAIN) {
            return false;
        }
        bytes.at += n > 0 ? n : 0;
        bytes.size -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* Bytes of the command: to our own output, then to the run. */
static void pass_on(struct launch *l, track_stream stream, struct bytes bytes)
{
    if (!l->deaf[stream]) {
        int fd = stream == TRACK_STDOUT ? STDOUT_FILENO : STDERR_FILENO;
        l->deaf[stream] = !write_all(l, fd, bytes);
    }
    if (l->options->capture) {
        capture_add(l->options->capture, stream, bytes, instant_us());
    }
}

static void take_files(struct launch *l)
{
    struct bytes bytes;
    bool some = true;
    while (some) {
        some = false;
        for (int i = 0; i < 2; i++) {
            bytes = follow_read(&l->follow, i);
            some = some || bytes.size > 0;
            pass_on(l, i ? TRACK_STDERR : TRACK_STDOUT, bytes);
        }
    }
}

/* False when there is nothing to read, now or ever. */
static bool take_shown(struct launch *l)
{
    ssize_t n = read(l->terminal.master, l->shown, SHOWN_BYTES);
    if (n > 0) {
        pass_on(l, TRACK_STDOUT, (struct bytes){l->shown, (size_t)n});
    }
    return n > 0;
}

/* We were asked to stop, as by Ctrl-Z: the user gets the terminal back until `fg`. */
static void suspend(struct launch *l)
{
    terminal_restore(&l->terminal);
    raise(SIGSTOP);
    terminal_set_raw(&l->terminal);
    terminal_resize(&l->terminal);
    terminal_signal(&l->terminal, SIGCONT);
    child_signal(&l->result.child, SIGCONT);
}

/* Keys go to the command; the one that suspends is ours too, since the command's session has nobody
 * who would wake it up. */
static void take_keys(struct launch *l)
{
    unsigned char keys[KEYS_BYTES];
    ssize_t n = read(STDIN_FILENO, keys, sizeof(keys));
    int key = terminal_key(&l->terminal, VSUSP), interrupt = terminal_key(&l->terminal, VINTR);
    if (n <= 0) {
        l->input_over = n == 0 || errno != EINTR;
        return;
    }
    if (interrupt >= 0 && memchr(keys, interrupt, (size_t)n)) {
        l->result.asked = SIGINT; /* its terminal sends it the signal */
    }
    unsigned char *at = key >= 0 ? memchr(keys, key, (size_t)n) : NULL;
    write_all(l, l->terminal.master, (struct bytes){keys, at ? (size_t)(at - keys) : (size_t)n});
    if (at) {
        terminal_signal(&l->terminal, SIGTSTP);
        terminal_signal(&l->terminal, SIGSTOP);
        suspend(l);
    }
}

static bool is_asking(int number)
{
    return number == SIGINT || number == SIGTERM || number == SIGQUIT || number == SIGHUP;
}

static void take_signal(struct launch *l, const struct signalfd_siginfo *info)
{
    int number = (int)info->ssi_signo;
    bool keyboard = info->ssi_code == KEYBOARD_CODE;
    if (number == SIGCHLD || number == SIGCONT) {
        return;
    }
    if (number == SIGWINCH) {
        if (l->options->mode == LAUNCH_PTY) {
            terminal_resize(&l->terminal);
        }
        return;
    }
    if (is_asking(number)) {
        l->result.asked = number;
    }
    if (!keyboard || l->options->mode == LAUNCH_PTY) { /* the keyboard's reach the command itself */
        child_signal(&l->result.child, number);
    }
}

static void take_signals(struct launch *l)
{
    struct signalfd_siginfo info;
    while (read(l->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        take_signal(l, &info);
    }
}

static void ask_stop(struct launch *l)
{
    const struct launch_options *o = l->options;
    if (!l->result.stopped && o->should_stop && o->should_stop(o->data)) {
        l->result.stopped = true;
        if (o->stop_signal) {
            child_signal(&l->result.child, o->stop_signal);
        }
    }
}

/* Waits for something to do and does it. */
static void turn(struct launch *l)
{
    bool pty = l->options->mode == LAUNCH_PTY, file = l->options->mode == LAUNCH_FILE;
    struct pollfd fds[] = {{l->signals, POLLIN, 0},
                           {pty ? l->terminal.master : -1, POLLIN, 0},
                           {pty && !l->input_over ? STDIN_FILENO : -1, POLLIN, 0},
                           {file ? l->follow.notify : -1, POLLIN, 0}};
    poll(fds, sizeof(fds) / sizeof(fds[0]), LOOK_MS);
    if (fds[0].revents) {
        take_signals(l);
    }
    if (fds[1].revents) {
        take_shown(l);
    }
    if (fds[2].revents) {
        take_keys(l);
    }
    if (fds[3].revents) {
        char events[4096];
        (void)!read(l->follow.notify, events, sizeof(events));
    }
    if (file) {
        take_files(l);
    }
    ask_stop(l);
    struct child_news news = child_wait(&l->result.child);
    if (news.stopped && pty) {
        suspend(l);
    }
}

/* The command has ended: what it still wrote. */
static void take_rest(struct launch *l)
{
    if (l->options->mode == LAUNCH_FILE) {
        take_files(l);
    }
    while (l->options->mode == LAUNCH_PTY) {
        struct pollfd wait = {l->terminal.master, POLLIN, 0};
        if (poll(&wait, 1, LINGER_MS) <= 0 || !take_shown(l)) {
            break;
        }
    }
    if (l->options->capture) {
        capture_end(l->options->capture);
    }
}

static track_status open_streams(struct launch *l, struct child_options *child, struct arena *arena,
                                 track_error *err)
{
    for (int i = 0; i < 3; i++) {
        child->fds[i] = -1;
    }
    child->terminal = NULL;
    if (l->options->mode == LAUNCH_FILE) {
        TRY(follow_open(&l->follow, l->options->spool, l->options->name, arena, err));
        child->fds[1] = l->follow.write_fd[0];
        child->fds[2] = l->follow.write_fd[1];
    }
    if (l->options->mode == LAUNCH_PTY) {
        l->shown = arena_alloc(arena, SHOWN_BYTES, 1);
        if (!l->shown) {
            return FAIL(err, TRACK_NOMEM, "a block to read");
        }
        TRY(terminal_open(&l->terminal, err));
        child->terminal = l->terminal.path;
    }
    return TRACK_OK;
}

static void close_streams(struct launch *l)
{
    terminal_close(&l->terminal);
    follow_close(&l->follow);
    if (l->signals >= 0) {
        close(l->signals);
    }
    if (l->result.child.pidfd >= 0) {
        close(l->result.child.pidfd);
    }
    sigprocmask(SIG_SETMASK, &l->before, NULL);
}

static void wait_for_end(struct launch *l)
{
    if (l->options->mode == LAUNCH_PTY) {
        terminal_set_raw(&l->terminal);
    }
    follow_close_writers(&l->follow);
    while (!l->result.child.over) {
        turn(l);
    }
    take_rest(l);
    l->result.ended_us = instant_steady_us();
    l->result.orphans = child_count_orphans();
}

track_status launch(const struct launch_options *options, struct arena *arena,
                    struct launch_result *out, int *why, track_error *err)
{
    struct launch l = {
        .options = options,
        .terminal = {.master = -1},
        .follow = {.dir = -1, .root = -1, .notify = -1, .write_fd = {-1, -1}, .read_fd = {-1, -1}}};
    struct child_options child = options->child;
    sigset_t set;
    *why = 0;
    l.result.child.pidfd = -1;
    fill_signals(&set);
    sigprocmask(SIG_BLOCK, &set, &l.before);
    l.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    track_status status = l.signals < 0 ? FAIL(err, TRACK_IO, "signalfd: %s", strerror(errno))
                                        : open_streams(&l, &child, arena, err);
    if (status == TRACK_OK) {
        l.result.started_us = instant_steady_us();
        status = child_start(&child, arena, &l.result.child, why, err);
    }
    if (status == TRACK_OK) {
        wait_for_end(&l);
        *out = l.result;
    }
    close_streams(&l);
    return status;
}
