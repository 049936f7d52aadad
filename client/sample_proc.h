/* sample_proc - the machine as /proc shows it: processors, memory, disks, pressure, file systems.
 *
 * Keys as in docs/system-metrics.md: "cpu/busy_pct", "disk/sda/read_bytes".  Counters are logged as
 * what they grew by in the window; gauges as their mean, with the maximum beside some.
 * Uses: board, missing, sys.
 */
#ifndef CLIENT_SAMPLE_PROC_H
#define CLIENT_SAMPLE_PROC_H
#include "board.h"
#include "missing.h"
#include "sys.h"

enum { HOST_DISKS_MAX = 32, HOST_CPU_TIMES = 8, HOST_PSI = 5 };

struct host_disk {
    char name[32];
    bool whole; /* a device of its own, no partition or loop */
    struct counter read, written, busy_ms;
};

/* What a sampler of the host remembers between two looks. */
struct host {
    const char *root;
    double cpu_times[HOST_CPU_TIMES];
    bool cpu_seen;
    struct host_disk disks[HOST_DISKS_MAX];
    size_t disk_count;
    struct counter psi_us[HOST_PSI];
    int64_t disks_us, psi_at_us; /* when they were read; 0: never */
};

/* root is kept; "" in the product. */
void host_init(struct host *h, const char *root);

/* Looks once a second: processors and memory. */
void host_sample_fast(struct host *h, struct board *board);

/* Looks every five seconds: disks, pressure. */
void host_sample(struct host *h, int64_t now_us, struct board *board);

/* Looks once a minute: space of the file systems that are on a disk of this machine. */
void host_sample_space(struct host *h, struct board *board);

/* Says what this machine does not have. */
void host_check(const struct host *h, struct missing *missing);
#endif
