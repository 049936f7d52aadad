/* Shows that a frame counts once: fresh, repeated, overlapping, ahead, changed; and what writers,
 * keys and ends of runs have to do with it.
 * How: real frames through journal_append on a real store. */
#include "../../server/journal.h"
#include "../../server/store_base.h"
#include "../harness.h"
#include "faulty_db.h"
#include "fixture.h"

#include <string.h>

enum { BODY_BYTES = 1 << 20 };

/* Sends bytes to RUN_A. */
static track_status send(struct fixture *f, struct bytes body, struct journal_append *out)
{
    *out = (struct journal_append){.run = RUN_A, .body = body, .now_us = NOW_US};
    out->ticket.arena = &f->arena;
    return fixture_wait(f, journal_append(f->store, out, &f->err), &out->ticket);
}

/* Sends frames first..last of writer 1, which defines key 0 in frame 0. */
static track_status send_range(struct fixture *f, uint64_t first, uint64_t last,
                               struct journal_append *out)
{
    AUTO_BUF body = BUF(BODY_BYTES);
    for (uint64_t seq = first; seq <= last; seq++) {
        struct bytes one =
            fixture_frame(f, &(struct fixture_frame){.writer = 1,
                                                     .seq = seq,
                                                     .rows = 3,
                                                     .content_crc = 7,
                                                     .defines = seq == 0 ? "loss" : NULL});
        buf_put(&body, one.at, one.size);
    }
    return send(f, (struct bytes){body.at, body.size}, out);
}

static track_status send_one(struct fixture *f, const struct fixture_frame *in,
                             struct journal_append *out)
{
    return send(f, fixture_frame(f, in), out);
}

/* Closes writer 1, or introduces it. */
static track_status tell(struct fixture *f, struct journal_writer *call)
{
    static const unsigned char id[JOURNAL_WRITER_BYTES] = {1, 1, 1, 1, 1, 1, 1, 1,
                                                           1, 1, 1, 1, 1, 1, 1, 1};
    call->run = RUN_A;
    call->writer = (struct bytes){id, sizeof(id)};
    call->now_us = call->now_us ? call->now_us : NOW_US;
    call->ticket.arena = &f->arena;
    return fixture_wait(f, journal_writer(f->store, call, &f->err), &call->ticket);
}

static track_status change(struct fixture *f, enum run_change_kind kind, struct run_change *call)
{
    *call = (struct run_change){.change = kind,
                                .id = RUN_A,
                                .state = "finished",
                                .exit_code = RUN_NO_CODE,
                                .now_us = NOW_US};
    call->ticket.arena = &f->arena;
    return fixture_wait(f, store_run_change(f->store, call, &f->err), &call->ticket);
}

static track_status change_to(struct fixture *f, const char *state, struct run_change *call)
{
    *call = (struct run_change){.change = RUN_FINISH,
                                .id = RUN_A,
                                .state = state,
                                .exit_code = RUN_NO_CODE,
                                .now_us = NOW_US};
    call->ticket.arena = &f->arena;
    return fixture_wait(f, store_run_change(f->store, call, &f->err), &call->ticket);
}

static bool put(struct fixture *f)
{
    struct run_put call;
    return fixture_put(f, RUN_A, "vision", &call) == TRACK_OK;
}

struct seen {
    int64_t rows, next, points;
    bool dense;
};

static track_status see(void *data, const struct journal_row *row, track_error *err)
{
    (void)err;
    struct seen *s = data;
    s->dense = s->dense && row->seq_lo == s->next;
    s->next = row->seq_hi + 1;
    s->points += row->points;
    s->rows++;
    return TRACK_OK;
}

/* The frames of a writer of RUN_A are those of seq 0..next-1, each once; writer 0: the only one. */
static bool holds_of(struct fixture *f, unsigned char writer, int64_t next)
{
    AUTO_READ struct read r = {0};
    struct run_brief run;
    struct seen s = {.dense = true};
    unsigned char id[JOURNAL_WRITER_BYTES];
    memset(id, writer, sizeof(id));
    struct journal_range range = {.writer = {id, writer ? sizeof(id) : 0}};
    if (store_read_begin(f->store, &r, &f->err) != TRACK_OK ||
        run_find(r.db, RUN_A, &run, &f->err) != TRACK_OK) {
        return false;
    }
    range.run_node = run.node;
    return journal_each(r.db, &range, see, &s, &f->err) == TRACK_OK && s.dense && s.next == next &&
           s.points == 3 * next;
}

