#include "console_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/kcmp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

enum { FILE_AHEAD_BYTES = 512 << 20, WRITE_WAIT_MS = 1000 };

static bool fd_note(struct console_fd *f, int fd)
{
    struct stat st;
    f->fd = fd;
    if (fd < 0 || fstat(fd, &st) != 0) {
        return false;
    }
    f->dev = st.st_dev;
    f->ino = st.st_ino;
    return true;
}

/* True if the descriptor is still what was noted. */
static bool fd_is(const struct console_fd *f, int fd)
{
    struct stat st;
    return fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == f->dev && st.st_ino == f->ino;
}

static void fd_close(struct console_fd *f)
{
    if (fd_is(f, f->fd)) {
        close(f->fd);
    }
    f->fd = -1;
}

/* True for a place to print to.  Where 1 or 2 was closed, a file of somebody may have its number:
 * what libraries open ends at exec, what a process is started with does not. */
static bool is_printable(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY && !(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

/* True if bytes written to either come one after the other.  Regular files that were opened twice
 * have two positions, unless both append. */
static bool is_one_way(void)
{
    struct stat a, b;
    if (fstat(STDOUT_FILENO, &a) != 0 || fstat(STDERR_FILENO, &b) != 0 || a.st_dev != b.st_dev ||
        a.st_ino != b.st_ino) {
        return false;
    }
    pid_t pid = getpid();
    return !S_ISREG(a.st_mode) ||
           syscall(SYS_kcmp, pid, pid, KCMP_FILE, STDOUT_FILENO, STDERR_FILENO) == 0 ||
           (fcntl(STDOUT_FILENO, F_GETFL) & fcntl(STDERR_FILENO, F_GETFL) & O_APPEND);
}

void console_stream_plan(struct console_stream *streams, size_t *count)
{
    *count = 0;
    bool one_way = is_one_way();
    for (int i = 0; i < 2; i++) {
        if (!is_printable(STDOUT_FILENO + i)) {
            continue;
        }
        if (i == 1 && one_way && *count == 1) {
            streams[0].takes[1] = true;
            continue;
        }
        streams[*count].takes[i] = true;
        ++*count;
    }
    for (size_t i = 0; i < 2; i++) {
        streams[i].original[0].fd = streams[i].original[1].fd = -1;
        streams[i].output.fd = streams[i].writer.fd = streams[i].reader = -1;
        streams[i].helper.pidfd = streams[i].tail.fd = streams[i].tail.at_fd = -1;
    }
}

/* What the helper writes to.  Others who share a terminal or a pipe may set O_NONBLOCK on it, which
 * a helper does not bear: where possible it gets an opening of its own. */
static track_status open_output(struct console_stream *s, int fd, track_error *err)
{
    struct stat st;
    char path[64];
    int own = -1;
    if (fstat(fd, &st) != 0) {
        return FAIL(err, TRACK_IO, "descriptor %d: %s", fd, strerror(errno));
    }
    s->regular = S_ISREG(st.st_mode);
    s->terminal = isatty(fd) == 1;
    if (S_ISFIFO(st.st_mode) || s->terminal) {
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        own = console_lift(open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
    }
    if (own >= 0) {
        fcntl(own, F_SETFL, fcntl(own, F_GETFL) & ~O_NONBLOCK);
    } else {
        own = fcntl(fd, F_DUPFD_CLOEXEC, CONSOLE_FD_MIN);
    }
    if (!fd_note(&s->output, own)) {
        return FAIL(err, TRACK_IO, "descriptor %d: %s", fd, strerror(errno));
    }
    return fcntl(own, F_GETFL) & O_NONBLOCK
               ? FAIL(err, TRACK_UNSUPPORTED,
                      "console output is not recorded: descriptor %d is O_NONBLOCK", fd)
               : TRACK_OK;
}

/* Gives our terminal the size of the user's. */
static void follow_size(struct console_stream *s)
{
    struct winsize size;
    if (s->terminal && ioctl(s->output.fd, TIOCGWINSZ, &size) == 0 &&
        memcmp(&size, &s->size, sizeof(size)) != 0) {
        s->size = size;
        ioctl(s->reader, TIOCSWINSZ, &size);
    }
}

static track_status open_terminal(struct console_stream *s, track_error *err)
{
    char path[64];
    struct termios modes;
    s->reader = console_lift(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (s->reader < 0 || grantpt(s->reader) != 0 || unlockpt(s->reader) != 0 ||
        ptsname_r(s->reader, path, sizeof(path)) != 0) {
        return FAIL(err, TRACK_IO, "a terminal: %s", strerror(errno));
    }
    int writer = console_lift(open(path, O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!fd_note(&s->writer, writer)) {
        return FAIL(err, TRACK_IO, "%s: %s", path, strerror(errno));
    }
    if (tcgetattr(s->output.fd, &modes) == 0) {
        modes.c_oflag &= ~(tcflag_t)OPOST; /* the user's terminal does it */
        modes.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(writer, TCSANOW, &modes);
    }
    follow_size(s);
    return TRACK_OK;
}

static track_status open_pipe(struct console_stream *s, track_error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return FAIL(err, TRACK_IO, "a pipe: %s", strerror(errno));
    }
    s->reader = console_lift(ends[0]);
    return fd_note(&s->writer, console_lift(ends[1])) && s->reader >= 0
               ? TRACK_OK
               : FAIL(err, TRACK_IO, "a pipe: %s", strerror(errno));
}

track_status console_stream_open(struct console_stream *s, const struct console_place *place,
                                 unsigned number, lines_sink *sink, void *data, track_error *err)
{
    char file[PATH_MAX];
    for (int i = 0; i < 2; i++) {
        if (s->takes[i]) {
            fd_note(&s->original[i], fcntl(STDOUT_FILENO + i, F_DUPFD_CLOEXEC, CONSOLE_FD_MIN));
        }
    }
    TRY(open_output(s, s->takes[0] ? STDOUT_FILENO : STDERR_FILENO, err));
    TRY(s->terminal ? open_terminal(s, err) : open_pipe(s, err));
    TRY(console_tail_make(&s->tail, place->dir, number, sink, data, err));
    if (snprintf(file, sizeof(file), "%s/%s", place->path, s->tail.name) >= (int)sizeof(file)) {
        return FAIL(err, TRACK_IO, "the path of the spool is too long");
    }
    struct console_helper_options o = {
        .input = s->reader, .output = s->output.fd, .errors = place->errors, .file = file};
    return console_helper_start(&o, &s->helper, err);
}

void console_stream_redirect(struct console_stream *s)
{
    for (int i = 0; i < 2; i++) {
        if (s->takes[i]) {
            dup2(s->writer.fd, STDOUT_FILENO + i);
        }
    }
    fd_close(&s->writer);
}

void console_stream_restore(struct console_stream *s)
{
    for (int i = 0; i < 2; i++) {
        const struct console_fd *o = &s->original[i];
        if (s->takes[i] && fd_is(&s->writer, STDOUT_FILENO + i) && fd_is(o, o->fd)) {
            dup2(o->fd, STDOUT_FILENO + i);
        }
    }
}

/* True if nobody reads what the helper writes. */
static bool is_deaf(const struct console_stream *s)
{
    struct pollfd fd = {s->output.fd, 0, 0};
    return fd_is(&s->output, s->output.fd) && poll(&fd, 1, 0) > 0 && (fd.revents & POLLERR);
}

/* Writes all of it, as long as somebody takes some every second. */
static void pass_on(struct console_stream *s, struct bytes bytes)
{
    while (bytes.size > 0 && fd_is(&s->output, s->output.fd)) {
        struct pollfd fd = {s->output.fd, POLLOUT, 0};
        size_t size = s->regular || bytes.size < PIPE_BUF ? bytes.size : PIPE_BUF;
        if (poll(&fd, 1, WRITE_WAIT_MS) <= 0 || (fd.revents & POLLERR)) {
            return;
        }
        ssize_t n = write(s->output.fd, bytes.at, size);
        if (n < 0 && errno != EINTR) {
            return;
        }
        bytes.at += n > 0 ? n : 0;
        bytes.size -= n > 0 ? (size_t)n : 0;
    }
}

/* The helper is gone: does its work with what is there. */
static void carry(struct console_stream *s)
{
    struct pollfd fd = {s->reader, POLLIN, 0};
    while (!s->over && poll(&fd, 1, 0) > 0) {
        ssize_t n = fd.revents & POLLIN ? read(s->reader, s->tail.block, TAIL_BLOCK_BYTES) : 0;
        s->over = n <= 0;
        if (n > 0) {
            struct bytes bytes = {s->tail.block, (size_t)n};
            console_tail_append(&s->tail, bytes);
            pass_on(s, bytes);
        }
    }
}

bool console_stream_tend(struct console_stream *s)
{
    follow_size(s);
    if (!s->regular && s->tail.at + FILE_AHEAD_BYTES / 2 > s->limit) {
        s->limit = s->tail.at + FILE_AHEAD_BYTES;
        console_helper_limit(&s->helper, s->limit);
    }
    bool dead = console_helper_is_over(&s->helper);
    if (!s->given_up && (dead || is_deaf(s))) {
        console_stream_restore(s);
        s->given_up = true;
    }
    if (dead) {
        carry(s);
    }
    return !s->given_up;
}

bool console_stream_is_drained(const struct console_stream *s)
{
    int waiting = 0;
    return s->over || (ioctl(s->reader, FIONREAD, &waiting) == 0 && waiting == 0);
}

void console_stream_close(struct console_stream *s)
{
    fd_close(&s->original[0]);
    fd_close(&s->original[1]);
    fd_close(&s->output);
    fd_close(&s->writer);
    if (s->reader >= 0) {
        close(s->reader);
        s->reader = -1;
    }
    console_helper_close(&s->helper);
}
