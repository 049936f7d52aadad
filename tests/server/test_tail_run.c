/* Shows that frames fill a run, that a bad journal row is said to be one, and that lines are
 * numbered by arrival.
 * How: rows made by hand, without a database; each allocation failing. */
#include "../../server/tail_run.h"
#include "../core/frames.h"
#include "../fault.h"
#include "../harness.h"

#include <string.h>

static track_status row_make(struct frame f, struct buf *out, struct journal_row *row)
{
    AUTO_ARENA arena = ARENA(FRAME_ARENA_BYTES);
    TRY(frame_encode(&f, 1, &arena, out, NULL));
    *row = (struct journal_row){.seq_lo = (int64_t)f.head.seq, .seq_hi = (int64_t)f.head.seq};
    row->body = (struct bytes){out->at, out->size};
    return TRACK_OK;
}

static track_status run_init(struct tail_run *run, size_t *writer)
{
    static const unsigned char id[16] = {1};
    struct run_writer w = {.id = {id, sizeof(id)}, .rank = 3};
    static const struct branch own = {1, VISIBLE_ALL};
    *run = (struct tail_run){.id = "x", .branches = {&own, 1, 0}};
    run->names.limit_bytes = 1 << 20;
    return tail_run_writer(run, 0, &w, writer, NULL);
}

#define AUTO_RUN __attribute__((cleanup(tail_run_release))) struct tail_run

TEST(tail_run, takes_points_texts_and_lines)
{
    AUTO_RUN run;
    AUTO_BUF points = BUF(4096);
    AUTO_BUF lines = BUF(4096);
    struct journal_row row;
    size_t writer;
    CHECK(run_init(&run, &writer) == TRACK_OK);
    CHECK(row_make(frames_points(), &points, &row) == TRACK_OK);
    CHECK(tail_run_add(&run, writer, &row, NULL) == TRACK_OK);
    CHECK(row_make(frames_lines(), &lines, &row) == TRACK_OK);
    CHECK(tail_run_add(&run, writer, &row, NULL) == TRACK_OK);
    CHECK(tail_run_settle(&run, true, NULL) == TRACK_OK);
    CHECK(run.series_count == 2 && strcmp(run.series[0].name, "train/loss") == 0);
    CHECK(run.series[0].summary.n == 3 && run.series[0].summary.max == 1e300);
    CHECK(run.series[1].rank == 1 && run.series[1].summary.n == 3);
    CHECK(run.text_count == 1 && run.texts[0].series == 0 && run.texts[0].step == 1);
    CHECK(run.row_count == 1 && run.rows[0].lines[0] == 1 && run.rows[0].lines[1] == 1);
    CHECK(run.rows[0].time_last_us == 5000001 && tail_run_bytes(&run) > sizeof(run));
}

TEST(tail_run, says_when_a_row_is_damaged)
{
    AUTO_RUN run;
    AUTO_BUF b = BUF(4096);
    struct journal_row row;
    track_error err = {0};
    size_t writer;
    CHECK(run_init(&run, &writer) == TRACK_OK);
    CHECK(row_make(frames_points(), &b, &row) == TRACK_OK);
    b.at[100] ^= 1;
    CHECK(tail_run_add(&run, writer, &row, &err) == TRACK_CORRUPT);
    CHECK(strstr(err.message, "run x, seq 7: wrong CRC"));
}

TEST(tail_run, refuses_a_key_that_nobody_defined)
{
    AUTO_RUN run;
    AUTO_BUF b = BUF(4096);
    struct journal_row row;
    struct frame f = frames_points();
    track_error err = {0};
    size_t writer;
    f.key_count = 0;
    f.head.flags = 0;
    CHECK(run_init(&run, &writer) == TRACK_OK);
    CHECK(row_make(f, &b, &row) == TRACK_OK);
    CHECK(tail_run_add(&run, writer, &row, &err) == TRACK_CORRUPT);
    CHECK(strcmp(err.message, "run x, seq 7: key number 5 is not defined") == 0);
}

TEST(tail_run, numbers_lines_by_arrival)
{
    AUTO_RUN run;
    AUTO_BUF b = BUF(4096);
    struct journal_row row;
    size_t writer;
    CHECK(run_init(&run, &writer) == TRACK_OK);
    CHECK(row_make(frames_lines(), &b, &row) == TRACK_OK);
    for (int64_t seq = 0; seq < 3; seq++) {
        row.seq_lo = seq;
        row.recv_us = 100 - seq;
        CHECK(tail_run_add(&run, writer, &row, NULL) == TRACK_OK);
    }
    tail_run_number(&run);
    CHECK(run.line_count == 6 && run.rows[0].seq == 2 && run.rows[2].line_first == 4);
    row.seq_lo = 3;
    row.recv_us = 0;
    CHECK(tail_run_add(&run, writer, &row, NULL) == TRACK_OK);
    tail_run_number(&run); /* what has a number keeps it */
    CHECK(run.line_count == 8 && run.rows[3].seq == 3 && run.rows[3].line_first == 6);
}

/* 300 series in one frame. */
static track_status work(void)
{
    enum { KEYS = 300 };
    static struct frame_column columns[KEYS];
    static struct frame_key keys[KEYS];
    static const int64_t zero;
    static const double one = 1;
    static char names[KEYS][8];
    for (unsigned i = 0; i < KEYS; i++) {
        memcpy(names[i], "key", 3);
        names[i][3] = (char)('0' + i / 100);
        names[i][4] = (char)('0' + i / 10 % 10);
        names[i][5] = (char)('0' + i % 10);
        keys[i].name = (struct bytes){(unsigned char *)names[i], 6};
        columns[i] = (struct frame_column){i, &one, NULL};
    }
    struct frame_block block = {1, KEYS, &zero, &zero, columns};
    struct frame f = {.head = {.kind = FRAME_POINTS}, .key_count = KEYS, .keys = keys};
    f.block_count = 1;
    f.blocks = &block;
    AUTO_BUF b = BUF(1 << 16);
    AUTO_RUN run;
    struct journal_row row;
    size_t writer;
    TRY(run_init(&run, &writer));
    TRY(row_make(f, &b, &row));
    TRY(tail_run_add(&run, writer, &row, NULL));
    TRY(tail_run_settle(&run, true, NULL));
    return run.series_count == KEYS ? TRACK_OK : TRACK_CORRUPT;
}

TEST(tail_run, survives_each_allocation_failing)
{
    CHECK(fault_each(work) > 300);
}
