/* child - the process that `track run` starts, and how it ended.
 *
 * Uses: arena, fail.
 */
#ifndef CLIENT_CHILD_H
#define CLIENT_CHILD_H
#include "../core/arena.h"
#include "../core/fail.h"

#include <sys/types.h>

/* What to start. */
struct child_options {
    char *const *argv;    /* NULL at its end */
    const char *path;     /* of the program, from child_find */
    char *const *env;     /* NULL at its end */
    int fds[3];           /* what it gets as 0, 1, 2; -1: ours */
    const char *terminal; /* instead: this one, in a session of its own; NULL: no */
};

struct child {
    pid_t pid;
    int pidfd;
    bool over;
    int code;   /* exit code; -1: ended by a signal */
    int signal; /* 0: none */
    bool core;
};

/* Finds a program as the shell does: by PATH unless the name has a slash.
 *
 *   out  path, in the arena.
 *   why  ENOENT: not found (127); else found but not executable (126).  Set on failure only.
 *
 * TRACK_NOT_FOUND, TRACK_DENIED  as `why` says.
 * TRACK_NOMEM                    the arena's limit.
 *
 * Tests: tests/client/test_child.c
 */
track_status child_find(const char *name, struct arena *arena, const char **out, int *why,
                        track_error *err);

/* Starts it, with every signal at its default and none blocked.
 *
 *   why  errno of the exec that failed, 0 when there was none.
 *
 * TRACK_IO      no process could be made.
 * TRACK_DENIED  exec failed: *why says.
 */
track_status child_start(const struct child_options *options, struct arena *arena,
                         struct child *out, int *why, track_error *err);

/* Sends a signal to the child alone; harmless when it is over. */
void child_signal(const struct child *c, int number);

/* What happened to processes below us since the last call. */
struct child_news {
    bool over;    /* the child has ended; *c says how */
    bool stopped; /* it was stopped, as by Ctrl-Z */
};

/* Takes all news; also reaps others that lost their parent. */
struct child_news child_wait(struct child *c);

/* How many processes that the child left behind live on (up to 1,000), and ends them: first TERM,
 * after two seconds KILL. */
int child_count_orphans(void);
void child_kill_orphans(void);

/* The signal of this name ("TERM", "SIGTERM", "15"); -1 if there is none. */
int child_signal_number(const char *name);
#endif
