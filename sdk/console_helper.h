/* console_helper - a `tee` beside this process, which passes its output on.
 *
 * It outlives us, so what a killed process had written still arrives.  It is no child of ours that
 * a wait() could meet (sh starts it and ends), has a session of its own and all signals blocked:
 * neither Ctrl-C nor a SIGTERM to the job takes it before the last byte.  It ends by itself when
 * nobody can write into its input any more.
 * Uses: fail.
 */
#ifndef SDK_CONSOLE_HELPER_H
#define SDK_CONSOLE_HELPER_H
#include "../core/fail.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { CONSOLE_FD_MIN = 16 }; /* descriptors given to a helper are not below */

struct console_helper {
    pid_t pid;
    int pidfd; /* readable once it has ended; -1: none */
};

struct console_helper_options {
    int input;        /* what it reads */
    int output;       /* where that goes */
    int errors;       /* where it says what went wrong */
    const char *file; /* a second copy is appended here */
};

/* Replaces a descriptor by one that a helper can be given, and that is not taken for 1 or 2 where
 * these are closed; -1 if there is none. */
int console_lift(int fd);

/* Starts one.
 *
 * TRACK_UNSUPPORTED  there is no sh or no tee.
 * TRACK_IO           the system starts no process.
 */
track_status console_helper_start(const struct console_helper_options *options,
                                  struct console_helper *out, track_error *err);

/* True once it has ended. */
bool console_helper_is_over(const struct console_helper *h);

/* Its file may grow up to this size; beyond, it only passes on.  Not for output to a regular file,
 * which the same limit would meet. */
void console_helper_limit(const struct console_helper *h, uint64_t bytes);

void console_helper_close(struct console_helper *h);
#endif
