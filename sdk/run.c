#include "run.h"

#include "../core/fail.h"
#include "console.h"
#include "facts.h"
#include "moment.h"
#include "subscribe.h"

#include <stdio.h>
#include <time.h>

track_status run_count_why(track_run *run, track_status status, const char *why)
{
    if (!run) {
        return TRACK_INVALID;
    }
    atomic_fetch_add(&run->counts[status], 1);
    bool said = atomic_fetch_or(&run->said, 1u << status) >> status & 1;
    if (said && (status == TRACK_FULL || status == TRACK_IO || status == TRACK_NOMEM)) {
        return status; /* perhaps millions of times: without a lock */
    }
    pthread_mutex_lock(&run->lock);
    (void)!FAIL(&run->last, status, "%s", why);
    if (run->client && !run->ended && !said) {
        client_say(run->client, "not logged: %s (said once)", why);
    }
    pthread_mutex_unlock(&run->lock);
    return status;
}

track_status run_count(track_run *run, track_status status, const char *what)
{
    char why[200];
    snprintf(why, sizeof(why), "%.100s: %s", what, status_meaning(status));
    return run_count_why(run, status, why);
}

track_status run_add_op(track_run *run, const struct op *op, track_error *err)
{
    pthread_mutex_lock(&run->lock);
    track_status status = run->ended ? FAIL(err, TRACK_CONFLICT, "the run was finished") : TRACK_OK;
    if (status == TRACK_OK && run->opened) {
        status = spool_ops_add(&run->outbox.ops, op, err);
    }
    pthread_mutex_unlock(&run->lock);
    return status;
}

bool track_should_stop(const track_run *run)
{
    if (!run) {
        return false;
    }
    const track_run *child = atomic_load_explicit(&run->child, memory_order_relaxed);
    return atomic_load_explicit(child ? &child->outbox.stop : &run->outbox.stop,
                                memory_order_relaxed);
}

const char *track_get_run_id(const track_run *run)
{
    return run ? run->id : "";
}

const char *track_get_run_url(const track_run *run)
{
    return run ? run->url : "";
}

track_status track_get_run_errors(const track_run *run, track_run_errors *out)
{
    if (!run || !out) {
        return TRACK_INVALID;
    }
    track_run *r = (track_run *)(uintptr_t)run; /* only its locks change */
    *out = (track_run_errors){0};
    for (int i = 0; i < TRACK_STATUS_COUNT; i++) {
        out->counts[i] = atomic_load(&run->counts[i]);
    }
    out->lost = atomic_load(&run->spool.lost);
    out->refused = atomic_load(&run->outbox.refused);
    pthread_mutex_lock(&r->lock);
    out->last = run->last;
    pthread_mutex_unlock(&r->lock);
    return TRACK_OK;
}

track_status track_get_run_progress(const track_run *run, track_run_progress *out)
{
    if (!run || !out) {
        return TRACK_INVALID;
    }
    track_run *r = (track_run *)(uintptr_t)run;
    *out = (track_run_progress){0};
    pthread_mutex_lock(&r->lock);
    if (!r->ended && r->opened) {
        track_client *c = r->client;
        uint64_t next = atomic_load(&r->spool.next) & ~SPOOL_CLOSED;
        pthread_mutex_lock(&c->lock);
        out->last_fail = r->outbox.fail;
        out->connected = r->outbox.steps > 0 && r->outbox.fail.status == TRACK_OK;
        pthread_mutex_unlock(&c->lock);
        uint64_t held = atomic_load(&r->outbox.held_slot);
        out->requests = spool_ops_bytes(&r->outbox.ops) > atomic_load(&r->outbox.ops_done);
        out->logged = atomic_load(&r->outbox.held) + (next > held ? next - held : 0);
    }
    out->sent = atomic_load(&r->outbox.held);
    out->logged = out->logged > out->sent ? out->logged : out->sent;
    pthread_mutex_unlock(&r->lock);
    return TRACK_OK;
}

static bool run_is_held(const struct outbox *o, const struct sender_wait *w)
{
    return atomic_load(&o->held_slot) >= w->slot && atomic_load(&o->ops_done) >= w->ops;
}

static track_status run_flush(track_run *run, int64_t timeout_ms, track_error *err)
{
    struct sender_wait w = {.o = &run->outbox, .done = run_is_held, .timeout_ms = timeout_ms};
    w.slot = atomic_load(&run->spool.next) & ~SPOOL_CLOSED;
    w.ops = spool_ops_bytes(&run->outbox.ops);
    TRY(spool_flush(&run->spool, err));
    TRY(spool_ops_flush(&run->outbox.ops, err));
    if (timeout_ms <= 0) {
        return TRACK_OK;
    }
    if (run->client->settings.mode != MODE_ONLINE) {
        return FAIL(err, TRACK_UNREACHABLE, "mode is offline, so nothing is sent");
    }
    return sender_wait(run->client, &w, err);
}

