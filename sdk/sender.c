#include "client.h"

#include "../core/fail.h"
#include "moment.h"

#include <stdlib.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct timespec sender_until(int64_t tick_ms)
{
    return (struct timespec){.tv_sec = tick_ms / 1000, .tv_nsec = tick_ms % 1000 * 1000000};
}

/* Between a half and the whole of delay, so that many clients do not come back at once. */
static int64_t sender_jitter(int64_t delay_ms)
{
    uint32_t random = 0;
    (void)!getrandom(&random, sizeof(random), GRND_NONBLOCK);
    return delay_ms / 2 + random % (delay_ms / 2 + 1);
}

/* Statuses that somebody has to do something about. */
static bool sender_must_pause(track_status status)
{
    return status != TRACK_CONFLICT && !status_retry(status);
}

/* Notes how a step ended; client->lock is held. */
static void sender_note(struct outbox *o, track_status status, const track_error *err)
{
    o->steps++;
    if (status == TRACK_OK) {
        o->fail = (track_error){0};
        o->delay_ms = 0;
        o->retry_ms = 0;
        return;
    }
    o->fail = *err;
    int64_t delay_ms = o->delay_ms ? 2 * o->delay_ms : SENDER_DELAY_MIN_MS;
    o->delay_ms = delay_ms < SENDER_DELAY_MAX_MS ? delay_ms : SENDER_DELAY_MAX_MS;
    delay_ms = sender_must_pause(status) ? SENDER_PAUSE_MS : sender_jitter(o->delay_ms);
    o->retry_ms = moment_tick_ms() + delay_ms;
}

/* Steps one outbox; client->lock is held, but not meanwhile. */
static void sender_step(track_client *client, struct outbox *o, struct transport *t)
{
    o->busy = true;
    pthread_mutex_unlock(&client->lock);
    track_error err = {0};
    track_status status = outbox_step(o, t, client->settings.timeout_ms, &err);
    if (sender_must_pause(status) && status != TRACK_OK && !o->own) {
        client_say_once(client, status, err.message);
    }
    pthread_mutex_lock(&client->lock);
    sender_note(o, status, &err);
    o->busy = false;
    pthread_cond_broadcast(&client->moved);
}

/* Frees what was found and is sent, or cannot be sent now: others may try. */
static void sender_drop_own(track_client *client)
{
    for (struct outbox **at = &client->outboxes; *at;) {
        struct outbox *o = *at;
        bool drop = o->own && !o->busy && (atomic_load(&o->done) || o->fail.status != TRACK_OK);
        if (!drop) {
            at = &o->next;
            continue;
        }
        *at = o->next;
        outbox_close(o);
        free(o);
    }
}

/* One round over all outboxes; client->lock is held.  True if one of them was sent. */
static bool sender_round(track_client *client, struct transport *t)
{
    bool sent = false;
    for (struct outbox *o = client->outboxes; o && !atomic_load(&client->stopping); o = o->next) {
        if (!atomic_load(&o->done) && moment_tick_ms() >= o->retry_ms) {
            sender_step(client, o, t);
            sent |= o->fail.status == TRACK_OK;
        }
    }
    sender_drop_own(client);
    return sent;
}

static void sender_loop(track_client *client)
{
    struct transport *t = client->transport;
    pthread_mutex_lock(&client->lock);
    while (!atomic_load(&client->stopping)) {
        bool sent = sender_round(client, t);
        if (sent && moment_tick_ms() >= client->orphans_ms) {
            client->orphans_ms = moment_tick_ms() + SENDER_ORPHANS_MS;
            pthread_mutex_unlock(&client->lock);
            orphans_take(client);
            pthread_mutex_lock(&client->lock);
        }
        struct timespec until = sender_until(moment_tick_ms() + SENDER_TICK_MS);
        while (!client->kicked && !atomic_load(&client->stopping) &&
               pthread_cond_timedwait(&client->wake, &client->lock, &until) == 0) {
        }
        client->kicked = false;
    }
    pthread_mutex_unlock(&client->lock);
}

void *sender_main(void *data)
{
    setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 19);
    sender_loop(data);
    return NULL;
}

void sender_add(track_client *client, struct outbox *o)
{
    pthread_mutex_lock(&client->lock);
    o->next = client->outboxes;
    client->outboxes = o;
    client->kicked = true;
    pthread_cond_signal(&client->wake);
    pthread_mutex_unlock(&client->lock);
}

void sender_remove(track_client *client, struct outbox *o)
{
    pthread_mutex_lock(&client->lock);
    while (o->busy) {
        pthread_cond_wait(&client->moved, &client->lock);
    }
    for (struct outbox **at = &client->outboxes; *at; at = &(*at)->next) {
        if (*at == o) {
            *at = o->next;
            break;
        }
    }
    pthread_mutex_unlock(&client->lock);
}

/* client->lock is held. */
static void sender_kick_locked(track_client *client)
{
    for (struct outbox *o = client->outboxes; o; o = o->next) {
        o->retry_ms = 0;
    }
    client->kicked = true;
    pthread_cond_signal(&client->wake);
}

void sender_kick(track_client *client)
{
    pthread_mutex_lock(&client->lock);
    sender_kick_locked(client);
    pthread_mutex_unlock(&client->lock);
}

track_status sender_wait(track_client *client, const struct sender_wait *w, track_error *err)
{
    int64_t until_ms = moment_tick_ms() + w->timeout_ms;
    pthread_mutex_lock(&client->lock);
    uint64_t steps = w->o->steps;
    sender_kick_locked(client);
    track_status status = TRACK_OK;
    while (!w->done(w->o, w) && status == TRACK_OK) {
        /* A step that was under way may have failed before we came: give it another. */
        const track_error *fail = &w->o->fail;
        if (w->o->steps >= steps + 2 && fail->status != TRACK_OK) {
            if (fail->status == TRACK_UNREACHABLE || sender_must_pause(fail->status)) {
                status = FAIL(err, fail->status, "%s", fail->message);
                break;
            }
        }
        if (moment_tick_ms() >= until_ms) {
            status = FAIL(err, TRACK_TIMEOUT, "the server does not hold all of it yet%s%.200s",
                          fail->status != TRACK_OK ? ": " : "", fail->message);
            break;
        }
        int64_t soon_ms = moment_tick_ms() + 200;
        struct timespec until = sender_until(soon_ms < until_ms ? soon_ms : until_ms);
        if (pthread_cond_timedwait(&client->moved, &client->lock, &until) != 0 && !w->o->busy) {
            sender_kick_locked(client);
        }
    }
    pthread_mutex_unlock(&client->lock);
    return status;
}
