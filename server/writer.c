#include "writer.h"

#include "clock.h"
#include "db.h"
#include "db_schema.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    TRIES_MAX = 8,           /* of a group whose commit asks to be run again */
    TRY_WAIT_US = 2000,      /* before the second try; doubled for each further one */
    IDLE_US = 1000000,       /* without work, before the engine may tidy up */
    TICKET_BYTES_MIN = 1024, /* what a ticket counts at least */
};

struct queue {
    struct ticket *first;
    struct ticket **last; /* where the next one goes */
    size_t tickets, bytes;
};

struct writer {
    struct arena own; /* holds this struct */
    const struct db_ops *ops;
    const char *path;
    pthread_t thread;
    struct db *db; /* the thread's; NULL between close and open again */
    bool dirty;    /* the thread's: it wrote since the last db_idle */

    pthread_mutex_t lock; /* guards everything below and ticket.finished */
    pthread_cond_t work;  /* queue is not empty, or stopping */
    pthread_cond_t ended; /* some ticket has finished */
    struct queue queue;
    bool sleeping, stopping, failed;
    struct writer_counts counts;
};

/* The tickets of one commit. */
struct group {
    struct ticket *at[WRITER_GROUP_TICKETS];
    bool over[WRITER_GROUP_TICKETS]; /* ended already, without the commit */
    size_t count;
};

static size_t weight(const struct ticket *t)
{
    return t->bytes > TICKET_BYTES_MIN ? t->bytes : TICKET_BYTES_MIN;
}

static void set_status(struct ticket *t, track_status status, const track_error *err)
{
    t->status = status;
    t->err = status == TRACK_OK ? (track_error){0} : *err;
}

/* Works on one ticket.  False: the engine has dropped the whole transaction. */
static bool work_on(struct db *db, struct ticket *t)
{
    track_error err = {0};
    track_status status = db_savepoint(db, &err);
    if (status != TRACK_OK) {
        set_status(t, status, &err);
        return false;
    }
    status = t->work(t, db, &err);
    set_status(t, status, &err);
    if (status != TRACK_OK) {
        return db_undo(db);
    }
    status = db_keep(db, &err);
    set_status(t, status, &err);
    return status == TRACK_OK;
}

/* Begins and works on all that are not over, leaving the transaction open.
 *
 *   good  how many ended well.
 *   true  the transaction stands; else begin again, without those that are over. */
static bool work_on_all(struct db *db, struct group *g, size_t *good)
{
    *good = 0;
    for (size_t i = 0; i < g->count; i++) {
        if (g->over[i]) {
            continue;
        }
        if (!work_on(db, g->at[i])) {
            db_rollback(db);
            g->over[i] = g->at[i]->status != TRACK_OK;
            return false;
        }
        *good += g->at[i]->status == TRACK_OK;
    }
    return true;
}

/* One try of the group.  DB_COMMITTED also when there was nothing to commit. */
static enum db_outcome try_group(struct writer *w, struct group *g, track_error *err)
{
    size_t good = 0;
    do {
        if (db_begin(w->db, 0, err) != TRACK_OK) {
            return DB_UNKNOWN;
        }
    } while (!work_on_all(w->db, g, &good));
    if (good == 0) {
        db_rollback(w->db);
        return DB_COMMITTED;
    }
    enum db_outcome outcome = DB_UNKNOWN;
    int64_t began_us = clock_steady_us();
    if (db_commit(w->db, &outcome, err) != TRACK_OK) {
        db_rollback(w->db);
    }
    w->dirty = true;
    pthread_mutex_lock(&w->lock);
    w->counts.commit_us += (uint64_t)(clock_steady_us() - began_us);
    pthread_mutex_unlock(&w->lock);
    return outcome;
}

static track_status reopen(struct writer *w, track_error *err)
{
    TRY(db_open(w->ops, w->path, true, &w->db, err));
    return db_prepare(w->db, err);
}

static void pause_us(int64_t us)
{
    struct timespec t = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    nanosleep(&t, NULL);
}

