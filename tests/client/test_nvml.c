/* NVIDIA GPUs without one: the fake driver answers what a scenario says, the ring shows what the
 * sampler made of it. */
#include "../../client/nvml.h"
#include "../../client/sample_nvml.h"
#include "../harness.h"
#include "fake_nvml.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#define ALL (NVML_FAST | NVML_FULL | NVML_SLOW | NVML_LISTS)

struct bed {
    struct arena arena;
    struct ring *ring;
    struct nvml *nvml;
    struct ring_record got[4096];
    size_t count;
    uint64_t at;
    int fd;
};

static void bed_release(struct bed *b)
{
    if (b->nvml != NULL) {
        nvml_close(b->nvml);
    }
    ring_close(b->ring);
    close(b->fd);
    arena_release(&b->arena);
}
#define AUTO_BED __attribute__((cleanup(bed_release))) struct bed

static track_status bed_open(struct bed *b, const char *scenario)
{
    *b = (struct bed){.arena = ARENA(8 << 20), .fd = -1};
    fake_nvml_load(scenario);
    track_status status = ring_open(&b->fd, &b->ring, NULL);
    return status == TRACK_OK ? nvml_open(&b->arena, b->ring, &b->nvml, NULL) : status;
}

static void bed_look(struct bed *b, unsigned sets, int64_t now_us)
{
    b->count = 0;
    nvml_sample(b->nvml, sets, now_us);
    while (b->count < 4096 && ring_get(b->ring, &b->at, &b->got[b->count])) {
        b->count++;
    }
}

/* The value of a metric in the last look; NaN if there is none. */
static double value(const struct bed *b, unsigned device, unsigned metric)
{
    for (size_t i = 0; i < b->count; i++) {
        if (b->got[i].device == device && b->got[i].metric == metric) {
            return b->got[i].value;
        }
    }
    return NAN;
}

static size_t count(const struct bed *b, unsigned metric)
{
    size_t found = 0;
    for (size_t i = 0; i < b->count; i++) {
        found += b->got[i].metric == metric;
    }
    return found;
}

static bool missing(const struct bed *b, const char *what)
{
    for (size_t i = 0; i < b->ring->table.missing.count; i++) {
        if (strcmp(b->ring->table.missing.rows[i].what, what) == 0) {
            return true;
        }
    }
    return false;
}

TEST(nvml, reads_every_set)
{
    AUTO_BED b;
    CHECK(bed_open(&b, "devices 1\nset 0 busy 42\nset 0 used 5000\nset 0 power 123\n"
                       "set 0 reasons 64\nset 0 limit 250\n") == TRACK_OK);
    bed_look(&b, ALL, 1000000);
    CHECK(value(&b, 0, DEVICE_BUSY) == 42);
    CHECK(value(&b, 0, DEVICE_MEMCTL) == 20);
    CHECK(value(&b, 0, DEVICE_MEM_USED) == 5000);
    CHECK(value(&b, 0, DEVICE_POWER) == 123);
    CHECK(value(&b, 0, DEVICE_TEMP) == 60);
    CHECK(value(&b, 0, DEVICE_MEM_TEMP) == 65);
    CHECK(value(&b, 0, DEVICE_SM_CLOCK) == 1500);
    CHECK(value(&b, 0, DEVICE_THROTTLE) == 64);
    CHECK(value(&b, 0, DEVICE_POWER_LIMIT) == 250);
    CHECK(value(&b, 0, DEVICE_ENERGY) >= 1e6);
    CHECK(value(&b, 0, DEVICE_PCIE_TX) >= 0);
    CHECK(value(&b, 0, DEVICE_PROC_MEM_END) == 0);
    CHECK_INT(b.ring->table.count, 1);
    CHECK(strcmp(b.ring->table.list[0].name, "Fake GPU 0") == 0);
    CHECK(strcmp(b.ring->table.cuda, "12.8") == 0);
    CHECK(b.ring->table.list[0].mem_total_bytes == 16e9);
}

