/* Shows when rows are due, and that the threads end at once.
 * How: a clock that is told; the same run before and after. */
#include "../../server/seal.h"

#include "../../server/store_base.h"
#include "../../server/store_series.h"
#include "../harness.h"
#include "sealed.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

enum { SECOND_US = 1000000 };

struct sealing {
    struct points p;
    struct seal *seal;
};

static void sealing_open(struct sealing *s)
{
    points_open(&s->p, 0);
    struct seal_options options = {.store = s->p.f.store, .idle = true};
    if (seal_open(&options, &s->seal, &s->p.f.err) != TRACK_OK) {
        fprintf(stderr, "seal: %s\n", s->p.f.err.message);
    }
}

static void sealing_close(struct sealing *s)
{
    seal_close(s->seal);
    points_close(&s->p);
}

#define SEALING(s)                                                  \
    __attribute__((cleanup(sealing_close))) struct sealing s = {0}; \
    sealing_open(&(s));                                             \
    CHECK(s.seal)

/* One pass so many seconds after the points came; how many rows are left. */
static int64_t left_after(struct sealing *s, int64_t seconds)
{
    return seal_pass(s->seal, NOW_US + seconds * SECOND_US, &s->p.f.err) == TRACK_OK
               ? sealed_waiting(&s->p.f, RUN_A)
               : -1;
}

TEST(seal, waits_until_a_run_is_idle)
{
    SEALING(s);
    struct seal_counts counts;
    CHECK_INT(points_add_one(&s.p, "loss", 1, 2), TRACK_OK);
    CHECK_INT(left_after(&s, SEAL_IDLE_S - 1), 1);
    seal_count(s.seal, &counts);
    CHECK(counts.sealed_rows == 0 && counts.journal_bytes > 0);
    CHECK_INT(left_after(&s, SEAL_IDLE_S), 0);
    seal_count(s.seal, &counts);
    CHECK(counts.sealed_rows == 1 && counts.sealed_points == 1 && counts.failures == 0);
    CHECK_INT(counts.journal_bytes, 0);
}

TEST(seal, waits_until_rows_are_old)
{
    SEALING(s);
    static const char *const names[] = {"loss"};
    struct blocks_point point = {1, 2, 3, 0};
    struct points_batch batch = {.names = names, .name_count = 1, .in = {&point, 1, NULL, 0}};
    CHECK_INT(points_add(&s.p, &batch), TRACK_OK);
    batch.now_us = NOW_US + (int64_t)(SEAL_OLD_S - 10) * SECOND_US;
    CHECK_INT(points_add(&s.p, &batch), TRACK_OK);
    CHECK_INT(left_after(&s, SEAL_OLD_S - 1), 2);
    CHECK_INT(left_after(&s, SEAL_OLD_S), 0);
}

/* Sends so many points at once. */
static bool send_many(struct points *p, size_t count)
{
    static const char *const names[] = {"loss"};
    struct blocks_point *in = ARENA_ARRAY(&p->f.arena, struct blocks_point, count);
    for (size_t i = 0; in && i < count; i++) {
        in[i] = (struct blocks_point){(int64_t)i, (int64_t)i, 0.5, 0};
    }
    struct points_batch batch = {.names = names, .name_count = 1, .in = {in, count, NULL, 0}};
    return in && points_add(p, &batch) == TRACK_OK;
}

TEST(seal, leaves_nothing_of_any_kind)
{
    SEALING(s);
    struct seal_counts counts;
    struct frame_line line = {0, 5, FRAME_STDOUT, {(const unsigned char *)"epoch 1", 7}};
    struct points_batch lines = {.lines = &line, .line_count = 1};
    static const char *const names[] = {"loss"};
    struct blocks_text text = {1, 2, {(const unsigned char *)"hello", 5}, 0};
    struct points_batch texts = {.names = names, .name_count = 1, .in = {NULL, 0, &text, 1}};
    CHECK_INT(points_add(&s.p, &lines), TRACK_OK);
    CHECK_INT(points_add(&s.p, &texts), TRACK_OK);
    CHECK_INT(points_add_one(&s.p, "loss", 1, 3), TRACK_OK);
    CHECK_INT(left_after(&s, SEAL_OLD_S), 0);
    seal_count(s.seal, &counts);
    CHECK(counts.sealed_rows == 3 && counts.journal_bytes == 0 && counts.failures == 0);
}

