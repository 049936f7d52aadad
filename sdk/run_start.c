#include "../core/fail.h"
#include "../core/hash.h"
#include "../core/json.h"
#include "../core/name.h"
#include "../core/number.h"
#include "facts.h"
#include "moment.h"
#include "run.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum { RUN_BODY_BYTES = 2 << 20, RUN_NOTE_BYTES_MAX = 1 << 20 };

track_run_options track_run_options_default(void)
{
    return (track_run_options){.size = sizeof(track_run_options)};
}

/* How a run is started, decided. */
struct run_plan {
    track_run_options options;
    bool joined;
    int64_t rank;
    const char *project;
};

static track_status run_random(void *out, size_t size, track_error *err)
{
    return getrandom(out, size, 0) == (ssize_t)size
               ? TRACK_OK
               : FAIL(err, TRACK_IO, "the system gives no random bytes");
}

track_status run_read_id(const char *text, char out[SPOOL_HEX_BYTES], track_error *err)
{
    size_t n = 0;
    const char *at = text;
    for (; *at && n < SPOOL_HEX_BYTES - 1; at++) {
        if (*at == '-') {
            continue;
        }
        out[n++] = *at >= 'A' && *at <= 'F' ? (char)(*at - 'A' + 'a') : *at;
    }
    out[n] = '\0';
    struct uuid id;
    if (*at || name_decode_uuid(out, &id, NULL) != TRACK_OK) {
        return FAIL(err, TRACK_INVALID, "run id '%.60s': must be 32 hex digits", text);
    }
    return TRACK_OK;
}

static track_status run_make_ids(track_run *run, const struct run_plan *plan, track_error *err)
{
    unsigned char random[SPOOL_ID_BYTES];
    TRY(run_random(random, sizeof(random), err));
    struct uuid id;
    memcpy(id.byte, random, sizeof(id.byte));
    name_encode_uuid(&id, run->writer);
    if (plan->options.run_id) {
        return run_read_id(plan->options.run_id, run->id, err);
    }
    TRY(run_random(random, sizeof(random), err));
    id = name_make_uuid(moment_now_us(), random);
    name_encode_uuid(&id, run->id);
    return TRACK_OK;
}

/* Rank of this process as its launcher says it; 0 when none does. */
static track_status run_read_rank(int64_t *out, track_error *err)
{
    static const char *const names[] = {"RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK", "PMI_RANK"};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        const char *text = settings_variable(names[i]);
        int64_t rank = 0;
        if (!text) {
            continue;
        }
        struct bytes bytes = {(const unsigned char *)text, strlen(text)};
        if (!number_decode_int(bytes, &rank) || rank < 0 || rank > RUN_RANK_MAX) {
            return FAIL(err, TRACK_INVALID, "%s '%.40s': must be a number of 0..%d", names[i], text,
                        RUN_RANK_MAX);
        }
        *out = rank;
        return TRACK_OK;
    }
    *out = 0;
    return TRACK_OK;
}

static track_status run_check_plan(const struct run_plan *plan, track_error *err)
{
    const track_run_options *o = &plan->options;
    static const char *const kinds[] = {"train", "eval", "transform", "build"};
    bool known = !o->kind;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        known |= o->kind && strcmp(o->kind, kinds[i]) == 0;
    }
    if (!known) {
        return FAIL(err, TRACK_INVALID, "kind '%.40s': must be train, eval, transform or build",
                    o->kind);
    }
    if (plan->rank < 0 || plan->rank > RUN_RANK_MAX) {
        return FAIL(err, TRACK_INVALID, "rank %lld: must be 0..%d", (long long)plan->rank,
                    RUN_RANK_MAX);
    }
    TRY(name_check_project(
        (struct bytes){(const unsigned char *)plan->project, strlen(plan->project)}, err));
    if (o->name) {
        TRY(name_check_run((struct bytes){(const unsigned char *)o->name, strlen(o->name)}, err));
    }
    if (o->writer && strlen(o->writer) > 250) {
        return FAIL(err, TRACK_INVALID, "a writer's label of %zu bytes, at most 250",
                    strlen(o->writer));
    }
    if (o->note && strlen(o->note) > RUN_NOTE_BYTES_MAX) {
        return FAIL(err, TRACK_INVALID, "a note of %zu bytes, at most %d", strlen(o->note),
                    RUN_NOTE_BYTES_MAX);
    }
    return o->note ? name_check_text(
                         (struct bytes){(const unsigned char *)o->note, strlen(o->note)}, err)
                   : TRACK_OK;
}

