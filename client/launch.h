/* launch - starts a command, passes its output and signals on, and waits for its end.
 *
 * Pass-through is byte-exact in every mode.  Nothing here can be the reason that a command dies: it
 * writes to plain files (LAUNCH_FILE), to a terminal of its own (LAUNCH_PTY) or to ours
 * (LAUNCH_OFF).
 * Uses: capture, child, follow, terminal.  One thread.
 */
#ifndef CLIENT_LAUNCH_H
#define CLIENT_LAUNCH_H
#include "capture.h"
#include "child.h"

enum launch_mode { LAUNCH_PTY, LAUNCH_FILE, LAUNCH_OFF };

struct launch_options {
    enum launch_mode mode;
    struct child_options child; /* descriptors and terminal are filled in */
    const char *spool;          /* where LAUNCH_FILE puts its files */
    const char *name;           /* of its folder there */
    struct capture *capture;    /* NULL: nothing is captured */
    int stop_signal;            /* sent when should_stop says so; 0: none */
    bool (*should_stop)(void *data);
    void *data;
};

/* How it went. */
struct launch_result {
    struct child child;
    int asked;    /* signal by which the user asked it to end (INT, TERM, ...); 0: none */
    bool stopped; /* should_stop said so */
    int64_t started_us, ended_us; /* steady clock */
    int orphans;                  /* processes that it left behind */
};

/* Starts the command and waits for its end.
 *
 *   why  as child_start.
 *
 * TRACK_IO      files, terminal or process could not be made; nothing was started.
 * TRACK_DENIED  exec failed.
 * TRACK_FULL, TRACK_NOMEM  as they say; nothing was started.
 */
track_status launch(const struct launch_options *options, struct arena *arena,
                    struct launch_result *out, int *why, track_error *err);
#endif
