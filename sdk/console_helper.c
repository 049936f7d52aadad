#include "console_helper.h"

#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Descriptors of the shell: 1 takes the helper's id, 2 its errors, 3 is input, 4 output.  A
 * background job's own standard input would be /dev/null. */
static const char script[] = "command -v tee >/dev/null || exit 1; "
                             "tee -a \"$0\" <&3 >&4 3<&- 4>&- & echo $!";

enum { HELPER_INPUT = 3, HELPER_OUTPUT = 4, HELPER_FIRST_CLOSED = 5 };

int console_lift(int fd)
{
    int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, CONSOLE_FD_MIN);
    if (fd >= 0) {
        close(fd);
    }
    return high;
}

static int helper_set_actions(const struct console_helper_options *o, int reply,
                              posix_spawn_file_actions_t *actions)
{
    int why = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
    why = why ? why : posix_spawn_file_actions_adddup2(actions, reply, 1);
    why = why ? why : posix_spawn_file_actions_adddup2(actions, o->errors, 2);
    why = why ? why : posix_spawn_file_actions_adddup2(actions, o->input, HELPER_INPUT);
    why = why ? why : posix_spawn_file_actions_adddup2(actions, o->output, HELPER_OUTPUT);
    return why ? why : posix_spawn_file_actions_addclosefrom_np(actions, HELPER_FIRST_CLOSED);
}

static int helper_spawn(const struct console_helper_options *o, int reply, pid_t *shell)
{
    char path[4096], text[sizeof(script)], file[4096];
    const char *found = settings_variable("PATH");
    snprintf(path, sizeof(path), "PATH=%s", found ? found : "/usr/bin:/bin");
    snprintf(file, sizeof(file), "%s", o->file);
    memcpy(text, script, sizeof(script));
    char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, text, file, NULL};
    char *env[] = {path, (char[]){"LC_ALL=C"}, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t all;
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setsigdefault(&attr, &all);
    posix_spawnattr_setsigmask(&attr, &all);
    posix_spawnattr_setflags(&attr,
                             POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
    int why = helper_set_actions(o, reply, &actions);
    why = why ? why : posix_spawn(shell, "/bin/sh", &actions, &attr, argv, env);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attr);
    return why;
}

/* Id of the helper as the shell tells it; 0: it told none. */
static pid_t helper_read_reply(int reply)
{
    char text[32] = "";
    size_t size = 0;
    ssize_t n = 1;
    while (n != 0 && size < sizeof(text) - 1) {
        n = read(reply, text + size, sizeof(text) - 1 - size);
        if (n < 0 && errno != EINTR) {
            break;
        }
        size += n > 0 ? (size_t)n : 0;
    }
    long pid = 0;
    return sscanf(text, "%ld", &pid) == 1 && pid > 0 ? (pid_t)pid : 0;
}

track_status console_helper_start(const struct console_helper_options *options,
                                  struct console_helper *out, track_error *err)
{
    int reply[2];
    pid_t shell = 0;
    if (pipe2(reply, O_CLOEXEC) != 0) {
        return FAIL(err, TRACK_IO, "a pipe: %s", strerror(errno));
    }
    int high = console_lift(reply[1]);
    int why = high < 0 ? errno : helper_spawn(options, high, &shell);
    if (high >= 0) {
        close(high);
    }
    pid_t pid = why ? 0 : helper_read_reply(reply[0]);
    close(reply[0]);
    while (!why && waitpid(shell, NULL, 0) < 0 && errno == EINTR) {
    }
    if (why && why != ENOENT) {
        return FAIL(err, TRACK_IO, "/bin/sh: %s", strerror(why));
    }
    if (!pid) {
        return FAIL(err, TRACK_UNSUPPORTED,
                    "console output is not recorded: sh and tee (coreutils) are not installed");
    }
    out->pid = pid;
    out->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    return out->pidfd < 0 ? FAIL(err, TRACK_UNSUPPORTED, "console output is not recorded: tee: %s",
                                 strerror(errno))
                          : TRACK_OK;
}

bool console_helper_is_over(const struct console_helper *h)
{
    struct pollfd fd = {h->pidfd, POLLIN, 0};
    return h->pidfd < 0 || poll(&fd, 1, 0) > 0;
}

void console_helper_limit(const struct console_helper *h, uint64_t bytes)
{
    struct rlimit now;
    if (!console_helper_is_over(h) && prlimit(h->pid, RLIMIT_FSIZE, NULL, &now) == 0) {
        now.rlim_cur = bytes < now.rlim_max ? bytes : now.rlim_max;
        (void)!prlimit(h->pid, RLIMIT_FSIZE, &now, NULL);
    }
}

void console_helper_close(struct console_helper *h)
{
    if (h->pidfd >= 0) {
        close(h->pidfd);
        h->pidfd = -1;
    }
}