TEST(nvml, a_fast_look_makes_the_three_cheap_calls_only)
{
    AUTO_BED b;
    CHECK(bed_open(&b, "devices 1\n") == TRACK_OK);
    unsigned clocks = fake_nvml_calls("nvmlDeviceGetClockInfo");
    bed_look(&b, NVML_FAST, 1);
    CHECK_INT(b.count, 4);
    CHECK_INT(fake_nvml_calls("nvmlDeviceGetUtilizationRates"), 1);
    CHECK_INT(fake_nvml_calls("nvmlDeviceGetClockInfo"), clocks);
    CHECK_INT(fake_nvml_calls("nvmlDeviceGetComputeRunningProcesses_v3"), 0);
}

TEST(nvml, devices_are_in_the_order_of_their_addresses)
{
    AUTO_BED b;
    CHECK(bed_open(&b, "devices 2\nset 0 busy 10\nset 1 busy 90\n") == TRACK_OK);
    bed_look(&b, NVML_FAST, 1);
    CHECK(value(&b, 0, DEVICE_BUSY) == 90);
    CHECK(value(&b, 1, DEVICE_BUSY) == 10);
    CHECK(strcmp(b.ring->table.list[0].name, "Fake GPU 1") == 0);
}

TEST(nvml, what_is_not_supported_is_off_alone_and_said)
{
    AUTO_BED b;
    CHECK(bed_open(&b, "devices 2\nfail nvmlDeviceGetUtilizationRates 3 0 1\nfield 82 3\n"
                       "fail nvmlDeviceGetComputeRunningProcesses_v3 4 0 -1\n") == TRACK_OK);
    bed_look(&b, ALL, 1);
    bed_look(&b, ALL, 2);
    CHECK(isnan(value(&b, 0, DEVICE_BUSY))); /* the driver's second device */
    CHECK(value(&b, 1, DEVICE_BUSY) == 50);
    CHECK(value(&b, 0, DEVICE_POWER) == 200);
    CHECK_INT(count(&b, DEVICE_MEM_TEMP), 0);
    CHECK_INT(count(&b, DEVICE_PROC_MEM_END), 0);
    CHECK_INT(fake_nvml_calls("nvmlDeviceGetComputeRunningProcesses_v3"), 2);
    CHECK(missing(&b, "gpu0/busy_pct"));
    CHECK(!missing(&b, "gpu1/busy_pct"));
    CHECK(missing(&b, "gpu0/mem_temp_c"));
    CHECK(missing(&b, "gpu1/processes"));
}

TEST(nvml, older_calls_step_in)
{
    AUTO_BED b;
    CHECK(bed_open(&b, "devices 1\nfail nvmlDeviceGetMemoryInfo_v2 13 0 -1\n"
                       "fail nvmlDeviceGetFieldValues 13 0 -1\n"
                       "fail nvmlDeviceGetProcessesUtilizationInfo 13 0 -1\n"
                       "process 0 77 1000 30\n") == TRACK_OK);
    bed_look(&b, ALL, 1);
    bed_look(&b, ALL, 2);
    CHECK(value(&b, 0, DEVICE_MEM_USED) == 4e9);
    CHECK(value(&b, 0, DEVICE_POWER) == 200);
    CHECK(value(&b, 0, DEVICE_PROC_SM) == 30);
}

TEST(nvml, five_errors_in_a_row_are_ten_minutes_of_rest)
{
    AUTO_BED b;
    CHECK(bed_open(&b, "devices 1\nfail nvmlDeviceGetUtilizationRates 999 0 -1\n") == TRACK_OK);
    for (int i = 1; i <= 8; i++) {
        bed_look(&b, NVML_FAST, i * 1000000);
    }
    CHECK_INT(fake_nvml_calls("nvmlDeviceGetUtilizationRates"), 5);
    bed_look(&b, NVML_FAST, 604 * 1000000LL);
    CHECK_INT(fake_nvml_calls("nvmlDeviceGetUtilizationRates"), 5);
    bed_look(&b, NVML_FAST, 606 * 1000000LL);
    CHECK_INT(fake_nvml_calls("nvmlDeviceGetUtilizationRates"), 6);
}