static bool holds(struct fixture *f, int64_t next)
{
    return holds_of(f, 0, next);
}

TEST(journal, counts_a_frame_once)
{
    FIXTURE(f);
    struct journal_append got;
    CHECK(put(&f));
    CHECK_INT(send_range(&f, 0, 2, &got), TRACK_OK);
    CHECK_INT(got.next_seq, 3);
    CHECK_INT(got.points, 9);
    CHECK(!got.duplicate && strcmp(got.state, "running") == 0 && !got.stop);
    CHECK_INT(send_range(&f, 0, 2, &got), TRACK_OK);
    CHECK(got.duplicate);
    CHECK_INT(got.next_seq, 3);
    CHECK_INT(got.points, 0);
    CHECK_INT(send_range(&f, 1, 4, &got), TRACK_OK);
    CHECK_INT(got.next_seq, 5);
    CHECK_INT(got.points, 6);
    CHECK(holds(&f, 5));
}

TEST(journal, refuses_gaps_and_says_where_to_go_on)
{
    FIXTURE(f);
    struct journal_append got;
    CHECK(put(&f));
    CHECK_INT(send_range(&f, 0, 1, &got), TRACK_OK);
    CHECK_INT(send_range(&f, 3, 3, &got), TRACK_CONFLICT);
    CHECK(got.gap);
    CHECK_INT(got.next_seq, 2);
    CHECK(holds(&f, 2));
}

TEST(journal, refuses_the_same_seq_with_other_content)
{
    FIXTURE(f);
    struct journal_append got;
    CHECK(put(&f));
    CHECK_INT(send_range(&f, 0, 20, &got), TRACK_OK);
    struct fixture_frame other = {.writer = 1, .seq = 20, .rows = 3, .content_crc = 8};
    CHECK_INT(send_one(&f, &other, &got), TRACK_CONFLICT);
    CHECK(!got.gap);
    other.seq = 5; /* the oldest of the last 16 */
    CHECK_INT(send_one(&f, &other, &got), TRACK_CONFLICT);
    other.seq = 4; /* longer ago than anybody remembers: known, not compared */
    CHECK_INT(send_one(&f, &other, &got), TRACK_OK);
    CHECK(got.duplicate);
    CHECK(holds(&f, 21));
}

TEST(journal, refuses_bodies_that_are_not_one_writers_sequence)
{
    FIXTURE(f);
    struct journal_append got;
    AUTO_BUF body = BUF(BODY_BYTES);
    CHECK(put(&f));
    CHECK_INT(send(&f, (struct bytes){(const unsigned char *)"", 0}, &got), TRACK_INVALID);
    struct fixture_frame in = {.writer = 1, .seq = 0, .rows = 3, .defines = "loss"};
    struct bytes first = fixture_frame(&f, &in);
    in.seq = 2;
    struct bytes third = fixture_frame(&f, &in);
    in.seq = 1;
    in.writer = 2;
    struct bytes foreign = fixture_frame(&f, &in);
    buf_put(&body, first.at, first.size);
    buf_put(&body, third.at, third.size);
    CHECK_INT(send(&f, (struct bytes){body.at, body.size}, &got), TRACK_INVALID);
    body.size = first.size;
    buf_put(&body, foreign.at, foreign.size);
    CHECK_INT(send(&f, (struct bytes){body.at, body.size}, &got), TRACK_INVALID);
    CHECK_INT(send(&f, (struct bytes){first.at, first.size - 1}, &got), TRACK_INVALID);
    CHECK(holds(&f, 0));
}

TEST(journal, needs_every_key_defined_once)
{
    FIXTURE(f);
    struct journal_append got;
    CHECK(put(&f));
    struct fixture_frame in = {.writer = 1, .seq = 0, .rows = 3, .content_crc = 1};
    CHECK_INT(send_one(&f, &in, &got), TRACK_INVALID); /* nobody has defined key 0 */
    in.key = 1;
    in.defines = "acc";
    CHECK_INT(send_one(&f, &in, &got), TRACK_INVALID); /* key 0 comes first */
    in.key = 0;
    CHECK_INT(send_one(&f, &in, &got), TRACK_OK);
    in.seq = 1;
    CHECK_INT(send_one(&f, &in, &got), TRACK_OK); /* the same again is fine */
    in.seq = 2;
    in.defines = "other";
    CHECK_INT(send_one(&f, &in, &got), TRACK_CONFLICT);
    CHECK(holds(&f, 2));
}