/* Runs the group until it is committed; TRACK_OK, or why it could not be: then nobody knows. */
static track_status run_group(struct writer *w, struct group *g, track_error *err)
{
    bool again = false;
    for (int tries = 0; tries < TRIES_MAX; tries++) {
        if (tries > 0) {
            pause_us((int64_t)TRY_WAIT_US << tries);
        }
        if (!w->db) {
            TRY(reopen(w, err));
        }
        enum db_outcome outcome = try_group(w, g, err);
        if (outcome == DB_COMMITTED) {
            return TRACK_OK;
        }
        if (outcome == DB_UNKNOWN) {
            db_close(w->db);
            w->db = NULL;
            if (again) {
                return err->status;
            }
            again = true;
        }
        pthread_mutex_lock(&w->lock);
        w->counts.retries++;
        pthread_mutex_unlock(&w->lock);
    }
    return FAIL(err, TRACK_BUSY, "somebody else keeps %s locked", w->path);
}

static void finish(struct writer *w, struct ticket *t)
{
    if (t->status == TRACK_OK && t->after) {
        t->after(t);
    }
    if (t->done) {
        t->done(t);
        return;
    }
    pthread_mutex_lock(&w->lock);
    t->finished = true;
    pthread_cond_broadcast(&w->ended);
    pthread_mutex_unlock(&w->lock);
}

/* The disk may have room again and a lock goes away; a disk that fails twice is given up. */
static bool passes(track_status status)
{
    return status == TRACK_FULL || status == TRACK_BUSY || status == TRACK_NOMEM;
}

static void do_group(struct writer *w, struct group *g)
{
    track_error err = {0};
    track_status status = run_group(w, g, &err);
    if (status != TRACK_OK) {
        pthread_mutex_lock(&w->lock);
        w->failed = w->failed || !passes(status);
        pthread_mutex_unlock(&w->lock);
    }
    for (size_t i = 0; i < g->count; i++) {
        if (status != TRACK_OK && !g->over[i]) {
            set_status(g->at[i], status, &err);
        }
        finish(w, g->at[i]);
    }
}

static void idle(struct writer *w)
{
    track_error err;
    if (w->db && w->dirty && db_idle(w->db, &err) != TRACK_OK) {
        fprintf(stderr, "trackd: %s\n", err.message);
    }
    w->dirty = false;
}

/* Waits under the lock for work; false after IDLE_US without any. */
static bool wait_for_work(struct writer *w)
{
    int64_t until_us = clock_steady_us() + IDLE_US;
    struct timespec until = {until_us / 1000000, until_us % 1000000 * 1000};
    int rc = 0;
    w->sleeping = true;
    while (!w->queue.first && !w->stopping && rc == 0) {
        rc = pthread_cond_clockwait(&w->work, &w->lock, CLOCK_MONOTONIC, &until);
    }
    w->sleeping = false;
    return rc == 0;
}

/* Takes the next group from the queue, under the lock. */
static void take_group(struct writer *w, struct group *g)
{
    size_t bytes = 0;
    g->count = 0;
    while (w->queue.first && g->count < WRITER_GROUP_TICKETS && bytes < WRITER_GROUP_BYTES) {
        struct ticket *t = w->queue.first;
        w->queue.first = t->next;
        w->queue.tickets--;
        w->queue.bytes -= weight(t);
        bytes += weight(t);
        g->over[g->count] = false;
        g->at[g->count++] = t;
    }
    if (!w->queue.first) {
        w->queue.last = &w->queue.first;
    }
    w->counts.groups += g->count > 0;
    w->counts.tickets += g->count;
}

static void *write_until_stopped(void *data)
{
    struct writer *w = data;
    struct group g;
    for (;;) {
        pthread_mutex_lock(&w->lock);
        bool worked = wait_for_work(w);
        take_group(w, &g);
        bool stop = w->stopping && g.count == 0;
        pthread_mutex_unlock(&w->lock);
        if (stop) {
            return NULL;
        }
        if (!worked) {
            idle(w);
        }
        if (g.count > 0) {
            do_group(w, &g);
        }
    }
}

static track_status start(struct writer *w, track_error *err)
{
    TRY(db_open(w->ops, w->path, true, &w->db, err));
    TRY(db_migrate(w->db, db_migrations, clock_wall_us(), err));
    TRY(db_prepare(w->db, err));
    if (pthread_create(&w->thread, NULL, write_until_stopped, w) != 0) {
        return FAIL(err, TRACK_NOMEM, "no thread for the writer");
    }
    return TRACK_OK;
}

