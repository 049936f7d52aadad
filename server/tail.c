#include "tail.h"

#include "clock.h"
#include "store_base.h"
#include "tail_level.h"
#include "tail_read.h"
#include "tail_readers.h"
#include "tail_run.h"
#include "tail_whole.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    LIMIT_BYTES = 96 << 20, /* unless told otherwise */
    ALONE_FACTOR = 4,       /* the run that was used last may hold so much more, for itself */
    BUCKET_COUNT = 1024,
    NAMES_BYTES_MAX = 512 << 20, /* of the series of a run */
    ORIGIN_BYTES_MAX = 16 << 20, /* its rewinds, and those of what it was forked from */
};

struct tail {
    struct store *store;
    size_t limit_bytes;
    pthread_mutex_t lock; /* guards what follows, and next, used, bytes and busy of runs */
    pthread_cond_t given; /* a run was given back */
    struct tail_run *buckets[BUCKET_COUNT];
    uint64_t uses;
    struct tail_counts counts;
    struct tail_spare spare;
};

track_status tail_open(const struct tail_options *options, struct tail **out, track_error *err)
{
    struct tail *t = calloc(1, sizeof(*t));
    if (!t) {
        return FAIL(err, TRACK_NOMEM, "cache of decoded journals: no memory");
    }
    t->store = options->store;
    t->limit_bytes = options->limit_bytes ? options->limit_bytes : LIMIT_BYTES;
    pthread_mutex_init(&t->lock, NULL);
    pthread_mutex_init(&t->spare.lock, NULL);
    pthread_cond_init(&t->given, NULL);
    *out = t;
    return TRACK_OK;
}

static struct tail_run **bucket_of(struct tail *t, const char *id)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (; *id; id++) {
        hash = (hash ^ (unsigned char)*id) * 16777619u;
    }
    return &t->buckets[hash % BUCKET_COUNT];
}

/* Takes a run out of the cache and forgets it. */
static void run_drop(struct tail *t, struct tail_run *run)
{
    struct tail_run **at = bucket_of(t, run->id);
    while (*at != run) {
        at = &(*at)->next;
    }
    *at = run->next;
    t->counts.runs--;
    t->counts.bytes -= run->bytes;
    tail_run_release(run);
    free(run);
}