TEST(journal, keeps_the_dictionary_of_a_writer)
{
    FIXTURE(f);
    struct journal_append got;
    static const char *const names[] = {"loss", "val/acc", "läuft 🙂"};
    CHECK(put(&f));
    for (uint32_t i = 0; i < 3; i++) {
        struct fixture_frame in = {.writer = 1, .seq = i, .rows = 3, .key = i, .defines = names[i]};
        CHECK_INT(send_one(&f, &in, &got), TRACK_OK);
    }
    AUTO_READ struct read r = {0};
    struct journal_keys keys;
    unsigned char writer[JOURNAL_WRITER_BYTES];
    memset(writer, 1, sizeof(writer));
    CHECK_INT(store_read_begin(f.store, &r, &f.err), TRACK_OK);
    CHECK_INT(journal_key_list(r.db, got.run_node, (struct bytes){writer, sizeof(writer)}, &f.arena,
                               &keys, &f.err),
              TRACK_OK);
    CHECK_INT(keys.count, 3);
    for (size_t i = 0; i < 3; i++) {
        CHECK_INT(keys.at[i].number, i);
        CHECK(strcmp(keys.at[i].name, names[i]) == 0 && keys.at[i].context[0] == '\0');
    }
}

TEST(journal, refuses_frames_of_a_run_that_has_ended)
{
    FIXTURE(f);
    struct journal_append got;
    struct run_change changed;
    struct journal_writer bye = {.close = true, .last_seq = 0, .points = 3};
    CHECK(put(&f));
    CHECK_INT(send_range(&f, 0, 0, &got), TRACK_OK);
    CHECK_INT(tell(&f, &bye), TRACK_OK);
    CHECK_INT(change(&f, RUN_FINISH, &changed), TRACK_OK);
    CHECK(strcmp(changed.run.state, "finished") == 0);
    CHECK_INT(changed.open_count, 0);
    CHECK_INT(send_range(&f, 0, 0, &got), TRACK_OK); /* acknowledged once more */
    CHECK(got.duplicate && strcmp(got.state, "finished") == 0);
    CHECK_INT(send_range(&f, 1, 1, &got), TRACK_CONFLICT);
    CHECK(!got.gap && strstr(f.err.message, "reopen"));
    CHECK_INT(change(&f, RUN_REOPEN, &changed), TRACK_OK);
    CHECK_INT(changed.run.rev, 2);
    CHECK_INT(send_range(&f, 1, 1, &got), TRACK_OK);
    CHECK(strcmp(got.state, "running") == 0);
}

TEST(journal, waits_with_the_end_for_writers)
{
    FIXTURE(f);
    struct journal_append got;
    struct run_change changed;
    struct run run;
    CHECK(put(&f));
    CHECK_INT(send_range(&f, 0, 3, &got), TRACK_OK);
    CHECK_INT(change(&f, RUN_FINISH, &changed), TRACK_OK);
    CHECK_INT(changed.open_count, 1);
    CHECK(strcmp(changed.run.state, "running") == 0);
    CHECK_INT(change(&f, RUN_FINISH, &changed), TRACK_OK);
    CHECK_INT(change_to(&f, "failed", &changed), TRACK_CONFLICT);
    CHECK_INT(send_range(&f, 4, 4, &got), TRACK_OK); /* what was on its way still comes */
    struct journal_writer bye = {.close = true, .last_seq = 5, .points = -1};
    CHECK_INT(tell(&f, &bye), TRACK_CONFLICT);
    CHECK_INT(bye.next_seq, 5);
    bye.last_seq = 3;
    CHECK_INT(tell(&f, &bye), TRACK_CONFLICT);
    bye.last_seq = 4;
    bye.points = 14;
    CHECK_INT(tell(&f, &bye), TRACK_CONFLICT);
    bye.points = 15;
    CHECK_INT(tell(&f, &bye), TRACK_OK);
    CHECK(bye.complete && strcmp(bye.state, "finished") == 0);
    CHECK_INT(store_run_get(f.store, RUN_A, &f.arena, &run, &f.err), TRACK_OK);
    CHECK(strcmp(run.state, "finished") == 0 && run.final_state[0] == '\0');
    CHECK_INT(tell(&f, &bye), TRACK_OK); /* once more is fine */
}

