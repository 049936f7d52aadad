#include "seal.h"

#include "clock.h"
#include "log.h"
#include "seal_merge.h"
#include "seal_run.h"
#include "series.h"
#include "store_base.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <time.h>

enum {
    LIST_BYTES = 64 << 20,
    FIRST_S = 1, /* after the start */
    MERGE_EVERY_S = 10,
    AFTER_FAILURE_S = 60,
    MERGE_NICE = 10, /* others go first */
    YIELD_US = 5000,
    YIELDS_MAX = 40, /* at a time */
};
#define SECOND_US INT64_C(1000000)

struct seal {
    struct arena own; /* holds this struct */
    struct store *store;
    struct log *log;
    struct pack_between between;
    struct tail *tail; /* of the merging thread; keeps nothing */
    pthread_t threads[2];
    size_t thread_count;
    pthread_mutex_t lock; /* guards counts and stopping */
    pthread_cond_t wake;
    struct seal_counts counts;
    atomic_bool stopping;
};

/* A run that something went wrong with. */
static void say(struct seal *s, const char *what, int64_t run_node, const track_error *err)
{
    pthread_mutex_lock(&s->lock);
    s->counts.failures += err->status != TRACK_CONFLICT;
    pthread_mutex_unlock(&s->lock);
    if (err->status != TRACK_CONFLICT && !atomic_load(&s->stopping)) {
        log_note(s->log, LOG_WARNING, what, "run %lld: %s", (long long)run_node, err->message);
    }
}

/* Lets ingest go first, for a while. */
static track_status yield(void *data, track_error *err)
{
    struct seal *s = data;
    const struct timespec pause = {.tv_nsec = YIELD_US * 1000};
    for (int i = 0; i < YIELDS_MAX; i++) {
        struct writer_counts counts;
        if (atomic_load(&s->stopping)) {
            return FAIL(err, TRACK_CONFLICT, "the server ends");
        }
        writer_count(store_writer(s->store), &counts);
        if (counts.queue_tickets < SEAL_BUSY) {
            return TRACK_OK;
        }
        pthread_mutex_lock(&s->lock);
        s->counts.yields += i == 0;
        pthread_mutex_unlock(&s->lock);
        nanosleep(&pause, NULL);
    }
    return TRACK_OK;
}

static bool is_due(const struct journal_waiting *w, int64_t now_us)
{
    int64_t points = w->keys * SEAL_KEY_POINTS;
    points = points > SEAL_POINTS_MIN ? points : SEAL_POINTS_MIN;
    return w->rows > 0 && (w->ended || w->points >= points || w->bytes >= SEAL_BYTES_MIN ||
                           now_us - w->oldest_us >= SEAL_OLD_S * SECOND_US ||
                           now_us - w->newest_us >= SEAL_IDLE_S * SECOND_US);
}

static void count_sealed(struct seal *s, const struct seal_did *did)
{
    pthread_mutex_lock(&s->lock);
    s->counts.seals += did->rows > 0;
    s->counts.sealed_rows += (uint64_t)did->rows;
    s->counts.sealed_points += (uint64_t)did->points;
    pthread_mutex_unlock(&s->lock);
}

/* Rows that came since the journal was looked at are sealed too: they were not counted. */
static void take_away(int64_t *of, int64_t sealed)
{
    *of = *of > sealed ? *of - sealed : 0;
}

/* Seals all there is of one run and epoch; w is left with what stays. */
static track_status seal_all(struct seal *s, struct journal_waiting *w, int64_t now_us,
                             track_error *err)
{
    struct seal_ask ask = {
        .store = s->store, .run_node = w->run_node, .epoch = w->epoch, .now_us = now_us};
    struct seal_did did = {.more = true};
    while (did.more && !atomic_load(&s->stopping)) {
        TRY(seal_run(&ask, &did, err));
        count_sealed(s, &did);
        take_away(&w->rows, did.rows);
        take_away(&w->points, did.points);
        take_away(&w->bytes, did.bytes);
    }
    return TRACK_OK;
}

