/* Shows that points without a writer of their own are journalled like any other: keys are defined
 * once, seq goes on, what has no step gets the number of the call, and no run waits for them.
 * How: real calls on a real store, read back by series.h. */
#include "../../server/journal_body.h"
#include "../../server/journal_book.h"
#include "../../server/journal_points.h"
#include "../../server/series.h"
#include "../../server/store_base.h"
#include "../harness.h"
#include "points.h"

#include <string.h>

#define NAME(text) ((struct bytes){(const unsigned char *)(text), sizeof(text) - 1})

/* Sends `count` points of loss, then acc, from a step on; first: JOURNAL_NO_STEP for none. */
static track_status send(struct points *p, int64_t first, size_t count, struct journal_points *out)
{
    struct arena *arena = &p->f.arena;
    struct frame_key *keys = ARENA_ARRAY(arena, struct frame_key, 2);
    struct blocks_point *points = ARENA_ARRAY(arena, struct blocks_point, count + 1);
    if (!keys || !points) {
        return TRACK_NOMEM;
    }
    keys[0].name = NAME("acc");
    keys[1].name = NAME("loss");
    for (size_t i = 0; i < count; i++) {
        int64_t step = first == JOURNAL_NO_STEP ? first : first + (int64_t)i;
        points[i] = (struct blocks_point){step, NOW_US, (double)i / 3, (uint32_t)(i % 2)};
    }
    *out = (struct journal_points){.append = {.run = RUN_A, .now_us = NOW_US},
                                   .writer = "test",
                                   .keys = keys,
                                   .key_count = 2,
                                   .points = points,
                                   .point_count = count};
    out->append.ticket.arena = arena;
    return fixture_wait(&p->f, journal_points(p->f.store, out, &p->f.err), &out->append.ticket);
}

static size_t point_count(struct points *p, const char *name, int64_t *last_step)
{
    struct points_page page;
    struct points_ask ask = {.run = RUN_A, .key = {name, NULL}, .from = INT64_MIN, .to = INT64_MAX};
    ask.limit = SERIES_POINTS_MAX;
    if (series_points(p->tail, &ask, &p->f.arena, &page, NULL) != TRACK_OK) {
        return 0;
    }
    *last_step = page.steps[page.count - 1];
    return page.count;
}

TEST(journal_points, go_on_where_the_last_call_ended)
{
    POINTS(p);
    struct journal_points call;
    int64_t last = 0;
    for (int64_t i = 0; i < 3; i++) {
        CHECK(send(&p, 10 * i, 10, &call) == TRACK_OK);
        CHECK_INT(call.append.next_seq, i + 1);
        CHECK_INT(call.append.points, 10);
    }
    CHECK_INT(point_count(&p, "loss", &last), 15);
    CHECK_INT(last, 29);
    CHECK(send(&p, 20, 10, &call) == TRACK_OK);
    CHECK_INT(point_count(&p, "loss", &last), 15);
}

TEST(journal_points, number_the_calls_where_no_step_is_said)
{
    POINTS(p);
    struct journal_points call;
    int64_t last = 0;
    for (int i = 0; i < 3; i++) {
        CHECK(send(&p, JOURNAL_NO_STEP, 2, &call) == TRACK_OK);
    }
    CHECK_INT(point_count(&p, "acc", &last), 3);
    CHECK_INT(last, 2);
}

/* Sends two points of loss with these steps. */
static track_status send_two(struct points *p, int64_t first, int64_t second,
                             struct journal_points *out)
{
    struct arena *arena = &p->f.arena;
    struct frame_key *key = ARENA_NEW(arena, struct frame_key);
    struct blocks_point *points = ARENA_ARRAY(arena, struct blocks_point, 2);
    key->name = NAME("loss");
    points[0] = (struct blocks_point){first, NOW_US, 1, 0};
    points[1] = (struct blocks_point){second, NOW_US, 2, 0};
    *out = (struct journal_points){.append = {.run = RUN_A, .now_us = NOW_US},
                                   .writer = "test",
                                   .keys = key,
                                   .key_count = 1,
                                   .points = points,
                                   .point_count = 2};
    out->append.ticket.arena = arena;
    return fixture_wait(&p->f, journal_points(p->f.store, out, &p->f.err), &out->append.ticket);
}