TEST(journal, gives_writers_up_that_fall_silent)
{
    FIXTURE(f);
    struct journal_append got;
    struct run_change changed;
    struct run run;
    CHECK(put(&f));
    CHECK_INT(send_range(&f, 0, 0, &got), TRACK_OK);
    CHECK_INT(change(&f, RUN_FINISH, &changed), TRACK_OK);
    CHECK_INT(store_reap(f.store, NOW_US + RUN_SILENT_US, &f.err), TRACK_OK);
    CHECK_INT(store_run_get(f.store, RUN_A, &f.arena, &run, &f.err), TRACK_OK);
    CHECK(strcmp(run.state, "running") == 0);
    CHECK_INT(store_reap(f.store, NOW_US + RUN_SILENT_US + 1, &f.err), TRACK_OK);
    CHECK_INT(store_run_get(f.store, RUN_A, &f.arena, &run, &f.err), TRACK_OK);
    CHECK(strcmp(run.state, "finished") == 0);
}

TEST(journal, never_guesses_that_a_silent_run_has_crashed)
{
    FIXTURE(f);
    struct journal_append got;
    struct run run;
    CHECK(put(&f));
    CHECK_INT(store_reap(f.store, NOW_US + RUN_SILENT_US + 1, &f.err), TRACK_OK);
    CHECK_INT(store_run_get(f.store, RUN_A, &f.arena, &run, &f.err), TRACK_OK);
    CHECK(strcmp(run.state, "unconfirmed") == 0);
    CHECK_INT(send_range(&f, 0, 0, &got), TRACK_OK);
    CHECK(strcmp(got.state, "running") == 0);
    CHECK_INT(store_run_get(f.store, RUN_A, &f.arena, &run, &f.err), TRACK_OK);
    CHECK(strcmp(run.state, "running") == 0);
}

TEST(journal, takes_a_late_spool_and_returns_to_the_end)
{
    FIXTURE(f);
    struct journal_append got;
    struct run_change changed;
    struct journal_writer bye = {.close = true, .last_seq = 0, .points = 3};
    CHECK(put(&f));
    CHECK_INT(change(&f, RUN_FINISH, &changed), TRACK_OK);
    CHECK(strcmp(changed.run.state, "finished") == 0);
    int64_t ended_us = changed.run.ended_us;
    CHECK_INT(change(&f, RUN_REOPEN_LATE, &changed), TRACK_OK);
    CHECK(strcmp(changed.run.state, "running") == 0);
    CHECK_INT(send_range(&f, 0, 0, &got), TRACK_OK);
    CHECK_INT(tell(&f, &bye), TRACK_OK);
    CHECK(bye.complete && strcmp(bye.state, "finished") == 0);
    CHECK_INT(change(&f, RUN_PATCH, &changed), TRACK_OK);
    CHECK_INT(changed.run.ended_us, ended_us);
    CHECK_INT(changed.run.rev, 2);
}

TEST(journal, tells_senders_to_stop)
{
    FIXTURE(f);
    struct journal_append got;
    struct run_change changed;
    CHECK(put(&f));
    CHECK_INT(change(&f, RUN_STOP, &changed), TRACK_OK);
    CHECK_INT(send_range(&f, 0, 0, &got), TRACK_OK);
    CHECK(got.stop);
}

TEST(journal, refuses_runs_in_the_trash_and_unknown_ones)
{
    FIXTURE(f);
    struct journal_append got;
    struct run_change changed;
    CHECK_INT(send_range(&f, 0, 0, &got), TRACK_NOT_FOUND);
    CHECK(put(&f));
    CHECK_INT(change(&f, RUN_DELETE, &changed), TRACK_OK);
    CHECK_INT(send_range(&f, 0, 0, &got), TRACK_CONFLICT);
    CHECK_INT(change(&f, RUN_RESTORE, &changed), TRACK_OK);
    CHECK_INT(send_range(&f, 0, 0, &got), TRACK_OK);
}

TEST(journal, knows_its_writers)
{
    FIXTURE(f);
    struct run_receipt receipt;
    struct journal_writer hello = {.name = "rank 3", .host = "node7", .rank = 3, .pid = 99};
    struct journal_writer lost = {.rank = -1, .lost = 5, .lost_why = "disk full"};
    struct journal_writer less = {.rank = -1, .lost = 4};
    CHECK(put(&f));
    CHECK_INT(tell(&f, &hello), TRACK_OK);
    CHECK_INT(tell(&f, &lost), TRACK_OK);
    CHECK_INT(tell(&f, &less), TRACK_OK);
    CHECK_INT(store_run_receipt(f.store, RUN_A, &f.arena, &receipt, &f.err), TRACK_OK);
    CHECK_INT(receipt.count, 1);
    CHECK_INT(receipt.writers[0].rank, 3);
    CHECK_INT(receipt.writers[0].pid, 99);
    CHECK_INT(receipt.writers[0].lost, 5);
    CHECK_INT(receipt.run.lost, 5);
    CHECK(strcmp(receipt.writers[0].host, "node7") == 0);
}

