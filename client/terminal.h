/* terminal - a terminal of its own for a tracked command, behind the user's.
 *
 * The command keeps colours, line buffering and job control; we read what it shows.
 * Uses: fail.
 */
#ifndef CLIENT_TERMINAL_H
#define CLIENT_TERMINAL_H
#include "../core/fail.h"

#include <termios.h>

struct terminal {
    int master;          /* our end; -1: closed */
    char path[64];       /* the command's end */
    struct termios user; /* of the user's terminal, as it was */
    bool raw;            /* it is raw now */
};

/* Makes one with the settings and the size of the terminal on standard input.
 *
 * TRACK_IO  the system has none left, or standard input is no terminal.
 */
track_status terminal_open(struct terminal *t, track_error *err);

/* The user's terminal passes every key on; and is as it was again.  Both may be called twice. */
void terminal_set_raw(struct terminal *t);
void terminal_restore(struct terminal *t);

/* Gives the command's terminal the size of the user's. */
void terminal_resize(const struct terminal *t);

/* Sends a signal to the processes in the foreground of the command's terminal. */
void terminal_signal(const struct terminal *t, int number);

/* The key of this index of termios (VSUSP: Ctrl-Z, VINTR: Ctrl-C) there; -1 when it means nothing,
 * as in an editor. */
int terminal_key(const struct terminal *t, int index);

/* Restores the user's terminal and closes ours. */
void terminal_close(struct terminal *t);
#endif