void tail_close(struct tail *t)
{
    if (!t) {
        return;
    }
    for (size_t i = 0; i < BUCKET_COUNT; i++) {
        while (t->buckets[i]) {
            run_drop(t, t->buckets[i]);
        }
    }
    tail_spare_release(&t->spare);
    pthread_mutex_destroy(&t->spare.lock);
    pthread_cond_destroy(&t->given);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

struct tail_spare *tail_spare(struct tail *t)
{
    return &t->spare;
}

struct store *tail_store(struct tail *t)
{
    return t->store;
}

void tail_count(struct tail *t, struct tail_counts *out)
{
    pthread_mutex_lock(&t->lock);
    *out = t->counts;
    pthread_mutex_unlock(&t->lock);
}

/* The run that nobody has used for longest, or NULL: each is in use. */
static struct tail_run *run_oldest(struct tail *t)
{
    struct tail_run *oldest = NULL;
    for (size_t i = 0; i < BUCKET_COUNT; i++) {
        for (struct tail_run *run = t->buckets[i]; run; run = run->next) {
            if (!run->busy && (!oldest || run->used < oldest->used)) {
                oldest = run;
            }
        }
    }
    return oldest;
}

void tail_forget(struct tail *t, int64_t before_us)
{
    pthread_mutex_lock(&t->lock);
    for (struct tail_run *oldest; (oldest = run_oldest(t)) && oldest->used_us < before_us;) {
        run_drop(t, oldest);
        t->counts.evicted++;
    }
    pthread_mutex_unlock(&t->lock);
}

/* Forgets runs until the limit is kept; the one that was used last may stay alone. */
static void tail_evict(struct tail *t)
{
    while (t->counts.bytes > t->limit_bytes) {
        struct tail_run *oldest = run_oldest(t);
        bool alone = oldest && oldest->used == t->uses;
        if (!oldest || (alone && oldest->bytes / ALONE_FACTOR <= t->limit_bytes)) {
            return;
        }
        run_drop(t, oldest);
        t->counts.evicted++;
    }
}

/* The run of this id, busy from now on; a new one is empty. */
static track_status run_claim(struct tail *t, const char *id, struct tail_run **out,
                              track_error *err)
{
    struct tail_run **bucket = bucket_of(t, id), *run;
    for (;;) {
        run = *bucket;
        while (run && strcmp(run->id, id) != 0) {
            run = run->next;
        }
        if (!run || !run->busy) {
            break;
        }
        pthread_cond_wait(&t->given, &t->lock);
    }
    if (!run) {
        run = calloc(1, sizeof(*run));
        if (!run) {
            return FAIL(err, TRACK_NOMEM, "run %s: no memory", id);
        }
        run->tail = t;
        run->names.limit_bytes = NAMES_BYTES_MAX;
        run->origin.limit_bytes = ORIGIN_BYTES_MAX;
        memcpy(run->id, id, strlen(id));
        run->next = *bucket;
        *bucket = run;
        t->counts.runs++;
    }
    run->busy = true;
    *out = run;
    return TRACK_OK;
}

/* Makes the run keep the snapshot that it is going to be read in. */
static track_status run_hold(struct tail_run *run, track_error *err)
{
    run->held = calloc(1, sizeof(*run->held));
    return run->held ? TRACK_OK : FAIL(err, TRACK_NOMEM, "run %s: no memory", run->id);
}

static void run_unhold(struct tail_run *run)
{
    if (run->held) {
        store_read_end(run->held);
        free(run->held);
        run->held = NULL;
    }
}

track_status tail_take(struct tail *t, const char *id, enum tail_mode mode, struct tail_run **out,
                       track_error *err)
{
    TRY(run_check_id(id, err));
    AUTO_TAIL struct tail_run *run = NULL;
    pthread_mutex_lock(&t->lock);
    track_status status = run_claim(t, id, &run, err);
    pthread_mutex_unlock(&t->lock);
    TRY(status);
    TRY(mode == TAIL_HELD ? run_hold(run, err) : TRACK_OK);
    if (mode != TAIL_AS_IS || run->node == 0 || run->partial) {
        AUTO_READ struct read once = {0};
        uint64_t rows = 0;
        status = tail_refresh(run, run->held ? run->held : &once, &rows, err);
        tail_run_number(run);
        run->broken = run->node == 0 || status == TRACK_CORRUPT || status == TRACK_NOMEM;
        pthread_mutex_lock(&t->lock);
        t->counts.rows_read += rows;
        pthread_mutex_unlock(&t->lock);
        TRY(status);
    }
    *out = run;
    run = NULL;
    return TRACK_OK;
}

void tail_give(struct tail_run **given)
{
    struct tail_run *run = *given;
    if (!run) {
        return;
    }
    struct tail *t = run->tail;
    tail_level_trim(run);
    size_t bytes = tail_run_bytes(run);
    run_unhold(run);
    pthread_mutex_lock(&t->lock);
    t->counts.bytes += bytes - run->bytes;
    run->bytes = bytes;
    run->busy = false;
    run->used = ++t->uses;
    run->used_us = clock_steady_us();
    if (run->broken) {
        run_drop(t, run);
    }
    tail_evict(t);
    pthread_cond_broadcast(&t->given);
    pthread_mutex_unlock(&t->lock);
    *given = NULL;
}

static int name_order(const void *left, const void *right, void *data)
{
    const struct tail_run *run = data;
    const struct tail_series *a = &run->series[*(const uint32_t *)left];
    const struct tail_series *b = &run->series[*(const uint32_t *)right];
    int order = strcmp(a->name, b->name);
    return order ? order : strcmp(a->context, b->context);
}

track_status tail_sort_names(struct tail_run *run, track_error *err)
{
    if (run->sorted_count == run->series_count) {
        return TRACK_OK;
    }
    uint32_t *sorted = realloc(run->by_name, run->series_count * sizeof(*sorted));
    if (!sorted) {
        return FAIL(err, TRACK_NOMEM, "names of %zu series: no memory", run->series_count);
    }
    for (size_t i = 0; i < run->series_count; i++) {
        sorted[i] = (uint32_t)i;
    }
    qsort_r(sorted, run->series_count, sizeof(*sorted), name_order, run);
    run->by_name = sorted;
    run->sorted_count = run->series_count;
    return TRACK_OK;
}

/* Index in by_name of the first series whose name is not before this one. */
static size_t name_find(const struct tail_run *run, const char *name)
{
    size_t low = 0, high = run->sorted_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(run->series[run->by_name[middle]].name, name) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* True if a stands for its name rather than b: without context, else by rank. */
static bool stands_before(const struct tail_series *a, const struct tail_series *b)
{
    if (!*a->context || !*b->context) {
        return !*a->context;
    }
    return (uint64_t)a->rank < (uint64_t)b->rank; /* none is the greatest */
}

track_status tail_find(struct tail_run *run, const char *name, const char *context,
                       struct tail_series **out, track_error *err)
{
    struct tail_series *found = NULL;
    TRY(tail_sort_names(run, err));
    for (size_t i = name_find(run, name); i < run->sorted_count; i++) {
        struct tail_series *s = &run->series[run->by_name[i]];
        if (strcmp(s->name, name) != 0) {
            break;
        }
        bool fits = context ? strcmp(s->context, context) == 0 : !found || stands_before(s, found);
        found = fits ? s : found;
    }
    if (found) {
        TRY(tail_whole_get(run, found, err));
    }
    *out = found;
    return TRACK_OK;
}
