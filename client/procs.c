#include "procs.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A process that is so young may still call exec, and then has another environment. */
enum { YOUNG_US = 10 * 1000 * 1000 };

static void list_unmap(void *list)
{
    if (list != NULL) {
        munmap(list, PROCS_MAX * sizeof(struct proc));
    }
}

track_status procs_init(struct procs *p, const char *root, struct arena *arena, track_error *err)
{
    size_t size = PROCS_MAX * sizeof(struct proc); /* of which only what is used takes memory */
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *p = (struct procs){.root = root, .list = at == MAP_FAILED ? NULL : at};
    if (p->list == NULL || !arena_defer(arena, list_unmap, p->list)) {
        list_unmap(p->list);
        return FAIL(err, TRACK_NOMEM, "a table of processes");
    }
    return TRACK_OK;
}

/* What /proc/<pid>/stat says; false if the process is gone or a zombie. */
static bool stat_read(const char *root, int pid, struct proc *out)
{
    struct sys_text text;
    char path[64], state;
    unsigned long long user, system, start;
    long threads, pages;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    if (!sys_read(root, path, &text)) {
        return false;
    }
    const char *at = strrchr(text.at, ')'); /* the name before it may hold anything */
    if (at == NULL ||
        sscanf(at + 1,
               " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %*d %ld %*d %llu "
               "%*u %ld",
               &state, &out->parent, &user, &system, &threads, &start, &pages) != 7 ||
        state == 'Z' || state == 'X') {
        return false;
    }
    out->pid = pid;
    out->cpu = user + system;
    out->start = start;
    out->threads = threads > 0 ? (uint64_t)threads : 0;
    out->rss_bytes = pages > 0 ? (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
    return true;
}

uint64_t proc_start(const char *root, int pid)
{
    struct proc p = {0};
    return stat_read(root, pid, &p) ? p.start : 0;
}

void run_id_fill(const char *text, char out[PROC_RUN_ID_BYTES])
{
    size_t n = 0;
    for (; *text != '\0' && n < PROC_RUN_ID_BYTES - 1; text++) {
        if (*text != '-') {
            out[n++] = (char)tolower((unsigned char)*text);
        }
    }
    out[n] = '\0';
}

/* Reads TRACK_RUN_ID of a process; the last assignment counts, as for getenv's caller. */
static void label_read(const char *root, struct proc *proc)
{
    struct sys_text text;
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/environ", proc->pid);
    if (!sys_read(root, path, &text)) {
        return;
    }
    for (size_t at = 0; at < text.size; at += strlen(text.at + at) + 1) {
        if (strncmp(text.at + at, "TRACK_RUN_ID=", 13) == 0) {
            run_id_fill(text.at + at + 13, proc->run_id);
            return;
        }
    }
}

static int compare_pid(const void *a, const void *b)
{
    int left = ((const struct proc *)a)->pid, right = ((const struct proc *)b)->pid;
    return left < right ? -1 : left > right;
}

static struct proc *find(const struct procs *p, size_t count, int pid)
{
    struct proc key = {.pid = pid};
    return bsearch(&key, p->list, count, sizeof key, compare_pid);
}

const struct proc *procs_find(const struct procs *p, int pid)
{
    return find(p, p->count, pid);
}

/* What a scan needs while it walks /proc. */
struct scan {
    struct procs *procs;
    size_t known; /* the front part of the list, sorted, from the last scan */
    int64_t now_us;
};

static void proc_again(struct proc *old, const struct proc *now)
{
    old->parent = now->parent;
    old->cpu_new = now->cpu > old->cpu ? now->cpu - old->cpu : 0;
    old->cpu = now->cpu;
    old->rss_bytes = now->rss_bytes;
    old->threads = now->threads;
    old->fresh = false;
    old->gone = false;
}

static bool scan_entry(void *data, const char *name)
{
    struct scan *s = data;
    struct procs *p = s->procs;
    struct proc now = {.seen_us = s->now_us, .run = -1, .fresh = true};
    int pid = isdigit((unsigned char)name[0]) ? (int)strtol(name, NULL, 10) : 0;
    if (pid <= 0 || !stat_read(p->root, pid, &now)) {
        return true;
    }
    struct proc *old = find(p, s->known, now.pid);
    if (old != NULL && old->start == now.start) {
        proc_again(old, &now);
        return true;
    }
    if (old != NULL) { /* the number was given to another process */
        now.cpu_new = now.cpu;
        *old = now;
        return true;
    }
    if (p->count < PROCS_MAX) {
        /* All of it is new, unless this is the first look at a machine that runs for long. */
        now.cpu_new = p->scans > 0 ? now.cpu : 0;
        p->list[p->count++] = now;
    }
    return p->count < PROCS_MAX;
}

static void io_read(const char *root, struct proc *proc)
{
    struct sys_text text;
    char path[64];
    uint64_t in, out;
    snprintf(path, sizeof path, "/proc/%d/io", proc->pid);
    proc->read_bytes = proc->write_bytes = 0;
    if (sys_read(root, path, &text) && sys_find_number(text.at, "read_bytes:", &in) &&
        sys_find_number(text.at, "write_bytes:", &out)) {
        proc->read_bytes = counter_add(&proc->io_read, in);
        proc->write_bytes = counter_add(&proc->io_write, out);
    }
}

static int run_by_label(const struct proc *proc, const struct procs_run *runs, size_t count)
{
    for (size_t i = 0; proc->run_id[0] != '\0' && i < count; i++) {
        if (strcmp(proc->run_id, runs[i].id) == 0) {
            return (int)i;
        }
    }
    return -1;
}

/* The run whose subscriber is this process or one of its ancestors. */
static int run_by_descent(const struct procs *p, const struct proc *proc,
                          const struct procs_run *runs, size_t count)
{
    for (int depth = 0; proc != NULL && depth < 64; depth++) {
        for (size_t i = 0; i < count; i++) {
            if (runs[i].pid == proc->pid && !runs[i].environment) {
                return (int)i;
            }
        }
        proc = proc->parent == proc->pid ? NULL : procs_find(p, proc->parent);
    }
    return -1;
}

static void divide(struct procs *p, struct procs_run *runs, size_t count)
{
    for (size_t i = 0; i < p->count; i++) {
        struct proc *proc = &p->list[i];
        bool self = proc->pid == p->self[0] || proc->pid == p->self[1];
        proc->run = self ? -1 : run_by_label(proc, runs, count);
        if (proc->run >= 0) {
            runs[proc->run].environment = true;
        }
    }
    for (size_t i = 0; i < p->count; i++) {
        struct proc *proc = &p->list[i];
        bool self = proc->pid == p->self[0] || proc->pid == p->self[1];
        if (proc->run < 0 && !self) {
            proc->run = run_by_descent(p, proc, runs, count);
        }
        if (proc->run >= 0) {
            io_read(p->root, proc);
        }
    }
}

static void drop_gone(struct procs *p)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->count; i++) {
        if (!p->list[i].gone) {
            p->list[kept++] = p->list[i];
        }
    }
    p->count = kept;
}

