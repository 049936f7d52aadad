#include "blobs.h"
#include "clock.h"
#include "journal_book.h"
#include "live.h"
#include "store_base.h"
#include "store_blob.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    READERS = 4,             /* unless told otherwise */
    READERS_MAX = 64,        /* whatever is told */
    READ_LIMIT_MS = 5000,    /* unless told otherwise */
    PATH_BYTES_MAX = 4096,   /* of the data directory */
    STORE_BYTES = 512 << 10, /* what the struct, its texts and the book need */
};

struct store {
    struct arena own; /* holds this struct and its texts */
    const char *data; /* the directory, as it was given */
    const char *path; /* of the database */
    const struct db_ops *ops;
    int data_fd, lock_fd;
    struct writer *writer;
    struct blobs *blobs;
    struct journal_book *book;
    struct live *live;
    int readers_max, read_limit_ms;
    int64_t free_bytes_min;
    int64_t journal_max;
    bool must_exist;
    int64_t arrival_us;            /* given last, by the writer's thread */
    atomic_bool full;              /* as of the last look at the disk */
    _Atomic int64_t journal_bytes; /* as of the last look of the sealer, and what came since */

    pthread_mutex_t lock;            /* guards what follows */
    pthread_cond_t returned;         /* a reader has come back */
    struct db *readers[READERS_MAX]; /* [idle]: those that nobody uses */
    int idle, opened;
};

/* Says who holds the lock, as far as it is written there. */
static track_status say_held(int fd, const char *data, track_error *err)
{
    char pid[16] = "";
    ssize_t got = pread(fd, pid, sizeof(pid) - 1, 0);
    pid[got > 0 ? strspn(pid, "0123456789") : 0] = '\0';
    return FAIL(err, TRACK_CONFLICT, "%.150s is in use by another trackd (pid %s): stop it first",
                data, *pid ? pid : "unknown");
}

static track_status lock_data(struct store *s, track_error *err)
{
    s->lock_fd = openat(s->data_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (s->lock_fd < 0) {
        return FAIL(err, TRACK_IO, "cannot write in %.150s: %s; choose another with --data",
                    s->data, strerror(errno));
    }
    if (flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        return say_held(s->lock_fd, s->data, err);
    }
    char pid[16];
    int size = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
    if (ftruncate(s->lock_fd, 0) != 0 || pwrite(s->lock_fd, pid, (size_t)size, 0) != size) {
        return FAIL(err, errno == ENOSPC ? TRACK_FULL : TRACK_IO, "cannot write %.150s/lock: %s",
                    s->data, strerror(errno));
    }
    return TRACK_OK;
}

/* Whoever may write there may change every run. */
static track_status check_private(const struct store *s, track_error *err)
{
    struct stat stat;
    if (fstat(s->data_fd, &stat) == 0 && (stat.st_mode & (S_IWGRP | S_IWOTH))) {
        return FAIL(err, TRACK_INVALID,
                    "others may write to the data directory %.150s: chmod go-w it", s->data);
    }
    return TRACK_OK;
}

/* Makes the directory if it is absent, opens it, takes its lock; the database file gets mode 0600
 * before the engine opens it, and its log inherits that. */
static track_status open_data(struct store *s, track_error *err)
{
    if (!s->must_exist && mkdir(s->data, 0700) != 0 && errno != EEXIST) {
        return FAIL(err, errno == ENOSPC ? TRACK_FULL : TRACK_IO,
                    "cannot make the data directory %.150s: %s", s->data, strerror(errno));
    }
    s->data_fd = open(s->data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->data_fd < 0) {
        return FAIL(err, TRACK_IO, "cannot open the data directory %.150s: %s", s->data,
                    strerror(errno));
    }
    TRY(check_private(s, err));
    TRY(lock_data(s, err));
    int create = s->must_exist ? 0 : O_CREAT;
    int fd = openat(s->data_fd, "track.db", O_RDWR | create | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return FAIL(err, errno == ENOSPC ? TRACK_FULL : TRACK_IO, "cannot open %.150s/track.db: %s",
                    s->data, strerror(errno));
    }
    close(fd);
    return TRACK_OK;
}

/* Fills a new store from its options. */
static track_status init(struct store *s, const struct store_options *o, track_error *err)
{
    size_t size = strlen(o->data);
    if (size == 0 || size > PATH_BYTES_MAX) {
        return FAIL(err, TRACK_INVALID, "the path of the data directory has %zu bytes", size);
    }
    char *path = arena_alloc(&s->own, size + sizeof("/track.db"), 1);
    s->data = arena_text(&s->own, o->data, size);
    if (!path || !s->data) {
        return FAIL(err, TRACK_NOMEM, "no room for a path of %zu bytes", size);
    }
    memcpy(path, o->data, size);
    memcpy(path + size, "/track.db", sizeof("/track.db"));
    s->path = path;
    s->ops = o->ops ? o->ops : &db_sqlite;
    s->live = o->live;
    s->must_exist = o->must_exist;
    s->readers_max = o->readers_max ? o->readers_max : READERS;
    s->readers_max = s->readers_max > READERS_MAX ? READERS_MAX : s->readers_max;
    s->read_limit_ms = o->read_limit_ms ? o->read_limit_ms : READ_LIMIT_MS;
    s->free_bytes_min = o->free_bytes_min;
    s->journal_max = o->journal_max;
    return TRACK_OK;
}

track_status store_open(const struct store_options *options, struct store **out, track_error *err)
{
    struct arena own = ARENA(STORE_BYTES);
    struct store *s = ARENA_NEW(&own, struct store);
    if (!s) {
        return FAIL(err, TRACK_NOMEM, "no room for the store");
    }
    *s = (struct store){.own = own, .data_fd = -1, .lock_fd = -1};
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->returned, NULL);
    track_status status = init(s, options, err);
    status = status == TRACK_OK ? book_open(&s->own, &s->book, err) : status;
    status = status == TRACK_OK ? open_data(s, err) : status;
    status = status == TRACK_OK ? writer_open(s->ops, s->path, &s->writer, err) : status;
    status = status == TRACK_OK ? blobs_fs_open(s->data_fd, "blobs", &s->blobs, err) : status;
    status = status == TRACK_OK ? store_look_at_disk(s, err) : status;
    if (status != TRACK_OK) {
        store_close(s);
        return status;
    }
    *out = s;
    return TRACK_OK;
}