/* Seals a run that is due; adds what stays of it. */
static void seal_if_due(struct seal *s, const struct journal_waiting *waiting, int64_t now_us,
                        struct seal_counts *left)
{
    struct journal_waiting w = *waiting;
    track_error why = {0};
    if (is_due(&w, now_us) && seal_all(s, &w, now_us, &why) != TRACK_OK) {
        say(s, "seal", w.run_node, &why);
    }
    left->journal_rows += w.rows;
    left->journal_bytes += w.bytes;
}

track_status seal_pass(struct seal *s, int64_t now_us, track_error *err)
{
    AUTO_ARENA arena = ARENA(LIST_BYTES);
    struct waiting_list list;
    struct seal_counts left = {0};
    TRY(store_journal_waiting(s->store, &arena, &list, err));
    for (size_t i = 0; i < list.count && !atomic_load(&s->stopping); i++) {
        seal_if_due(s, &list.at[i], now_us, &left);
    }
    pthread_mutex_lock(&s->lock);
    s->counts.journal_rows = left.journal_rows;
    s->counts.journal_bytes = left.journal_bytes;
    pthread_mutex_unlock(&s->lock);
    store_note_journal(s->store, left.journal_bytes);
    return TRACK_OK;
}

typedef track_status merge_step(const struct merge_ask *ask, size_t *merged, track_error *err);

/* Repeats a step until there is nothing more to merge.  Each gets a time of its own: packs that
 * were made at once are those of one time, and may share a series. */
static track_status merge_all(struct seal *s, struct merge_ask *ask, merge_step *step,
                              track_error *err)
{
    size_t merged = 1;
    while (merged > 0 && !atomic_load(&s->stopping)) {
        TRY(step(ask, &merged, err));
        ask->now_us++;
        pthread_mutex_lock(&s->lock);
        s->counts.merges += merged > 0;
        s->counts.packs_merged += merged;
        pthread_mutex_unlock(&s->lock);
    }
    return TRACK_OK;
}

track_status seal_merge(struct seal *s, int64_t now_us, track_error *err)
{
    AUTO_ARENA arena = ARENA(LIST_BYTES);
    struct run_nodes runs;
    TRY(store_pack_many(s->store, &arena, &runs, err));
    for (size_t i = 0; i < runs.count && !atomic_load(&s->stopping); i++) {
        struct merge_ask ask = {
            .store = s->store, .run_node = runs.at[i], .now_us = now_us, .between = &s->between};
        track_error why = {0};
        track_status status = merge_all(s, &ask, merge_level, &why);
        status = status == TRACK_OK ? merge_all(s, &ask, merge_final, &why) : status;
        if (status != TRACK_OK) {
            say(s, "merge", runs.at[i], &why);
        }
    }
    return TRACK_OK;
}

track_status seal_fold(struct seal *s, track_error *err)
{
    AUTO_ARENA arena = ARENA(LIST_BYTES);
    struct node_list runs;
    TRY(store_series_rested(s->store, &arena, &runs, err));
    for (size_t i = 0; i < runs.count && yield(s, NULL) == TRACK_OK; i++) {
        track_error why = {0};
        track_status status = series_flush_run(s->tail, runs.at[i], &why);
        if (status != TRACK_OK && status != TRACK_NOT_FOUND) {
            say(s, "fold", runs.at[i], &why);
        }
    }
    return TRACK_OK;
}

/* Sleeps; false: it is time to end. */
static bool rest(struct seal *s, int seconds)
{
    int64_t until_us = clock_steady_us() + seconds * SECOND_US;
    struct timespec until = {until_us / SECOND_US, until_us % SECOND_US * 1000};
    int rc = 0;
    pthread_mutex_lock(&s->lock);
    while (!atomic_load(&s->stopping) && rc == 0) {
        rc = pthread_cond_clockwait(&s->wake, &s->lock, CLOCK_MONOTONIC, &until);
    }
    pthread_mutex_unlock(&s->lock);
    return !atomic_load(&s->stopping);
}

