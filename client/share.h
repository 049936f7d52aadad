/* share - which part of a device's work and memory is a run's.
 *
 * Every value says on what it rests (its basis): the driver's list of processes, or that the device
 * is this run's alone, or nothing; then the device's values are shown as the device's, never as the
 * run's.
 * Uses: devices, procs.
 */
#ifndef CLIENT_SHARE_H
#define CLIENT_SHARE_H
#include "devices.h"

enum share_basis {
    SHARE_PROCESS,   /* "process": by the driver's list of processes */
    SHARE_EXCLUSIVE, /* "device_exclusive": process numbers are of no use, the device is the run's
                      */
    SHARE_SHARED     /* "device_shared": only the device as a whole is known */
};

/* As documents and replies spell it. */
const char *share_name(enum share_basis basis);

/* What can be known here.
 *
 *   exclusive  the run says that its devices are its own (allocated by a scheduler).
 *
 * The driver reports numbers of the host's process table; they mean something only to a sampler in
 * the first PID namespace.
 * Source: NVIDIA/nvidia-docker issue 1483; proc(5), namespaces(7).
 */
enum share_basis share_check(const char *root, bool exclusive);

/* Divides lists that are complete, for one run, into its board: "gpu0/run/mem_bytes",
 * "gpu0/run/sm_pct", and the same of all others as "gpu0/other/...".
 *
 *   run    index of the run in the last scan of procs.
 *   used   in and out, a bit a device that the run was seen on: before that there are no values.
 */
struct share_job {
    const struct procs *procs;
    int run;
    enum share_basis basis;
    uint64_t *used;
    struct board *board;
};
void share_sample(const struct devices *d, const struct share_job *job);

/* Marks all lists as divided, so that each is counted once. */
void share_end(struct devices *d);
#endif
