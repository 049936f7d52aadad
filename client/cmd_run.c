/* track run: a command under watch. */
#include "../core/name.h"
#include "format.h"
#include "runs.h"
#include "tracking.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

extern char **environ;

enum { EXIT_LAUNCHER = 125, EXIT_NO_EXEC = 126, EXIT_NO_COMMAND = 127, EXIT_SIGNAL = 128 };

static track_status print_new_id(struct cmd *c, track_error *err)
{
    static const struct column columns[] = {{"id", "Run", COLUMN_ID}};
    static const struct table_spec spec = {"new_id", "new_id", columns, 1};
    unsigned char random[10];
    char text[UUID_TEXT_SIZE];
    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
        return FAIL(err, TRACK_IO, "no random bytes: %s", strerror(errno));
    }
    struct uuid id = name_make_uuid(c->now_us, random);
    name_encode_uuid(&id, text);
    if (c->print->mode == PRINT_JSON || c->print->mode == PRINT_JSONL) {
        struct cell cell = CELL(CELL_TEXT, text, text);
        return print_record(c->print, c->arena, &spec, &cell, err);
    }
    fprintf(c->print->out, "%s\n", text);
    return print_end(c->print, err);
}

static enum launch_mode mode_of(const struct cmd *c)
{
    const char *log = args_find(c->args, "log");
    bool terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && isatty(STDERR_FILENO);
    if (!log) {
        return terminal ? LAUNCH_PTY : LAUNCH_FILE;
    }
    return log[0] == 'p' ? LAUNCH_PTY : log[0] == 'f' ? LAUNCH_FILE : LAUNCH_OFF;
}

/* What the command finds in its environment. */
struct variable {
    const char *name, *value; /* value NULL: unset */
};

static char *pair(struct arena *arena, const struct variable *v)
{
    size_t size = strlen(v->name) + strlen(v->value) + 2;
    char *out = arena_alloc(arena, size, 1);
    if (out) {
        snprintf(out, size, "%s=%s", v->name, v->value);
    }
    return out;
}

static bool sets(const struct variable *list, size_t count, const char *entry)
{
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(list[i].name);
        if (strncmp(entry, list[i].name, size) == 0 && entry[size] == '=') {
            return true;
        }
    }
    return false;
}

static track_status make_env(struct cmd *c, const struct variable *list, size_t count, char ***out,
                             track_error *err)
{
    size_t n = 0, used = 0;
    while (environ[n]) {
        n++;
    }
    char **env = ARENA_ARRAY(c->arena, char *, n + count + 1);
    for (size_t i = 0; env && i < n; i++) {
        if (!sets(list, count, environ[i])) {
            env[used++] = environ[i];
        }
    }
    for (size_t i = 0; env && i < count; i++) {
        char *text = list[i].value ? pair(c->arena, &list[i]) : NULL;
        if (text) {
            env[used++] = text;
        } else if (list[i].value) {
            env = NULL;
        }
    }
    *out = env;
    return env ? TRACK_OK : FAIL(err, TRACK_NOMEM, "an environment of %zu variables", n);
}

static track_status fill_env(struct cmd *c, const struct tracking *t, enum launch_mode mode,
                             char ***out, track_error *err)
{
    char pid[24];
    const char *unbuffered = getenv("PYTHONUNBUFFERED");
    const char *project = args_find(c->args, "project");
    snprintf(pid, sizeof(pid), "%ld", (long)getpid());
    const struct variable list[] = {
        {"TRACK_RUN_ID", t->run ? t->id : NULL},
        {"TRACK_LAUNCHER", t->run ? pid : NULL},
        {"TRACK_MODE", t->run ? getenv("TRACK_MODE") : "off"},
        {"TRACK_SPOOL", t->spool},
        {"TRACK_URL", t->server},
        {"TRACK_PROJECT", project ? project : getenv("TRACK_PROJECT")},
        {"PYTHONUNBUFFERED", unbuffered            ? unbuffered
                             : mode == LAUNCH_FILE ? "1"
                                                   : NULL},
    };
    return make_env(c, list, sizeof(list) / sizeof(list[0]), out, err);
}

static track_status open_capture(struct cmd *c, struct tracking *t, struct capture **out,
                                 track_error *err)
{
    const char *patterns[CAPTURE_PATTERNS_MAX + 1];
    struct capture_options options = {patterns, 0, args_has(c->args, "log-raw")};
    struct capture_sink sink = tracking_sink(t);
    const char *word;
    for (size_t at = 0; (word = args_next(c->args, "metric-regex", &at));) {
        if (options.pattern_count <= CAPTURE_PATTERNS_MAX) {
            patterns[options.pattern_count++] = word;
        }
    }
    return capture_init(&options, &sink, c->arena, out, err);
}

static track_status fill_launch(struct cmd *c, struct tracking *t, struct launch_options *o,
                                track_error *err)
{
    const char *stop = args_find(c->args, "stop-signal");
    o->mode = mode_of(c);
    o->stop_signal = child_signal_number(stop ? stop : "TERM");
    if (o->stop_signal < 0) {
        return FAIL(err, TRACK_INVALID, "run: --stop-signal \"%.40s\" is no signal; TERM, INT, 15",
                    stop);
    }
    if (o->mode == LAUNCH_OFF && args_has(c->args, "metric-regex")) {
        return FAIL(err, TRACK_INVALID, "run: --metric-regex needs output: not with --log off");
    }
    if (o->mode == LAUNCH_PTY && !isatty(STDIN_FILENO)) {
        return FAIL(err, TRACK_INVALID, "run: --log pty needs a terminal on standard input");
    }
    TRY(open_capture(c, t, &o->capture, err));
    o->capture = o->mode == LAUNCH_OFF ? NULL : o->capture;
    o->should_stop = tracking_should_stop;
    o->data = t;
    return TRACK_OK;
}

