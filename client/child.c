#include "child.h"

#include "instant.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ORPHANS_MAX = 1000, PATH_TEXT_MAX = 4096 };

static bool is_program(const char *path, int *why)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        *why = errno == EACCES ? EACCES : *why;
        return false;
    }
    if (S_ISDIR(st.st_mode) || access(path, X_OK) != 0) {
        *why = EACCES;
        return false;
    }
    return true;
}

static track_status not_found(const char *name, int why, track_error *err)
{
    return why == ENOENT ? FAIL(err, TRACK_NOT_FOUND, "%.160s: command not found", name)
                         : FAIL(err, TRACK_DENIED, "%.160s: cannot be executed", name);
}

track_status child_find(const char *name, struct arena *arena, const char **out, int *why,
                        track_error *err)
{
    char path[PATH_TEXT_MAX];
    const char *list = getenv("PATH");
    *why = ENOENT;
    if (strchr(name, '/')) {
        snprintf(path, sizeof(path), "%s", name);
        if (!is_program(path, why)) {
            return not_found(name, *why, err);
        }
        *out = arena_text(arena, name, strlen(name));
        return *out ? TRACK_OK : FAIL(err, TRACK_NOMEM, "a path");
    }
    for (list = list ? list : "/bin:/usr/bin";; list++) {
        size_t size = strcspn(list, ":");
        int n =
            snprintf(path, sizeof(path), "%.*s/%s", size ? (int)size : 1, size ? list : ".", name);
        if (*name && n > 0 && n < (int)sizeof(path) && is_program(path, why)) {
            *out = arena_text(arena, path, (size_t)n);
            return *out ? TRACK_OK : FAIL(err, TRACK_NOMEM, "a path");
        }
        list += size;
        if (!*list) {
            return not_found(name, *why, err);
        }
    }
}

/* Descriptors and signals of the new process.  With a terminal: its session's first open of it
 * makes it the controlling one. */
static int set_actions(const struct child_options *o, posix_spawn_file_actions_t *actions,
                       posix_spawnattr_t *attr)
{
    sigset_t all, none;
    short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
    int why = 0;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(attr, &all);
    posix_spawnattr_setsigmask(attr, &none);
    posix_spawnattr_setflags(attr, (short)(flags | (o->terminal ? POSIX_SPAWN_SETSID : 0)));
    for (int i = 0; i < 3 && why == 0; i++) {
        if (o->terminal) {
            why = i == 0 ? posix_spawn_file_actions_addopen(actions, 0, o->terminal, O_RDWR, 0)
                         : posix_spawn_file_actions_adddup2(actions, 0, i);
        } else if (o->fds[i] >= 0) {
            why = posix_spawn_file_actions_adddup2(actions, o->fds[i], i);
        }
    }
    return why;
}

/* A script without #! runs in sh, as from a shell. */
static int spawn_script(const struct child_options *o, const posix_spawn_file_actions_t *actions,
                        const posix_spawnattr_t *attr, struct arena *arena, pid_t *pid)
{
    size_t count = 0;
    while (o->argv[count]) {
        count++;
    }
    char **argv = ARENA_ARRAY(arena, char *, count + 2);
    if (!argv) {
        return ENOMEM;
    }
    argv[0] = arena_text(arena, "sh", 2);
    argv[1] = arena_text(arena, o->path, strlen(o->path));
    for (size_t i = 1; i < count; i++) {
        argv[i + 1] = o->argv[i];
    }
    return argv[0] && argv[1] ? posix_spawn(pid, "/bin/sh", actions, attr, argv, o->env) : ENOMEM;
}

track_status child_start(const struct child_options *o, struct arena *arena, struct child *out,
                         int *why, track_error *err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    struct child child = {.pidfd = -1};
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attr);
    *why = set_actions(o, &actions, &attr);
    if (*why == 0) {
        *why = posix_spawn(&child.pid, o->path, &actions, &attr, o->argv, o->env);
    }
    if (*why == ENOEXEC) {
        *why = spawn_script(o, &actions, &attr, arena, &child.pid);
    }
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attr);
    if (*why != 0) {
        bool ours = *why == EAGAIN || *why == ENOMEM;
        return FAIL(err, ours ? TRACK_IO : TRACK_DENIED, "%.160s: %s", o->path, strerror(*why));
    }
    child.pidfd = (int)syscall(SYS_pidfd_open, child.pid, 0);
    *out = child;
    return TRACK_OK;
}

void child_signal(const struct child *c, int number)
{
    if (c->over) {
        return;
    }
    if (c->pidfd < 0 || syscall(SYS_pidfd_send_signal, c->pidfd, number, NULL, 0) != 0) {
        kill(c->pid, number);
    }
}

static void note_end(struct child *c, const siginfo_t *info)
{
    c->over = true;
    c->code = info->si_code == CLD_EXITED ? info->si_status : -1;
    c->signal = info->si_code == CLD_EXITED ? 0 : info->si_status;
    c->core = info->si_code == CLD_DUMPED;
}

struct child_news child_wait(struct child *c)
{
    struct child_news news = {0};
    siginfo_t info;
    for (;;) {
        memset(&info, 0, sizeof(info));
        if (waitid(P_ALL, 0, &info, WEXITED | WSTOPPED | WNOHANG) != 0 || info.si_pid == 0) {
            return news;
        }
        if (info.si_pid != c->pid) {
            continue; /* an orphan that came to us */
        }
        if (info.si_code == CLD_STOPPED) {
            news.stopped = true;
        } else {
            note_end(c, &info);
            news.over = true;
        }
    }
}

/* True for the sampler of this machine, the same program as this one: it came to us when the
 * process that started it ended, but works for everybody. */
static bool is_sampler(pid_t pid)
{
    char path[64], theirs[4096], ours[4096];
    snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
    ssize_t a = readlink(path, theirs, sizeof(theirs));
    ssize_t b = readlink("/proc/self/exe", ours, sizeof(ours));
    return a > 0 && a == b && memcmp(theirs, ours, (size_t)a) == 0;
}

/* Calls work for each process whose parent we are, up to ORPHANS_MAX. */
static int each_orphan(void (*work)(pid_t pid))
{
    FILE *list = fopen("/proc/thread-self/children", "re");
    int count = 0, pid;
    while (list && count < ORPHANS_MAX && fscanf(list, "%d", &pid) == 1) {
        if (!is_sampler(pid)) {
            work(pid);
            count++;
        }
    }
    if (list) {
        fclose(list);
    }
    return count;
}

static void spare(pid_t pid)
{
    (void)pid;
}

static void ask_to_end(pid_t pid)
{
    kill(pid, SIGTERM);
    kill(pid, SIGCONT);
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
}

int child_count_orphans(void)
{
    return each_orphan(spare);
}

void child_kill_orphans(void)
{
    struct child nobody = {.pid = -1};
    for (int i = 0; i < 40 && each_orphan(i == 0 ? ask_to_end : spare) > 0; i++) {
        instant_pause(50);
        child_wait(&nobody);
    }
    each_orphan(end);
}

int child_signal_number(const char *name)
{
    char *stop = NULL;
    long number = strtol(name, &stop, 10);
    if (*name && !*stop) {
        return number >= 0 && number < NSIG ? (int)number : -1;
    }
    name += strncmp(name, "SIG", 3) == 0 ? 3 : 0;
    for (int i = 1; i < NSIG; i++) {
        const char *have = sigabbrev_np(i);
        if (have && strcmp(have, name) == 0) {
            return i;
        }
    }
    return -1;
}
