/* Two runs and a stranger on one GPU: who gets which part, and on what basis. */
#include "../../client/share.h"
#include "../harness.h"
#include "tree.h"
#include "values.h"

#include <math.h>
#include <string.h>

/* Devices as the ring would have left them, and processes 10 of run 0, 20 of run 1, 30 of nobody.
 */
struct scene {
    struct devices devices;
    struct proc list[3];
    struct procs procs;
    struct arena arena;
    struct board board;
    uint64_t used;
};

static void list_put(struct device_list *list, uint32_t pid, double value)
{
    list->rows[list->count].pid = pid;
    list->rows[list->count++].value = value;
    list->complete = true;
}

static void scene_set(struct scene *s)
{
    memset(s, 0, sizeof *s);
    s->arena.limit_bytes = 1 << 20;
    s->list[0] = (struct proc){.pid = 10, .run = 0};
    s->list[1] = (struct proc){.pid = 20, .run = 1};
    s->list[2] = (struct proc){.pid = 30, .run = -1};
    s->procs = (struct procs){.root = "", .list = s->list, .count = 3};
    s->devices.table.count = 1;
    s->devices.list[0].mem_used_bytes = 1000;
    s->devices.list[0].busy_pct = 70;
    list_put(&s->devices.list[0].mem, 10, 300);
    list_put(&s->devices.list[0].mem, 20, 200);
    list_put(&s->devices.list[0].mem, 30, 400);
    list_put(&s->devices.list[0].sm, 10, 40);
    list_put(&s->devices.list[0].sm, 30, 15);
}

static void look(struct scene *s, int run, enum share_basis basis, struct values *v)
{
    struct share_job job = {&s->procs, run, basis, &s->used, &s->board};
    share_sample(&s->devices, &job);
    values_take(v, &s->board);
}

TEST(share, parts_add_up_to_the_device)
{
    static struct scene s;
    static struct values v;
    scene_set(&s);
    CHECK(board_init(&s.board, &s.arena, 32, NULL) == TRACK_OK);
    look(&s, 0, SHARE_PROCESS, &v);
    CHECK(values_get(&v, "gpu0/run/mem_bytes") == 300);
    CHECK(values_get(&v, "gpu0/other/mem_bytes") == 700);
    CHECK(values_get(&v, "gpu0/run/sm_pct") == 40);
    CHECK(values_get(&v, "gpu0/other/sm_pct") == 15);
    s.used = 0;
    look(&s, 1, SHARE_PROCESS, &v);
    CHECK(values_get(&v, "gpu0/run/mem_bytes") == 200);
    CHECK(values_get(&v, "gpu0/run/sm_pct") == 0); /* it is there, and did nothing */
    share_end(&s.devices);
    look(&s, 1, SHARE_PROCESS, &v);
    CHECK_INT(v.count, 0); /* each list counts once */
    arena_release(&s.arena);
}

TEST(share, a_run_that_never_used_the_device_has_no_values)
{
    static struct scene s;
    static struct values v;
    scene_set(&s);
    CHECK(board_init(&s.board, &s.arena, 32, NULL) == TRACK_OK);
    look(&s, 2, SHARE_PROCESS, &v);
    CHECK_INT(v.count, 0);
    CHECK_INT(s.used, 0);
    arena_release(&s.arena);
}

TEST(share, unknown_memory_of_one_process_is_unknown_for_the_run)
{
    static struct scene s;
    static struct values v;
    scene_set(&s);
    CHECK(board_init(&s.board, &s.arena, 32, NULL) == TRACK_OK);
    s.devices.list[0].mem.rows[0].value = NAN;
    look(&s, 0, SHARE_PROCESS, &v);
    CHECK(isnan(values_get(&v, "gpu0/run/mem_bytes")));
    CHECK(values_get(&v, "gpu0/run/sm_pct") == 40);
    arena_release(&s.arena);
}

TEST(share, without_process_numbers_only_an_own_device_is_the_runs)
{
    static struct scene s;
    static struct values v;
    scene_set(&s);
    CHECK(board_init(&s.board, &s.arena, 32, NULL) == TRACK_OK);
    look(&s, 0, SHARE_SHARED, &v);
    CHECK_INT(v.count, 0);
    look(&s, 0, SHARE_EXCLUSIVE, &v);
    CHECK(values_get(&v, "gpu0/run/mem_bytes") == 1000);
    CHECK(values_get(&v, "gpu0/run/busy_pct") == 70);
    arena_release(&s.arena);
}

TEST(share, process_numbers_count_in_the_first_namespace_only)
{
    AUTO_TREE t = tree_make();
    tree_link(&t, "/proc/self/ns/pid", "pid:[4026531836]");
    CHECK_INT(share_check(t.root, false), SHARE_PROCESS);
    tree_drop(&t, "/proc/self/ns/pid");
    tree_link(&t, "/proc/self/ns/pid", "pid:[4026532000]");
    CHECK_INT(share_check(t.root, false), SHARE_SHARED);
    CHECK_INT(share_check(t.root, true), SHARE_EXCLUSIVE);
    tree_drop(&t, "/proc/self/ns/pid");
    CHECK_INT(share_check(t.root, false), SHARE_SHARED);
}
