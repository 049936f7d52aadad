#include "sample_proc.h"

#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

enum { SECTOR_BYTES = 512, MOUNTS_MAX = 16 };

/* In the order of /proc/stat. */
enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL };

static const struct {
    const char *file, *line, *name;
} psi_rows[HOST_PSI] = {{"/proc/pressure/cpu", "some", "cpu_some_pct"},
                        {"/proc/pressure/io", "some", "io_some_pct"},
                        {"/proc/pressure/io", "full", "io_full_pct"},
                        {"/proc/pressure/memory", "some", "mem_some_pct"},
                        {"/proc/pressure/memory", "full", "mem_full_pct"}};

void host_init(struct host *h, const char *root)
{
    *h = (struct host){.root = root};
}

static void sample_cpu(struct host *h, struct board *board)
{
    struct sys_text text;
    double now[HOST_CPU_TIMES], change[HOST_CPU_TIMES], total = 0;
    if (!sys_read(h->root, "/proc/stat", &text) ||
        sscanf(text.at, "cpu %lf %lf %lf %lf %lf %lf %lf %lf", &now[USER], &now[NICE], &now[SYSTEM],
               &now[IDLE], &now[IOWAIT], &now[IRQ], &now[SOFTIRQ], &now[STEAL]) != HOST_CPU_TIMES) {
        return;
    }
    for (int i = 0; i < HOST_CPU_TIMES; i++) {
        change[i] = now[i] > h->cpu_times[i] ? now[i] - h->cpu_times[i] : 0;
        total += change[i];
        h->cpu_times[i] = now[i];
    }
    if (h->cpu_seen && total > 0) {
        double idle = change[IDLE] + change[IOWAIT];
        board_add(board, BOARD_PEAK, "cpu/", "busy_pct", 100 * (total - idle) / total);
        board_add(board, BOARD_MEAN, "cpu/", "iowait_pct", 100 * change[IOWAIT] / total);
        board_add(board, BOARD_MEAN, "cpu/", "steal_pct", 100 * change[STEAL] / total);
    }
    h->cpu_seen = true;
}

static void sample_memory(const struct host *h, struct board *board)
{
    struct sys_text text;
    uint64_t total, available, cached = 0, buffers = 0, swap = 0, swap_free = 0;
    if (!sys_read(h->root, "/proc/meminfo", &text) ||
        !sys_find_number(text.at, "MemTotal:", &total) ||
        !sys_find_number(text.at, "MemAvailable:", &available)) {
        return;
    }
    board_add(board, BOARD_PEAK, "mem/", "used_bytes", 1024.0 * (double)(total - available));
    board_add(board, BOARD_MEAN, "mem/", "available_bytes", 1024.0 * (double)available);
    if (sys_find_number(text.at, "Cached:", &cached) &&
        sys_find_number(text.at, "Buffers:", &buffers)) {
        board_add(board, BOARD_MEAN, "mem/", "cache_bytes", 1024.0 * (double)(cached + buffers));
    }
    if (sys_find_number(text.at, "SwapTotal:", &swap) && swap > 0 &&
        sys_find_number(text.at, "SwapFree:", &swap_free)) {
        board_add(board, BOARD_MEAN, "mem/", "swap_used_bytes",
                  1024.0 * (double)(swap - swap_free));
    }
}

void host_sample_fast(struct host *h, struct board *board)
{
    sample_cpu(h, board);
    sample_memory(h, board);
}

/* The disk of this name, met now for the first time or before; NULL when there are too many. */
static struct host_disk *disk_find(struct host *h, const char *name)
{
    for (size_t i = 0; i < h->disk_count; i++) {
        if (strcmp(h->disks[i].name, name) == 0) {
            return &h->disks[i];
        }
    }
    if (h->disk_count == HOST_DISKS_MAX) {
        return NULL;
    }
    char path[128];
    struct host_disk *d = &h->disks[h->disk_count++];
    snprintf(d->name, sizeof d->name, "%s", name);
    snprintf(path, sizeof path, "/sys/block/%s/device", name);
    d->whole = sys_exists(h->root, path);
    return d;
}

/* seconds: since the last look, 0 the first time. */
static void sample_disk(struct host *h, const char *line, double seconds, struct board *board)
{
    char name[32];
    unsigned long long read, written, busy_ms;
    if (sscanf(line, "%*u %*u %31s %*u %*u %llu %*u %*u %*u %llu %*u %*u %llu", name, &read,
               &written, &busy_ms) != 4) {
        return;
    }
    struct host_disk *d = disk_find(h, name);
    if (d == NULL || !d->whole) {
        return;
    }
    char prefix[64];
    bool seen = d->read.seen;
    uint64_t in = counter_add(&d->read, read), out = counter_add(&d->written, written);
    uint64_t busy = counter_add(&d->busy_ms, busy_ms);
    snprintf(prefix, sizeof prefix, "disk/%s/", name);
    if (seen && seconds > 0) {
        double percent = (double)busy / (10 * seconds);
        board_add(board, BOARD_SUM, prefix, "read_bytes", (double)in * SECTOR_BYTES);
        board_add(board, BOARD_SUM, prefix, "write_bytes", (double)out * SECTOR_BYTES);
        board_add(board, BOARD_MEAN, prefix, "busy_pct", percent > 100 ? 100 : percent);
    }
}

