#include "client.h"

#include "../core/fail.h"
#include "run.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

track_options track_options_default(void)
{
    return (track_options){.size = sizeof(track_options)};
}

void client_say(const track_client *client, const char *format, ...)
{
    if (client->settings.quiet) {
        return;
    }
    char line[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    for (unsigned char *c = (unsigned char *)line; *c; c++) {
        *c = *c < 0x20 || *c == 0x7f ? '?' : *c; /* text from outside does not steer terminals */
    }
    fprintf(stderr, "track: %s\n", line);
}

void client_say_once(track_client *client, track_status status, const char *message)
{
    pthread_mutex_lock(&client->lock);
    bool first = !(client->said >> status & 1);
    client->said |= 1u << status;
    pthread_mutex_unlock(&client->lock);
    if (first) {
        client_say(client, "%s", message);
    }
}

void client_say_refused(void *client, const char *message)
{
    client_say(client, "refused by the server, kept in the spool: %s", message);
}

void client_say_plain(void *client, const char *message)
{
    client_say(client, "%s", message);
}

atomic_uint *client_make_page(void)
{
    size_t bytes = (size_t)sysconf(_SC_PAGESIZE);
    void *page = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) {
        return NULL;
    }
    if (madvise(page, bytes, MADV_WIPEONFORK) != 0) {
        munmap(page, bytes);
        return NULL;
    }
    atomic_store((atomic_uint *)page, 1);
    return page;
}

void client_free_page(atomic_uint *page)
{
    if (page) {
        munmap(page, (size_t)sysconf(_SC_PAGESIZE));
    }
}

bool client_is_here(const track_client *client)
{
    return atomic_load_explicit(client->alive, memory_order_relaxed) == 1;
}

/* An options struct of an older caller is shorter; one of a newer caller may be longer, if it sets
 * nothing that this build does not know. */
track_status client_take_options(const void *options, size_t ours, void *out, track_error *err)
{
    size_t size;
    memcpy(&size, options, sizeof(size));
    const unsigned char *bytes = options;
    if (size < sizeof(size)) {
        return FAIL(err, TRACK_INVALID, "options of %zu bytes: use the *_default() function", size);
    }
    for (size_t i = ours; i < size; i++) {
        if (bytes[i] != 0) {
            return FAIL(err, TRACK_INVALID,
                        "options of %zu bytes with something set beyond the %zu of this libtrack",
                        size, ours);
        }
    }
    memcpy(out, options, size < ours ? size : ours);
    return TRACK_OK;
}

static void client_release(track_client *client)
{
    settings_release(&client->settings);
    client_free_page(client->alive);
    free(client);
}

static track_status client_set_limits(track_client *c, const track_options *o, track_error *err)
{
    c->drain_ms = o->drain_ms ? o->drain_ms : 10000;
    c->spool_bytes_max = o->spool_bytes_max ? o->spool_bytes_max : UINT64_C(8) << 30;
    c->segment_bytes = o->segment_bytes ? o->segment_bytes : 4 << 20;
    c->names_max = o->names_max ? o->names_max : 65536;
    c->settings.quiet |= o->quiet;
    c->settings.timeout_ms = o->timeout_ms > 0 ? o->timeout_ms : c->settings.timeout_ms;
    uint64_t s = c->segment_bytes;
    if (s < 64 << 10 || s > 1 << 30 || (s & (s - 1)) != 0) {
        return FAIL(err, TRACK_INVALID,
                    "segment_bytes %llu: must be a power of two of 64 KiB..1 GiB",
                    (unsigned long long)s);
    }
    if (c->names_max > FRAME_KEY_NUMBER_MAX) {
        return FAIL(err, TRACK_INVALID, "names_max %u: at most %d", c->names_max,
                    FRAME_KEY_NUMBER_MAX);
    }
    return TRACK_OK;
}

static track_status client_make(const char *const *values, const track_options *o,
                                track_client **out, track_error *err)
{
    track_client *c = calloc(1, sizeof(*c));
    if (!c || !(c->alive = client_make_page())) {
        free(c);
        return FAIL(err, TRACK_NOMEM, "no memory for a client");
    }
    track_status status = settings_read(values, &c->settings, err);
    if (status == TRACK_OK) {
        status = client_set_limits(c, o, err);
    }
    if (status != TRACK_OK) {
        client_release(c);
        return status;
    }
    pthread_condattr_t steady;
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->wake, &steady);
    pthread_cond_init(&c->moved, &steady);
    pthread_condattr_destroy(&steady);
    sem_init(&c->keep, 0, 0);
    *out = c;
    return TRACK_OK;
}

