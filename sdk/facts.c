#include "facts.h"

#include "../core/fail.h"
#include "../core/json.h"
#include "host.h"
#include "moment.h"
#include "redact.h"
#include "source.h"
#include "subscribe.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FACTS_DOCUMENT_BYTES = 7 << 20, FACTS_ARGV_BYTES = 256 * 1024, FACTS_MISSING_MAX = 16 };

/* What is being gathered. */
struct facts {
    track_run *run;
    struct buf argv; /* NUL-terminated arguments, one after the other */
    int64_t until_ms;
    bool redacted, no_code, sampler_only;
    struct {
        const char *code;
        char subject[64], detail[240];
    } missing[FACTS_MISSING_MAX];
    size_t missing_count;
};

const char *facts_user(char (*out)[64])
{
    host_user(*out, sizeof(*out));
    return *out;
}

static void facts_miss(struct facts *f, const char *code, const char *subject, const char *detail)
{
    if (f->missing_count < FACTS_MISSING_MAX) {
        size_t i = f->missing_count++;
        f->missing[i].code = code;
        snprintf(f->missing[i].subject, sizeof(f->missing[i].subject), "%s", subject);
        snprintf(f->missing[i].detail, sizeof(f->missing[i].detail), "%s", detail);
    }
}

static void facts_put(struct facts *f, const char *name, const char *type, struct bytes body)
{
    char path[32];
    track_error err;
    snprintf(path, sizeof(path), "/docs/%s", name);
    struct op op = {.method = "PUT", .path = path, .type = type, .body = body};
    if (run_add_op(f->run, &op, &err) != TRACK_OK) {
        facts_miss(f, "env.partial", name, err.message);
    }
}

static void facts_put_json(struct facts *f, const char *name, const struct json_writer *w)
{
    struct bytes body;
    track_error err;
    if (json_end(w, &body, &err) != TRACK_OK) {
        facts_miss(f, "env.partial", name, err.message);
        return;
    }
    facts_put(f, name, "application/json", body);
}

static void facts_command(struct facts *f)
{
    AUTO_BUF body = BUF(FACTS_DOCUMENT_BYTES);
    struct json_writer w = {.to = &body};
    char cwd[4096] = "", exe[4096] = "";
    json_write_object(&w, NULL);
    json_write_array(&w, "argv");
    const char *before = NULL;
    for (size_t at = 0; at < f->argv.size; at += strlen((const char *)f->argv.at + at) + 1) {
        AUTO_BUF clean = BUF(FACTS_ARGV_BYTES);
        const char *argument = (const char *)f->argv.at + at;
        redact_put_argument(&clean, before, argument, &f->redacted);
        json_write_bytes(&w, NULL, (struct bytes){clean.at, clean.size});
        before = argument;
    }
    json_write_close(&w);
    if (getcwd(cwd, sizeof(cwd))) {
        json_write_text(&w, "cwd", cwd);
    }
    if (readlink("/proc/self/exe", exe, sizeof(exe) - 1) > 0) {
        json_write_text(&w, "executable", exe);
    }
    json_write_bool(&w, "stdin_is_terminal", isatty(STDIN_FILENO) == 1);
    json_write_close(&w);
    facts_put_json(f, "command", &w);
    if (f->redacted) {
        facts_miss(f, "argv.redacted", "command", "an argument looked like a secret");
    }
}

static void facts_host(struct facts *f)
{
    AUTO_BUF body = BUF(FACTS_DOCUMENT_BYTES);
    struct json_writer w = {.to = &body};
    json_write_object(&w, NULL);
    host_write(&w);
    json_write_close(&w);
    facts_put_json(f, "host", &w);
}