static void release(struct writer *w)
{
    db_close(w->db);
    pthread_cond_destroy(&w->ended);
    pthread_cond_destroy(&w->work);
    pthread_mutex_destroy(&w->lock);
    struct arena own = w->own;
    arena_release(&own);
}

track_status writer_open(const struct db_ops *ops, const char *path, struct writer **out,
                         track_error *err)
{
    struct arena own = ARENA(sizeof(struct writer) + 4096);
    struct writer *w = ARENA_NEW(&own, struct writer);
    if (!w) {
        return FAIL(err, TRACK_NOMEM, "no room for the writer");
    }
    *w = (struct writer){.own = own, .ops = ops, .path = path};
    w->queue.last = &w->queue.first;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->work, NULL);
    pthread_cond_init(&w->ended, NULL);
    track_status status = start(w, err);
    if (status != TRACK_OK) {
        release(w);
        return status;
    }
    *out = w;
    return TRACK_OK;
}

void writer_close(struct writer *w)
{
    if (!w) {
        return;
    }
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_signal(&w->work);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    release(w);
}

/* Adds t under the lock, or says why not. */
static track_status enqueue(struct writer *w, struct ticket *t, track_error *err)
{
    if (w->stopping || w->failed) {
        return FAIL(err, TRACK_READ_ONLY, "the server has stopped writing%s",
                    w->failed ? ": its disk failed" : "");
    }
    if (w->queue.tickets >= WRITER_QUEUE_TICKETS ||
        w->queue.bytes + weight(t) > WRITER_QUEUE_BYTES) {
        return FAIL(err, TRACK_BUSY, "%zu requests wait to be written", w->queue.tickets);
    }
    t->next = NULL;
    t->finished = false;
    *w->queue.last = t;
    w->queue.last = &t->next;
    w->queue.tickets++;
    w->queue.bytes += weight(t);
    return TRACK_OK;
}

track_status writer_submit(struct writer *w, struct ticket *t, track_error *err)
{
    assert(t->work);
    pthread_mutex_lock(&w->lock);
    track_status status = enqueue(w, t, err);
    if (status == TRACK_OK && w->sleeping) {
        pthread_cond_signal(&w->work);
    }
    pthread_mutex_unlock(&w->lock);
    return status;
}

/* Takes t out of the queue, under the lock; false: it is not there. */
static bool unqueue(struct writer *w, const struct ticket *t)
{
    struct ticket **at = &w->queue.first;
    while (*at && *at != t) {
        at = &(*at)->next;
    }
    if (!*at) {
        return false;
    }
    *at = t->next;
    if (!*at) {
        w->queue.last = at;
    }
    w->queue.tickets--;
    w->queue.bytes -= weight(t);
    return true;
}

bool writer_cancel(struct writer *w, struct ticket *t)
{
    pthread_mutex_lock(&w->lock);
    bool was = unqueue(w, t);
    pthread_mutex_unlock(&w->lock);
    return was;
}

track_status ticket_wait(struct writer *w, struct ticket *t, int limit_ms, track_error *err)
{
    assert(!t->done);
    int64_t until_us = clock_steady_us() + (int64_t)limit_ms * 1000;
    struct timespec until = {until_us / 1000000, until_us % 1000000 * 1000};
    bool cancelled = false;
    pthread_mutex_lock(&w->lock);
    while (!t->finished && !cancelled) {
        if (limit_ms == 0) {
            pthread_cond_wait(&w->ended, &w->lock);
        } else if (pthread_cond_clockwait(&w->ended, &w->lock, CLOCK_MONOTONIC, &until) != 0) {
            cancelled = unqueue(w, t);
            limit_ms = 0;
        }
    }
    pthread_mutex_unlock(&w->lock);
    if (cancelled) {
        return FAIL(err, TRACK_TIMEOUT, "waited too long to be written");
    }
    if (err && t->status != TRACK_OK) {
        *err = t->err;
    }
    return t->status;
}

void writer_count(struct writer *w, struct writer_counts *out)
{
    pthread_mutex_lock(&w->lock);
    *out = w->counts;
    out->queue_tickets = w->queue.tickets;
    out->queue_bytes = w->queue.bytes;
    pthread_mutex_unlock(&w->lock);
}

bool writer_failed(struct writer *w)
{
    pthread_mutex_lock(&w->lock);
    bool failed = w->failed;
    pthread_mutex_unlock(&w->lock);
    return failed;
}
