/* Preloaded into trackd: kills it with SIGKILL in front of the $KILL_AT-th call that changes a
 * file, whoever makes it.  With KILL_AT 0 it counts the calls into the file $KILL_COUNT instead. */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long calls;

static void step(void)
{
    const char *at = getenv("KILL_AT");
    if (at && atomic_fetch_add(&calls, 1) + 1 == strtol(at, NULL, 10)) {
        kill(getpid(), SIGKILL);
        pause();
    }
}

__attribute__((destructor)) static void say_count(void)
{
    const char *path = getenv("KILL_COUNT");
    FILE *out = path ? fopen(path, "w") : NULL;
    if (out) {
        fprintf(out, "%ld\n", atomic_load(&calls));
        fclose(out);
    }
}

#define WRAP(result, name, parameters, arguments)                                 \
    result name parameters;                                                       \
    result name parameters                                                        \
    {                                                                             \
        result(*real) parameters = (result(*) parameters)dlsym(RTLD_NEXT, #name); \
        step();                                                                   \
        return real arguments;                                                    \
    }

WRAP(ssize_t, pwrite, (int fd, const void *at, size_t size, off_t to), (fd, at, size, to))
WRAP(ssize_t, pwrite64, (int fd, const void *at, size_t size, off64_t to), (fd, at, size, to))
WRAP(int, fsync, (int fd), (fd))
WRAP(int, fdatasync, (int fd), (fd))
WRAP(int, ftruncate, (int fd, off_t size), (fd, size))
WRAP(int, ftruncate64, (int fd, off64_t size), (fd, size))
WRAP(int, unlink, (const char *path), (path))
WRAP(int, linkat, (int a, const char *from, int b, const char *to, int flags),
     (a, from, b, to, flags))
WRAP(int, mkdirat, (int fd, const char *path, mode_t mode), (fd, path, mode))