track_status track_flush_run(track_run *run, int64_t timeout_ms, track_error *err)
{
    run = run_here(run);
    if (!run) {
        return FAIL(err, TRACK_INVALID, "run is NULL");
    }
    pthread_mutex_lock(&run->lock);
    bool open = run->opened && !run->ended;
    run->users += open;
    pthread_mutex_unlock(&run->lock);
    if (!open) {
        return run->spool.off ? TRACK_OK : FAIL(err, TRACK_CONFLICT, "the run was finished");
    }
    track_status status = run_flush(run, timeout_ms, err);
    pthread_mutex_lock(&run->lock);
    run->users--;
    pthread_mutex_unlock(&run->lock);
    return status;
}

static bool run_is_done(const struct outbox *o, const struct sender_wait *w)
{
    (void)w;
    return atomic_load(&o->done);
}

/* Waits until the server holds the run, says how that went. */
static track_status run_drain(track_run *run, track_error *err)
{
    track_client *c = run->client;
    struct sender_wait w = {.o = &run->outbox, .done = run_is_done, .timeout_ms = c->drain_ms};
    if (c->settings.mode != MODE_ONLINE) {
        return TRACK_OK;
    }
    track_error why = {0};
    track_status status = sender_wait(c, &w, &why);
    uint64_t refused = atomic_load(&run->outbox.refused);
    if (status != TRACK_OK) {
        client_say(c, "kept in %s, `track sync` or the next run sends it: %s",
                   run->outbox.folder.path, why.message);
        return FAIL(err, status, "%s", why.message);
    }
    if (refused > 0) {
        return FAIL(err, TRACK_CONFLICT, "the server refused %llu values or requests, kept in %s",
                    (unsigned long long)refused, run->outbox.folder.path);
    }
    return TRACK_OK;
}

/* Closes the spool; afterwards the keeper has nothing to do with it. */
static void run_close_spool(track_run *run)
{
    pthread_mutex_lock(&run->keeping);
    run->opened = false;
    spool_close(&run->spool);
    pthread_mutex_unlock(&run->keeping);
}

/* Takes the outbox back when it is done, or when its client goes too. */
static void run_settle(track_run *run)
{
    track_client *c = run->client;
    if (c->settings.mode != MODE_ONLINE || atomic_load(&run->outbox.done)) {
        if (c->settings.mode == MODE_ONLINE) {
            sender_remove(c, &run->outbox);
        }
        run_close_spool(run);
        outbox_close(&run->outbox);
    }
    if (run->owns_client) {
        atomic_store(&c->runs, NULL);
        run->client = NULL;
        client_stop_threads(c);
        run_close_spool(run);
        client_close(c);
    }
}

track_status run_end(track_run *run, int64_t state, track_error *err)
{
    uint64_t slots = 0;
    facts_wait(run);
    pthread_mutex_lock(&run->lock);
    bool first = !run->ended;
    run->ended = true;
    while (first && run->users > 0) { /* they end by themselves */
        pthread_mutex_unlock(&run->lock);
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
        pthread_mutex_lock(&run->lock);
    }
    pthread_mutex_unlock(&run->lock);
    if (!first) {
        return FAIL(err, TRACK_INVALID, "the run was finished before");
    }
    console_stop(run);
    if (run->sampled) {
        const struct subscription s = {run->id, run->project, &run->client->settings};
        (void)!subscribe_end(&s, NULL); /* it may be gone: then it has sent what it could */
    }
    spool_end(&run->spool, 100, &slots);
    track_status status = TRACK_OK;
    if (run->opened) {
        struct outbox_end end = {.state = run->joined ? -1 : state,
                                 .slots = slots,
                                 .time_us = moment_now_us(),
                                 .exit_code = run->exit_code,
                                 .signal_number = run->signal_number};
        status = outbox_end(&run->outbox, &end, err);
        track_status drained = run_drain(run, err);
        status = status == TRACK_OK ? drained : status;
    }
    run_settle(run);
    return status;
}

void run_leave(track_run *run)
{
    track_run *here = run;
    if (atomic_load_explicit(run->alive, memory_order_relaxed) != 1) {
        here = atomic_load(&run->child);
    }
    if (here && !here->ended) {
        here->joined = true;
        (void)!run_end(here, -1, NULL);
    }
}

void run_release(track_run *run)
{
    if (run->facts_stuck) {
        return;
    }
    spool_release(&run->spool);
    client_free_page(run->alive);
    pthread_mutex_destroy(&run->lock);
    pthread_mutex_destroy(&run->keeping);
    struct region region = run->region;
    region_release(&region);
}

track_status track_finish_run(track_run **run, track_state state, track_error *err)
{
    track_run *r = run ? *run : NULL;
    if (!r) {
        return FAIL(err, TRACK_INVALID, "run is NULL");
    }
    *run = NULL;
    bool legal = state == TRACK_FINISHED || state == TRACK_FAILED || state == TRACK_STOPPED ||
                 state == TRACK_PREEMPTED;
    if (atomic_load_explicit(r->alive, memory_order_relaxed) != 1) {
        track_run *child = atomic_load(&r->child);
        if (!child) {
            return TRACK_OK; /* a child that logged nothing has nothing to end */
        }
        r = child;
    }
    track_status status = run_end(r, legal ? state : TRACK_FAILED, err);
    return status == TRACK_OK && !legal
               ? FAIL(err, TRACK_INVALID, "state %d: not one that a run ends in", (int)state)
               : status;
}
