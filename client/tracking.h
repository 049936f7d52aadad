/* tracking - the run of a launched command, beside the command itself.
 *
 * Nothing here ends the launch: what cannot be recorded is said once, and the command goes on.
 * Uses: api, capture, track.h, tree.
 */
#ifndef CLIENT_TRACKING_H
#define CLIENT_TRACKING_H
#include "api.h"
#include "capture.h"
#include "launch.h"

/* A file that the command reads, as it was before. */
struct tracked_input {
    struct tracked_input *next;
    const char *name, *path;
    int64_t size, changed_ns;
};

struct tracking {
    struct cmd *c;
    track_client *client;
    track_run *run; /* NULL: nothing is recorded */
    const char *id, *url, *spool, *server, *project;
    struct tracked_input *inputs;
    int64_t lines, points;
    bool mode_off; /* TRACK_MODE=off: recording is not wanted */
    bool joined;   /* somebody else ends the run */
    bool sent;     /* the server holds everything */
};

/* Starts the run with what the options say: name, kind, tags, parameters, inputs.
 *
 *   argv  of the command.
 *
 * TRACK_INVALID  an option is wrong; nothing was started.  Failures of recording are said on stderr
 *                and give TRACK_OK with run NULL.
 */
track_status tracking_start(struct cmd *c, char *const *argv, struct tracking *out,
                            track_error *err);

/* A sink for what the command prints. */
struct capture_sink tracking_sink(struct tracking *t);

/* True once somebody asked the run to stop. */
bool tracking_should_stop(void *data);

/* Ends the run: inputs that changed, outputs, exit code, state; waits for the server. */
void tracking_end(struct tracking *t, const struct launch_result *result);

/* The state of a run whose command ended so (cli.md 6.4). */
track_state tracking_state(const struct launch_result *result, bool scheduled);
#endif