TEST(nvml, a_lost_device_is_left_alone_and_tried_again)
{
    AUTO_BED b;
    CHECK(bed_open(&b, "devices 2\nfail nvmlDeviceGetUtilizationRates 15 1 1\n") == TRACK_OK);
    bed_look(&b, NVML_FAST, 1000000); /* the first call of any device is good */
    CHECK(value(&b, 1, DEVICE_BUSY) == 50);
    bed_look(&b, NVML_FAST, 2000000);
    CHECK(value(&b, 0, DEVICE_LOST) == 1);
    CHECK(isnan(value(&b, 0, DEVICE_BUSY)));
    CHECK(value(&b, 1, DEVICE_BUSY) == 50);
    CHECK(b.ring->table.list[0].lost);
    unsigned memory = fake_nvml_calls("nvmlDeviceGetMemoryInfo_v2");
    bed_look(&b, NVML_FAST, 3000000);
    CHECK_INT(fake_nvml_calls("nvmlDeviceGetMemoryInfo_v2"), memory + 1); /* the other one */
    fake_nvml_load("devices 2\n");
    bed_look(&b, NVML_FAST, 63000000);
    CHECK(value(&b, 0, DEVICE_LOST) == 0);
    CHECK(value(&b, 0, DEVICE_BUSY) == 50);
}

TEST(nvml, garbage_rows_of_processes_are_dropped)
{
    AUTO_BED b;
    CHECK(bed_open(&b, "devices 1\nprocess 0 77 1000 30\nprocess 0 78 - 0\ngarbage 1\n") ==
          TRACK_OK);
    bed_look(&b, ALL, 1); /* what was before is of nobody's interest */
    CHECK_INT(count(&b, DEVICE_PROC_SM) + count(&b, DEVICE_PROC_SM_END), 0);
    bed_look(&b, ALL, 2);
    CHECK_INT(count(&b, DEVICE_PROC_MEM), 2);
    CHECK_INT(count(&b, DEVICE_PROC_SM), 1);
    CHECK(value(&b, 0, DEVICE_PROC_SM) == 30);
    CHECK_INT(count(&b, DEVICE_PROC_SM_END), 1);
}

TEST(nvml, no_process_ran_is_an_empty_list_only_on_an_idle_device)
{
    AUTO_BED b;
    CHECK(bed_open(&b, "devices 2\nset 0 busy 0\nset 1 busy 60\n") == TRACK_OK);
    bed_look(&b, ALL, 1);
    CHECK(value(&b, 1, DEVICE_PROC_SM_END) == 0);
    CHECK(isnan(value(&b, 0, DEVICE_PROC_SM_END)));
}

TEST(nvml, a_growing_list_is_followed_and_given_up_in_time)
{
    AUTO_BED b;
    CHECK(bed_open(&b, "devices 1\nprocess 0 77 1000 30\ngrow 1\n") == TRACK_OK);
    bed_look(&b, NVML_LISTS, 1);
    CHECK(count(&b, DEVICE_PROC_MEM) > 1);
    CHECK_INT(count(&b, DEVICE_PROC_MEM_END), 1);
    for (int i = 0; i < 60; i++) { /* beyond what is ever listed */
        bed_look(&b, NVML_LISTS, i + 2);
    }
    CHECK_INT(count(&b, DEVICE_PROC_MEM_END), 0);
}

TEST(nvml, no_permission_and_no_device_are_said)
{
    AUTO_BED b;
    CHECK(bed_open(&b, "devices 2\nfail nvmlDeviceGetHandleByIndex_v2 4 0 1\n") == TRACK_OK);
    CHECK_INT(b.ring->table.count, 1);
    CHECK(missing(&b, "gpu#1"));
    AUTO_BED none;
    CHECK(bed_open(&none, "fail nvmlInit_v2 9 0 -1\n") == TRACK_UNREACHABLE);
    CHECK(missing(&none, "gpu"));
    AUTO_BED mismatch;
    CHECK(bed_open(&mismatch, "fail nvmlInit_v2 18 0 -1\n") == TRACK_UNREACHABLE);
    CHECK(strstr(mismatch.ring->table.missing.rows[0].why, "different versions") != NULL);
    AUTO_BED empty;
    CHECK(bed_open(&empty, "devices 0\nfail nvmlDeviceGetCount_v2 2 0 -1\n") == TRACK_UNREACHABLE);
}
