/* The host's numbers, from files that are written here. */
#include "../../client/sample_proc.h"
#include "../harness.h"
#include "tree.h"
#include "values.h"

#include <math.h>
#include <string.h>

static void put_stat(const struct tree *t, int user, int idle, int iowait, int steal)
{
    tree_put(t, "/proc/stat", "cpu  %d 0 0 %d %d 0 0 %d 0 0\ncpu0 1 2 3 4\n", user, idle, iowait,
             steal);
}

TEST(sample_proc, processors_and_memory)
{
    AUTO_TREE t = tree_make();
    AUTO_ARENA arena = ARENA(1 << 20);
    struct board b;
    struct values v;
    struct host h;
    CHECK(board_init(&b, &arena, 64, NULL) == TRACK_OK);
    host_init(&h, t.root);
    put_stat(&t, 100, 100, 0, 0);
    tree_put(&t, "/proc/meminfo",
             "MemTotal: 1000 kB\nMemFree: 1 kB\nMemAvailable: 400 kB\nBuffers: 10 kB\n"
             "Cached: 90 kB\nSwapTotal: 50 kB\nSwapFree: 20 kB\n");
    host_sample_fast(&h, &b);
    values_take(&v, &b);
    CHECK(isnan(values_get(&v, "cpu/busy_pct"))); /* one look is no difference */
    CHECK(values_get(&v, "mem/used_bytes") == 600 * 1024);
    CHECK(values_get(&v, "mem/cache_bytes") == 100 * 1024);
    CHECK(values_get(&v, "mem/swap_used_bytes") == 30 * 1024);
    put_stat(&t, 150, 120, 20, 10);
    host_sample_fast(&h, &b);
    values_take(&v, &b);
    CHECK(values_get(&v, "cpu/busy_pct") == 60);
    CHECK(values_get(&v, "cpu/iowait_pct") == 20);
    CHECK(values_get(&v, "cpu/steal_pct") == 10);
    put_stat(&t, 140, 130, 10, 10); /* some kernels let iowait fall */
    host_sample_fast(&h, &b);
    values_take(&v, &b);
    CHECK(values_get(&v, "cpu/busy_pct") == 0);
}

static void put_disk(const struct tree *t, int read, int written, int ms)
{
    tree_put(t, "/proc/diskstats",
             " 7 0 loop0 9 9 9 9 9 9 9 9 9 9 9\n 8 0 sda 1 2 %d 4 5 6 %d 8 9 %d 11\n"
             " 8 1 sda1 1 2 77 4 5 6 77 8 9 77 11\nnonsense\n",
             read, written, ms);
}

TEST(sample_proc, disks_are_whole_devices)
{
    AUTO_TREE t = tree_make();
    AUTO_ARENA arena = ARENA(1 << 20);
    struct board b;
    struct values v;
    struct host h;
    CHECK(board_init(&b, &arena, 64, NULL) == TRACK_OK);
    host_init(&h, t.root);
    tree_folder(&t, "/sys/block/sda/device");
    tree_put(&t, "/proc/loadavg", "1.5 2 3 4/5 6\n");
    put_disk(&t, 100, 200, 0);
    host_sample(&h, 1000000, &b);
    values_take(&v, &b);
    CHECK_INT(v.count, 1);
    CHECK(values_get(&v, "cpu/load1") == 1.5);
    put_disk(&t, 110, 220, 500);
    host_sample(&h, 2000000, &b);
    values_take(&v, &b);
    CHECK(values_get(&v, "disk/sda/read_bytes") == 5120);
    CHECK(values_get(&v, "disk/sda/write_bytes") == 10240);
    CHECK(values_get(&v, "disk/sda/busy_pct") == 50);
    CHECK(isnan(values_get(&v, "disk/sda1/read_bytes")));
    CHECK(isnan(values_get(&v, "disk/loop0/read_bytes")));
}

TEST(sample_proc, pressure_is_a_part_of_the_window)
{
    AUTO_TREE t = tree_make();
    AUTO_ARENA arena = ARENA(1 << 20);
    struct board b;
    struct values v;
    struct host h;
    CHECK(board_init(&b, &arena, 64, NULL) == TRACK_OK);
    host_init(&h, t.root);
    for (int i = 0; i < 2; i++) {
        tree_put(&t, "/proc/pressure/io", "some avg10=0.00 total=%d\nfull avg10=0 total=%d\n",
                 i * 250000, i * 100000);
        host_sample(&h, (i + 1) * 1000000, &b);
        values_take(&v, &b);
    }
    CHECK(values_get(&v, "psi/io_some_pct") == 25);
    CHECK(values_get(&v, "psi/io_full_pct") == 10);
    CHECK(isnan(values_get(&v, "psi/cpu_some_pct")));
}

TEST(sample_proc, space_of_mounts_on_disks_only)
{
    AUTO_TREE t = tree_make();
    AUTO_ARENA arena = ARENA(1 << 20);
    struct board b;
    struct values v;
    struct host h;
    CHECK(board_init(&b, &arena, 64, NULL) == TRACK_OK);
    host_init(&h, t.root);
    tree_folder(&t, "/mnt/data");
    tree_put(&t, "/proc/self/mounts",
             "proc /proc proc rw 0 0\n/dev/sda / ext4 rw 0 0\n/dev/sda /again ext4 rw 0 0\n"
             "/dev/sdb /mnt/data ext4 rw 0 0\nserver:/x /nfs nfs rw 0 0\n");
    host_sample_space(&h, &b);
    values_take(&v, &b);
    CHECK_INT(v.count, 4);
    CHECK(values_get(&v, "fs/root/used_bytes") > 0);
    CHECK(values_get(&v, "fs/mnt_data/free_bytes") > 0);
}

TEST(sample_proc, an_empty_machine_is_said_not_invented)
{
    AUTO_TREE t = tree_make();
    AUTO_ARENA arena = ARENA(1 << 20);
    struct board b;
    struct values v;
    struct host h;
    struct missing m = {0};
    CHECK(board_init(&b, &arena, 64, NULL) == TRACK_OK);
    host_init(&h, t.root);
    host_sample_fast(&h, &b);
    host_sample(&h, 1, &b);
    host_sample_space(&h, &b);
    values_take(&v, &b);
    CHECK_INT(v.count, 0);
    host_check(&h, &m);
    CHECK_INT(m.count, 3);
    host_check(&h, &m);
    CHECK_INT(m.count, 3);
}

TEST(sample_proc, this_machine_can_be_read)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    struct board b;
    struct values v;
    struct host h;
    CHECK(board_init(&b, &arena, 256, NULL) == TRACK_OK);
    host_init(&h, "");
    host_sample_fast(&h, &b);
    values_take(&v, &b);
    CHECK(values_get(&v, "mem/used_bytes") > 1e6);
}