/* True for variables that say how a training runs, and for those that the user allows. */
static bool facts_allowed(const char *name, const char *extra)
{
    static const char *const begins[] = {
        "CUDA_", "NVIDIA_", "NCCL_",  "OMP_",  "MKL_", "OPENBLAS_", "TORCH_", "PYTORCH_", "TF_",
        "XLA_",  "JAX_",    "SLURM_", "OMPI_", "KMP_", "GOMP_",     "HIP_",   "ROCR_",    NULL};
    static const char *const same[] = {"PYTHONHASHSEED",
                                       "CUBLAS_WORKSPACE_CONFIG",
                                       "RANK",
                                       "WORLD_SIZE",
                                       "LOCAL_RANK",
                                       "LANG",
                                       "LC_ALL",
                                       "TZ",
                                       "LD_PRELOAD",
                                       "LD_LIBRARY_PATH",
                                       "CONDA_DEFAULT_ENV",
                                       "VIRTUAL_ENV",
                                       NULL};
    for (const char *const *p = begins; *p; p++) {
        if (strncmp(name, *p, strlen(*p)) == 0) {
            return true;
        }
    }
    for (const char *const *p = same; *p; p++) {
        if (strcmp(name, *p) == 0) {
            return true;
        }
    }
    size_t size = strlen(name);
    for (const char *at = extra; *at; at += strcspn(at, " ,"), at += strspn(at, " ,")) {
        if (strcspn(at, " ,") == size && strncmp(at, name, size) == 0) {
            return true;
        }
    }
    return false;
}

static void facts_environment(struct facts *f)
{
    AUTO_BUF body = BUF(FACTS_DOCUMENT_BYTES);
    struct json_writer w = {.to = &body};
    const char *extra = f->run->client->settings.value[SETTING_ENV_ALLOW];
    json_write_object(&w, NULL);
    json_write_object(&w, "variables");
    for (char **e = environ; e && *e; e++) {
        const char *equals = strchr(*e, '=');
        char name[256];
        if (!equals || (size_t)(equals - *e) >= sizeof(name)) {
            continue;
        }
        memcpy(name, *e, (size_t)(equals - *e));
        name[equals - *e] = '\0';
        if (facts_allowed(name, extra)) {
            bool secret = redact_is_secret(name, equals + 1);
            json_write_text(&w, name, secret ? REDACTED : equals + 1);
        }
    }
    json_write_close(&w);
    json_write_close(&w);
    facts_put_json(f, "environment", &w);
}

/* The code document, and the patch beside it. */
static void facts_put_code(struct facts *f, const track_source *s)
{
    AUTO_BUF body = BUF(FACTS_DOCUMENT_BYTES);
    struct json_writer w = {.to = &body};
    json_write_object(&w, NULL);
    json_write_text(&w, "vcs", "git");
    json_write_text(&w, "root", s->root);
    json_write_text(&w, "commit", s->commit);
    json_write_text(&w, "branch", s->branch);
    json_write_text(&w, "remote", s->remote);
    json_write_bool(&w, "dirty", s->changed_count > 0);
    json_write_int(&w, "changed", (int64_t)s->changed_count);
    json_write_int(&w, "patch_bytes", (int64_t)s->patch_size);
    json_write_array(&w, "excluded");
    for (const char *at = s->excluded; *at; at += strcspn(at, "\n"), at += *at == '\n') {
        json_write_bytes(&w, NULL, (struct bytes){(const unsigned char *)at, strcspn(at, "\n")});
    }
    json_write_close(&w);
    json_write_close(&w);
    facts_put_json(f, "code", &w);
    if (s->excluded_count > 0) {
        facts_miss(f, "code.excluded", "patch",
                   "files over the limit, or being written, are not in the patch");
    }
    if (s->patch_size > FACTS_DOCUMENT_BYTES) {
        facts_miss(f, "code.excluded", "patch", "the patch is over 7 MiB");
    } else if (s->patch_size > 0) {
        struct bytes patch = {(const unsigned char *)s->patch, s->patch_size};
        facts_put(f, "patch", "text/plain", patch);
    }
}

static void facts_code(struct facts *f)
{
    const struct settings *s = &f->run->client->settings;
    struct source_limits limits = {s->untracked_max, s->total_max, f->until_ms,
                                   &f->run->facts_stop};
    track_source source;
    track_error err = {0};
    track_status status = source_read(NULL, &limits, &source, &err);
    if (status == TRACK_OK) {
        facts_put_code(f, &source);
        track_close_source(&source);
        return;
    }
    facts_miss(f, status == TRACK_TIMEOUT ? "code.timeout" : "code.none", "code", err.message);
}

