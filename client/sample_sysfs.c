#include "sample_sysfs.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *file, *name;
} net_rows[NET_COUNTERS] = {{"rx_bytes", "rx_bytes"},
                            {"tx_bytes", "tx_bytes"},
                            {"rx_dropped", "rx_dropped"},
                            {"tx_errors", "tx_errors"}};

static bool net_add(void *data, const char *name)
{
    struct nets *n = data;
    char path[SYS_PATH_MAX];
    int size = snprintf(path, sizeof path, "/sys/class/net/%s/device", name);
    if (size > 0 && size < SYS_PATH_MAX && strlen(name) < sizeof n->list[0].name &&
        sys_exists(n->root, path)) {
        snprintf(n->list[n->count++].name, sizeof n->list[0].name, "%s", name);
    }
    return n->count < NETS_MAX;
}

void nets_init(struct nets *n, const char *root)
{
    *n = (struct nets){.root = root};
    sys_list(root, "/sys/class/net", net_add, n);
}

void nets_sample(struct nets *n, struct board *board)
{
    for (size_t i = 0; i < n->count; i++) {
        char path[SYS_PATH_MAX], prefix[48];
        snprintf(prefix, sizeof prefix, "net/%s/", n->list[i].name);
        for (size_t c = 0; c < NET_COUNTERS; c++) {
            uint64_t now;
            struct counter *counter = &n->list[i].counters[c];
            bool seen = counter->seen;
            snprintf(path, sizeof path, "/sys/class/net/%s/statistics/%s", n->list[i].name,
                     net_rows[c].file);
            if (sys_read_number(n->root, path, &now)) {
                double grown = (double)counter_add(counter, now);
                if (seen) {
                    board_add(board, BOARD_SUM, prefix, net_rows[c].name, grown);
                }
            }
        }
    }
}

void clock_sample(const char *root, struct board *board)
{
    double sum = 0;
    int count = 0;
    for (int i = 0; i < 16; i++) {
        char path[128];
        uint64_t khz;
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/cpufreq/scaling_cur_freq", i);
        if (!sys_read_number(root, path, &khz)) {
            break;
        }
        sum += (double)khz / 1000;
        count++;
    }
    if (count > 0) {
        board_add(board, BOARD_MEAN, "cpu/", "freq_mhz", sum / count);
    }
}

/* The nearest group from c->path upwards whose memory.max is a number. */
static void limit_find(struct cgroup *c)
{
    char at[SYS_PATH_MAX], path[SYS_PATH_MAX + 80];
    snprintf(at, sizeof at, "%s", c->path);
    for (;;) {
        uint64_t limit;
        snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.max", at);
        if (sys_read_number(c->root, path, &limit)) {
            snprintf(c->limit, sizeof c->limit, "%s", at);
            return;
        }
        char *slash = strrchr(at, '/');
        if (slash == NULL || at[0] == '\0') {
            return;
        }
        *slash = '\0';
    }
}

void cgroup_init(struct cgroup *c, const char *root, int pid, struct missing *missing)
{
    struct sys_text text;
    char path[SYS_PATH_MAX];
    *c = (struct cgroup){.root = root};
    snprintf(path, sizeof path, "/proc/%d/cgroup", pid);
    if (!sys_read(root, path, &text)) {
        missing_add(missing, "cgroup", "/proc/%d/cgroup cannot be read", pid);
        return;
    }
    char *at = text.at, *found = NULL;
    for (char *line = sys_line(&at); line != NULL; line = sys_line(&at)) {
        found = strncmp(line, "0::", 3) == 0 ? line + 3 : found;
    }
    if (found == NULL || !sys_exists(root, "/sys/fs/cgroup/cgroup.controllers")) {
        missing_add(missing, "cgroup",
                    "control groups of version 1: the host's numbers stand alone");
        return;
    }
    snprintf(c->path, sizeof c->path, "%s", strcmp(found, "/") == 0 ? "" : found);
    snprintf(path, sizeof path, "/sys/fs/cgroup%.480s/memory.current", c->path);
    if (!sys_exists(root, path)) {
        missing_add(missing, "cgroup", "the process is in the root group, which has no numbers");
        c->path[0] = '\0';
        return;
    }
    limit_find(c);
}

/* A file of a group, as text; false if it is not there. */
static bool group_read(const struct cgroup *c, const char *group, const char *file,
                       struct sys_text *out)
{
    char path[SYS_PATH_MAX + 80];
    snprintf(path, sizeof path, "/sys/fs/cgroup%s/%s", group, file);
    return sys_read(c->root, path, out);
}

static void group_cpu(struct cgroup *c, int64_t now_us, struct board *board)
{
    struct sys_text text;
    uint64_t usage, throttled;
    double window_us = c->at_us == 0 ? 0 : (double)(now_us - c->at_us);
    if (!group_read(c, c->path, "cpu.stat", &text) ||
        !sys_find_number(text.at, "usage_usec ", &usage)) {
        return;
    }
    double used = (double)counter_add(&c->usage_us, usage);
    if (window_us > 0) {
        board_add(board, BOARD_MEAN, "cgroup/", "cpu_cores", used / window_us);
    }
    if (sys_find_number(text.at, "throttled_usec ", &throttled)) {
        double stalled = (double)counter_add(&c->throttled_us, throttled);
        if (window_us > 0) {
            double percent = 100 * stalled / window_us;
            board_add(board, BOARD_MEAN, "cgroup/", "throttled_pct", percent > 100 ? 100 : percent);
        }
    }
}

void cgroup_sample(struct cgroup *c, int64_t now_us, struct board *board)
{
    struct sys_text text;
    uint64_t value;
    if (c->path[0] == '\0') {
        return;
    }
    group_cpu(c, now_us, board);
    if (group_read(c, c->path, "memory.current", &text) && sys_find_number(text.at, "", &value)) {
        board_add(board, BOARD_PEAK, "cgroup/", "mem_bytes", (double)value);
    }
    if (c->limit[0] != '\0' && group_read(c, c->limit, "memory.max", &text) &&
        sys_find_number(text.at, "", &value)) {
        board_add(board, BOARD_LAST, "cgroup/", "mem_limit_bytes", (double)value);
    }
    if (group_read(c, c->path, "pids.current", &text) && sys_find_number(text.at, "", &value)) {
        board_add(board, BOARD_LAST, "cgroup/", "pids", (double)value);
    }
    if (group_read(c, c->path, "memory.events", &text) &&
        sys_find_number(text.at, "oom_kill ", &value)) {
        board_add(board, BOARD_SUM, "cgroup/", "oom_kills",
                  (double)counter_add(&c->oom_kills, value));
    }
    c->at_us = now_us;
}
