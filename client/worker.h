/* worker - the process that talks to the drivers of devices.
 *
 * `track agent-worker FD`: started by the sampler, writes into the ring behind FD once a second,
 * and ends when the sampler does.  It may hang or crash; the sampler goes on.
 * Uses: ring, sample_nvml.
 */
#ifndef CLIENT_WORKER_H
#define CLIENT_WORKER_H
#include "ring.h"

/* Works until the parent is gone.
 *
 * TRACK_INVALID      fd is no ring.
 * TRACK_UNSUPPORTED  there is no library of a device here; another try is of no use.
 * TRACK_UNREACHABLE  there is one, but no driver or no device that answers.
 */
track_status worker_run(int fd, track_error *err);

/* One look at every set, twice a second apart, for `track agent --once`.  Statuses as above. */
track_status worker_once(struct ring *ring, track_error *err);
#endif