void procs_scan(struct procs *p, int64_t now_us, struct procs_run *runs, size_t count)
{
    struct scan scan = {.procs = p, .known = p->count, .now_us = now_us};
    for (size_t i = 0; i < p->count; i++) {
        p->list[i].gone = true;
    }
    for (size_t i = 0; i < count; i++) {
        runs[i].environment = false;
    }
    sys_list(p->root, "/proc", scan_entry, &scan);
    drop_gone(p);
    qsort(p->list, p->count, sizeof *p->list, compare_pid);
    for (size_t i = 0; i < p->count; i++) {
        struct proc *proc = &p->list[i];
        if (!proc->labelled) {
            label_read(p->root, proc);
            proc->labelled = proc->run_id[0] != '\0' || now_us - proc->seen_us > YOUNG_US;
        }
    }
    divide(p, runs, count);
    p->scans++;
}

void procs_sample(const struct procs *p, int run, int64_t window_us, struct board *board)
{
    double cpu = 0, rss = 0, threads = 0, in = 0, out = 0, count = 0;
    for (size_t i = 0; i < p->count; i++) {
        const struct proc *proc = &p->list[i];
        if (proc->run == run) {
            cpu += (double)proc->cpu_new;
            rss += (double)proc->rss_bytes;
            threads += (double)proc->threads;
            in += (double)proc->read_bytes;
            out += (double)proc->write_bytes;
            count++;
        }
    }
    board_add(board, BOARD_LAST, "run/", "procs", count);
    board_add(board, BOARD_LAST, "run/", "threads", threads);
    board_add(board, BOARD_PEAK, "run/", "rss_bytes", rss);
    if (window_us > 0) {
        double seconds = (double)window_us * 1e-6;
        double ticks = (double)sysconf(_SC_CLK_TCK);
        board_add(board, BOARD_PEAK, "run/", "cpu_cores", cpu / ticks / seconds);
        board_add(board, BOARD_SUM, "run/", "read_bytes", in);
        board_add(board, BOARD_SUM, "run/", "write_bytes", out);
    }
}
