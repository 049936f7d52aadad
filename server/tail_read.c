#include "tail_read.h"

#include "clock.h"
#include "store_base.h"
#include "store_object.h"
#include "tail_pack.h"
#include "tail_run.h"

#define LIST_AGE_US (OBJECT_GRACE_US / 2)

enum { SCRATCH_BYTES = 4 << 20 /* a list of writers */, ROWS_BETWEEN_SETTLES = 64 };

/* New rows of one writer. */
struct reading {
    struct tail_run *run;
    size_t writer;
    uint64_t *rows;
};

static track_status read_row(void *data, const struct journal_row *row, track_error *err)
{
    struct reading *r = data;
    struct tail_writer *w = &r->run->writers[r->writer];
    TRY(tail_run_add(r->run, r->writer, row, err));
    w->next_seq = row->seq_hi + 1;
    return ++*r->rows % ROWS_BETWEEN_SETTLES ? TRACK_OK : tail_run_settle(r->run, false, err);
}

static track_status read_writer(struct reading *r, struct db *db, uint32_t branch,
                                const struct run_writer *writer, track_error *err)
{
    TRY(tail_run_writer(r->run, branch, writer, &r->writer, err));
    struct tail_writer *known = &r->run->writers[r->writer];
    if (known->next_seq >= writer->next_seq) {
        return TRACK_OK;
    }
    int64_t node = r->run->branches.at[branch].node;
    struct journal_range range = {node, writer->id, known->next_seq};
    TRY(journal_each(db, &range, read_row, r, err));
    known->next_seq = writer->next_seq;
    return TRACK_OK;
}

/* Finds the run in the database, at first. */
static track_status read_run(struct tail_run *run, struct db *db, struct arena *scratch,
                             track_error *err)
{
    if (run->node) {
        return TRACK_OK;
    }
    struct run_brief brief;
    struct run full;
    TRY(run_find(db, run->id, &brief, err));
    TRY(run_get(db, brief.node, scratch, &full, err));
    run->node = brief.node;
    run->started_us = full.started_us;
    return TRACK_OK;
}

/* Finds what the run shows, at first, and forgets all of it when that has changed. */
static track_status read_branches(struct tail_run *run, struct db *db, track_error *err)
{
    int64_t epoch = 0;
    TRY(branch_epoch(db, run->node, &epoch, err));
    if (run->branches.count && run->branches.epoch == epoch) {
        return TRACK_OK;
    }
    if (run->branches.count) {
        tail_run_reset(run);
        run->partial = true;
    }
    return branch_load(db, run->node, &run->origin, &run->branches, err);
}

/* Reads the packs if rows were sealed since they were read last, or it is so long ago that some
 * may have been merged and removed. */
static track_status read_packs(struct tail_run *run, struct db *db,
                               const struct run_receipt *receipts, track_error *err)
{
    int64_t sealed = 0;
    for (size_t b = 0; b < run->branches.count; b++) {
        for (size_t i = 0; i < receipts[b].count; i++) {
            sealed += receipts[b].writers[i].sealed_frames;
        }
    }
    int64_t now_us = clock_steady_us();
    if (sealed == run->sealed && (!sealed || now_us - run->sealed_us < LIST_AGE_US)) {
        return TRACK_OK;
    }
    run->partial = true;
    tail_run_forget(run);
    TRY(tail_pack_load(run, db, receipts, err));
    run->sealed = sealed;
    run->sealed_us = now_us;
    return TRACK_OK;
}

/* Reads what is new in the journal. */
static track_status read_journal(struct reading *r, struct db *db,
                                 const struct run_receipt *receipts, track_error *err)
{
    uint64_t version = 0;
    for (size_t b = 0; b < r->run->branches.count; b++) {
        for (size_t i = 0; i < receipts[b].count; i++) {
            TRY(read_writer(r, db, (uint32_t)b, &receipts[b].writers[i], err));
            version += (uint64_t)receipts[b].writers[i].next_seq;
        }
    }
    r->run->version = version;
    return TRACK_OK;
}

track_status tail_refresh(struct tail_run *run, struct read *read, uint64_t *rows, track_error *err)
{
    AUTO_ARENA scratch = ARENA(SCRATCH_BYTES);
    struct reading r = {.run = run, .rows = rows};
    struct run_receipt receipts[BRANCH_MAX] = {{.count = 0}};
    TRY(store_read_begin(tail_store(run->tail), read, err));
    TRY(read_run(run, read->db, &scratch, err));
    TRY(read_branches(run, read->db, err));
    for (size_t b = 0; b < run->branches.count; b++) {
        TRY(run_writers(read->db, run->branches.at[b].node, &scratch, &receipts[b], err));
    }
    TRY(read_packs(run, read->db, receipts, err));
    TRY(read_journal(&r, read->db, receipts, err));
    run->partial = false;
    return TRACK_OK;
}

/* A row being read again. */
struct rereading {
    struct tail_place place;
    tail_visit *fn;
    void *data;
    bool done, refused; /* fn did not want it */
};

/* Ends the statement after its first row: any status but TRACK_OK does. */
static track_status reread_row(void *data, const struct journal_row *row, track_error *err)
{
    struct rereading *r = data;
    struct bytes left = row->body;
    while (row->seq_lo == r->place.seq && left.size) {
        AUTO_ARENA arena = ARENA(FRAME_ARENA_BYTES);
        struct frame_head head;
        struct frame frame;
        TRY(frame_decode_head(left, &head, err));
        TRY(frame_decode((struct bytes){left.at, head.size}, &arena, &frame, err));
        track_status status = r->fn(r->data, &frame, err);
        if (status != TRACK_OK) {
            r->refused = true;
            return status;
        }
        left = (struct bytes){left.at + head.size, left.size - head.size};
    }
    r->done = row->seq_lo == r->place.seq;
    return TRACK_NOT_FOUND;
}

track_status tail_read_row(struct tail_run *run, struct tail_place place, tail_visit *fn,
                           void *data, track_error *err)
{
    struct rereading r = {.place = place, .fn = fn, .data = data};
    struct bytes writer = {run->writers[place.writer].id, sizeof(run->writers[place.writer].id)};
    int64_t node = run->branches.at[run->writers[place.writer].branch].node;
    struct journal_range range = {node, writer, place.seq};
    AUTO_READ struct read read = {0};
    TRY(run->held ? TRACK_OK : store_read_begin(tail_store(run->tail), &read, err));
    struct db *db = run->held ? run->held->db : read.db;
    track_status status = journal_each(db, &range, reread_row, &r, err);
    if (r.done || r.refused) {
        return r.done ? TRACK_OK : status;
    }
    if (status == TRACK_OK || status == TRACK_NOT_FOUND) {
        return FAIL(err, TRACK_CONFLICT, "run %s, seq %lld: the journal row is gone", run->id,
                    (long long)place.seq);
    }
    return status == TRACK_INVALID || status == TRACK_TOO_LARGE ? TRACK_CORRUPT : status;
}