static void sample_pressure(struct host *h, double seconds, struct board *board)
{
    for (int i = 0; i < HOST_PSI; i++) {
        struct sys_text text;
        uint64_t total;
        if (!sys_read(h->root, psi_rows[i].file, &text)) {
            continue;
        }
        char *line = strstr(text.at, psi_rows[i].line);
        char *at = line == NULL ? NULL : strstr(line, "total=");
        if (at == NULL || !sys_find_number(at, "total=", &total)) {
            continue;
        }
        bool seen = h->psi_us[i].seen;
        double stalled_us = (double)counter_add(&h->psi_us[i], total);
        if (seen && seconds > 0) {
            double percent = stalled_us / (1e4 * seconds);
            board_add(board, BOARD_MEAN, "psi/", psi_rows[i].name, percent > 100 ? 100 : percent);
        }
    }
}

static void sample_load(const struct host *h, struct board *board)
{
    struct sys_text text;
    double load;
    if (sys_read(h->root, "/proc/loadavg", &text) && sscanf(text.at, "%lf", &load) == 1) {
        board_add(board, BOARD_LAST, "cpu/", "load1", load);
    }
}

void host_sample(struct host *h, int64_t now_us, struct board *board)
{
    struct sys_text text;
    double seconds = h->disks_us == 0 ? 0 : (double)(now_us - h->disks_us) * 1e-6;
    if (sys_read(h->root, "/proc/diskstats", &text)) {
        char *at = text.at;
        for (char *line = sys_line(&at); line != NULL; line = sys_line(&at)) {
            sample_disk(h, line, seconds, board);
        }
        h->disks_us = now_us;
    }
    sample_pressure(h, h->psi_at_us == 0 ? 0 : (double)(now_us - h->psi_at_us) * 1e-6, board);
    h->psi_at_us = now_us;
    sample_load(h, board);
}

/* "/" is "root", "/mnt/big disk" is "mnt_big_disk". */
static void mount_name(const char *mount, char out[40])
{
    size_t n = 0;
    for (const char *at = mount + 1; *at != '\0' && n < 39; at++) {
        out[n++] = *at == '/' || *at == '\\' || *at == ' ' ? '_' : *at;
    }
    out[n] = '\0';
    if (n == 0) {
        snprintf(out, 40, "root");
    }
}

static void sample_mount(const struct host *h, const char *mount, struct board *board)
{
    struct statvfs fs;
    char full[SYS_PATH_MAX], name[40], prefix[64];
    snprintf(full, sizeof full, "%s%s", h->root, mount);
    if (statvfs(full, &fs) != 0 || fs.f_blocks == 0) {
        return;
    }
    mount_name(mount, name);
    snprintf(prefix, sizeof prefix, "fs/%s/", name);
    board_add(board, BOARD_LAST, prefix, "used_bytes",
              (double)(fs.f_blocks - fs.f_bfree) * (double)fs.f_frsize);
    board_add(board, BOARD_LAST, prefix, "free_bytes", (double)fs.f_bavail * (double)fs.f_frsize);
}

/* Only what lies on a device: a network file system may hang, the others have no space. */
void host_sample_space(struct host *h, struct board *board)
{
    struct sys_text text;
    char devices[MOUNTS_MAX][64], mount[256];
    size_t count = 0;
    if (!sys_read(h->root, "/proc/self/mounts", &text)) {
        return;
    }
    char *at = text.at;
    for (char *line = sys_line(&at); line != NULL && count < MOUNTS_MAX; line = sys_line(&at)) {
        bool known = sscanf(line, "%63s %255s", devices[count], mount) != 2 ||
                     strncmp(devices[count], "/dev/", 5) != 0 ||
                     strncmp(devices[count], "/dev/loop", 9) == 0;
        for (size_t i = 0; i < count && !known; i++) {
            known = strcmp(devices[i], devices[count]) == 0;
        }
        if (!known) {
            sample_mount(h, mount, board);
            count++;
        }
    }
}

void host_check(const struct host *h, struct missing *missing)
{
    if (!sys_exists(h->root, "/proc/stat")) {
        missing_add(missing, "cpu", "/proc/stat cannot be read");
    }
    if (!sys_exists(h->root, "/proc/diskstats")) {
        missing_add(missing, "disk", "/proc/diskstats cannot be read");
    }
    if (!sys_exists(h->root, "/proc/pressure/cpu")) {
        missing_add(missing, "psi", "this kernel has no /proc/pressure");
    }
}
