/* Shows that tickets are done in groups, that one that fails undoes only itself, that a full queue
 * says so, and how failing commits are settled.
 * How: tickets that set numbers in the table of counters; an engine whose calls fail on demand. */
#include "../../server/writer.h"

#include "../../server/db.h"
#include "../harness.h"
#include "faulty_db.h"
#include "fixture.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TICKETS = 300 };

/* Moves the counter of projects on by one, then ends with `status`. */
struct step {
    struct ticket ticket;
    track_status status;
    int64_t got;
    int runs;
};

static track_status step_work(struct ticket *t, struct db *db, track_error *err)
{
    struct step *s = (struct step *)(void *)t;
    bool found;
    s->runs++;
    TRY(db_find_i(db, QUERY_counter_next, DB_IN(db_t("project")), &s->got, &found, err));
    return s->status == TRACK_OK ? TRACK_OK : FAIL(err, s->status, "asked to fail");
}

/* A writer on a file of its own. */
struct bench {
    char dir[64], path[96];
    struct writer *writer;
    track_error err;
};

static void bench_open(struct bench *b, const struct db_ops *ops)
{
    snprintf(b->dir, sizeof(b->dir), "/tmp/track-test-XXXXXX");
    if (mkdtemp(b->dir)) {
        snprintf(b->path, sizeof(b->path), "%s/track.db", b->dir);
        (void)(writer_open(ops, b->path, &b->writer, &b->err) == TRACK_OK);
    }
}

static void bench_close(struct bench *b)
{
    writer_close(b->writer);
    fixture_remove(b->dir);
}

#define BENCH(b, ops)                                           \
    __attribute__((cleanup(bench_close))) struct bench b = {0}; \
    bench_open(&(b), ops);                                      \
    CHECK(b.writer)

static track_status submit(struct bench *b, struct step *s)
{
    s->ticket.work = step_work;
    return writer_submit(b->writer, &s->ticket, &b->err);
}

static track_status do_step(struct bench *b, struct step *s)
{
    track_status status = submit(b, s);
    return status == TRACK_OK ? ticket_wait(b->writer, &s->ticket, 10000, &b->err) : status;
}

/* Keeps the writer busy until the gate opens. */
struct gate {
    struct ticket ticket;
    pthread_mutex_t lock;
    pthread_cond_t moved;
    bool entered, open;
};

static track_status gate_work(struct ticket *t, struct db *db, track_error *err)
{
    (void)db;
    (void)err;
    struct gate *g = (struct gate *)(void *)t;
    pthread_mutex_lock(&g->lock);
    g->entered = true;
    pthread_cond_broadcast(&g->moved);
    while (!g->open) {
        pthread_cond_wait(&g->moved, &g->lock);
    }
    pthread_mutex_unlock(&g->lock);
    return TRACK_OK;
}

static track_status gate_close(struct bench *b, struct gate *g)
{
    *g = (struct gate){.ticket = {.work = gate_work},
                       .lock = PTHREAD_MUTEX_INITIALIZER,
                       .moved = PTHREAD_COND_INITIALIZER};
    TRY(writer_submit(b->writer, &g->ticket, &b->err));
    pthread_mutex_lock(&g->lock);
    while (!g->entered) {
        pthread_cond_wait(&g->moved, &g->lock);
    }
    pthread_mutex_unlock(&g->lock);
    return TRACK_OK;
}

static track_status gate_open(struct bench *b, struct gate *g)
{
    pthread_mutex_lock(&g->lock);
    g->open = true;
    pthread_cond_broadcast(&g->moved);
    pthread_mutex_unlock(&g->lock);
    return ticket_wait(b->writer, &g->ticket, 10000, &b->err);
}