static void facts_missing(struct facts *f)
{
    AUTO_BUF body = BUF(FACTS_DOCUMENT_BYTES);
    struct json_writer w = {.to = &body};
    json_write_array(&w, NULL);
    for (size_t i = 0; i < f->missing_count; i++) {
        json_write_object(&w, NULL);
        json_write_text(&w, "code", f->missing[i].code);
        json_write_text(&w, "subject", f->missing[i].subject);
        json_write_text(&w, "detail", f->missing[i].detail);
        json_write_close(&w);
    }
    json_write_close(&w);
    facts_put_json(f, "missing", &w);
}

static void facts_sampler(struct facts *f)
{
    const struct subscription s = {f->run->id, f->run->project, &f->run->client->settings};
    track_error err;
    if (subscribe_start(&s, &err) != TRACK_OK) {
        facts_miss(f, "system.none", "sampler", err.message);
    }
}

static void facts_gather(struct facts *f)
{
    facts_command(f);
    facts_host(f);
    facts_environment(f);
    if (!f->no_code) {
        facts_code(f);
    }
    facts_missing(f);
}

static void *facts_main(void *data)
{
    struct facts *f = data;
    if (f->run->sampled) {
        facts_sampler(f);
    }
    if (!f->sampler_only) {
        facts_gather(f);
    }
    buf_release(&f->argv);
    atomic_store(&f->run->facts_done, true);
    return NULL;
}

/* The command of this process, as it was started. */
static void facts_own_command(struct buf *out)
{
    char part[4096];
    int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    for (ssize_t size; fd >= 0 && (size = read(fd, part, sizeof(part))) > 0;) {
        buf_put(out, part, (size_t)size);
    }
    if (fd >= 0) {
        close(fd);
    }
}

void facts_start(track_run *run, const track_run_options *options)
{
    const char *const *argv = options->argv;
    struct facts *f = region_alloc(&run->region, sizeof(*f));
    if (!f) {
        return;
    }
    *f = (struct facts){.run = run,
                        .no_code = options->no_code,
                        .sampler_only = run->joined || options->no_facts,
                        .argv = BUF(FACTS_ARGV_BYTES)};
    f->until_ms = moment_tick_ms() + FACTS_DEADLINE_MS;
    for (const char *const *a = argv; a && *a; a++) {
        buf_put(&f->argv, *a, strlen(*a) + 1);
    }
    if (!argv) {
        facts_own_command(&f->argv);
    }
    if (f->argv.size > 0 && f->argv.at[f->argv.size - 1] != '\0') {
        f->argv.at[f->argv.size - 1] = '\0';
    }
    run->facts_run = client_start_thread(&run->facts, facts_main, f);
    if (!run->facts_run) {
        buf_release(&f->argv);
    }
}

static bool facts_wait_until(track_run *run, int64_t until_ms)
{
    while (!atomic_load(&run->facts_done) && moment_tick_ms() < until_ms) {
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    return atomic_load(&run->facts_done);
}

void facts_wait(track_run *run)
{
    if (!run->facts_run) {
        return;
    }
    run->facts_run = false;
    bool done = facts_wait_until(run, moment_tick_ms() + FACTS_DEADLINE_MS);
    atomic_store(&run->facts_stop, true);
    if (done || facts_wait_until(run, moment_tick_ms() + FACTS_GRACE_MS)) {
        pthread_join(run->facts, NULL);
        return;
    }
    static const char missing[] = "[{\"code\":\"code.timeout\",\"subject\":\"code\","
                                  "\"detail\":\"it hung while the code was read\"}]";
    struct op op = {.method = "PUT",
                    .path = "/docs/missing",
                    .type = "application/json",
                    .body = {(const unsigned char *)missing, sizeof(missing) - 1}};
    (void)!run_add_op(run, &op, NULL);
    run->facts_stuck = true;
    pthread_detach(run->facts);
}
