/* sample_sysfs - the machine as /sys shows it: network, clock of the processors, cgroup of a run.
 *
 * Uses: board, missing, sys.
 */
#ifndef CLIENT_SAMPLE_SYSFS_H
#define CLIENT_SAMPLE_SYSFS_H
#include "board.h"
#include "missing.h"
#include "sys.h"

enum { NETS_MAX = 16, NET_COUNTERS = 4 };

struct net {
    char name[32];
    struct counter counters[NET_COUNTERS];
};

/* Interfaces that have a device behind them: no loopback, bridge, tunnel or container's end. */
struct nets {
    const char *root;
    struct net list[NETS_MAX];
    size_t count;
};

/* Finds the interfaces.  root is kept. */
void nets_init(struct nets *n, const char *root);
void nets_sample(struct nets *n, struct board *board);

/* Mean clock of up to 16 processors, as "cpu/freq_mhz"; nothing where the kernel does not say. */
void clock_sample(const char *root, struct board *board);

/* The control group (version 2) that a process is in. */
struct cgroup {
    const char *root;
    char path[SYS_PATH_MAX];  /* below /sys/fs/cgroup, "" if there is none to read */
    char limit[SYS_PATH_MAX]; /* the nearest group with a memory limit, "" if there is none */
    struct counter usage_us, throttled_us, oom_kills;
    int64_t at_us; /* when it was read; 0: never */
};

/* Finds the group of a process; says so in missing where only version 1, or no group, is there:
 * then the numbers of the host stand for it. */
void cgroup_init(struct cgroup *c, const char *root, int pid, struct missing *missing);
void cgroup_sample(struct cgroup *c, int64_t now_us, struct board *board);
#endif
