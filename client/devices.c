#include "devices.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HANG_US = 10 * 1000 * 1000, RESTART_US = 600 * 1000 * 1000, LATE_US = 10 * 1000 * 1000 };

extern char **environ;

static const struct {
    const char *name;
    enum board_kind kind;
    bool counts;
} metric_rows[DEVICE_METRIC_COUNT] = {
#define DEVICE_ROW(id, name, kind, counts) {name, kind, counts},
    DEVICE_METRICS(DEVICE_ROW)};

track_status devices_open(struct devices *d, const char *program, track_error *err)
{
    *d = (struct devices){.program = program, .fd = -1};
    for (size_t i = 0; i < DEVICES_MAX; i++) {
        d->list[i].mem_used_bytes = d->list[i].busy_pct = NAN;
    }
    return ring_open(&d->fd, &d->ring, err);
}

/* The worker inherits the ring as a descriptor without O_CLOEXEC. */
static void worker_start(struct devices *d, int64_t now_us)
{
    char number[16];
    int fd = fcntl(d->fd, F_DUPFD, 3);
    snprintf(number, sizeof number, "%d", fd);
    char *const argv[] = {(char *)(uintptr_t)d->program, (char *)(uintptr_t) "agent-worker", number,
                          NULL};
    d->started_us = now_us;
    atomic_store(&d->ring->beat_us, now_us);
    if (fd < 0 || posix_spawn(&d->worker, d->program, NULL, NULL, argv, environ) != 0) {
        d->worker = 0;
        d->hopeless = true;
        missing_add(&d->table.missing, "gpu", "the device worker cannot be started");
    }
    if (fd >= 0) {
        close(fd);
    }
}

static void worker_ended(struct devices *d, int status)
{
    d->worker = 0;
    d->known = true;
    d->hopeless = WIFEXITED(status) && WEXITSTATUS(status) == 12; /* TRACK_UNSUPPORTED */
    if (WIFSIGNALED(status) && !d->hung) {
        missing_add(&d->table.missing, "gpu worker", "ended by signal %d; again in 10 minutes",
                    WTERMSIG(status));
        d->table_count++;
    }
}

void devices_check(struct devices *d, int64_t now_us)
{
    int status;
    if (d->worker > 0 && waitpid(d->worker, &status, WNOHANG) == d->worker) {
        worker_ended(d, status);
    }
    if (d->worker > 0 && now_us - atomic_load(&d->ring->beat_us) > HANG_US && !d->hung) {
        d->hung = true;
        d->known = true;
        missing_add(&d->table.missing, "gpu worker",
                    "gpu_unresponsive: no answer for 10 s, killed");
        d->table_count++;
        kill(d->worker, SIGKILL);
    }
    bool again = d->started_us == 0 || now_us - d->started_us > RESTART_US;
    if (d->worker == 0 && !d->hopeless && again) {
        d->hung = false;
        worker_start(d, now_us);
    }
}

void devices_close(struct devices *d)
{
    if (d->worker > 0) {
        kill(d->worker, SIGKILL);
        waitpid(d->worker, NULL, d->hung ? WNOHANG : 0);
        d->worker = 0;
    }
    ring_close(d->ring);
    d->ring = NULL;
    if (d->fd >= 0) {
        close(d->fd);
        d->fd = -1;
    }
}

static void list_add(struct device_list *list, const struct ring_record *r)
{
    if (list->complete) { /* the next list begins */
        list->complete = false;
        list->count = 0;
    }
    if (list->count < DEVICE_PROCS_MAX) {
        list->rows[list->count].pid = r->pid;
        list->rows[list->count++].value = r->value;
    }
}

static void list_end(struct device_list *list)
{
    list->count = list->complete ? 0 : list->count; /* two ends in a row: nobody is there */
    list->complete = true;
}

/* Power over time, until the device turns out to count its energy itself. */
static void power_add(struct device *dev, const struct ring_record *r)
{
    int64_t gone_us = r->time_us - dev->power_us;
    if (!dev->energy_counted && dev->power_us != 0 && gone_us > 0 && gone_us < LATE_US) {
        dev->energy_j += r->value * (double)gone_us * 1e-6;
    }
    dev->power_us = r->time_us;
}

static void metric_add(struct device *dev, const struct ring_record *r, const char *prefix,
                       struct board *board)
{
    double value = r->value;
    if (metric_rows[r->metric].counts) {
        double last = dev->counters[r->metric].last;
        bool seen = dev->counters[r->metric].seen;
        dev->counters[r->metric].last = value;
        dev->counters[r->metric].seen = true;
        if (r->metric == DEVICE_ENERGY) {
            dev->energy_j = dev->energy_counted ? dev->energy_j : 0;
            dev->energy_counted = true;
        }
        if (!seen) {
            return;
        }
        value = value >= last ? value - last : value; /* it fell: the driver was loaded anew */
        dev->energy_j += r->metric == DEVICE_ENERGY ? value : 0;
    }
    if (r->metric == DEVICE_POWER) {
        power_add(dev, r);
    }
    dev->mem_used_bytes = r->metric == DEVICE_MEM_USED ? value : dev->mem_used_bytes;
    dev->busy_pct = r->metric == DEVICE_BUSY ? value : dev->busy_pct;
    board_add(board, metric_rows[r->metric].kind, prefix, metric_rows[r->metric].name, value);
}

static void record_add(struct devices *d, const struct ring_record *r, struct board *board)
{
    if (r->device >= DEVICES_MAX) {
        return;
    }
    char prefix[16];
    struct device *dev = &d->list[r->device];
    snprintf(prefix, sizeof prefix, "gpu%u/", r->device);
    switch (r->metric) {
    case DEVICE_PROC_MEM:
        list_add(&dev->mem, r);
        break;
    case DEVICE_PROC_MEM_END:
        list_end(&dev->mem);
        break;
    case DEVICE_PROC_SM:
        list_add(&dev->sm, r);
        break;
    case DEVICE_PROC_SM_END:
        list_end(&dev->sm);
        break;
    case DEVICE_LOST:
        dev->lost = r->value > 0;
        board_add(board, BOARD_LAST, prefix, "lost", r->value);
        break;
    default:
        if (r->metric < DEVICE_METRIC_COUNT) {
            metric_add(dev, r, prefix, board);
        }
    }
}

/* What the sampler itself has to say of the worker is kept beside what the worker says. */
static void table_read(struct devices *d)
{
    uint32_t written = atomic_load(&d->ring->table_count);
    struct missing own = d->table.missing;
    if (written == 0 || !ring_get_table(d->ring, &d->table)) {
        return;
    }
    for (size_t i = 0; i < own.count; i++) {
        if (strcmp(own.rows[i].what, "gpu worker") == 0) {
            missing_add(&d->table.missing, own.rows[i].what, "%s", own.rows[i].why);
        }
    }
    d->known = true;
    d->table_count++;
    atomic_fetch_sub(&d->ring->table_count, written);
}

void devices_drain(struct devices *d, struct board *board)
{
    struct ring_record r;
    table_read(d);
    while (ring_get(d->ring, &d->at, &r)) {
        record_add(d, &r, board);
    }
}

void devices_want_lists(struct devices *d)
{
    atomic_store(&d->ring->want_lists, 1);
}
