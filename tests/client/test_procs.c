/* Which process belongs to which run: by label, by descent, and neither. */
#include "../../client/procs.h"
#include "../harness.h"
#include "tree.h"
#include "values.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define RUN_A "0198c2f0a1b27c3d9e40518a6b7c8d9e"
#define RUN_B "0198c2f0a1b27c3d9e40518a6b7c8d9f"

/* cpu in ticks. */
static void put_process(const struct tree *t, int pid, int parent, int start, int cpu)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    tree_put(t, path, "%d (a) b (c) S %d 1 1 0 0 0 0 0 0 0 %d 0 0 0 20 0 3 0 %d 999 10 0 0\n", pid,
             parent, cpu, start);
}

static void put_label(const struct tree *t, int pid, const char *run)
{
    char path[64], text[128] = "HOME=/root";
    size_t size = strlen(text) + 1;
    size += (size_t)snprintf(text + size, sizeof text - size, "TRACK_RUN_ID=%s", run) + 1;
    snprintf(path, sizeof path, "/proc/%d/environ", pid);
    tree_put_bytes(t, path, text, size);
}

static int run_of(const struct procs *p, int pid)
{
    const struct proc *proc = procs_find(p, pid);
    return proc == NULL ? -2 : proc->run;
}

TEST(procs, descendants_belong_to_the_subscriber)
{
    AUTO_TREE t = tree_make();
    AUTO_ARENA arena = ARENA(16 << 20);
    struct procs p;
    struct procs_run runs[] = {{.id = RUN_A, .pid = 10}, {.id = RUN_B, .pid = 20}};
    CHECK(procs_init(&p, t.root, &arena, NULL) == TRACK_OK);
    put_process(&t, 1, 0, 5, 0);
    put_process(&t, 10, 1, 100, 0);
    put_process(&t, 11, 10, 101, 0);
    put_process(&t, 12, 11, 102, 0);
    put_process(&t, 20, 1, 103, 0);
    put_process(&t, 30, 1, 104, 0);
    tree_folder(&t, "/proc/31"); /* gone while we looked */
    procs_scan(&p, 1, runs, 2);
    CHECK_INT(run_of(&p, 10), 0);
    CHECK_INT(run_of(&p, 12), 0);
    CHECK_INT(run_of(&p, 20), 1);
    CHECK_INT(run_of(&p, 30), -1);
    CHECK_INT(run_of(&p, 31), -2);
}

TEST(procs, a_label_wins_and_leaves_the_launcher_out)
{
    AUTO_TREE t = tree_make();
    AUTO_ARENA arena = ARENA(16 << 20);
    struct procs p;
    struct procs_run runs[] = {{.id = RUN_A, .pid = 10}, {.id = RUN_B, .pid = 20}};
    CHECK(procs_init(&p, t.root, &arena, NULL) == TRACK_OK);
    put_process(&t, 10, 1, 100, 0); /* track run */
    put_process(&t, 11, 10, 101, 0);
    put_label(&t, 11, "0198C2F0-A1B2-7C3D-9E40-518A6B7C8D9E");
    put_process(&t, 12, 10, 102, 0); /* the sampler, started from there */
    put_label(&t, 12, RUN_A);
    put_process(&t, 20, 11, 103, 0); /* B runs inside A */
    p.self[0] = 12;
    procs_scan(&p, 1, runs, 2);
    CHECK_INT(run_of(&p, 10), -1);
    CHECK_INT(run_of(&p, 11), 0);
    CHECK_INT(run_of(&p, 12), -1);
    CHECK_INT(run_of(&p, 20), 1);
}

TEST(procs, a_young_process_may_get_its_label_by_exec)
{
    AUTO_TREE t = tree_make();
    AUTO_ARENA arena = ARENA(16 << 20);
    struct procs p;
    struct procs_run runs[] = {{.id = RUN_A, .pid = 999}};
    CHECK(procs_init(&p, t.root, &arena, NULL) == TRACK_OK);
    put_process(&t, 11, 10, 101, 0);
    procs_scan(&p, 1, runs, 1);
    CHECK_INT(run_of(&p, 11), -1);
    put_label(&t, 11, RUN_A);
    procs_scan(&p, 2000000, runs, 1);
    CHECK_INT(run_of(&p, 11), 0);
}

TEST(procs, time_is_counted_once_and_a_number_used_again_is_another_process)
{
    AUTO_TREE t = tree_make();
    AUTO_ARENA arena = ARENA(16 << 20);
    struct procs p;
    struct board b;
    struct values v;
    struct procs_run runs[] = {{.id = RUN_A, .pid = 10}};
    long hz = sysconf(_SC_CLK_TCK);
    CHECK(procs_init(&p, t.root, &arena, NULL) == TRACK_OK);
    CHECK(board_init(&b, &arena, 16, NULL) == TRACK_OK);
    put_process(&t, 10, 1, 100, 5000);
    procs_scan(&p, 1, runs, 1);
    put_process(&t, 10, 1, 100, (int)(5000 + hz));
    put_process(&t, 11, 10, 200, (int)hz); /* new since: all of its time counts */
    tree_put(&t, "/proc/10/io", "rchar: 1\nread_bytes: 100\nwrite_bytes: 50\n");
    procs_scan(&p, 2000001, runs, 1);
    procs_sample(&p, 0, 2000000, &b);
    values_take(&v, &b);
    CHECK(values_get(&v, "run/cpu_cores") == 1.0);
    CHECK(values_get(&v, "run/procs") == 2);
    CHECK(values_get(&v, "run/threads") == 6);
    CHECK(values_get(&v, "run/rss_bytes") == 20.0 * (double)sysconf(_SC_PAGESIZE));
    tree_put(&t, "/proc/10/io", "rchar: 1\nread_bytes: 130\nwrite_bytes: 60\n");
    tree_drop(&t, "/proc/11");
    procs_scan(&p, 4000001, runs, 1);
    procs_sample(&p, 0, 2000000, &b);
    values_take(&v, &b);
    CHECK(values_get(&v, "run/cpu_cores") == 0);
    CHECK(values_get(&v, "run/read_bytes") == 30);
    CHECK(values_get(&v, "run/write_bytes") == 10);
    CHECK_INT(run_of(&p, 11), -2);
    put_process(&t, 10, 1, 999, 7); /* the number again, another parent */
    procs_scan(&p, 6000001, runs, 1);
    CHECK_INT(procs_find(&p, 10)->start, 999);
    CHECK_INT(procs_find(&p, 10)->cpu_new, 7);
}

TEST(procs, finds_itself)
{
    CHECK(proc_start("", (int)getpid()) > 0);
    CHECK_INT(proc_start("", 0x7ffffff0), 0);
    AUTO_ARENA arena = ARENA(8);
    struct procs p;
    CHECK(procs_init(&p, "", &arena, NULL) == TRACK_NOMEM);
}
