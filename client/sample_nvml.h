/* sample_nvml - NVIDIA GPUs, by the driver's own library, into a ring.
 *
 * Runs in the device worker, a process of its own: a GPU that fell off the bus may block a call for
 * ever.  Each metric of each device switches itself off when the driver does not support it, and
 * says so in the table's `missing`; nothing else suffers.
 * Uses: nvml, ring.
 */
#ifndef CLIENT_SAMPLE_NVML_H
#define CLIENT_SAMPLE_NVML_H
#include "../core/arena.h"
#include "ring.h"

struct nvml;

/* Loads libnvidia-ml.so.1, starts it, finds the devices, and writes the table into the ring,
 * whether this works or not.
 *
 *   arena  holds all of it.
 *   out    to be given to nvml_close; set only on TRACK_OK.
 *
 * TRACK_UNSUPPORTED  there is no such library, or it lacks what cannot be done without.
 * TRACK_UNREACHABLE  the driver is not loaded or of another version; worth another try in 10 min.
 * TRACK_NOMEM        the arena's limit.
 */
track_status nvml_open(struct arena *arena, struct ring *ring, struct nvml **out, track_error *err);
void nvml_close(struct nvml *n);

/* What to look at; together in one call when their times coincide. */
enum nvml_set {
    NVML_FAST = 1, /* once a second: load, memory, power */
    NVML_FULL = 2, /* every 5 s: energy, temperature, clocks, share of each process */
    NVML_SLOW = 4, /* once a minute: throttling, limits, PCIe */
    NVML_LISTS = 8 /* processes with their memory; holds a lock of the driver for milliseconds */
};

/* Reads the sets of all devices; the ring's beat is renewed at every device.
 *
 *   now_us   wall clock, of the records.
 *
 * Tests: tests/client/test_nvml.c
 */
void nvml_sample(struct nvml *n, unsigned sets, int64_t now_us);
#endif
