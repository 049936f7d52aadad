#include "share.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Inode of the first PID namespace, the same on every Linux (include/linux/proc_ns.h). */
#define FIRST_NAMESPACE "pid:[4026531836]"

const char *share_name(enum share_basis basis)
{
    static const char *const names[] = {"process", "device_exclusive", "device_shared"};
    return names[basis];
}

enum share_basis share_check(const char *root, bool exclusive)
{
    char link[64];
    bool first = sys_read_link(root, "/proc/self/ns/pid", link, sizeof link) &&
                 strcmp(link, FIRST_NAMESPACE) == 0;
    return first ? SHARE_PROCESS : exclusive ? SHARE_EXCLUSIVE : SHARE_SHARED;
}

/* Sum over the processes of the run; NaN if one of them is not known. */
static double list_sum(const struct device_list *list, const struct share_job *job, bool *found)
{
    double sum = 0;
    *found = false;
    for (size_t i = 0; i < list->count; i++) {
        const struct proc *proc = procs_find(job->procs, (int)list->rows[i].pid);
        if (proc != NULL && proc->run == job->run) {
            sum += list->rows[i].value;
            *found = true;
        }
    }
    return sum;
}

static double most(double value, double limit)
{
    return value > limit ? limit : value;
}

/* NaN is passed on: the board leaves it out. */
static void share_put(const struct share_job *job, const char *gpu, const char *name,
                      const double run_and_device[2])
{
    char prefix[32];
    double run = run_and_device[0], rest = run_and_device[1] - run;
    snprintf(prefix, sizeof prefix, "%s/run/", gpu);
    board_add(job->board, BOARD_PEAK, prefix, name, run);
    snprintf(prefix, sizeof prefix, "%s/other/", gpu);
    board_add(job->board, BOARD_PEAK, prefix, name, rest < 0 ? 0 : rest);
}

static double list_all(const struct device_list *list)
{
    double sum = 0;
    for (size_t i = 0; i < list->count; i++) {
        sum += list->rows[i].value;
    }
    return most(sum, 100);
}

static void device_share(const struct device *dev, size_t number, const struct share_job *job)
{
    char gpu[16];
    bool found = false;
    uint64_t bit = (uint64_t)1 << number;
    snprintf(gpu, sizeof gpu, "gpu%zu", number);
    if (dev->mem.complete) {
        double run = list_sum(&dev->mem, job, &found);
        *job->used |= found ? bit : 0;
        if ((*job->used & bit) != 0) {
            share_put(job, gpu, "mem_bytes", (double[2]){run, dev->mem_used_bytes});
        }
    }
    if (dev->sm.complete && (*job->used & bit) != 0) {
        double run = most(list_sum(&dev->sm, job, &found), 100);
        share_put(job, gpu, "sm_pct", (double[2]){run, list_all(&dev->sm)});
    }
}

void share_sample(const struct devices *d, const struct share_job *job)
{
    for (size_t i = 0; i < DEVICES_MAX && i < d->table.count; i++) {
        const struct device *dev = &d->list[i];
        if (job->basis == SHARE_PROCESS) {
            device_share(dev, i, job);
        } else if (job->basis == SHARE_EXCLUSIVE && isfinite(dev->mem_used_bytes)) {
            char prefix[32];
            snprintf(prefix, sizeof prefix, "gpu%zu/run/", i);
            board_add(job->board, BOARD_PEAK, prefix, "mem_bytes", dev->mem_used_bytes);
            board_add(job->board, BOARD_PEAK, prefix, "busy_pct", dev->busy_pct);
        }
    }
}

void share_end(struct devices *d)
{
    for (size_t i = 0; i < DEVICES_MAX; i++) {
        if (d->list[i].mem.complete) {
            d->list[i].mem.count = 0;
        }
        if (d->list[i].sm.complete) {
            d->list[i].sm.count = 0;
        }
        d->list[i].mem.complete = d->list[i].sm.complete = false;
    }
}