TEST(writer, does_what_waited_in_groups)
{
    BENCH(b, &db_sqlite);
    struct gate gate;
    struct writer_counts counts;
    static struct step steps[TICKETS];
    memset(steps, 0, sizeof(steps));
    CHECK_INT(gate_close(&b, &gate), TRACK_OK);
    for (int i = 0; i < TICKETS; i++) {
        CHECK_INT(submit(&b, &steps[i]), TRACK_OK);
    }
    CHECK_INT(gate_open(&b, &gate), TRACK_OK);
    for (int i = 0; i < TICKETS; i++) {
        CHECK_INT(ticket_wait(b.writer, &steps[i].ticket, 10000, &b.err), TRACK_OK);
        CHECK_INT(steps[i].got, i);
    }
    writer_count(b.writer, &counts);
    CHECK_INT(counts.tickets, TICKETS + 1);
    CHECK_INT(counts.groups, 1 + (TICKETS + WRITER_GROUP_TICKETS - 1) / WRITER_GROUP_TICKETS);
    CHECK_INT(counts.queue_tickets, 0);
}

TEST(writer, undoes_only_the_ticket_that_fails)
{
    BENCH(b, &db_sqlite);
    struct gate gate;
    struct step steps[3] = {{.status = TRACK_OK}, {.status = TRACK_CONFLICT}, {.status = TRACK_OK}};
    CHECK_INT(gate_close(&b, &gate), TRACK_OK);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(submit(&b, &steps[i]), TRACK_OK);
    }
    CHECK_INT(gate_open(&b, &gate), TRACK_OK);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(ticket_wait(b.writer, &steps[i].ticket, 0, &b.err), steps[i].status);
    }
    CHECK_INT(steps[0].got, 0);
    CHECK_INT(steps[2].got, 1);
    CHECK(strstr(b.err.message, "asked to fail"));
}

TEST(writer, says_when_its_queue_is_full)
{
    BENCH(b, &db_sqlite);
    struct gate gate;
    static struct step steps[WRITER_QUEUE_TICKETS + 1];
    memset(steps, 0, sizeof(steps));
    CHECK_INT(gate_close(&b, &gate), TRACK_OK);
    for (int i = 0; i < WRITER_QUEUE_TICKETS; i++) {
        CHECK_INT(submit(&b, &steps[i]), TRACK_OK);
    }
    CHECK_INT(submit(&b, &steps[WRITER_QUEUE_TICKETS]), TRACK_BUSY);
    CHECK(writer_cancel(b.writer, &steps[7].ticket));
    CHECK_INT(submit(&b, &steps[WRITER_QUEUE_TICKETS]), TRACK_OK);
    CHECK_INT(gate_open(&b, &gate), TRACK_OK);
    CHECK_INT(ticket_wait(b.writer, &steps[WRITER_QUEUE_TICKETS].ticket, 0, &b.err), TRACK_OK);
    CHECK_INT(steps[7].runs, 0);
    CHECK(!writer_cancel(b.writer, &steps[8].ticket));
}

TEST(writer, bounds_the_bytes_of_its_queue)
{
    BENCH(b, &db_sqlite);
    struct gate gate;
    struct step most = {.ticket = {.bytes = WRITER_QUEUE_BYTES}}, one = {.ticket = {.bytes = 1}};
    CHECK_INT(gate_close(&b, &gate), TRACK_OK);
    CHECK_INT(submit(&b, &most), TRACK_OK);
    CHECK_INT(submit(&b, &one), TRACK_BUSY);
    CHECK_INT(gate_open(&b, &gate), TRACK_OK);
    CHECK_INT(ticket_wait(b.writer, &most.ticket, 0, &b.err), TRACK_OK);
}

TEST(writer, takes_back_what_waits_too_long)
{
    BENCH(b, &db_sqlite);
    struct gate gate;
    struct step late = {.runs = 0};
    CHECK_INT(gate_close(&b, &gate), TRACK_OK);
    CHECK_INT(submit(&b, &late), TRACK_OK);
    CHECK_INT(ticket_wait(b.writer, &late.ticket, 20, &b.err), TRACK_TIMEOUT);
    CHECK_INT(gate_open(&b, &gate), TRACK_OK);
    CHECK_INT(late.runs, 0);
}

