#include "tracking.h"

#include "runs.h"
#include "tree.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DRAIN_MS = 10000, DRAIN_STOPPED_MS = 3000 };

/* Parts "[NAME=]PATH": a name has no slash before its '='. */
static track_status part_name(struct arena *arena, const char *word, const char **name,
                              const char **path, track_error *err)
{
    const char *equals = strchr(word, '=');
    bool named = equals && equals > word && !memchr(word, '/', (size_t)(equals - word));
    *path = named ? equals + 1 : word;
    *name = named ? arena_text(arena, word, (size_t)(equals - word)) : tree_base_name(arena, word);
    return *name ? TRACK_OK : FAIL(err, TRACK_NOMEM, "a name");
}

static int64_t change_ns(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

/* Records the files of one --input; without a run it only looks whether they are there. */
static track_status add_input(struct tracking *t, const char *word, track_error *err)
{
    const char *name, *path;
    struct tree tree;
    TRY(part_name(t->c->arena, word, &name, &path, err));
    TRY(tree_list(t->c->arena, path, name, &tree, err));
    for (const struct tree_file *f = t->run ? tree.files : NULL; f; f = f->next) {
        struct stat st;
        struct tracked_input *input = ARENA_NEW(t->c->arena, struct tracked_input);
        if (!input) {
            return FAIL(err, TRACK_NOMEM, "an input");
        }
        TRY(track_use_artifact(t->run, f->name, f->path, NULL, NULL, err));
        bool known = stat(f->path, &st) == 0;
        *input = (struct tracked_input){t->inputs, f->name, f->path, known ? st.st_size : -1,
                                        known ? change_ns(&st) : 0};
        t->inputs = input;
    }
    return TRACK_OK;
}

/* Sets what --param or --tag say; without a run it only looks whether they can be understood. */
static track_status set_pairs(struct tracking *t, const char *option, track_error *err)
{
    bool tag = strcmp(option, "tag") == 0;
    const char *word;
    for (size_t at = 0; (word = args_next(t->c->args, option, &at));) {
        const char *equals = strchr(word, '=');
        const char *key = equals ? arena_text(t->c->arena, word, (size_t)(equals - word)) : word;
        const char *value = equals ? equals + 1 : "";
        if (!key) {
            return FAIL(err, TRACK_NOMEM, "a key");
        }
        if (!*key || (!tag && !equals)) {
            return FAIL(err, TRACK_INVALID, "run: --%s is K=V, not \"%.120s\"", option, word);
        }
        if (!t->run) {
            continue;
        }
        track_status status =
            tag ? track_set_tag(t->run, key, value) : track_set_param(t->run, key, value);
        if (status != TRACK_OK) {
            return FAIL(err, status, "run: --%s \"%.120s\": %s", option, word,
                        status_meaning(status));
        }
    }
    return TRACK_OK;
}

static track_status describe(struct tracking *t, track_error *err)
{
    const char *word;
    TRY(set_pairs(t, "param", err));
    TRY(set_pairs(t, "tag", err));
    for (size_t at = 0; (word = args_next(t->c->args, "input", &at));) {
        TRY(add_input(t, word, err));
    }
    return TRACK_OK;
}

/* The id that --parent names: a whole one as it is, else the server is asked. */
static track_status find_parent(struct cmd *c, const char **out, track_error *err)
{
    const char *ref = args_find(c->args, "parent");
    const struct json *run;
    *out = ref;
    if (!ref || (strlen(ref) == 32 && strspn(ref, "0123456789abcdef") == 32)) {
        return TRACK_OK;
    }
    return api_get_run(c, ref, &run, out, err);
}

static track_status drain_of(struct cmd *c, int64_t *out, track_error *err)
{
    int64_t us = (int64_t)DRAIN_MS * 1000;
    TRY(args_get_time(c->args, "drain", &us, err));
    *out = us / 1000;
    return TRACK_OK;
}

static track_status open_client(struct tracking *t, track_error *err)
{
    track_options options = track_options_default();
    int64_t drain_ms, timeout_us = 0;
    TRY(drain_of(t->c, &drain_ms, err));
    TRY(args_get_time(t->c->args, "timeout", &timeout_us, err));
    options.url = args_find(t->c->args, "url");
    options.project = args_find(t->c->args, "project");
    options.timeout_ms = timeout_us / 1000;
    /* The rest of the time is waited by tracking_end, which knows how the command ended. */
    options.drain_ms = drain_ms == 0                 ? -1
                       : drain_ms < DRAIN_STOPPED_MS ? drain_ms
                                                     : DRAIN_STOPPED_MS;
    options.quiet = true;
    return track_init(&options, &t->client, err);
}

/* A launcher inside a launched command, or one of many ranks, joins; the first one owns the run. */
static bool must_join(void)
{
    static const char *const ranks[] = {"RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK", "PMI_RANK"};
    const char *rank = NULL;
    for (size_t i = 0; i < sizeof(ranks) / sizeof(ranks[0]) && !rank; i++) {
        rank = getenv(ranks[i]);
    }
    return getenv("TRACK_LAUNCHER") || (rank && strcmp(rank, "0") != 0);
}

static track_status start_run(struct tracking *t, char *const *argv, track_error *err)
{
    track_run_options options = track_run_options_default();
    const char *id = getenv("TRACK_RUN_ID");
    TRY(find_parent(t->c, &options.parent, err));
    options.name = args_find(t->c->args, "name");
    options.kind = args_find(t->c->args, "kind");
    options.run_id = id && *id ? id : NULL;
    options.join = t->joined = options.run_id && must_join();
    options.no_code = args_has(t->c->args, "no-git");
    options.launched = true;
    options.sample_system = !args_has(t->c->args, "no-agent");
    options.argv = (const char *const *)argv;
    TRY(track_start_run(t->client, &options, &t->run, err));
    t->id = track_get_run_id(t->run);
    t->url = track_get_run_url(t->run);
    return TRACK_OK;
}

static void say_start(const struct tracking *t)
{
    const char *name = args_find(t->c->args, "name");
    print_say(t->c->print, "track: run %s%s%s  %s", runs_short_id(t->id), name ? " " : "",
              name ? name : "", t->url);
}

static void save_setting(void *data, const track_setting *s)
{
    struct tracking *t = data;
    if (strcmp(s->name, "mode") == 0 && s->value) {
        t->mode_off = strcmp(s->value, "off") == 0;
    }
    const char **out = strcmp(s->name, "spool") == 0     ? &t->spool
                       : strcmp(s->name, "url") == 0     ? &t->server
                       : strcmp(s->name, "project") == 0 ? &t->project
                                                         : NULL;
    if (out && s->value) {
        *out = arena_text(t->c->arena, s->value, strlen(s->value));
    }
}

track_status tracking_start(struct cmd *c, char *const *argv, struct tracking *out,
                            track_error *err)
{
    track_error why = {0};
    *out = (struct tracking){.c = c};
    TRY(describe(out, err)); /* a mistake in the words leaves no run behind */
    TRY(open_client(out, err));
    track_status status = track_get_settings(out->client, save_setting, out, &why);
    if (status == TRACK_OK) {
        status = start_run(out, argv, &why);
    }
    if (status == TRACK_INVALID || status == TRACK_NOT_FOUND) {
        track_close(&out->client);
        return FAIL(err, status, "%s", why.message);
    }
    if (status != TRACK_OK) {
        print_say(c->print, "track: not recorded: %s", why.message);
        out->run = NULL;
        return TRACK_OK;
    }
    say_start(out);
    if (describe(out, err) != TRACK_OK) {
        print_say(c->print, "track: not recorded: %s", err->message);
    }
    return TRACK_OK;
}

static void log_line(void *data, track_stream stream, struct bytes text)
{
    struct tracking *t = data;
    if (track_log_line(t->run, stream, (const char *)text.at, text.size) == TRACK_OK) {
        t->lines++;
    }
}

static void log_metric(void *data, const char *name, int64_t step, double value)
{
    struct tracking *t = data;
    if (track_log_metric(t->run, name, step, value) == TRACK_OK) {
        t->points++;
    }
}

static void warn(void *data, const char *text)
{
    struct tracking *t = data;
    print_say(t->c->print, "track: %s", text);
}

struct capture_sink tracking_sink(struct tracking *t)
{
    return (struct capture_sink){log_line, log_metric, warn, t};
}

bool tracking_should_stop(void *data)
{
    const struct tracking *t = data;
    return t->run && track_should_stop(t->run);
}

/* Says which inputs are not what they were when their digest was taken. */
static void check_inputs(struct tracking *t)
{
    for (const struct tracked_input *i = t->inputs; i; i = i->next) {
        struct stat st;
        bool same =
            stat(i->path, &st) == 0 && st.st_size == i->size && change_ns(&st) == i->changed_ns;
        if (!same) {
            print_say(t->c->print, "track: input %s changed while the command ran", i->name);
            (void)track_log_alert(t->run, TRACK_WARNING, "input changed while the command ran",
                                  i->name);
        }
    }
}

static track_status add_output(struct tracking *t, const char *word, track_error *err)
{
    const char *name, *path;
    struct tree tree;
    TRY(part_name(t->c->arena, word, &name, &path, err));
    TRY(tree_list(t->c->arena, path, name, &tree, err));
    for (const struct tree_file *f = tree.files; f; f = f->next) {
        TRY(track_log_artifact(t->run, f->name, f->path, NULL, NULL, err));
    }
    return TRACK_OK;
}

static void add_outputs(struct tracking *t)
{
    const char *word;
    for (size_t at = 0; (word = args_next(t->c->args, "output", &at));) {
        track_error err = {0};
        if (add_output(t, word, &err) != TRACK_OK) {
            print_say(t->c->print, "track: output not recorded: %s", err.message);
            (void)track_log_alert(t->run, TRACK_WARNING, "output not recorded", err.message);
        }
    }
}

track_state tracking_state(const struct launch_result *r, bool scheduled)
{
    int signal = r->child.signal;
    int code = r->child.code;
    bool obeyed = r->asked && (signal == r->asked || code == 128 + r->asked);
    if (r->stopped && (signal || code == 0 || code > 128)) {
        return TRACK_STOPPED;
    }
    if (obeyed) {
        return r->asked == SIGTERM && scheduled ? TRACK_PREEMPTED : TRACK_STOPPED;
    }
    return code == 0 ? TRACK_FINISHED : TRACK_FAILED;
}

/* A scheduler that takes machines away sends SIGTERM first. */
static bool is_scheduled(void)
{
    return getenv("SLURM_JOB_ID") || getenv("KUBERNETES_SERVICE_HOST");
}

/* Waits for the server: as long as --drain says, three seconds when we were asked to end. */
static void drain(struct tracking *t, const struct launch_result *r, track_state state)
{
    int64_t drain_ms = DRAIN_MS;
    track_error err = {0};
    if (drain_of(t->c, &drain_ms, NULL) == TRACK_OK && !(r->asked || r->stopped) &&
        drain_ms > DRAIN_STOPPED_MS) {
        (void)track_flush_run(t->run, drain_ms - DRAIN_STOPPED_MS, NULL);
    }
    track_status status = track_finish_run(&t->run, state, &err);
    t->sent = status == TRACK_OK;
    if (status != TRACK_OK && t->c->print->verbose) {
        print_say(t->c->print, "track: %s", err.message);
    }
}

void tracking_end(struct tracking *t, const struct launch_result *result)
{
    if (t->run) {
        check_inputs(t);
        add_outputs(t);
        (void)track_set_exit(t->run, result->child.code, result->child.signal);
        drain(t, result, tracking_state(result, is_scheduled()));
    }
    track_close(&t->client);
}
