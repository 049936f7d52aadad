/* track agent, agent-worker: the sampler of this machine, in the background, in the foreground, or
 * for one look. */
#include "agent.h"
#include "cmd.h"
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { IDLE_US = 60 * 1000 * 1000, PROGRAM_BYTES = 4096 };

/* What both ways of sampling need. */
struct start {
    struct agent *agent;
    char folder[AGENT_PATH_MAX];
    char program[PROGRAM_BYTES];
    struct agent_options options;
};

static track_status start_fill(struct cmd *c, struct start *s, track_error *err)
{
    ssize_t n = readlink("/proc/self/exe", s->program, sizeof s->program - 1);
    int64_t idle_us = IDLE_US;
    if (n <= 0) {
        return FAIL(err, TRACK_IO, "/proc/self/exe: %s", strerror(errno));
    }
    s->program[n] = '\0';
    TRY(args_get_time(c->args, "idle", &idle_us, err));
    s->agent = ARENA_NEW(c->arena, struct agent);
    if (s->agent == NULL) {
        return FAIL(err, TRACK_NOMEM, "a sampler");
    }
    s->options = (struct agent_options){.root = "", .program = s->program, .idle_us = idle_us};
    return TRACK_OK;
}

/* Signals to end are read by the loop; threads that libtrack starts inherit that they are blocked.
 */
static void signals_block(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

/* Variables that speak of somebody else's run; the requests say all that counts. */
static void environment_clean(void)
{
    static const char *const names[] = {"TRACK_RUN_ID", "TRACK_MODE",  "TRACK_PROJECT",
                                        "TRACK_URL",    "TRACK_SPOOL", "RANK"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        unsetenv(names[i]);
    }
}

/* Lock, socket, sampler: then it can be subscribed. */
static track_status serve_open(struct cmd *c, struct start *s, track_error *err)
{
    int lock, listener;
    signals_block();
    environment_clean();
    TRY(agent_folder(s->folder, err));
    TRY(agent_listen(s->folder, &lock, &listener, err));
    TRY(agent_init(s->agent, c->arena, &s->options, err));
    s->agent->lock = lock;
    s->agent->listener = listener;
    return TRACK_OK;
}

/* The background process leaves the terminal, the folder and the streams of whoever started it. */
static void detach(const char *folder)
{
    char path[AGENT_PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/agent.log", folder);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int log = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    setsid();
    if (chdir("/") != 0 || null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 ||
        dup2(log >= 0 ? log : null, 2) < 0) {
        return; /* it works all the same */
    }
    close(null);
    if (log >= 0) {
        close(log);
    }
}

/* In the child: says through the pipe whether it can be subscribed, then works. */
static track_status background_work(struct cmd *c, struct start *s, int ready, track_error *err)
{
    track_error why = {0};
    track_status status = serve_open(c, s, &why);
    if (status != TRACK_OK) {
        ssize_t said = write(ready, &why, sizeof why);
        return said < 0 ? status : FAIL(err, status, "%s", why.message);
    }
    detach(s->folder);
    s->agent->options.talk = stderr;
    close(ready);
    agent_serve(s->agent, s->folder);
    return TRACK_OK;
}

/* Starts it in a process of its own; returns when it listens. */
static track_status background(struct cmd *c, struct start *s, track_error *err)
{
    int ready[2];
    track_error why = {0};
    if (pipe2(ready, O_CLOEXEC) != 0) {
        return FAIL(err, TRACK_IO, "a pipe: %s", strerror(errno));
    }
    pid_t pid = fork();
    if (pid == 0) {
        close(ready[0]);
        c->print->quiet = true;
        return background_work(c, s, ready[1], err);
    }
    close(ready[1]);
    ssize_t n = pid < 0 ? -1 : read(ready[0], &why, sizeof why);
    close(ready[0]);
    if (n < 0) {
        return FAIL(err, TRACK_IO, "a process for the sampler: %s", strerror(errno));
    }
    return n == (ssize_t)sizeof why ? FAIL(err, why.status, "%s", why.message) : TRACK_OK;
}

static track_status foreground(struct cmd *c, struct start *s, track_error *err)
{
    TRY(serve_open(c, s, err));
    s->agent->options.talk = stderr;
    agent_serve(s->agent, s->folder);
    return TRACK_OK;
}

/* ---- one look -------------------------------------------------------------------------------- */

struct look {
    struct cmd *c;
    struct table *table;
    track_status status;
    track_error *err;
};

static void look_row(void *data, const char *name, double value)
{
    struct look *l = data;
    size_t size = strlen(name);
    if (size > 4 && strcmp(name + size - 4, "_max") == 0) {
        return; /* of two looks, says nothing */
    }
    const char *kept = arena_text(l->c->arena, name, strlen(name));
    const struct cell cells[] = {cell_text(kept), CELL(CELL_REAL, real, value), cell_text(NULL)};
    if (l->status == TRACK_OK) {
        l->status = table_add(l->table, cells, l->err);
    }
}

static track_status look_missing(struct look *l, const struct missing *m)
{
    for (size_t i = 0; i < m->count; i++) {
        const struct cell cells[] = {
            cell_text(m->rows[i].what), {.kind = CELL_NONE}, cell_text(m->rows[i].why)};
        TRY(table_add(l->table, cells, l->err));
    }
    return TRACK_OK;
}

static track_status look_devices(struct look *l, const struct device_table *t)
{
    for (size_t i = 0; i < t->count; i++) {
        char name[16];
        snprintf(name, sizeof name, "gpu%zu", i);
        const struct cell cells[] = {cell_text(arena_text(l->c->arena, name, strlen(name))),
                                     {.kind = CELL_NONE},
                                     cell_text(t->list[i].name)};
        TRY(table_add(l->table, cells, l->err));
    }
    return TRACK_OK;
}

static track_status once(struct cmd *c, struct start *s, track_error *err)
{
    static const struct column columns[] = {
        {"name", "NAME", 0}, {"value", "VALUE", COLUMN_RIGHT}, {"note", "NOTE", 0}};
    struct table table;
    struct look look = {.c = c, .table = &table, .err = err};
    const struct table_spec spec = {
        .noun = "readings", .one = "reading", .columns = columns, .count = 3};
    TRY(agent_init(s->agent, c->arena, &s->options, err));
    agent_look(s->agent);
    TRY(table_init(&table, c->print, c->arena, &spec, err));
    TRY(look_devices(&look, &s->agent->devices.table));
    board_flush(&s->agent->board, look_row, &look);
    TRY(look.status);
    TRY(look_missing(&look, &s->agent->devices.table.missing));
    TRY(look_missing(&look, &s->agent->missing));
    devices_close(&s->agent->devices);
    return table_write(&table, err);
}

track_status cmd_agent(struct cmd *c, track_error *err)
{
    struct start *s = ARENA_NEW(c->arena, struct start);
    if (s == NULL) {
        return FAIL(err, TRACK_NOMEM, "a sampler");
    }
    TRY(start_fill(c, s, err));
    if (args_has(c->args, "once")) {
        return once(c, s, err);
    }
    return args_has(c->args, "foreground") ? foreground(c, s, err) : background(c, s, err);
}

track_status cmd_agent_worker(struct cmd *c, track_error *err)
{
    char *end;
    long fd = strtol(c->args->operands[0], &end, 10);
    if (*end != '\0' || fd < 3 || fd > 1 << 20) {
        return FAIL(err, TRACK_INVALID, "%.40s is no descriptor", c->args->operands[0]);
    }
    return worker_run((int)fd, err);
}