/* Seconds until the next round: more if something failed since the last one. */
static int pause_after(struct seal *s, uint64_t *failures, int seconds)
{
    struct seal_counts counts;
    seal_count(s, &counts);
    bool failed = counts.failures != *failures;
    *failures = counts.failures;
    return failed ? AFTER_FAILURE_S : seconds;
}

static void *seal_until_stopped(void *data)
{
    struct seal *s = data;
    (void)pthread_setname_np(pthread_self(), "seal");
    uint64_t failures = 0;
    int pause = FIRST_S;
    while (rest(s, pause)) {
        track_error err = {0};
        if (seal_pass(s, clock_wall_us(), &err) != TRACK_OK) {
            log_note(s->log, LOG_WARNING, "seal", "%s", err.message);
        }
        pause = pause_after(s, &failures, SEAL_EVERY_S);
    }
    return NULL;
}

static void *merge_until_stopped(void *data)
{
    struct seal *s = data;
    (void)pthread_setname_np(pthread_self(), "merge");
    (void)setpriority(PRIO_PROCESS, 0, MERGE_NICE); /* of this thread */
    uint64_t failures = 0;
    for (int pause = FIRST_S; rest(s, pause); pause = pause_after(s, &failures, MERGE_EVERY_S)) {
        track_error err = {0};
        if (seal_merge(s, clock_wall_us(), &err) != TRACK_OK) {
            log_note(s->log, LOG_WARNING, "merge", "%s", err.message);
        }
        if (seal_fold(s, &err) != TRACK_OK) {
            log_note(s->log, LOG_WARNING, "fold", "%s", err.message);
        }
    }
    return NULL;
}

static track_status start(struct seal *s, track_error *err)
{
    static void *(*const loops[])(void *) = {seal_until_stopped, merge_until_stopped};
    for (size_t i = 0; i < 2; i++) {
        if (pthread_create(&s->threads[i], NULL, loops[i], s) != 0) {
            return FAIL(err, TRACK_NOMEM, "no thread for sealing");
        }
        s->thread_count++;
    }
    return TRACK_OK;
}

track_status seal_open(const struct seal_options *options, struct seal **out, track_error *err)
{
    struct arena own = ARENA(sizeof(struct seal) + 4096);
    struct seal *s = ARENA_NEW(&own, struct seal);
    if (!s) {
        return FAIL(err, TRACK_NOMEM, "no room for the sealer");
    }
    *s = (struct seal){.own = own, .store = options->store, .log = options->log};
    s->between = (struct pack_between){yield, s};
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->wake, NULL);
    struct tail_options tail = {.store = options->store, .limit_bytes = 1};
    track_status status = tail_open(&tail, &s->tail, err);
    status = status == TRACK_OK && !options->idle ? start(s, err) : status;
    if (status != TRACK_OK) {
        seal_close(s);
        return status;
    }
    *out = s;
    return TRACK_OK;
}

void seal_close(struct seal *s)
{
    if (!s) {
        return;
    }
    pthread_mutex_lock(&s->lock);
    atomic_store(&s->stopping, true);
    pthread_cond_broadcast(&s->wake);
    pthread_mutex_unlock(&s->lock);
    for (size_t i = 0; i < s->thread_count; i++) {
        pthread_join(s->threads[i], NULL);
    }
    tail_close(s->tail);
    pthread_cond_destroy(&s->wake);
    pthread_mutex_destroy(&s->lock);
    struct arena own = s->own;
    arena_release(&own);
}

void seal_count(struct seal *s, struct seal_counts *out)
{
    pthread_mutex_lock(&s->lock);
    *out = s->counts;
    pthread_mutex_unlock(&s->lock);
}
