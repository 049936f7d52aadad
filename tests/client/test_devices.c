/* The sampler's side of the ring: differences of counters, energy, lists; and a worker that cannot
 * be started. */
#include "../../client/devices.h"
#include "../harness.h"
#include "values.h"

#include <math.h>
#include <string.h>

static void put(struct devices *d, unsigned metric, double value, int64_t time_us)
{
    ring_put(d->ring,
             &(struct ring_record){
                 .metric = (uint16_t)metric, .value = value, .time_us = time_us, .pid = 5});
}

TEST(devices, counters_become_differences_and_survive_a_reset)
{
    static struct devices d;
    static struct values v;
    AUTO_ARENA arena = ARENA(1 << 20);
    struct board b;
    CHECK(board_init(&b, &arena, 64, NULL) == TRACK_OK);
    CHECK(devices_open(&d, "/nowhere", NULL) == TRACK_OK);
    put(&d, DEVICE_ENERGY, 1000, 1);
    devices_drain(&d, &b);
    values_take(&v, &b);
    CHECK_INT(v.count, 0);
    put(&d, DEVICE_ENERGY, 1300, 2);
    put(&d, DEVICE_ENERGY, 50, 3); /* the driver was loaded anew */
    devices_drain(&d, &b);
    values_take(&v, &b);
    CHECK(values_get(&v, "gpu0/energy_j") == 350);
    CHECK(d.list[0].energy_j == 350 && d.list[0].energy_counted);
    devices_close(&d);
}

TEST(devices, power_is_integrated_where_nothing_counts_energy)
{
    static struct devices d;
    static struct values v;
    AUTO_ARENA arena = ARENA(1 << 20);
    struct board b;
    CHECK(board_init(&b, &arena, 64, NULL) == TRACK_OK);
    CHECK(devices_open(&d, "/nowhere", NULL) == TRACK_OK);
    put(&d, DEVICE_POWER, 100, 1000000);
    put(&d, DEVICE_POWER, 100, 3000000);
    put(&d, DEVICE_POWER, 100, 90000000); /* a gap is not filled up */
    devices_drain(&d, &b);
    values_take(&v, &b);
    CHECK(values_get(&v, "gpu0/power_w") == 100);
    CHECK(d.list[0].energy_j == 200 && !d.list[0].energy_counted);
    devices_close(&d);
}

TEST(devices, lists_begin_anew_after_their_end)
{
    static struct devices d;
    static struct values v;
    AUTO_ARENA arena = ARENA(1 << 20);
    struct board b;
    CHECK(board_init(&b, &arena, 64, NULL) == TRACK_OK);
    CHECK(devices_open(&d, "/nowhere", NULL) == TRACK_OK);
    put(&d, DEVICE_PROC_MEM, 7, 1);
    put(&d, DEVICE_PROC_MEM_END, 1, 1);
    put(&d, DEVICE_PROC_MEM, 8, 2);
    put(&d, DEVICE_PROC_MEM_END, 1, 2);
    devices_drain(&d, &b);
    CHECK_INT(d.list[0].mem.count, 1);
    CHECK(d.list[0].mem.complete && d.list[0].mem.rows[0].value == 8);
    put(&d, DEVICE_PROC_MEM_END, 0, 3);
    devices_drain(&d, &b);
    CHECK_INT(d.list[0].mem.count, 0);
    put(&d, DEVICE_RECORD_KINDS, 1, 4); /* of a worker of another version */
    devices_drain(&d, &b);
    values_take(&v, &b);
    CHECK_INT(v.count, 0);
    devices_close(&d);
}

TEST(devices, a_worker_that_cannot_start_is_not_tried_again)
{
    static struct devices d;
    CHECK(devices_open(&d, "/nowhere", NULL) == TRACK_OK);
    devices_check(&d, 1);
    CHECK(d.hopeless && d.worker == 0);
    CHECK_INT(d.table.missing.count, 1);
    devices_check(&d, 1000000000000);
    CHECK(d.worker == 0);
    devices_close(&d);
}

TEST(devices, a_silent_worker_is_killed_after_ten_seconds)
{
    static struct devices d;
    CHECK(devices_open(&d, "/bin/cat", NULL) == TRACK_OK); /* fails at once: no such file */
    devices_check(&d, 1);
    CHECK(d.worker > 0);
    devices_check(&d, 9 * 1000000);
    CHECK(!d.hung);
    devices_close(&d);
    CHECK(devices_open(&d, "/usr/bin/yes", NULL) == TRACK_OK);
    devices_close(&d);
}
