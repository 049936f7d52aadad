/* watch - one run that the sampler logs to, and who asked for it.
 *
 * The sampler is a writer of its own in the run ("agent:<node>").  A subscriber is a process, by
 * number and start time; when the last one is gone or has said so, the writer is closed, and the
 * run itself is left to those who started it.
 * Uses: board, devices, procs, sample_sysfs, share, track.h.
 */
#ifndef CLIENT_WATCH_H
#define CLIENT_WATCH_H
#include "../sdk/track.h"
#include "board.h"
#include "devices.h"
#include "procs.h"
#include "sample_sysfs.h"
#include "share.h"

enum { WATCH_SUBSCRIBERS_MAX = 64, WATCH_ROWS_MAX = 256 };

/* What a subscriber says; texts may be NULL but for run. */
struct watch_request {
    const char *run; /* UUID */
    const char *url, *project, *spool, *mode;
    int pid;        /* as this process sees it */
    uint64_t start; /* 0: as it is now */
    bool exclusive; /* the devices of the job are its own */
};

struct watch {
    char run_id[PROC_RUN_ID_BYTES];
    struct {
        int pid;
        uint64_t start;
    } subscribers[WATCH_SUBSCRIBERS_MAX];
    size_t subscriber_count; /* 0: the place is free */
    track_client *client;    /* logs */
    track_client *documents; /* puts documents, with a short time limit */
    track_run *run;
    struct board board; /* values of this run alone */
    struct cgroup cgroup;
    struct missing missing;
    enum share_basis basis;
    int64_t ticks;        /* looks since it began, up to 60 */
    uint64_t used;        /* a bit a device that the run was seen on */
    int64_t begun_us;     /* wall clock */
    uint32_t table_count; /* of the devices that the server was told of */
    bool told;
    int64_t tell_us; /* when to tell it; later after each failure */
    int failures;
};

/* Starts to log to a run.
 *
 *   node   short name of this machine.
 *   w      a free place; its board has been made.
 *
 * Fails as track_init and track_start_run; then the place is free again.
 */
track_status watch_start(struct watch *w, const char *root, const char *node,
                         const struct watch_request *rq, track_error *err);

/* Adds a subscriber; the same one twice is one.  TRACK_TOO_LARGE  there are 64. */
track_status watch_add(struct watch *w, const struct watch_request *rq, track_error *err);

/* Removes the subscriber with this number; true if none is left. */
bool watch_remove(struct watch *w, int pid);

/* Removes subscribers that are gone; true if none is left. */
bool watch_check(struct watch *w, const char *root);

/* Logs the window: of the machine, then of this run. */
void watch_flush(struct watch *w, const char *node, struct board *host, int64_t now_us);

/* Closes the writer; waits for the server, a second at most.  The place is free. */
void watch_finish(struct watch *w);

/* Tells the server what devices there are and what cannot be measured: document "devices" of the
 * run.  Parts of other nodes are kept.  Tried again, later and later, until it works. */
void watch_tell(struct watch *w, const char *node, const struct devices *d,
                const struct missing *host, int64_t now_us);

/* Leaves the document in the spool if the server has never been told: it goes with the points, and
 * then replaces what other nodes have said. */
void watch_tell_later(struct watch *w, const char *node, const struct devices *d,
                      const struct missing *host);
#endif
