/* procs - the processes of this machine, and which of them belong to which run.
 *
 * A process belongs to a run if TRACK_RUN_ID in its environment says so; else if it descends from
 * the process that subscribed the run, or is that process.  The first run that claims it has it.
 * A process is its number and its start time: a number that is used again is another process.
 * Source: proc(5).
 * Uses: board, sys.
 */
#ifndef CLIENT_PROCS_H
#define CLIENT_PROCS_H
#include "board.h"
#include "sys.h"

enum { PROCS_MAX = 8192, PROCS_RUNS_MAX = 64, PROC_RUN_ID_BYTES = 40 };

/* One process.  Times in ticks of the kernel's clock (sysconf _SC_CLK_TCK). */
struct proc {
    int pid, parent;
    uint64_t start;
    uint64_t cpu;     /* ticks used so far, by all its threads */
    uint64_t cpu_new; /* of them, since the last scan */
    uint64_t rss_bytes, threads;
    uint64_t read_bytes, write_bytes; /* since the last scan; only of processes of a run */
    struct counter io_read, io_write;
    int64_t seen_us;                /* when it was met first */
    bool labelled;                  /* its environment has been read and names no run, or run_id */
    bool fresh;                     /* met in this scan */
    bool gone;                      /* not met in this scan */
    char run_id[PROC_RUN_ID_BYTES]; /* TRACK_RUN_ID, "" if there is none */
    int run;                        /* index of the run that has it, -1: none */
};

/* Who subscribed a run. */
struct procs_run {
    const char *id;
    int pid;
    bool environment; /* set by the scan: processes of it were found by TRACK_RUN_ID */
};

struct procs {
    const char *root;
    struct proc *list; /* [count], ascending by pid */
    size_t count;
    uint64_t scans;
    int self[2]; /* the sampler and its worker, which belong to no run; 0: none */
};

/* The table goes with the arena.  TRACK_NOMEM  no memory. */
track_status procs_init(struct procs *p, const char *root, struct arena *arena, track_error *err);

/* Reads all processes and divides them among the runs.
 *
 *   runs  [count], count <= PROCS_RUNS_MAX.
 */
void procs_scan(struct procs *p, int64_t now_us, struct procs_run *runs, size_t count);

/* Adds "run/cpu_cores", "run/rss_bytes", ... of one run to its board.
 *
 *   window_us  since the scan before the last one; 0: unknown, then rates are left out.
 */
void procs_sample(const struct procs *p, int run, int64_t window_us, struct board *board);

/* The process with this number in the last scan, or NULL. */
const struct proc *procs_find(const struct procs *p, int pid);

/* A run id as it is compared: lower case, without dashes; cut off where none can go on. */
void run_id_fill(const char *text, char out[PROC_RUN_ID_BYTES]);

/* When a process started, in ticks since boot; 0 if there is no such process (a zombie is none). */
uint64_t proc_start(const char *root, int pid);
#endif