static track_status run_make_plan(const track_client *client, const track_run_options *options,
                                  struct run_plan *plan, track_error *err)
{
    plan->options = track_run_options_default();
    if (options) {
        TRY(client_take_options(options, sizeof(plan->options), &plan->options, err));
    }
    track_run_options *o = &plan->options;
    plan->joined = o->join && o->run_id;
    if (!o->run_id && (o->run_id = settings_variable("TRACK_RUN_ID")) != NULL) {
        plan->joined = true;
    }
    if (o->rank) {
        plan->rank = *o->rank;
    } else {
        TRY(run_read_rank(&plan->rank, err));
    }
    plan->project = o->project ? o->project : client->settings.value[SETTING_PROJECT];
    return run_check_plan(plan, err);
}

/* A copy in the run's own memory. */
static const char *run_copy(track_run *run, const char *text)
{
    size_t size = strlen(text) + 1;
    char *out = region_alloc(&run->region, size);
    return out ? memcpy(out, text, size) : NULL;
}

/* Address of the run's page. */
static const char *run_make_url(track_run *run, const char *project)
{
    AUTO_BUF url = BUF(8192);
    buf_text(&url, run->client->settings.url);
    buf_text(&url, "/p/");
    transport_put_escaped(&url, project, "");
    buf_text(&url, "/r/");
    buf_text(&url, run->id);
    buf_byte(&url, 0);
    return url.status == TRACK_OK ? run_copy(run, (const char *)url.at) : NULL;
}

static track_status run_make(track_client *client, const struct run_plan *plan, track_run **out,
                             track_error *err)
{
    struct region region = {0};
    track_run *run = region_alloc(&region, sizeof(*run));
    if (!run) {
        return FAIL(err, TRACK_NOMEM, "no memory for a run");
    }
    run->region = region;
    run->client = client;
    run->joined = plan->joined;
    run->rank = plan->rank;
    run->names_max = client->names_max;
    run->exit_code = OUTBOX_NO_CODE;
    pthread_mutex_init(&run->lock, NULL);
    pthread_mutex_init(&run->keeping, NULL);
    run->alive = client_make_page();
    char context[48] = "";
    if (plan->rank > 0) {
        snprintf(context, sizeof(context), "{\"rank\":%lld}", (long long)plan->rank);
    }
    track_status status = run_make_ids(run, plan, err);
    run->context = run_copy(run, context);
    run->url = run_make_url(run, plan->project);
    run->project = run_copy(run, plan->project);
    if (status == TRACK_OK && (!run->alive || !run->context || !run->url || !run->project)) {
        status = FAIL(err, TRACK_NOMEM, "no memory for a run");
    }
    if (status != TRACK_OK) {
        run_release(run);
        return status;
    }
    *out = run;
    return TRACK_OK;
}

static track_status run_open_spool(track_run *run, track_error *err)
{
    track_client *c = run->client;
    if (c->settings.mode == MODE_OFF) {
        spool_init_off(&run->spool);
        return TRACK_OK;
    }
    struct spool_meta meta = {.url = c->settings.url,
                              .project = run->project,
                              .created_us = moment_now_us(),
                              .segment_bytes = c->segment_bytes,
                              .joined = run->joined};
    memcpy(meta.run, run->id, sizeof(meta.run));
    memcpy(meta.writer, run->writer, sizeof(meta.writer));
    struct spool_folder folder;
    TRY(spool_folder_make(c->settings.value[SETTING_SPOOL], &meta, &folder, err));
    struct uuid id, writer;
    track_error why = {0};
    track_status status = name_decode_uuid(run->id, &id, &why);
    status = status == TRACK_OK ? name_decode_uuid(run->writer, &writer, &why) : status;
    if (status == TRACK_OK) {
        struct spool_options o = {.dir = folder.dir,
                                  .run = id.byte,
                                  .writer = writer.byte,
                                  .segment_bytes = c->segment_bytes,
                                  .bytes_max = c->spool_bytes_max,
                                  .wake = &c->keep};
        status = spool_init(&run->spool, &o, &why);
    }
    if (status == TRACK_OK) {
        status = outbox_open(&run->outbox, &folder, &run->spool, &why);
    }
    if (status != TRACK_OK) {
        spool_folder_remove(&folder);
        return FAIL(err, status, "%.100s: %.130s", folder.path, why.message);
    }
    run->opened = true;
    return TRACK_OK;
}

