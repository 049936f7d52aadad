/* Network, clock and control groups, from files that are written here. */
#include "../../client/sample_sysfs.h"
#include "../harness.h"
#include "tree.h"
#include "values.h"

#include <math.h>

TEST(sample_sysfs, network_devices_but_no_bridges)
{
    AUTO_TREE t = tree_make();
    AUTO_ARENA arena = ARENA(1 << 20);
    struct board b;
    struct values v;
    struct nets n;
    CHECK(board_init(&b, &arena, 64, NULL) == TRACK_OK);
    tree_folder(&t, "/sys/class/net/eth0/device");
    tree_folder(&t, "/sys/class/net/lo");
    tree_put(&t, "/sys/class/net/lo/statistics/rx_bytes", "7\n");
    tree_put(&t, "/sys/class/net/eth0/statistics/rx_bytes", "100\n");
    nets_init(&n, t.root);
    nets_sample(&n, &b);
    tree_put(&t, "/sys/class/net/eth0/statistics/rx_bytes", "175\n");
    nets_sample(&n, &b);
    values_take(&v, &b);
    CHECK_INT(v.count, 1);
    CHECK(values_get(&v, "net/eth0/rx_bytes") == 75);
}

TEST(sample_sysfs, clock_is_the_mean_of_the_processors)
{
    AUTO_TREE t = tree_make();
    AUTO_ARENA arena = ARENA(1 << 20);
    struct board b;
    struct values v;
    CHECK(board_init(&b, &arena, 64, NULL) == TRACK_OK);
    clock_sample(t.root, &b);
    tree_put(&t, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "1000000\n");
    tree_put(&t, "/sys/devices/system/cpu/cpu1/cpufreq/scaling_cur_freq", "3000000\n");
    clock_sample(t.root, &b);
    values_take(&v, &b);
    CHECK_INT(v.count, 1);
    CHECK(values_get(&v, "cpu/freq_mhz") == 2000);
}

static void put_group(const struct tree *t, long usage_us, long throttled_us, int kills)
{
    tree_put(t, "/sys/fs/cgroup/job/step/cpu.stat", "usage_usec %ld\nthrottled_usec %ld\n",
             usage_us, throttled_us);
    tree_put(t, "/sys/fs/cgroup/job/step/memory.current", "4096\n");
    tree_put(t, "/sys/fs/cgroup/job/step/memory.events", "oom 3\noom_kill %d\n", kills);
    tree_put(t, "/sys/fs/cgroup/job/step/pids.current", "12\n");
}

TEST(sample_sysfs, cgroup_of_version_two_with_the_limit_above_it)
{
    AUTO_TREE t = tree_make();
    AUTO_ARENA arena = ARENA(1 << 20);
    struct board b;
    struct values v;
    struct cgroup c;
    struct missing m = {0};
    CHECK(board_init(&b, &arena, 64, NULL) == TRACK_OK);
    tree_put(&t, "/proc/7/cgroup", "0::/job/step\n");
    tree_put(&t, "/sys/fs/cgroup/cgroup.controllers", "cpu memory\n");
    tree_put(&t, "/sys/fs/cgroup/job/step/memory.max", "max\n");
    tree_put(&t, "/sys/fs/cgroup/job/memory.max", "8192\n");
    put_group(&t, 1000, 0, 0);
    cgroup_init(&c, t.root, 7, &m);
    CHECK_INT(m.count, 0);
    cgroup_sample(&c, 1000000, &b);
    values_take(&v, &b);
    put_group(&t, 1501000, 500000, 2);
    cgroup_sample(&c, 2000000, &b);
    values_take(&v, &b);
    CHECK(values_get(&v, "cgroup/cpu_cores") == 1.5);
    CHECK(values_get(&v, "cgroup/throttled_pct") == 50);
    CHECK(values_get(&v, "cgroup/mem_bytes") == 4096);
    CHECK(values_get(&v, "cgroup/mem_limit_bytes") == 8192);
    CHECK(values_get(&v, "cgroup/oom_kills") == 2);
    CHECK(values_get(&v, "cgroup/pids") == 12);
}

TEST(sample_sysfs, cgroup_of_version_one_or_hybrid_is_said)
{
    AUTO_TREE t = tree_make();
    AUTO_ARENA arena = ARENA(1 << 20);
    struct board b;
    struct values v;
    struct cgroup c;
    struct missing m = {0};
    CHECK(board_init(&b, &arena, 64, NULL) == TRACK_OK);
    tree_put(&t, "/proc/7/cgroup", "4:memory:/job\n0::/\n"); /* hybrid: v2 mounted elsewhere */
    cgroup_init(&c, t.root, 7, &m);
    cgroup_sample(&c, 1000000, &b);
    values_take(&v, &b);
    CHECK_INT(v.count, 0);
    CHECK_INT(m.count, 1);
    struct missing gone = {0};
    cgroup_init(&c, t.root, 8, &gone);
    CHECK_INT(gone.count, 1);
    tree_put(&t, "/sys/fs/cgroup/cgroup.controllers", "cpu memory\n");
    struct missing top = {0};
    cgroup_init(&c, t.root, 7, &top);
    CHECK_INT(top.count, 1);
}
