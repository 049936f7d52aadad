/* Shows that a run in memory is what its journal says, read once and kept within the limit.
 * How: several writers, new rows between takes, eviction, threads. */
#include "../../server/clock.h"
#include "../harness.h"
#include "points.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* Takes RUN_A and looks at one series: its n, and how many rows were read since the last time. */
struct seen {
    int64_t n;
    uint64_t rows;
};
static track_status look(struct points *p, const char *name, struct seen *out)
{
    AUTO_TAIL struct tail_run *run = NULL;
    struct tail_series *s;
    struct tail_counts before, after;
    tail_count(p->tail, &before);
    TRY(tail_take(p->tail, RUN_A, TAIL_FRESH, &run, &p->f.err));
    TRY(tail_find(run, name, NULL, &s, &p->f.err));
    tail_count(p->tail, &after);
    out->n = s ? s->summary.n : -1;
    out->rows = after.rows_read - before.rows_read;
    return TRACK_OK;
}

TEST(tail, reads_only_what_is_new)
{
    POINTS(p);
    struct seen seen;
    CHECK(look(&p, "loss", &seen) == TRACK_OK && seen.n == -1 && seen.rows == 0);
    for (int64_t i = 0; i < 5; i++) {
        CHECK(points_add_one(&p, "loss", i, 1.0) == TRACK_OK);
    }
    CHECK(look(&p, "loss", &seen) == TRACK_OK && seen.n == 5 && seen.rows == 5);
    CHECK(look(&p, "loss", &seen) == TRACK_OK && seen.n == 5 && seen.rows == 0);
    CHECK(points_add_one(&p, "loss", 9, 1.0) == TRACK_OK);
    CHECK(points_add_one(&p, "loss", 9, 1.0) == TRACK_OK); /* the same point */
    CHECK(points_add_one(&p, "acc", 0, 1.0) == TRACK_OK);
    CHECK(look(&p, "loss", &seen) == TRACK_OK && seen.n == 6 && seen.rows == 3);
    CHECK(look(&p, "acc", &seen) == TRACK_OK && seen.n == 1);
}

TEST(tail, joins_writers_and_tells_contexts_apart)
{
    POINTS(p);
    static const char *const names[] = {"loss{\"rank\":10}", "loss{\"rank\":9}", "loss{\"a\":1}"};
    for (unsigned char writer = 0; writer < 3; writer++) {
        struct blocks_point points[] = {{writer, 0, 1, 0}, {writer, 0, 2, 1}, {writer, 0, 3, 2}};
        struct points_batch b = {
            .writer = writer, .names = names, .name_count = 3, .in = {points, 3, NULL, 0}};
        CHECK(points_add(&p, &b) == TRACK_OK);
    }
    AUTO_TAIL struct tail_run *run = NULL;
    struct tail_series *s;
    CHECK(tail_take(p.tail, RUN_A, TAIL_FRESH, &run, NULL) == TRACK_OK);
    CHECK(run->series_count == 3 && run->writer_count == 3 && run->version == 3);
    CHECK(tail_find(run, "loss", NULL, &s, NULL) == TRACK_OK && s);
    CHECK(s->rank == 9 && s->summary.n == 3 && s->summary.max == 2);
    CHECK(tail_find(run, "loss", "{\"a\":1}", &s, NULL) == TRACK_OK && s && s->rank == -1);
    CHECK(tail_find(run, "loss", "", &s, NULL) == TRACK_OK && !s);
    CHECK(tail_find(run, "los", NULL, &s, NULL) == TRACK_OK && !s);
    tail_give(&run);
    CHECK(points_add_one(&p, "loss", 0, 7) == TRACK_OK);
    CHECK(tail_take(p.tail, RUN_A, TAIL_FRESH, &run, NULL) == TRACK_OK);
    CHECK(tail_find(run, "loss", NULL, &s, NULL) == TRACK_OK && s && !*s->context);
}

TEST(tail, knows_nothing_of_other_runs)
{
    POINTS(p);
    AUTO_TAIL struct tail_run *run = NULL;
    CHECK(tail_take(p.tail, RUN_B, TAIL_FRESH, &run, &p.f.err) == TRACK_NOT_FOUND && !run);
    CHECK(tail_take(p.tail, "short", TAIL_FRESH, &run, NULL) == TRACK_INVALID && !run);
    struct tail_counts counts;
    tail_count(p.tail, &counts);
    CHECK(counts.runs == 0 && counts.bytes == 0);
}