void store_close(struct store *s)
{
    if (!s) {
        return;
    }
    assert(s->idle == s->opened); /* no call is running */
    for (int i = 0; i < s->idle; i++) {
        db_close(s->readers[i]);
    }
    writer_close(s->writer);
    book_close(s->book);
    blobs_close(s->blobs);
    if (s->lock_fd >= 0) {
        close(s->lock_fd);
    }
    if (s->data_fd >= 0) {
        close(s->data_fd);
    }
    pthread_cond_destroy(&s->returned);
    pthread_mutex_destroy(&s->lock);
    struct arena own = s->own;
    arena_release(&own);
}

int64_t store_arrival(struct store *s, int64_t now_us)
{
    s->arrival_us = now_us > s->arrival_us ? now_us : s->arrival_us + 1;
    return s->arrival_us;
}

struct writer *store_writer(struct store *s)
{
    return s->writer;
}

struct blobs *store_blobs(struct store *s)
{
    return s->blobs;
}

struct journal_book *store_book(struct store *s)
{
    return s->book;
}

/* Takes an idle reader; *db is NULL when one may be opened instead. */
static track_status take_reader(struct store *s, struct db **db, track_error *err)
{
    int64_t until_us = clock_steady_us() + (int64_t)s->read_limit_ms * 1000;
    struct timespec until = {until_us / 1000000, until_us % 1000000 * 1000};
    int rc = 0;
    pthread_mutex_lock(&s->lock);
    while (s->idle == 0 && s->opened == s->readers_max && rc == 0) {
        rc = pthread_cond_clockwait(&s->returned, &s->lock, CLOCK_MONOTONIC, &until);
    }
    *db = s->idle > 0 ? s->readers[--s->idle] : NULL;
    bool may_open = !*db && s->opened < s->readers_max;
    s->opened += may_open;
    pthread_mutex_unlock(&s->lock);
    return *db || may_open ? TRACK_OK
                           : FAIL(err, TRACK_TIMEOUT, "all %d readers were busy for %d ms",
                                  s->readers_max, s->read_limit_ms);
}

static void give_reader_up(struct store *s)
{
    pthread_mutex_lock(&s->lock);
    s->opened--;
    pthread_cond_signal(&s->returned);
    pthread_mutex_unlock(&s->lock);
}