TEST(seal, makes_senders_wait_when_it_falls_behind)
{
    POINTS(p);
    tail_close(p.tail);
    p.tail = NULL;
    fixture_reopen(&p.f, &(struct store_options){.free_bytes_min = 1, .journal_max = 2000});
    CHECK(p.f.store);
    int sent = 0;
    while (sent < 100 && points_add_one(&p, "loss", sent, 1) == TRACK_OK) {
        sent++;
    }
    CHECK(sent > 3 && sent < 100);
    CHECK_INT(p.f.err.status, TRACK_BUSY);
    store_note_journal(p.f.store, 0);
    p.seq[0]--; /* the frame that was refused was not stored */
    p.key[0]--;
    CHECK_INT(points_add_one(&p, "loss", 200, 1), TRACK_OK);
    CHECK_INT(sealed_waiting(&p.f, RUN_A), sent + 1);
}

TEST(seal, waits_for_enough_points)
{
    SEALING(s);
    CHECK(send_many(&s.p, SEAL_POINTS_MIN - 1));
    CHECK_INT(left_after(&s, 0), 1);
    CHECK_INT(points_add_one(&s.p, "loss", SEAL_POINTS_MIN, 0), TRACK_OK);
    CHECK_INT(left_after(&s, 0), 0);
    CHECK_INT(sealed_points(&s.p.f, RUN_A, "loss").count, SEAL_POINTS_MIN);
}

TEST(seal, makes_a_finished_run_final)
{
    SEALING(s);
    struct run_change call = {.change = RUN_FINISH,
                              .id = RUN_A,
                              .state = "finished",
                              .exit_code = RUN_NO_CODE,
                              .now_us = NOW_US};
    struct fixture *f = &s.p.f;
    call.ticket.arena = &f->arena;
    CHECK_INT(points_add_one(&s.p, "loss", 1, 2), TRACK_OK);
    CHECK_INT(fixture_wait(f, store_run_change(f->store, &call, &f->err), &call.ticket), TRACK_OK);
    CHECK_INT(left_after(&s, 0), 0);
    int64_t now_us = NOW_US + INT64_C(3600) * SECOND_US;
    CHECK_INT(store_reap(f->store, now_us, &f->err), TRACK_OK);
    CHECK_INT(seal_merge(s.seal, now_us, &f->err), TRACK_OK);
    struct pack_list packs = sealed_packs(f, RUN_A);
    CHECK(packs.count == 1 && packs.at[0].rev == 1);
    CHECK_INT(seal_merge(s.seal, now_us, &f->err), TRACK_OK);
    CHECK_INT(sealed_packs(f, RUN_A).at[0].level, packs.at[0].level);
    struct seal_counts counts;
    seal_count(s.seal, &counts);
    CHECK(counts.packs_merged == 1 && counts.failures == 0);
}

TEST(seal, folds_the_rows_of_a_run_that_has_ended)
{
    SEALING(s);
    struct run_change call = {.change = RUN_FINISH,
                              .id = RUN_A,
                              .state = "finished",
                              .exit_code = RUN_NO_CODE,
                              .now_us = NOW_US};
    struct fixture *f = &s.p.f;
    struct series_list rows;
    call.ticket.arena = &f->arena;
    CHECK_INT(points_add_one(&s.p, "loss", 1, 2), TRACK_OK);
    CHECK_INT(points_add_one(&s.p, "loss", 2, 6), TRACK_OK);
    CHECK_INT(seal_fold(s.seal, &f->err), TRACK_OK);
    CHECK_INT(store_series_list(f->store, RUN_A, &f->arena, &rows, &f->err), TRACK_OK);
    CHECK_INT(rows.count, 0); /* the run goes on */
    CHECK_INT(fixture_wait(f, store_run_change(f->store, &call, &f->err), &call.ticket), TRACK_OK);
    CHECK_INT(store_reap(f->store, NOW_US + INT64_C(3600) * SECOND_US, &f->err), TRACK_OK);
    CHECK_INT(seal_fold(s.seal, &f->err), TRACK_OK);
    CHECK_INT(store_series_list(f->store, RUN_A, &f->arena, &rows, &f->err), TRACK_OK);
    CHECK_INT(rows.count, 0); /* nor is it sealed */
    CHECK_INT(left_after(&s, 0), 0);
    CHECK_INT(seal_fold(s.seal, &f->err), TRACK_OK);
    CHECK_INT(store_series_list(f->store, RUN_A, &f->arena, &rows, &f->err), TRACK_OK);
    CHECK(rows.count == 1 && rows.at[0].n == 2 && rows.at[0].vsum == 8 && rows.at[0].last == 6);
    struct node_list stale;
    CHECK_INT(store_series_stale(f->store, 0, &f->arena, &stale, &f->err), TRACK_OK);
    CHECK_INT(stale.count, 0);
}

