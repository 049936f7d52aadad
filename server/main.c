/* trackd: flags, open, serve, stop. */
#include "app.h"
#include "check.h"
#include "clock.h"
#include "db.h"
#include "http.h"
#include "http_listen.h"
#include "routes.h"
#include "seal.h"
#include "store_gc.h"

#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    MAIN_ARENA_BYTES = 1 << 20,
    REAP_S = 2,
    TAIL_IDLE_S = 60, /* decoded points of a run are kept so long after their last use */
    TRIM_S = 4,       /* between two times that free memory is given back */
    HEAPS_MAX = 4,
    BLOCK_BYTES = 1 << 20, /* larger ones are given back as soon as they are free */
    HELP_BYTES_MAX = 16 * 1024,
};

struct daemon {
    struct config config;
    struct app app;
    struct stats stats;
    struct store *store;
    struct live *live;
    struct tail *tail;
    struct gc gc;
    int64_t trimmed_us;
    struct seal *seal;           /* NULL: nothing is sealed */
    _Atomic(struct http *) http; /* NULL before it is opened and once it is closed */
    size_t listening;            /* of fds and urls: how many are open */
    int fds[CONFIG_LIST_MAX];
    char urls[CONFIG_LIST_MAX][LISTEN_URL_BYTES];
};

static int say_error(const track_error *err)
{
    fprintf(stderr, "trackd: %s\n", err->message);
    return status_exit(err->status);
}

