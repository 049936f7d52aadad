#include "nvml_gpu.h"

#include <math.h>
#include <string.h>

typedef int nvml_list(nvml_handle, unsigned *, void *);

/* Adds one of the driver's three lists; enlarges at most three times. */
static int list_add(struct nvml *n, struct gpu *g, nvml_list *call, unsigned variant)
{
    unsigned count = 0, room = 64;
    size_t size = variant == 2 ? sizeof(struct nvml_process_v1) : sizeof(struct nvml_process);
    int code = NVML_TOO_SMALL;
    for (int i = 0; i <= 3 && code == NVML_TOO_SMALL; i++) {
        count = room = count > room ? count + count / 2 : room;
        count = room = room > NVML_PIDS_MAX ? NVML_PIDS_MAX : room;
        code = call(g->handle, &count, n->room);
        room = room + room / 2;
    }
    for (unsigned i = 0; code == NVML_OK && i < count && g->pid_count < NVML_PIDS_MAX; i++) {
        struct nvml_process_v1 p; /* the common front of both layouts */
        memcpy(&p, (const char *)n->room + i * size, sizeof p);
        g->pids[g->pid_count++] = p.pid;
        gpu_put(n, g,
                &(struct ring_record){.metric = DEVICE_PROC_MEM,
                                      .pid = p.pid,
                                      .value = p.used == UINT64_MAX ? NAN : (double)p.used});
    }
    return code;
}

void gpu_sample_lists(struct nvml *n, struct gpu *g)
{
    if (n->call.compute == NULL || !gpu_reading_on(n, g, LIST_MEMORY)) {
        return;
    }
    g->pid_count = 0;
    int code = list_add(n, g, n->call.compute, n->variant[CALL_compute]);
    if (code == NVML_OK && n->call.mps != NULL) {
        list_add(n, g, n->call.mps, n->variant[CALL_mps]);
    }
    if (code == NVML_OK && n->call.graphics != NULL) {
        list_add(n, g, n->call.graphics, n->variant[CALL_graphics]);
    }
    if (gpu_reading_check(n, g, LIST_MEMORY, code)) {
        gpu_put_value(n, g, DEVICE_PROC_MEM_END, (double)g->pid_count);
    }
}

static bool pid_known(const struct gpu *g, uint32_t pid)
{
    for (size_t i = 0; i < g->pid_count; i++) {
        if (g->pids[i] == pid) {
            return true;
        }
    }
    return false;
}

/* One row of the driver: dropped when it is old, of nobody, or absurd (such rows were seen). */
static void share_put(struct nvml *n, struct gpu *g, uint64_t since_us,
                      const struct nvml_process_share *s)
{
    if (s->time_us <= since_us || s->sm > 100 || s->memory > 100 || !pid_known(g, s->pid)) {
        return;
    }
    g->shares_seen_us = s->time_us > g->shares_seen_us ? s->time_us : g->shares_seen_us;
    if (since_us == 0) {
        return; /* of a time before we looked */
    }
    gpu_put(n, g, &(struct ring_record){.metric = DEVICE_PROC_SM, .pid = s->pid, .value = s->sm});
}

static int shares_new(struct nvml *n, struct gpu *g)
{
    struct nvml_process_share *list = n->room;
    struct nvml_process_shares all = {.version = NVML_SHARES_V1,
                                      .count = NVML_PIDS_MAX,
                                      .last_seen_us = g->shares_seen_us,
                                      .list = list};
    uint64_t since_us = g->shares_seen_us;
    int code = n->call.shares(g->handle, &all);
    for (unsigned i = 0; code == NVML_OK && i < all.count && i < NVML_PIDS_MAX; i++) {
        share_put(n, g, since_us, &list[i]);
    }
    return code;
}

static int shares_old(struct nvml *n, struct gpu *g)
{
    struct nvml_process_sample *list = n->room;
    unsigned count = NVML_PIDS_MAX;
    uint64_t since_us = g->shares_seen_us;
    int code = n->call.samples(g->handle, list, &count, since_us);
    for (unsigned i = 0; code == NVML_OK && i < count && i < NVML_PIDS_MAX; i++) {
        struct nvml_process_share s = {.time_us = list[i].time_us,
                                       .pid = list[i].pid,
                                       .sm = list[i].sm,
                                       .memory = list[i].memory};
        share_put(n, g, since_us, &s);
    }
    return code;
}

/* Share of the processors of each process since the last time.  NOT_FOUND says that nothing ran:
 * a complete list without rows if the device was idle, else nothing is known. */
void gpu_sample_shares(struct nvml *n, struct gpu *g)
{
    bool first = g->shares_seen_us == 0;
    if (!gpu_reading_on(n, g, LIST_SHARES)) {
        return;
    }
    int code = n->call.shares == NULL ? NVML_FUNCTION_ABSENT : shares_new(n, g);
    if (code == NVML_FUNCTION_ABSENT || code == NVML_VERSION || code == NVML_NOT_SUPPORTED) {
        code = n->call.samples == NULL ? code : shares_old(n, g);
    }
    bool idle = code == NVML_NOT_FOUND && g->busy <= 0;
    if ((gpu_reading_check(n, g, LIST_SHARES, code) && !first) || idle) {
        gpu_put_value(n, g, DEVICE_PROC_SM_END, 0);
    }
}