/* A write that takes until it is told to end, and those that wait behind it. */
struct jam {
    struct ticket first, behind[SEAL_BUSY];
    atomic_bool over;
};

static track_status jam_work(struct ticket *t, struct db *db, track_error *err)
{
    struct jam *j = (struct jam *)(void *)t;
    (void)db;
    (void)err;
    while (!atomic_load(&j->over)) {
        usleep(1000);
    }
    return TRACK_OK;
}

static track_status no_work(struct ticket *t, struct db *db, track_error *err)
{
    (void)t;
    (void)db;
    (void)err;
    return TRACK_OK;
}

static bool jam_begin(struct jam *j, struct fixture *f)
{
    struct writer_counts counts;
    bool good = store_submit(f->store, &j->first, jam_work, &f->err) == TRACK_OK;
    do {
        writer_count(store_writer(f->store), &counts);
    } while (good && counts.queue_tickets > 0); /* it is being done */
    for (size_t i = 0; good && i < SEAL_BUSY; i++) {
        good = store_submit(f->store, &j->behind[i], no_work, &f->err) == TRACK_OK;
    }
    return good;
}

static bool jam_end(struct jam *j, struct fixture *f)
{
    bool good = ticket_wait(store_writer(f->store), &j->first, 0, &f->err) == TRACK_OK;
    for (size_t i = 0; i < SEAL_BUSY; i++) {
        good &= ticket_wait(store_writer(f->store), &j->behind[i], 0, &f->err) == TRACK_OK;
    }
    return good;
}

static void *merge_now(void *data)
{
    struct sealing *s = data;
    track_error err = {0};
    return seal_merge(s->seal, NOW_US, &err) == TRACK_OK ? data : NULL;
}

TEST(seal, lets_writes_go_before_merging)
{
    SEALING(s);
    static struct jam jam;
    struct seal_counts counts = {0};
    pthread_t merging;
    void *merged = NULL;
    for (int i = 0; i < PACK_FAN_IN; i++) {
        CHECK_INT(points_add_one(&s.p, "loss", i, i), TRACK_OK);
        CHECK_INT(left_after(&s, SEAL_OLD_S), 0);
    }
    CHECK(jam_begin(&jam, &s.p.f));
    CHECK(pthread_create(&merging, NULL, merge_now, &s) == 0);
    while (counts.yields == 0 && counts.failures == 0) {
        usleep(1000);
        seal_count(s.seal, &counts);
    }
    CHECK_INT(counts.merges, 0);
    atomic_store(&jam.over, true);
    CHECK(jam_end(&jam, &s.p.f) && pthread_join(merging, &merged) == 0 && merged);
    seal_count(s.seal, &counts);
    CHECK(counts.merges == 1 && counts.packs_merged == PACK_FAN_IN && counts.yields >= 1);
    CHECK_INT(sealed_packs(&s.p.f, RUN_A).count, 1);
}

TEST(seal, ends_its_threads_at_once)
{
    POINTS(p);
    struct seal *seal;
    struct seal_options options = {.store = p.f.store};
    for (int i = 0; i < 3; i++) {
        CHECK_INT(seal_open(&options, &seal, &p.f.err), TRACK_OK);
        seal_close(seal);
    }
    seal_close(NULL);
}
