/* run - a run that is being logged.
 *
 * Log calls touch `alive`, `names` and `spool` only, take no lock, and may come at any time, also
 * after the run was finished.  Everything else is done under `lock`.
 * Uses: client, names, spool.
 */
#ifndef SDK_RUN_H
#define SDK_RUN_H
#include "client.h"
#include "names.h"

struct console;

struct track_run {
    atomic_uint *alive; /* a page that fork wipes: 1 in the process that started the run */
    struct spool spool;
    struct names names;
    _Atomic int64_t line_next; /* number of the next console line */
    uint32_t names_max;
    const char *context; /* of every key: "" or {"rank":n} */

    struct region region; /* of this struct too */
    track_client *client; /* NULL once the run has ended and its own client is gone */
    bool owns_client;
    struct track_run *older; /* in client->runs */
    char id[SPOOL_HEX_BYTES], writer[SPOOL_HEX_BYTES];
    const char *url, *project;
    struct outbox outbox;
    bool joined;
    int64_t rank;

    pthread_mutex_t lock;    /* guards what follows, and names when they grow */
    pthread_mutex_t keeping; /* held by the keeper while it works on the spool */
    bool ended;              /* track_finish_run was called, or the client closed */
    bool opened;             /* outbox is open */
    unsigned users;          /* calls that wait with the lock released */
    int exit_code, signal_number;
    track_error last;
    _Atomic uint64_t counts[TRACK_STATUS_COUNT];
    atomic_uint said; /* bit s: the line for status s was printed */
    pthread_t facts;
    bool facts_run;
    bool facts_stuck; /* its thread was left behind, and may still use this run */
    bool sampled;     /* the sampler of this node is to log into the run */
    atomic_bool facts_done, facts_stop;
    _Atomic(struct console *) console; /* NULL: the console is not logged */

    _Atomic(struct track_run *) child; /* in a child made by fork: its own run */
    _Atomic int64_t child_pid;         /* the process that is making it */
};

enum { RUN_RANK_MAX = 1000000 };

/* The run to log to in this process: itself, or in a child made by fork one of its own.
 * NULL: run is NULL, or the child's could not be made. */
static inline struct track_run *run_here(struct track_run *run);
struct track_run *run_of_child(struct track_run *run);

static inline struct track_run *run_here(struct track_run *run)
{
    if (run && atomic_load_explicit(run->alive, memory_order_relaxed) == 1) {
        return run;
    }
    return run ? run_of_child(run) : NULL;
}

/* Counts a failed call and prints the first of its kind; returns status. */
track_status run_count(struct track_run *run, track_status status, const char *what);
/* The same when more is known than the status: why is what the message says. */
track_status run_count_why(struct track_run *run, track_status status, const char *why);

/* Adds a request to what the run is waiting to send.
 *
 *   op  path is below "/api/v1/runs/<run>".
 *
 * TRACK_CONFLICT  the run was finished.  Others as spool_ops_add.
 */
track_status run_add_op(struct track_run *run, const struct op *op, track_error *err);

/* Reads the id of a run, 32 hex digits or a UUID with dashes, in either case.
 *
 *   out  lower case, without dashes.
 *
 * TRACK_INVALID  it is something else.
 */
track_status run_read_id(const char *text, char out[SPOOL_HEX_BYTES], track_error *err);

/* Ends a run as a joiner, if it has not ended. */
void run_leave(struct track_run *run);
/* Frees a run that has ended; nobody may use it any more. */
void run_release(struct track_run *run);
track_status run_end(struct track_run *run, int64_t state, track_error *err);

/* Of client.c. */
void client_close(track_client *client);
track_status client_take_options(const void *options, size_t ours, void *out, track_error *err);
#endif
