/* devices - the sampler's side of the device worker: starts it, watches it, reads its ring.
 *
 * A worker that shows no sign of life for ten seconds is killed, and another one started ten
 * minutes after the first at the earliest; one that cannot even be killed is left alone.  What the
 * host shows goes on meanwhile.
 * Uses: board, procs, ring.
 */
#ifndef CLIENT_DEVICES_H
#define CLIENT_DEVICES_H
#include "board.h"
#include "procs.h"
#include "ring.h"

#include <sys/types.h>

enum { DEVICE_PROCS_MAX = 256 };

/* One list of processes of one device, as the worker gives it: growing, then complete. */
struct device_list {
    struct {
        uint32_t pid;
        double value; /* NaN: not known */
    } rows[DEVICE_PROCS_MAX];
    size_t count;
    bool complete; /* until it was divided among the runs */
};

struct device {
    struct {
        double last;
        bool seen;
    } counters[DEVICE_METRIC_COUNT];
    struct device_list mem, sm;
    double mem_used_bytes, busy_pct; /* last ones; NaN: not known */
    double energy_j;                 /* since the sampler began */
    bool energy_counted;             /* by the device's own counter, else integrated from power_w */
    int64_t power_us;                /* when power_w was read last; 0: never */
    bool lost;
};

struct devices {
    const char *program; /* of the worker: argv[0] of this one, as a path that can be executed */
    struct ring *ring;
    int fd;
    uint64_t at;        /* records read */
    pid_t worker;       /* 0: none runs */
    int64_t started_us; /* monotonic; 0: never */
    bool hopeless;      /* another start is of no use */
    bool hung;          /* the last one was killed, or cannot be */
    struct device_table table;
    uint32_t table_count; /* how often it was read; a change means news */
    bool known;           /* what there is has been found out, be it nothing */
    struct device list[DEVICES_MAX];
};

/* Makes the ring.  TRACK_NOMEM  no memory, or no descriptor left. */
track_status devices_open(struct devices *d, const char *program, track_error *err);

/* Starts the worker, ends one that hangs, notices one that ended.
 *
 *   now_us  monotonic.
 */
void devices_check(struct devices *d, int64_t now_us);

/* Kills the worker and unmaps the ring. */
void devices_close(struct devices *d);

/* Adds what came since the last time to the board, as "gpu0/busy_pct", and fills the lists. */
void devices_drain(struct devices *d, struct board *board);

/* Asks for the lists of processes at the worker's next tick. */
void devices_want_lists(struct devices *d);
#endif
