/* The layouts of client/nvml.h against those that the fake driver writes, which were written down
 * apart from them: nothing is written behind a structure, and each value lands where we read it. */
#include "../../client/nvml.h"
#include "../harness.h"
#include "fake_nvml.h"

#include <string.h>

int nvmlDeviceGetUtilizationRates(void *, void *);
int nvmlDeviceGetMemoryInfo(void *, void *);
int nvmlDeviceGetMemoryInfo_v2(void *, void *);
int nvmlDeviceGetPciInfo_v3(void *, void *);
int nvmlDeviceGetFieldValues(void *, int, void *);
int nvmlDeviceGetComputeRunningProcesses(void *, unsigned *, void *);
int nvmlDeviceGetComputeRunningProcesses_v3(void *, unsigned *, void *);
int nvmlDeviceGetProcessUtilization(void *, void *, unsigned *, uint64_t);
int nvmlDeviceGetProcessesUtilizationInfo(void *, void *);

enum { GUARD = 64, ROOM = 4096 };

/* Bytes that a call may write into, and a guard behind the `size` that belong to it. */
struct guarded {
    _Alignas(16) unsigned char at[ROOM];
    size_t size;
};

static void guard_set(struct guarded *g, size_t size)
{
    memset(g->at, 0xa5, sizeof g->at);
    memset(g->at, 0, size);
    g->size = size;
}

static bool guard_kept(const struct guarded *g)
{
    for (size_t i = 0; i < GUARD; i++) {
        if (g->at[g->size + i] != 0xa5) {
            return false;
        }
    }
    return true;
}

static void *const device = (void *)1;

TEST(nvml_layout, plain_structures)
{
    static struct guarded g;
    struct nvml_utilization u;
    struct nvml_memory m;
    struct nvml_memory_v2 m2 = {.version = NVML_MEMORY_V2};
    struct nvml_pci pci;
    fake_nvml_load("devices 1\nset 0 busy 11\nset 0 memctl 22\nset 0 used 333\nset 0 total 1000\n");
    guard_set(&g, sizeof u);
    CHECK_INT(nvmlDeviceGetUtilizationRates(device, g.at), 0);
    memcpy(&u, g.at, sizeof u);
    CHECK(guard_kept(&g) && u.gpu == 11 && u.memory == 22);
    guard_set(&g, sizeof m);
    CHECK_INT(nvmlDeviceGetMemoryInfo(device, g.at), 0);
    memcpy(&m, g.at, sizeof m);
    CHECK(guard_kept(&g) && m.total == 1000 && m.used == 333 && m.free == 667);
    guard_set(&g, sizeof m2);
    memcpy(g.at, &m2, sizeof m2);
    CHECK_INT(nvmlDeviceGetMemoryInfo_v2(device, g.at), 0);
    memcpy(&m2, g.at, sizeof m2);
    CHECK(guard_kept(&g) && m2.total == 1000 && m2.used == 333 && m2.free == 667);
    guard_set(&g, sizeof pci);
    CHECK_INT(nvmlDeviceGetPciInfo_v3(device, g.at), 0);
    memcpy(&pci, g.at, sizeof pci);
    CHECK(guard_kept(&g) && pci.bus == 64 && strcmp(pci.bus_id, "00000000:40:00.0") == 0);
}

TEST(nvml_layout, fields)
{
    static struct guarded g;
    struct nvml_field f[2] = {{.id = NVML_FIELD_MEM_TEMP}, {.id = NVML_FIELD_POWER_AVERAGE}};
    fake_nvml_load("devices 1\nset 0 temp 70\nset 0 power 150\nfield 185 3\n");
    guard_set(&g, sizeof f);
    memcpy(g.at, f, sizeof f);
    CHECK_INT(nvmlDeviceGetFieldValues(device, 2, g.at), 0);
    memcpy(f, g.at, sizeof f);
    CHECK(guard_kept(&g) && f[0].code == 0 && f[0].type == 1 && f[0].value.natural == 75);
    CHECK_INT(f[1].code, NVML_NOT_SUPPORTED);
}

TEST(nvml_layout, lists_of_processes)
{
    static struct guarded g;
    struct nvml_process_v1 old[2];
    struct nvml_process new[2];
    struct nvml_process_sample sample;
    struct nvml_process_share share;
    unsigned count = 2;
    fake_nvml_load("devices 1\nprocess 0 77 5000 30\nprocess 0 78 - 0\n");
    guard_set(&g, sizeof old);
    CHECK_INT(nvmlDeviceGetComputeRunningProcesses(device, &count, g.at), 0);
    memcpy(old, g.at, sizeof old);
    CHECK(guard_kept(&g) && count == 2 && old[0].pid == 77 && old[0].used == 5000);
    CHECK(old[1].pid == 78 && old[1].used == UINT64_MAX);
    guard_set(&g, sizeof new);
    CHECK_INT(nvmlDeviceGetComputeRunningProcesses_v3(device, &count, g.at), 0);
    memcpy(new, g.at, sizeof new);
    CHECK(guard_kept(&g) && new[1].pid == 78 && new[0].used == 5000);
    guard_set(&g, sizeof sample);
    count = 1;
    CHECK_INT(nvmlDeviceGetProcessUtilization(device, g.at, &count, 0), 0);
    memcpy(&sample, g.at, sizeof sample);
    CHECK(guard_kept(&g) && sample.pid == 77 && sample.sm == 30 && sample.time_us > 1000000);
    guard_set(&g, sizeof share);
    struct nvml_process_shares all = {.version = NVML_SHARES_V1, .count = 1, .list = (void *)g.at};
    CHECK_INT(nvmlDeviceGetProcessesUtilizationInfo(device, &all), 0);
    memcpy(&share, g.at, sizeof share);
    CHECK(guard_kept(&g) && share.pid == 77 && share.sm == 30 && share.time_us > 1000000);
}

TEST(nvml_layout, a_version_that_the_driver_does_not_know_is_refused)
{
    struct nvml_memory_v2 m = {.version = 7};
    fake_nvml_load("devices 1\n");
    CHECK_INT(nvmlDeviceGetMemoryInfo_v2(device, &m), NVML_VERSION);
}