TEST(journal_points, are_made_a_frame_of_before_the_transaction)
{
    POINTS(p);
    struct journal_points call;
    int64_t last = 0;
    CHECK(send_two(&p, 1, 2, &call) == TRACK_OK && call.ready_node == 0);
    CHECK(send_two(&p, 3, 4, &call) == TRACK_OK && call.ready_node == call.append.run_node);
    CHECK(send_two(&p, JOURNAL_NO_STEP, JOURNAL_NO_STEP, &call) == TRACK_OK && call.ready_node);
    CHECK_INT(call.append.next_seq, 3); /* so it was call 2, and 2 is its step */
    CHECK_INT(point_count(&p, "loss", &last), 5);
    CHECK_INT(last, 4);
    CHECK(send_two(&p, 9, JOURNAL_NO_STEP, &call) == TRACK_OK && call.ready_node == 0);
    CHECK_INT(point_count(&p, "loss", &last), 7);
    CHECK_INT(last, 9);
    CHECK(send(&p, 20, 2, &call) == TRACK_OK && call.ready_node == 0); /* acc is new */
    CHECK_INT(point_count(&p, "acc", &last), 1);
    CHECK_INT(last, 20);
}

TEST(journal_points, do_not_believe_a_book_of_another_run)
{
    POINTS(p);
    struct journal_points call;
    int64_t last = 0;
    struct frame_key key = {.name = NAME("loss")};
    uint32_t number = 5;
    CHECK(send(&p, 1, 2, &call) == TRACK_OK); /* loss is 0 or 1 */
    book_add(store_book(p.f.store), &(struct book_writer){RUN_A, "test"},
             &(struct book_place){.run_node = 999}, (struct book_keys){&key, 1}, &number);
    CHECK(send_two(&p, 7, 8, &call) == TRACK_OK && call.ready_node == 0);
    CHECK_INT(point_count(&p, "loss", &last), 3);
    CHECK_INT(last, 8);
    CHECK(send_two(&p, 9, 10, &call) == TRACK_OK && call.ready_node == call.append.run_node);
    CHECK_INT(point_count(&p, "loss", &last), 5);
}

TEST(journal_points, leave_a_named_and_closed_writer)
{
    POINTS(p);
    struct journal_points call;
    struct run_receipt receipt;
    for (int i = 0; i < 3; i++) {
        CHECK(send_two(&p, 10 * i, 10 * i + 1, &call) == TRACK_OK);
    }
    CHECK(store_run_receipt(p.f.store, RUN_A, &p.f.arena, &receipt, NULL) == TRACK_OK);
    CHECK(receipt.count == 1 && strcmp(receipt.writers[0].name, "test") == 0);
    CHECK(receipt.writers[0].closed_us == NOW_US && receipt.writers[0].points == 6);
}

TEST(journal_points, keep_no_run_waiting)
{
    POINTS(p);
    struct journal_points call;
    CHECK(send(&p, 0, 2, &call) == TRACK_OK);
    struct run_change finish = {.change = RUN_FINISH,
                                .id = RUN_A,
                                .state = "finished",
                                .exit_code = RUN_NO_CODE,
                                .now_us = NOW_US};
    finish.ticket.arena = &p.f.arena;
    CHECK(fixture_wait(&p.f, store_run_change(p.f.store, &finish, NULL), &finish.ticket) ==
          TRACK_OK);
    CHECK(finish.open_count == 0 && strcmp(finish.run.state, "finished") == 0);
    CHECK(send(&p, 0, 2, &call) == TRACK_CONFLICT);
}

TEST(journal_points, number_lines_on)
{
    POINTS(p);
    for (int i = 0; i < 2; i++) {
        struct frame_line lines[2] = {{.text = NAME("a")}, {.text = NAME("b")}};
        struct journal_points call = {.append = {.run = RUN_A, .now_us = NOW_US},
                                      .writer = "test",
                                      .lines = lines,
                                      .line_count = 2};
        call.append.ticket.arena = &p.f.arena;
        CHECK(fixture_wait(&p.f, journal_points(p.f.store, &call, NULL), &call.append.ticket) ==
              TRACK_OK);
        CHECK_INT(lines[1].index, 2 * i + 1);
    }
    struct lines_page page;
    struct lines_ask ask = {
        .run = RUN_A, .limit = 10, .stream = -1, .rank = -1, .since_us = INT64_MIN};
    CHECK(series_lines(p.tail, &ask, &p.f.arena, &page, NULL) == TRACK_OK);
    CHECK_INT(page.total, 4);
}

TEST(journal_points, refuse_what_no_frame_can_hold)
{
    POINTS(p);
    struct frame_key key = {.name = NAME("")};
    struct blocks_point point = {0, 0, 1, 0};
    struct journal_points call = {.append = {.run = RUN_A, .now_us = NOW_US},
                                  .writer = "test",
                                  .keys = &key,
                                  .key_count = 1,
                                  .points = &point,
                                  .point_count = 1};
    call.append.ticket.arena = &p.f.arena;
    CHECK(journal_points(p.f.store, &call, NULL) == TRACK_INVALID);
    key.name = NAME("a");
    call.append.run = "nope";
    CHECK(journal_points(p.f.store, &call, NULL) == TRACK_INVALID);
    call.append.run = RUN_B;
    CHECK(fixture_wait(&p.f, journal_points(p.f.store, &call, NULL), &call.append.ticket) ==
          TRACK_NOT_FOUND);
}