/* Signals are taken by serve_wait; every thread that is started later has them blocked too. */
static void block_signals(sigset_t *out)
{
    sigemptyset(out);
    sigaddset(out, SIGTERM);
    sigaddset(out, SIGINT);
    sigaddset(out, SIGHUP);
    pthread_sigmask(SIG_BLOCK, out, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* Every connection is a descriptor; the soft limit is often 1,024. */
static void raise_files(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
}

static track_status listen_all(struct daemon *d, track_error *err)
{
    for (size_t i = 0; i < d->config.listen.count; i++) {
        TRY(listen_open(d->config.listen.at[i], &d->fds[i], d->urls[i], err));
        d->listening++;
    }
    return TRACK_OK;
}

/* Something was published; on the writer's thread, which is older than http. */
static void wake(void *data)
{
    struct daemon *d = data;
    struct http *http = atomic_load(&d->http);
    if (http) {
        http_wake(http);
    }
}

static track_status open_all(struct daemon *d, track_error *err)
{
    bool full = strcmp(d->config.sync, "full") == 0;
    struct store_options options = {.data = d->config.data,
                                    .free_bytes_min = d->config.free_min_bytes,
                                    .journal_max = d->config.seal ? d->config.journal_max_bytes : 0,
                                    .ops = full ? &db_sqlite : &db_sqlite_normal,
                                    .readers_max = (int)d->config.threads + 2};
    TRY(route_check(routes, routes_count, err));
    TRY(listen_all(d, err));
    TRY(live_open(&d->live, err));
    live_set_wake(d->live, wake, d);
    options.live = d->live;
    TRY(store_open(&options, &d->store, err));
    TRY(tail_open(&(struct tail_options){.store = d->store}, &d->tail, err));
    d->app = (struct app){.config = &d->config,
                          .log = d->app.log,
                          .stats = &d->stats,
                          .store = d->store,
                          .live = d->live,
                          .tail = d->tail,
                          .routes = routes,
                          .routes_count = routes_count,
                          .started_us = clock_wall_us()};
    if (d->config.seal) {
        TRY(seal_open(&(struct seal_options){.store = d->store, .log = d->app.log}, &d->seal, err));
        d->app.seal = d->seal;
    }
    struct http *http;
    TRY(http_open(&d->app, d->fds, d->config.listen.count, &http, err));
    atomic_store(&d->http, http);
    return TRACK_OK;
}

/* Requests end first, then the writer does what is queued, then the files are closed. */
static void close_all(struct daemon *d)
{
    live_set_wake(d->live, NULL, NULL);
    http_close(atomic_load(&d->http), d->config.drain_s);
    atomic_store(&d->http, NULL);
    seal_close(d->seal);
    tail_close(d->tail);
    store_close(d->store);
    live_close(d->live);
    for (size_t i = 0; i < d->listening; i++) {
        listen_remove(d->config.listen.at[i]);
    }
}

static void say_start(const struct daemon *d)
{
    for (size_t i = 0; i < d->config.listen.count; i++) {
        bool file = strncmp(d->urls[i], "unix:", 5) == 0;
        printf("trackd %s at %s%s%s, data in %s\n", TRACK_VERSION, d->urls[i],
               file ? "" : d->config.base_path, file ? "" : "/", d->config.data);
    }
    fflush(stdout);
    if (geteuid() == 0) {
        log_note(d->app.log, LOG_WARNING, "start", "running as root; a user of its own is safer");
    }
}

/* Few heaps, from which large blocks stay out: what a load needed does not stay. */
static void bound_memory(void)
{
    (void)mallopt(M_ARENA_MAX, HEAPS_MAX);
    (void)mallopt(M_MMAP_THRESHOLD, BLOCK_BYTES);
}

/* Gives back what nobody has used for a while. */
static void free_memory(struct daemon *d)
{
    int64_t now_us = clock_steady_us();
    tail_forget(d->tail, now_us - TAIL_IDLE_S * INT64_C(1000000));
    if (now_us - d->trimmed_us >= TRIM_S * INT64_C(1000000)) {
        d->trimmed_us = now_us;
        (void)malloc_trim(0);
    }
}

/* What time completes, every REAP_S seconds; false: nothing can be stored any more. */
static bool reap(struct daemon *d)
{
    if (writer_failed(store_writer(d->store))) {
        log_note(d->app.log, LOG_ERROR, "store", "commits fail for good; see the disk");
        return false;
    }
    track_error err = {0};
    if (store_reap(d->store, clock_wall_us(), &err) != TRACK_OK) {
        log_note(d->app.log, LOG_WARNING, "reap", "%s", err.message);
    }
    if (store_gc(d->store, &d->gc, clock_wall_us(), &err) != TRACK_OK) {
        log_note(d->app.log, LOG_WARNING, "gc", "%s", err.message);
    }
    free_memory(d);
    return true;
}

/* Until a signal says stop; returns the exit code. */
static int serve_wait(struct daemon *d, const sigset_t *signals)
{
    const struct timespec tick = {.tv_sec = REAP_S};
    for (;;) {
        int got = sigtimedwait(signals, NULL, &tick);
        track_error err = {0};
        if (got == SIGTERM || got == SIGINT) {
            return 0;
        }
        if (got < 0 && !reap(d)) {
            return status_exit(TRACK_IO);
        }
        if (got == SIGHUP && log_reopen(d->app.log, &err) != TRACK_OK) {
            log_note(d->app.log, LOG_ERROR, "log", "%s", err.message);
        }
    }
}

static int serve(struct daemon *d, struct arena *arena, track_error *err)
{
    sigset_t signals;
    block_signals(&signals);
    umask(0077);
    raise_files();
    bound_memory();
    const char *file = *d->config.log_file ? d->config.log_file : NULL;
    bool json = strcmp(d->config.log_format, "json") == 0;
    if (log_open(file, json, config_level(&d->config), arena, &d->app.log, err) != TRACK_OK) {
        return say_error(err);
    }
    if (open_all(d, err) != TRACK_OK) {
        close_all(d);
        return say_error(err);
    }
    say_start(d);
    int code = serve_wait(d, &signals);
    log_note(d->app.log, LOG_INFO, "stop", "ending");
    close_all(d);
    return code;
}

static int print_text(void (*fill)(const struct config *, struct buf *),
                      const struct config *config)
{
    AUTO_BUF text = BUF(HELP_BYTES_MAX);
    fill(config, &text);
    fwrite(text.at, 1, text.size, stdout);
    return 0;
}

static void fill_help(const struct config *config, struct buf *out)
{
    (void)config;
    config_help(out);
}

static void fill_version(const struct config *config, struct buf *out)
{
    (void)config;
    buf_text(out, "trackd " TRACK_VERSION "\n");
}

static void say_finding(void *data, const char *line)
{
    (void)data;
    printf("%s\n", line);
}

/* `trackd check`: exit 0 clean, or all repaired; 8 damaged, 6 while a server runs. */
static int check(const struct config *config)
{
    track_error err = {0};
    struct check_counts counts;
    struct check_options options = {
        .data = config->data, .quick = config->quick, .repair = config->repair, .say = say_finding};
    track_status status = check_run(&options, &counts, &err);
    if (counts.repaired > 0) {
        printf("repaired: %lld findings; nothing else was changed\n", (long long)counts.repaired);
    }
    if (status != TRACK_OK) {
        return say_error(&err);
    }
    printf("clean: %lld runs, %lld frames, %lld points and lines, %lld packs, %lld blobs (%lld "
           "bytes%s)\n",
           (long long)counts.runs, (long long)counts.frames, (long long)counts.points,
           (long long)counts.packs, (long long)counts.blobs, (long long)counts.blob_bytes,
           config->quick ? ", not read" : "");
    return 0;
}

int main(int argc, char **argv)
{
    AUTO_ARENA arena = ARENA(MAIN_ARENA_BYTES);
    track_error err = {0};
    struct daemon *d = ARENA_NEW(&arena, struct daemon);
    if (!d || config_read(argc, argv, &arena, &d->config, &err) != TRACK_OK) {
        return say_error(&err);
    }
    switch (d->config.command) {
    case CONFIG_HELP:
        return print_text(fill_help, &d->config);
    case CONFIG_VERSION:
        return print_text(fill_version, &d->config);
    case CONFIG_PRINT:
        return print_text(config_print, &d->config);
    case CONFIG_CHECK:
        return check(&d->config);
    case CONFIG_SERVE:
        break;
    }
    return serve(d, &arena, &err);
}
