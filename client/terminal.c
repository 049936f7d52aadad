#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

track_status terminal_open(struct terminal *t, track_error *err)
{
    *t = (struct terminal){.master = -1};
    if (tcgetattr(STDIN_FILENO, &t->user) != 0) {
        return FAIL(err, TRACK_IO, "standard input is no terminal: %s", strerror(errno));
    }
    t->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (t->master < 0 || grantpt(t->master) != 0 || unlockpt(t->master) != 0 ||
        ptsname_r(t->master, t->path, sizeof(t->path)) != 0) {
        track_status status = FAIL(err, TRACK_IO, "a terminal: %s", strerror(errno));
        terminal_close(t);
        return status;
    }
    tcsetattr(t->master, TCSANOW, &t->user);
    terminal_resize(t);
    return TRACK_OK;
}

void terminal_set_raw(struct terminal *t)
{
    struct termios raw = t->user;
    cfmakeraw(&raw);
    t->raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
}

void terminal_restore(struct terminal *t)
{
    if (t->raw) {
        tcsetattr(STDIN_FILENO, TCSADRAIN, &t->user);
        t->raw = false;
    }
}

void terminal_resize(const struct terminal *t)
{
    struct winsize size;
    if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0) {
        ioctl(t->master, TIOCSWINSZ, &size);
    }
}

void terminal_signal(const struct terminal *t, int number)
{
    pid_t group = 0;
    if (ioctl(t->master, TIOCGPGRP, &group) == 0 && group > 0) {
        kill(-group, number);
    }
}

int terminal_key(const struct terminal *t, int index)
{
    struct termios now;
    bool known = tcgetattr(t->master, &now) == 0;
    return known && (now.c_lflag & ISIG) && now.c_cc[index] ? now.c_cc[index] : -1;
}

void terminal_close(struct terminal *t)
{
    terminal_restore(t);
    if (t->master >= 0) {
        close(t->master);
        t->master = -1;
    }
}
