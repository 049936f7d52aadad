#include "sample_nvml.h"

#include "nvml_gpu.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct {
    const char *symbols[3];
    size_t offset;
} call_rows[CALL_COUNT] = {
#define NVML_ROW(member, s1, s2, s3, signature) {{s1, s2, s3}, offsetof(struct nvml_calls, member)},
    NVML_CALLS(NVML_ROW)};

static void calls_load(struct nvml *n)
{
    for (size_t i = 0; i < CALL_COUNT; i++) {
        for (unsigned v = 0; v < 3 && call_rows[i].symbols[v] != NULL; v++) {
            void *symbol = dlsym(n->library, call_rows[i].symbols[v]);
            if (symbol != NULL) {
                memcpy((char *)&n->call + call_rows[i].offset, &symbol, sizeof symbol);
                n->variant[i] = v;
                break;
            }
        }
    }
}

static track_status library_open(struct nvml *n, track_error *err)
{
    n->library = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
    if (n->library == NULL) {
        return FAIL(err, TRACK_UNSUPPORTED, "no NVIDIA driver library (libnvidia-ml.so.1) here");
    }
    calls_load(n);
    if (!n->call.init || !n->call.shutdown || !n->call.count || !n->call.handle) {
        return FAIL(err, TRACK_UNSUPPORTED, "libnvidia-ml.so.1 is too old");
    }
    int code = n->call.init();
    if (code == NVML_DRIVER_ABSENT || code == NVML_MISMATCH || code == NVML_LIBRARY_ABSENT) {
        return FAIL(err, TRACK_UNREACHABLE, "%s",
                    code == NVML_MISMATCH ? "NVIDIA driver and library are of different versions"
                                          : "the NVIDIA driver is not loaded");
    }
    return code == NVML_OK ? TRACK_OK
                           : FAIL(err, TRACK_UNREACHABLE, "nvmlInit_v2 answers %d", code);
}

static int compare_pci(const void *a, const void *b)
{
    const struct nvml_pci *l = &((const struct gpu *)a)->pci, *r = &((const struct gpu *)b)->pci;
    const unsigned left[] = {l->domain, l->bus, l->device},
                   right[] = {r->domain, r->bus, r->device};
    for (int i = 0; i < 3; i++) {
        if (left[i] != right[i]) {
            return left[i] < right[i] ? -1 : 1;
        }
    }
    return 0;
}

static void device_describe(const struct nvml *n, const struct gpu *g, struct device_info *out)
{
    struct nvml_memory_v2 memory = {.version = NVML_MEMORY_V2};
    struct nvml_memory older = {0};
    unsigned limit_mw = 0;
    *out = (struct device_info){.lost = g->lost};
    snprintf(out->pci, sizeof out->pci, "%.31s", g->pci.bus_id);
    if (n->call.name != NULL) {
        n->call.name(g->handle, out->name, sizeof out->name);
    }
    if (n->call.uuid != NULL) {
        n->call.uuid(g->handle, out->uuid, sizeof out->uuid);
    }
    if (n->call.vbios != NULL) {
        n->call.vbios(g->handle, out->vbios, sizeof out->vbios);
    }
    if (n->call.capability != NULL) {
        n->call.capability(g->handle, &out->major, &out->minor);
    }
    if (n->call.power_limit != NULL && n->call.power_limit(g->handle, &limit_mw) == NVML_OK) {
        out->power_limit_w = limit_mw / 1000.0;
    }
    if (n->call.memory_v2 != NULL && n->call.memory_v2(g->handle, &memory) == NVML_OK) {
        out->mem_total_bytes = (double)memory.total;
    } else if (n->call.memory != NULL && n->call.memory(g->handle, &older) == NVML_OK) {
        out->mem_total_bytes = (double)older.total;
    }
}

static void driver_describe(const struct nvml *n, struct device_table *table)
{
    int cuda = 0;
    snprintf(table->vendor, sizeof table->vendor, "nvidia");
    if (n->call.driver != NULL) {
        n->call.driver(table->driver, sizeof table->driver);
    }
    if (n->call.cuda != NULL && n->call.cuda(&cuda) == NVML_OK) {
        snprintf(table->cuda, sizeof table->cuda, "%d.%d", cuda / 1000, cuda % 1000 / 10);
    }
}