TEST(journal, says_when_a_resumed_run_goes_over_its_steps_again)
{
    FIXTURE(f);
    struct journal_append got;
    struct journal_writer bye = {.close = true, .last_seq = 2, .points = 9, .rank = -1};
    struct fixture_frame again = {.writer = 2, .rows = 3, .defines = "loss"};
    struct fixture_frame later = {.writer = 3, .rows = 100, .defines = "loss"};
    CHECK(put(&f));
    CHECK_INT(send_range(&f, 0, 2, &got), TRACK_OK);
    CHECK_INT(send_one(&f, &again, &got), TRACK_OK);
    CHECK(!got.repeated_steps); /* both are at it: ranks, not a resumption */
    CHECK_INT(tell(&f, &bye), TRACK_OK);
    CHECK_INT(send_one(&f, &later, &got), TRACK_OK);
    CHECK(got.repeated_steps);
    later.seq = 1;
    CHECK_INT(send_one(&f, &later, &got), TRACK_OK);
    CHECK(!got.repeated_steps);
}

/* Frames lo..hi of a writer, which defines its key in frame 0. */
static track_status send_some(struct fixture *f, unsigned char writer, const uint64_t range[2],
                              struct journal_append *out)
{
    AUTO_BUF body = BUF(BODY_BYTES);
    for (uint64_t seq = range[0]; seq <= range[1]; seq++) {
        struct bytes one =
            fixture_frame(f, &(struct fixture_frame){.writer = writer,
                                                     .seq = seq,
                                                     .rows = 3,
                                                     .content_crc = (uint32_t)seq + writer,
                                                     .defines = seq == 0 ? "loss" : NULL});
        buf_put(&body, one.at, one.size);
    }
    return send(f, (struct bytes){body.at, body.size}, out);
}

/* Lets the next commit fail in a random way; true: the whole call is going to fail. */
static bool fail_somehow(unsigned dice)
{
    switch (dice % 10) {
    case 0:
        faulty_db_at(FAULTY_COMMIT, 1, TRACK_BUSY, DB_RETRY);
        return false;
    case 1:
        faulty_db_at(FAULTY_COMMIT, 1, TRACK_IO, DB_UNKNOWN);
        return false;
    case 2:
        faulty_db_at(FAULTY_AFTER_COMMIT, 1, TRACK_IO, DB_UNKNOWN);
        return false;
    case 3:
        faulty_db_at(FAULTY_COMMIT, 2, TRACK_FULL, DB_UNKNOWN);
        return true;
    default:
        faulty_db_at(FAULTY_COMMIT, 0, TRACK_OK, DB_COMMITTED);
        return false;
    }
}

TEST(journal, keeps_its_word_under_random_retries_and_failing_commits)
{
    enum { STEPS = 200, WRITERS = 3 };
    __attribute__((cleanup(fixture_close))) struct fixture f = {0};
    uint64_t next[WRITERS + 1] = {0}, state = 7;
    struct journal_append got;
    fixture_open(&f, &db_faulty);
    CHECK(f.store && put(&f));
    for (int i = 0; i < STEPS; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        unsigned dice = (unsigned)(state >> 33);
        unsigned char w = (unsigned char)(1 + dice % WRITERS);
        uint64_t back = dice / 8 % 4, lo = next[w] + 1 > back ? next[w] + 1 - back : 0;
        const uint64_t range[2] = {lo, lo + dice / 64 % 3};
        bool full = fail_somehow(dice / 512), gap = lo > next[w];
        track_status status = send_some(&f, w, range, &got);
        bool fresh = !gap && range[1] >= next[w];
        if (gap) {
            CHECK(status == TRACK_CONFLICT && got.gap && got.next_seq == (int64_t)next[w]);
        } else if (status == TRACK_FULL) {
            CHECK(full); /* nothing changed: the next try begins where this one did */
        } else {
            CHECK_INT(status, TRACK_OK);
            next[w] = fresh ? range[1] + 1 : next[w];
            CHECK_INT(got.next_seq, next[w]);
        }
    }
    faulty_db_at(FAULTY_COMMIT, 0, TRACK_OK, DB_COMMITTED);
    CHECK(next[1] > 20 && next[2] > 20 && next[3] > 20);
    for (unsigned char w = 1; w <= WRITERS; w++) {
        CHECK(holds_of(&f, w, (int64_t)next[w]));
    }
}