track_status store_read_begin(struct store *s, struct read *out, track_error *err)
{
    struct db *db = NULL;
    TRY(take_reader(s, &db, err));
    if (!db) {
        track_status status = db_open(s->ops, s->path, false, &db, err);
        if (status != TRACK_OK) {
            give_reader_up(s);
            return status;
        }
    }
    *out = (struct read){s, db};
    return db_begin(db, s->read_limit_ms, err);
}

void store_read_end(struct read *r)
{
    struct store *s = r->store;
    if (!s) {
        return;
    }
    db_rollback(r->db);
    pthread_mutex_lock(&s->lock);
    s->readers[s->idle++] = r->db;
    pthread_cond_signal(&s->returned);
    pthread_mutex_unlock(&s->lock);
}

track_status store_look_at_disk(struct store *s, track_error *err)
{
    int64_t free_bytes, disk_bytes;
    TRY(blobs_room(s->blobs, &free_bytes, &disk_bytes, err));
    atomic_store(&s->full, free_bytes < store_free_bytes_min(s, disk_bytes) / 2);
    return TRACK_OK;
}

track_status store_submit_always(struct store *s, struct ticket *t, ticket_work *work,
                                 track_error *err)
{
    t->store = s;
    t->work = work;
    return writer_submit(s->writer, t, err);
}

track_status store_submit(struct store *s, struct ticket *t, ticket_work *work, track_error *err)
{
    if (atomic_load(&s->full)) {
        return FAIL(err, TRACK_FULL, "the server's disk is full: only finishing runs is possible");
    }
    return store_submit_always(s, t, work, err);
}

track_status store_submit_points(struct store *s, struct ticket *t, ticket_work *work,
                                 track_error *err)
{
    int64_t waiting = atomic_load(&s->journal_bytes);
    if (s->journal_max > 0 && waiting > s->journal_max) {
        return FAIL(err, TRACK_BUSY, "%lld MiB of points wait to be sealed: send them again later",
                    (long long)(waiting >> 20));
    }
    TRY(store_submit(s, t, work, err));
    atomic_fetch_add(&s->journal_bytes, (int64_t)t->bytes);
    return TRACK_OK;
}

void store_note_journal(struct store *s, int64_t bytes)
{
    atomic_store(&s->journal_bytes, bytes);
}

track_status store_node_next(struct db *db, enum node_type type, int64_t *out, track_error *err)
{
    bool found = false;
    TRY(db_find_i(db, QUERY_counter_next, DB_IN(db_t("node")), out, &found, err));
    if (!found) {
        return FAIL(err, TRACK_CORRUPT, "the database has no counter of nodes");
    }
    return db_exec(db, QUERY_node_add, DB_IN(db_i(*out), db_i(type)), err);
}

track_status gather_add(struct gather *g, void **out, track_error *err)
{
    if (g->count == g->room) {
        size_t room = g->room ? 2 * g->room : 16;
        void *at = arena_calloc(g->arena, room, g->size, alignof(max_align_t));
        if (!at) {
            return FAIL(err, TRACK_NOMEM, "no room for %zu rows", room);
        }
        if (g->count > 0) {
            memcpy(at, g->at, g->count * g->size);
        }
        g->at = at;
        g->room = room;
    }
    *out = (char *)g->at + g->count++ * g->size;
    return TRACK_OK;
}

static int64_t file_bytes(int data_fd, const char *name)
{
    struct stat st;
    return fstatat(data_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? st.st_size : 0;
}

track_status store_measure(struct store *s, struct store_sizes *out, track_error *err)
{
    *out = (struct store_sizes){.database_bytes = file_bytes(s->data_fd, "track.db"),
                                .log_bytes = file_bytes(s->data_fd, "track.db-wal")};
    return blobs_room(s->blobs, &out->free_bytes, &out->disk_bytes, err);
}

int64_t store_free_bytes_min(struct store *s, int64_t disk_bytes)
{
    int64_t part = disk_bytes / 50, least = INT64_C(1) << 30;
    return s->free_bytes_min ? s->free_bytes_min : part > least ? part : least;
}

void run_publish(const struct ticket *t, int kind, const char *run, const char *detail)
{
    struct live_event event = {.kind = (enum live_kind)kind, .project = t->project};
    snprintf(event.run, sizeof(event.run), "%s", run);
    snprintf(event.detail, sizeof(event.detail), "%s", detail);
    live_publish(t->store->live, &event);
}