track_status track_init(const track_options *options, track_client **out, track_error *err)
{
    static const char *const modes[] = {NULL, "online", "offline", "off"};
    track_options o = track_options_default();
    if (!out) {
        return FAIL(err, TRACK_INVALID, "out is NULL");
    }
    if (options) {
        TRY(client_take_options(options, sizeof(o), &o, err));
    }
    if ((unsigned)o.mode >= sizeof(modes) / sizeof(*modes)) {
        return FAIL(err, TRACK_INVALID, "mode %d: no such mode", (int)o.mode);
    }
    const char *values[SETTING_COUNT] = {[SETTING_URL] = o.url,
                                         [SETTING_PROJECT] = o.project,
                                         [SETTING_SPOOL] = o.spool,
                                         [SETTING_MODE] = modes[o.mode]};
    return client_make(values, &o, out, err);
}

track_status client_copy(const track_client *from, track_client **out, track_error *err)
{
    track_options o = track_options_default();
    o.drain_ms = from->drain_ms;
    o.spool_bytes_max = from->spool_bytes_max;
    o.segment_bytes = from->segment_bytes;
    o.names_max = from->names_max;
    o.timeout_ms = from->settings.timeout_ms;
    o.quiet = from->settings.quiet;
    return client_make(from->settings.value, &o, out, err);
}

bool client_start_thread(pthread_t *out, void *(*work)(void *), void *data)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(out, NULL, work, data) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

track_status client_start_threads(track_client *client, track_error *err)
{
    bool online = client->settings.mode == MODE_ONLINE;
    pthread_mutex_lock(&client->lock);
    if (online && !client->transport &&
        transport_open(&client->stopping, &client->transport, err) != TRACK_OK) {
        pthread_mutex_unlock(&client->lock);
        return TRACK_NOMEM;
    }
    client->keeper_runs =
        client->keeper_runs || client_start_thread(&client->keeper, keeper_main, client);
    client->sender_runs =
        client->sender_runs || !online || client_start_thread(&client->sender, sender_main, client);
    bool started = client->keeper_runs && client->sender_runs;
    client->sender_runs = client->sender_runs && online;
    pthread_mutex_unlock(&client->lock);
    return started ? TRACK_OK : FAIL(err, TRACK_NOMEM, "the system gives no more threads");
}

void client_stop_threads(track_client *client)
{
    pthread_mutex_lock(&client->lock);
    atomic_store(&client->stopping, true);
    pthread_cond_broadcast(&client->wake);
    pthread_mutex_unlock(&client->lock);
    sem_post(&client->keep);
    if (client->sender_runs) {
        pthread_join(client->sender, NULL);
    }
    if (client->keeper_runs) {
        pthread_join(client->keeper, NULL);
    }
    client->sender_runs = client->keeper_runs = false;
}

/* Frees the client, whose runs have ended. */
void client_close(track_client *client)
{
    client_stop_threads(client);
    transport_close(client->transport);
    for (struct outbox *o = client->outboxes, *next; o; o = next) {
        next = o->next;
        bool own = o->own;
        outbox_close(o);
        if (own) {
            free(o);
        }
    }
    pthread_mutex_destroy(&client->lock);
    pthread_cond_destroy(&client->wake);
    pthread_cond_destroy(&client->moved);
    sem_destroy(&client->keep);
    client_release(client);
}

void track_close(track_client **client)
{
    track_client *c = client ? *client : NULL;
    if (!c) {
        return;
    }
    *client = NULL;
    bool here = client_is_here(c);
    for (track_run *r = atomic_load(&c->runs); r; r = r->older) {
        run_leave(r);
    }
    if (!here) {
        return; /* the parent's: its threads and memory are not ours */
    }
    track_run *runs = atomic_load(&c->runs);
    client_close(c);
    while (runs) {
        track_run *older = runs->older;
        run_release(runs);
        runs = older;
    }
}