/* Reads "ID?step=N". */
static track_status run_read_fork(const char *text, char id[SPOOL_HEX_BYTES], int64_t *step,
                                  track_error *err)
{
    static const char mark[] = "?step=";
    const char *at = strstr(text, mark);
    char run[64];
    if (at && (size_t)(at - text) < sizeof(run)) {
        struct bytes number = {(const unsigned char *)at + sizeof(mark) - 1,
                               strlen(at) - (sizeof(mark) - 1)};
        snprintf(run, sizeof(run), "%.*s", (int)(at - text), text);
        if (number_decode_int(number, step) && *step != INT64_MIN &&
            run_read_id(run, id, NULL) == TRACK_OK) {
            return TRACK_OK;
        }
    }
    return FAIL(err, TRACK_INVALID, "fork_from '%.100s': must be ID?step=N, ID of 32 hex digits",
                text);
}

static track_status run_write_fork(struct json_writer *w, const char *text, track_error *err)
{
    char id[SPOOL_HEX_BYTES];
    int64_t step;
    TRY(run_read_fork(text, id, &step, err));
    json_write_object(w, "fork_from");
    json_write_text(w, "run", id);
    json_write_int(w, "step", step);
    json_write_close(w);
    return TRACK_OK;
}

/* PUT of the run. */
static track_status run_add_create(track_run *run, const struct run_plan *plan, track_error *err)
{
    const track_run_options *o = &plan->options;
    AUTO_BUF text = BUF(RUN_BODY_BYTES);
    struct json_writer w = {.to = &text};
    char host[256] = "";
    (void)!gethostname(host, sizeof(host) - 1);
    json_write_object(&w, NULL);
    json_write_text(&w, "project", plan->project);
    if (o->name) {
        json_write_text(&w, "name", o->name);
    }
    if (o->note) {
        json_write_text(&w, "note", o->note);
    }
    json_write_text(&w, "kind", o->kind ? o->kind : "train");
    json_write_text(&w, "client", "libtrack/" TRACK_VERSION);
    json_write_text(&w, "capture_mode", run->joined ? "joined" : o->launched ? "launcher" : "sdk");
    if (o->parent) {
        char parent[SPOOL_HEX_BYTES];
        TRY(run_read_id(o->parent, parent, err));
        json_write_text(&w, "parent", parent);
    }
    if (o->fork_from) {
        TRY(run_write_fork(&w, o->fork_from, err));
    }
    json_write_text(&w, "host", host);
    json_write_text(&w, "user", facts_user(&(char[64]){0}));
    json_write_int(&w, "started_us", moment_now_us());
    json_write_close(&w);
    struct op op = {.method = "PUT", .path = "", .type = "application/json"};
    TRY(json_end(&w, &op.body, err));
    return run_add_op(run, &op, err);
}

/* PUT of the writer. */
static track_status run_add_writer(track_run *run, const struct run_plan *plan, track_error *err)
{
    AUTO_BUF text = BUF(RUN_BODY_BYTES);
    struct json_writer w = {.to = &text};
    char host[256] = "", path[64];
    (void)!gethostname(host, sizeof(host) - 1);
    snprintf(path, sizeof(path), "/writers/%s", run->writer);
    json_write_object(&w, NULL);
    json_write_text(&w, "name", plan->options.writer ? plan->options.writer : "");
    json_write_int(&w, "rank", plan->rank);
    json_write_text(&w, "host", host);
    json_write_int(&w, "pid", getpid());
    json_write_close(&w);
    struct op op = {.method = "PUT", .path = path, .type = "application/json"};
    TRY(json_end(&w, &op.body, err));
    return run_add_op(run, &op, err);
}