TEST(writer, runs_a_group_again_when_a_commit_says_so)
{
    BENCH(b, &db_faulty);
    struct step s = {.runs = 0};
    struct writer_counts counts;
    faulty_db_at(FAULTY_COMMIT, 1, TRACK_BUSY, DB_RETRY);
    CHECK_INT(do_step(&b, &s), TRACK_OK);
    CHECK_INT(s.runs, 2);
    CHECK_INT(s.got, 0);
    writer_count(b.writer, &counts);
    CHECK_INT(counts.retries, 1);
    CHECK(!writer_failed(b.writer));
}

TEST(writer, settles_a_commit_of_unknown_outcome)
{
    BENCH(b, &db_faulty);
    struct step s = {.runs = 0};
    faulty_db_at(FAULTY_AFTER_COMMIT, 1, TRACK_IO, DB_UNKNOWN); /* it was done, nobody heard it */
    CHECK_INT(do_step(&b, &s), TRACK_OK);
    CHECK_INT(s.runs, 2);
    CHECK_INT(s.got, 1);
    s = (struct step){.runs = 0};
    faulty_db_at(FAULTY_COMMIT, 1, TRACK_IO, DB_UNKNOWN); /* it was not done */
    CHECK_INT(do_step(&b, &s), TRACK_OK);
    CHECK_INT(s.got, 2);
    CHECK(!writer_failed(b.writer));
}

TEST(writer, stops_when_the_disk_fails_twice)
{
    BENCH(b, &db_faulty);
    struct step s = {.runs = 0}, later = {.runs = 0};
    faulty_db_at(FAULTY_COMMIT, 2, TRACK_IO, DB_UNKNOWN);
    CHECK_INT(do_step(&b, &s), TRACK_IO);
    CHECK(writer_failed(b.writer));
    CHECK_INT(do_step(&b, &later), TRACK_READ_ONLY);
}

TEST(writer, goes_on_when_a_full_disk_has_room_again)
{
    BENCH(b, &db_faulty);
    struct step s = {.runs = 0}, later = {.runs = 0};
    faulty_db_at(FAULTY_COMMIT, 2, TRACK_FULL, DB_UNKNOWN);
    CHECK_INT(do_step(&b, &s), TRACK_FULL);
    CHECK(!writer_failed(b.writer));
    CHECK_INT(do_step(&b, &later), TRACK_OK);
    CHECK_INT(later.got, 0);
}

TEST(writer, begins_again_without_the_ticket_that_broke_the_transaction)
{
    BENCH(b, &db_faulty);
    struct gate gate;
    struct step steps[3] = {{.status = TRACK_OK}, {.status = TRACK_FULL}, {.status = TRACK_OK}};
    CHECK_INT(gate_close(&b, &gate), TRACK_OK);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(submit(&b, &steps[i]), TRACK_OK);
    }
    faulty_db_at(FAULTY_UNDO, 1, TRACK_FULL, DB_UNKNOWN);
    CHECK_INT(gate_open(&b, &gate), TRACK_OK);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(ticket_wait(b.writer, &steps[i].ticket, 0, &b.err), steps[i].status);
    }
    CHECK_INT(steps[0].runs, 2);
    CHECK_INT(steps[1].runs, 1);
    CHECK_INT(steps[0].got, 0);
    CHECK_INT(steps[2].got, 1);
}

TEST(writer, does_what_is_queued_before_it_closes)
{
    struct bench b = {0};
    struct step steps[20] = {{.runs = 0}};
    bench_open(&b, &db_sqlite);
    for (int i = 0; b.writer && i < 20; i++) {
        (void)(submit(&b, &steps[i]) == TRACK_OK);
    }
    bench_close(&b);
    for (int i = 0; i < 20; i++) {
        CHECK_INT(steps[i].got, i);
    }
}
