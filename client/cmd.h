/* cmd - what every command gets, and the list of their functions.
 *
 * One file a command.  A function ends in a status; main.c prints the error and turns the status
 * into an exit code.  A command that has a code of its own (partly done, a child's) sets c->exit.
 * Uses: args, options, print.
 */
#ifndef CLIENT_CMD_H
#define CLIENT_CMD_H
#include "../core/arena.h"
#include "args.h"
#include "print.h"

#include <stdint.h>

struct api; /* api.h */

/* One call of the command.  Everything in it lives until the command ends. */
struct cmd {
    struct arena *arena;
    const struct args *args;
    struct print *print;
    struct api *api;     /* opened on first use; NULL before */
    const char *program; /* argv[0] */
    int64_t timeout_ms;  /* of a request; 0: as the settings say */
    int64_t now_us;      /* when the command started */
    int exit;            /* -1: from the status */
    char hint[240];      /* what to do about the error; empty for none */
    char ref[32];        /* the server's number of the request that failed */
};

track_status cmd_agent(struct cmd *c, track_error *err);
track_status cmd_agent_worker(struct cmd *c, track_error *err);
track_status cmd_best(struct cmd *c, track_error *err);
track_status cmd_complete(struct cmd *c, track_error *err);
track_status cmd_completion(struct cmd *c, track_error *err);
track_status cmd_config(struct cmd *c, track_error *err);
track_status cmd_export(struct cmd *c, track_error *err);
track_status cmd_finish(struct cmd *c, track_error *err);
track_status cmd_get(struct cmd *c, track_error *err);
track_status cmd_help(struct cmd *c, track_error *err);
track_status cmd_init(struct cmd *c, track_error *err);
track_status cmd_log(struct cmd *c, track_error *err);
track_status cmd_logs(struct cmd *c, track_error *err);
track_status cmd_ls(struct cmd *c, track_error *err);
track_status cmd_man(struct cmd *c, track_error *err);
track_status cmd_note(struct cmd *c, track_error *err);
track_status cmd_open(struct cmd *c, track_error *err);
track_status cmd_plot(struct cmd *c, track_error *err);
track_status cmd_put(struct cmd *c, track_error *err);
track_status cmd_restore(struct cmd *c, track_error *err);
track_status cmd_rm(struct cmd *c, track_error *err);
track_status cmd_run(struct cmd *c, track_error *err);
track_status cmd_show(struct cmd *c, track_error *err);
track_status cmd_status(struct cmd *c, track_error *err);
track_status cmd_stop(struct cmd *c, track_error *err);
track_status cmd_sync(struct cmd *c, track_error *err);
track_status cmd_tag(struct cmd *c, track_error *err);
track_status cmd_version(struct cmd *c, track_error *err);
#endif