static track_status run_add_first_ops(track_run *run, const struct run_plan *plan, track_error *err)
{
    TRY(run_add_create(run, plan, err));
    if (plan->options.resume) {
        static const char none[] = "{}";
        struct op op = {.method = "POST",
                        .path = "/reopen",
                        .type = "application/json",
                        .body = {(const unsigned char *)none, sizeof(none) - 1}};
        TRY(run_add_op(run, &op, err));
    }
    return run_add_writer(run, plan, err);
}

static track_status run_open(track_run *run, const struct run_plan *plan, track_error *err)
{
    track_client *c = run->client;
    TRY(run_open_spool(run, err));
    if (c->settings.mode == MODE_OFF) {
        return TRACK_OK;
    }
    TRY(run_add_first_ops(run, plan, err));
    return client_start_threads(c, err);
}

/* Makes a run known to the threads of its client. */
static void run_publish_here(track_run *run)
{
    track_client *c = run->client;
    run->older = atomic_load(&c->runs);
    while (!atomic_compare_exchange_weak(&c->runs, &run->older, run)) {
    }
    if (run->opened && c->settings.mode == MODE_ONLINE) {
        run->outbox.siblings = orphans_send_siblings;
        run->outbox.siblings_data = c;
        run->outbox.refused_say = client_say_refused;
        run->outbox.say = client_say_plain;
        sender_add(c, &run->outbox);
    }
}

static track_status run_start(track_client *client, const track_run_options *options,
                              track_run **out, track_error *err)
{
    struct run_plan plan = {0};
    TRY(run_make_plan(client, options, &plan, err));
    track_run *run = NULL;
    TRY(run_make(client, &plan, &run, err));
    track_status status = run_open(run, &plan, err);
    if (status != TRACK_OK) {
        if (run->opened) {
            spool_folder_remove(&run->outbox.folder);
            outbox_close(&run->outbox);
        }
        run_release(run);
        return status;
    }
    run_publish_here(run);
    run->sampled = plan.options.sample_system && run->opened;
    bool facts = !run->joined && !plan.options.no_facts;
    if (run->opened && (facts || run->sampled)) {
        facts_start(run, &plan.options);
    }
    *out = run;
    return TRACK_OK;
}

track_status track_start_run(track_client *client, const track_run_options *options,
                             track_run **out, track_error *err)
{
    if (!out) {
        return FAIL(err, TRACK_INVALID, "out is NULL");
    }
    *out = NULL;
    track_client *own = NULL;
    if (!client) {
        TRY(track_init(NULL, &own, err));
    } else if (!client_is_here(client)) {
        TRY(client_copy(client, &own, err));
    }
    track_run *run = NULL;
    track_status status = run_start(own ? own : client, options, &run, err);
    if (status != TRACK_OK) {
        if (own) {
            client_close(own);
        }
        return status;
    }
    run->owns_client = own != NULL;
    if (run->opened && !run->joined) {
        client_say(run->client, "run %s  %s%s", run->id + 24, run->url,
                   run->client->settings.mode == MODE_OFFLINE ? "  (offline)" : "");
    }
    *out = run;
    return TRACK_OK;
}

/* Waits for the thread that makes the child's run, or makes it. */
track_run *run_of_child(track_run *run)
{
    int64_t here = getpid();
    for (int waits = 0; waits < 2000; waits++) {
        track_run *child = atomic_load(&run->child);
        if (child) {
            return run_here(child);
        }
        int64_t maker = atomic_load(&run->child_pid);
        if (maker < 0) {
            return NULL; /* it could not be made */
        }
        if (maker != here && atomic_compare_exchange_strong(&run->child_pid, &maker, here)) {
            break;
        }
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    if (!run->client || run->ended) {
        return run; /* its spool is closed, so it takes nothing */
    }
    int32_t rank = (int32_t)run->rank;
    char label[32];
    snprintf(label, sizeof(label), "fork:%ld", (long)here);
    track_run_options o = track_run_options_default();
    o.run_id = run->id;
    o.project = run->project;
    o.join = true;
    o.rank = &rank;
    o.writer = label;
    track_run *child = NULL;
    track_status status = track_start_run(run->client, &o, &child, NULL);
    atomic_store(&run->child_pid, status == TRACK_OK ? here : -here);
    atomic_store(&run->child, child);
    return child;
}