/* Tells the sampler what there is. */
static void table_publish(struct nvml *n)
{
    n->table->count = (uint32_t)n->count;
    for (size_t i = 0; i < n->count; i++) {
        if (n->gpus[i].usable) {
            device_describe(n, &n->gpus[i], &n->table->list[i]);
        }
    }
    ring_put_table(n->ring, n->table);
}

static void beat(struct ring *ring)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    atomic_store(&ring->beat_us, (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000);
}

static track_status devices_find(struct nvml *n, track_error *err)
{
    unsigned count = 0;
    int code = n->call.count(&count);
    if (code != NVML_OK || count == 0) {
        return FAIL(err, TRACK_UNREACHABLE, "%s",
                    code == NVML_OK ? "the driver sees no NVIDIA GPU" : "GPUs cannot be counted");
    }
    for (unsigned i = 0; i < count && n->count < DEVICES_MAX; i++) {
        struct gpu *g = &n->gpus[n->count];
        *g = (struct gpu){.index = i, .busy = NAN};
        beat(n->ring);
        code = n->call.handle(i, &g->handle);
        g->usable = code == NVML_OK;
        g->lost = code == NVML_LOST || code == NVML_RESET;
        if (g->usable && n->call.pci != NULL) {
            n->call.pci(g->handle, &g->pci);
        }
        if (!g->usable) {
            char what[32];
            snprintf(what, sizeof what, "gpu#%u", i);
            missing_add(&n->table->missing, what,
                        code == NVML_NO_PERMISSION ? "no permission to open driver index %u"
                                                   : "driver index %u cannot be opened",
                        i);
            continue; /* the driver counts devices that we may not open */
        }
        n->count++;
    }
    qsort(n->gpus, n->count, sizeof *n->gpus, compare_pci);
    return TRACK_OK;
}

track_status nvml_open(struct arena *arena, struct ring *ring, struct nvml **out, track_error *err)
{
    struct nvml *n = ARENA_NEW(arena, struct nvml);
    struct device_table *table = ARENA_NEW(arena, struct device_table);
    struct gpu *gpus = ARENA_ARRAY(arena, struct gpu, DEVICES_MAX);
    void *room = arena_alloc(arena, NVML_PIDS_MAX * sizeof(struct nvml_process_share), 16);
    if (n == NULL || table == NULL || gpus == NULL || room == NULL) {
        return FAIL(err, TRACK_NOMEM, "a table of devices");
    }
    *n = (struct nvml){.ring = ring, .table = table, .gpus = gpus, .room = room};
    beat(ring);
    track_error why = {0};
    track_status status = library_open(n, &why);
    if (status == TRACK_OK) {
        driver_describe(n, table);
        status = devices_find(n, &why);
    }
    if (status != TRACK_OK) {
        missing_add(&table->missing, "gpu", "%s", why.message);
        ring_put_table(ring, table);
        nvml_close(n);
        return FAIL(err, status, "%s", why.message);
    }
    table_publish(n);
    *out = n;
    return TRACK_OK;
}

void nvml_close(struct nvml *n)
{
    if (n->library != NULL) {
        n->call.shutdown == NULL ? 0 : n->call.shutdown();
        dlclose(n->library);
        n->library = NULL;
    }
}

/* A device that was lost is tried again once a minute. */
static void device_retry(struct nvml *n, struct gpu *g)
{
    if (n->now_us - g->lost_us < NVML_LOST_RETRY_US) {
        return;
    }
    g->lost_us = n->now_us;
    struct nvml_utilization u;
    if (n->call.handle(g->index, &g->handle) == NVML_OK &&
        (n->call.utilization == NULL || n->call.utilization(g->handle, &u) != NVML_LOST)) {
        g->lost = false;
        gpu_put_value(n, g, DEVICE_LOST, 0);
        table_publish(n);
    }
}

void nvml_sample(struct nvml *n, unsigned sets, int64_t now_us)
{
    n->now_us = now_us;
    for (size_t i = 0; i < n->count; i++) {
        beat(n->ring);
        if (n->gpus[i].lost) {
            device_retry(n, &n->gpus[i]);
        }
        if (!n->gpus[i].lost) {
            gpu_sample(n, &n->gpus[i], sets);
        }
    }
    beat(n->ring);
}