TEST(tail, keeps_its_limit)
{
    __attribute__((cleanup(points_close))) struct points p = {0};
    points_open(&p, 1);
    CHECK(p.tail);
    struct seen seen;
    struct tail_counts counts;
    CHECK(points_add_one(&p, "loss", 1, 1.0) == TRACK_OK);
    for (int i = 0; i < 3; i++) {
        CHECK(look(&p, "loss", &seen) == TRACK_OK && seen.n == 1 && seen.rows == 1);
        tail_count(p.tail, &counts);
        CHECK(counts.runs == 0 && counts.bytes == 0);
    }
    CHECK(counts.evicted == 3);
}

TEST(tail, forgets_what_nobody_uses)
{
    POINTS(p);
    AUTO_TAIL struct tail_run *run = NULL;
    struct seen seen;
    struct tail_counts counts;
    CHECK(points_add_one(&p, "loss", 1, 1.0) == TRACK_OK);
    CHECK(look(&p, "loss", &seen) == TRACK_OK && seen.rows == 1);
    tail_forget(p.tail, clock_steady_us() - INT64_C(3600000000));
    CHECK(look(&p, "loss", &seen) == TRACK_OK && seen.rows == 0);
    CHECK(tail_take(p.tail, RUN_A, TAIL_FRESH, &run, NULL) == TRACK_OK);
    tail_forget(p.tail, INT64_MAX); /* it is in use */
    tail_give(&run);
    tail_count(p.tail, &counts);
    CHECK(counts.runs == 1 && counts.evicted == 0);
    tail_forget(p.tail, INT64_MAX);
    tail_count(p.tail, &counts);
    CHECK(counts.runs == 0 && counts.bytes == 0 && counts.evicted == 1);
    CHECK(look(&p, "loss", &seen) == TRACK_OK && seen.n == 1 && seen.rows == 1);
}

static track_status count_frame(void *data, const struct frame *frame, track_error *err)
{
    int *count = data;
    if (++*count > 1) {
        return FAIL(err, TRACK_INVALID, "%zu blocks are enough", frame->block_count);
    }
    return TRACK_OK;
}

TEST(tail, reads_a_row_again)
{
    POINTS(p);
    AUTO_TAIL struct tail_run *run = NULL;
    int count = 0;
    CHECK(points_add_one(&p, "loss", 1, 1.0) == TRACK_OK);
    CHECK(points_add_one(&p, "loss", 2, 1.0) == TRACK_OK);
    CHECK(tail_take(p.tail, RUN_A, TAIL_FRESH, &run, NULL) == TRACK_OK);
    CHECK(tail_read_row(run, (struct tail_place){0, 1}, count_frame, &count, NULL) == TRACK_OK);
    CHECK_INT(count, 1);
    CHECK(tail_read_row(run, (struct tail_place){0, 0}, count_frame, &count, NULL) ==
          TRACK_INVALID);
    CHECK(tail_read_row(run, (struct tail_place){0, 2}, count_frame, &count, NULL) ==
          TRACK_CONFLICT);
}

enum { THREADS = 4, TAKES = 50 };

static void *take_often(void *data)
{
    struct points *p = data;
    int64_t last = 0;
    for (int i = 0; i < TAKES; i++) {
        AUTO_TAIL struct tail_run *run = NULL;
        struct tail_series *s;
        if (tail_take(p->tail, RUN_A, i % 2 ? TAIL_FRESH : TAIL_AS_IS, &run, NULL) != TRACK_OK ||
            tail_find(run, "loss", NULL, &s, NULL) != TRACK_OK || !s || s->summary.n < last) {
            return p;
        }
        last = s->summary.n;
    }
    return NULL;
}

TEST(tail, serves_threads_while_points_arrive)
{
    POINTS(p);
    pthread_t threads[THREADS];
    CHECK(points_add_one(&p, "loss", -1, 1.0) == TRACK_OK);
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&threads[i], NULL, take_often, &p) == 0);
    }
    track_status status = TRACK_OK;
    for (int64_t i = 0; i < 40 && status == TRACK_OK; i++) {
        status = points_add_one(&p, "loss", i, 1.0);
    }
    bool failed = false;
    for (int i = 0; i < THREADS; i++) {
        void *result;
        pthread_join(threads[i], &result);
        failed = failed || result;
    }
    CHECK(status == TRACK_OK && !failed);
}