static const char *state_name(track_state state)
{
    static const char *const names[] = {"running", "finished",  "failed",
                                        "stopped", "preempted", "unconfirmed"};
    return names[state];
}

/* "finished exit 0 in 2 h 14 m · 61 204 lines · everything is on the server" */
static void say_end(struct cmd *c, const struct tracking *t, const struct launch_result *r)
{
    char how[64], took[FORMAT_TEXT_MAX], lines[FORMAT_TEXT_MAX], points[FORMAT_TEXT_MAX];
    bool regex = args_has(c->args, "metric-regex");
    track_state state = tracking_state(r, false);
    if (!t->id) {
        return;
    }
    if (r->child.signal) {
        snprintf(how, sizeof(how), "by signal %d%s", r->child.signal,
                 r->child.core ? " (core dumped)" : "");
    } else {
        snprintf(how, sizeof(how), "exit %d", r->child.code);
    }
    print_say(c->print, "track: %s %s in %s · %s lines%s%s%s · %s", state_name(state), how,
              format_duration(r->ended_us - r->started_us, took), format_count(t->lines, lines),
              regex ? " · " : "", regex ? format_count(t->points, points) : "",
              regex ? " points" : "",
              t->sent ? "everything is on the server"
                      : "not everything is on the server yet, `track sync` sends it");
    if (r->orphans > 0) {
        print_say(c->print, "track: %d processes that the command started live on%s", r->orphans,
                  args_has(c->args, "kill-tree") ? ", ended" : "; --kill-tree ends them");
    }
}

/* With --json the end is a document on stderr: stdout belongs to the command. */
static void write_end(struct cmd *c, const struct tracking *t, const struct launch_result *r)
{
    AUTO_BUF text = BUF(64 * 1024);
    struct json_writer w = {.to = &text};
    struct bytes out;
    json_write_object(&w, NULL);
    json_write_text(&w, "schema", "track.run_result/1");
    json_write_text(&w, "id", t->id);
    json_write_text(&w, "url", t->url);
    json_write_text(&w, "status", state_name(tracking_state(r, false)));
    json_write_int(&w, "exit_code", r->child.code);
    json_write_int(&w, "signal", r->child.signal);
    json_write_int(&w, "duration_us", r->ended_us - r->started_us);
    json_write_int(&w, "lines", t->lines);
    json_write_int(&w, "points", t->points);
    json_write_bool(&w, "sent", t->sent);
    json_write_int(&w, "orphans", r->orphans);
    json_write_close(&w);
    buf_byte(&text, '\n');
    if (json_end(&w, &out, NULL) == TRACK_OK) {
        fwrite(out.at, 1, out.size, c->print->talk);
    }
}

static void finish_launch(struct cmd *c, struct tracking *t, const struct launch_result *r)
{
    const char *id = t->id ? arena_text(c->arena, t->id, strlen(t->id)) : NULL;
    const char *url = t->url ? arena_text(c->arena, t->url, strlen(t->url)) : NULL;
    if (r->orphans > 0 && args_has(c->args, "kill-tree")) {
        child_kill_orphans();
    }
    tracking_end(t, r);
    t->id = id; /* the run that owned them is gone */
    t->url = url;
    if (c->print->mode == PRINT_JSON || c->print->mode == PRINT_JSONL) {
        write_end(c, t, r);
    } else {
        say_end(c, t, r);
    }
    c->exit = r->child.signal ? EXIT_SIGNAL + r->child.signal : r->child.code;
}

/* The command could not be started: the run, if there is one, has failed. */
static void abandon(struct tracking *t, int code)
{
    struct launch_result r = {.child = {.pidfd = -1, .over = true, .code = code}};
    tracking_end(t, &r);
}

static track_status launch_command(struct cmd *c, struct launch_options *o, track_error *err)
{
    struct tracking t;
    struct launch_result result = {0};
    char name[96], **env;
    int why = 0;
    TRY(fill_launch(c, &t, o, err));
    TRY(tracking_start(c, o->child.argv, &t, err));
    o->mode = t.run || o->mode == LAUNCH_PTY ? o->mode : LAUNCH_OFF; /* no run, no files for it */
    track_status status = fill_env(c, &t, o->mode, &env, err);
    if (status == TRACK_OK) {
        snprintf(name, sizeof(name), "%.32s-%ld", t.id ? t.id : "none", (long)getpid());
        o->capture = t.run ? o->capture : NULL;
        o->child.env = env;
        o->spool = t.spool;
        o->name = name;
        status = launch(o, c->arena, &result, &why, err);
    }
    if (status != TRACK_OK) {
        c->exit = why == ENOENT ? EXIT_NO_COMMAND : why ? EXIT_NO_EXEC : EXIT_LAUNCHER;
        abandon(&t, c->exit);
        return status;
    }
    finish_launch(c, &t, &result);
    return TRACK_OK;
}

track_status cmd_run(struct cmd *c, track_error *err)
{
    struct launch_options o = {0};
    int why = 0;
    if (args_has(c->args, "new-id")) {
        return print_new_id(c, err);
    }
    if (c->args->operand_count == 0) {
        return FAIL(err, TRACK_INVALID, "run: a command is expected: track run -- COMMAND");
    }
    o.child.argv = (char *const *)(uintptr_t)c->args->operands;
    track_status status = child_find(c->args->operands[0], c->arena, &o.child.path, &why, err);
    if (status != TRACK_OK) {
        c->exit = why == ENOENT ? EXIT_NO_COMMAND : EXIT_NO_EXEC;
        return status;
    }
    return launch_command(c, &o, err);
}
