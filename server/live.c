#include "live.h"

#include "clock.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct live {
    struct arena own; /* holds this struct */
    uint64_t boot;    /* tells our counters from those of an earlier process */

    pthread_mutex_t wake_lock; /* guards these, also while wake runs; taken alone */
    void (*wake)(void *data);
    void *wake_data;

    pthread_mutex_t lock;                  /* guards what follows */
    uint64_t next;                         /* counter of the next event; the first is 1 */
    uint64_t read;                         /* somebody has been given those below */
    struct live_event events[LIVE_EVENTS]; /* by counter modulo LIVE_EVENTS */
};

const char *live_kind_name(enum live_kind kind)
{
    static const char *const names[] = {"reset", "points", "lines",  "text",
                                        "run",   "files",  "alerts", "project"};
    return names[kind];
}

track_status live_open(struct live **out, track_error *err)
{
    struct arena own = ARENA(sizeof(struct live) + 4096);
    struct live *l = ARENA_NEW(&own, struct live);
    if (!l) {
        return FAIL(err, TRACK_NOMEM, "no room for %d events", LIVE_EVENTS);
    }
    l->own = own;
    l->next = 1;
    pthread_mutex_init(&l->lock, NULL);
    pthread_mutex_init(&l->wake_lock, NULL);
    track_status status = clock_random(&l->boot, sizeof(l->boot), err);
    if (status != TRACK_OK) {
        live_close(l);
        return status;
    }
    l->boot >>= 16; /* short in the id; 48 bits are plenty */
    *out = l;
    return TRACK_OK;
}

void live_close(struct live *l)
{
    if (l) {
        pthread_mutex_destroy(&l->wake_lock);
        pthread_mutex_destroy(&l->lock);
        struct arena own = l->own;
        arena_release(&own);
    }
}

void live_set_wake(struct live *l, void (*wake)(void *data), void *data)
{
    if (!l) {
        return;
    }
    pthread_mutex_lock(&l->wake_lock);
    l->wake = wake;
    l->wake_data = data;
    pthread_mutex_unlock(&l->wake_lock);
}

static bool same(const struct live_event *a, const struct live_event *b)
{
    return a->kind == b->kind && a->project == b->project && strcmp(a->run, b->run) == 0 &&
           strcmp(a->detail, b->detail) == 0;
}

/* Adds the event under the lock; false: it is folded into the newest, which nobody has yet. */
static bool add(struct live *l, const struct live_event *event)
{
    const struct live_event *newest = &l->events[(l->next - 1) % LIVE_EVENTS];
    if (l->next > 1 && l->read < l->next && same(newest, event)) {
        return false;
    }
    struct live_event *to = &l->events[l->next % LIVE_EVENTS];
    *to = *event;
    to->counter = l->next++;
    return true;
}

void live_publish(struct live *l, const struct live_event *event)
{
    if (!l) {
        return;
    }
    pthread_mutex_lock(&l->lock);
    bool added = add(l, event);
    pthread_mutex_unlock(&l->lock);
    if (added) {
        pthread_mutex_lock(&l->wake_lock);
        if (l->wake) {
            l->wake(l->wake_data);
        }
        pthread_mutex_unlock(&l->wake_lock);
    }
}

uint64_t live_now(struct live *l)
{
    pthread_mutex_lock(&l->lock);
    uint64_t now = l->next - 1;
    pthread_mutex_unlock(&l->lock);
    return now;
}

bool live_place(struct live *l, const char *id, uint64_t *after)
{
    char *end;
    uint64_t boot = strtoull(id, &end, 16);
    if (boot != l->boot || *end != '.' || end[1] < '0' || end[1] > '9') {
        return false;
    }
    uint64_t counter = strtoull(end + 1, &end, 10);
    pthread_mutex_lock(&l->lock);
    bool known = *end == '\0' && counter < l->next && l->next - counter <= LIVE_EVENTS;
    pthread_mutex_unlock(&l->lock);
    if (known) {
        *after = counter;
    }
    return known;
}

/* Copies under the lock. */
static size_t copy(struct live *l, uint64_t *after, struct live_event *out, size_t max)
{
    if (l->next - 1 - *after > LIVE_EVENTS) {
        *after = l->next - 1;
        out[0] = (struct live_event){.counter = *after, .kind = LIVE_RESET, .project = -1};
        return 1;
    }
    size_t count = 0;
    while (count < max && *after + 1 < l->next) {
        out[count++] = l->events[++*after % LIVE_EVENTS];
    }
    return count;
}

size_t live_read(struct live *l, uint64_t *after, struct live_event *out, size_t max)
{
    pthread_mutex_lock(&l->lock);
    size_t count = max > 0 ? copy(l, after, out, max) : 0;
    l->read = *after + 1 > l->read ? *after + 1 : l->read;
    pthread_mutex_unlock(&l->lock);
    return count;
}

void live_id(struct live *l, uint64_t counter, char *id)
{
    snprintf(id, LIVE_ID_BYTES, "%" PRIx64 ".%" PRIu64, l->boot, counter);
}
