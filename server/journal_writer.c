#include "journal.h"
#include "live.h"
#include "store_base.h"
#include "store_text.h"

#include <string.h>

enum { LABEL_BYTES_MAX = 250 };

static track_status list_row(void *data, const struct db_value *c, track_error *err)
{
    struct gather *g = data;
    void *at;
    TRY(gather_add(g, &at, err));
    struct run_writer *w = at;
    *w = (struct run_writer){
        .rank = c[3].type == 'n' ? -1 : db_get_i(&c[3]),
        .pid = db_get_i(&c[4]),
        .next_seq = db_get_i(&c[5]),
        .points = db_get_i(&c[6]),
        .seen_us = db_get_i(&c[7]),
        .closed_us = db_get_i(&c[8]),
        .lost = db_get_i(&c[9]),
        .sealed_frames = db_get_i(&c[10]),
    };
    TRY(db_copy_bytes(g->arena, &c[0], &w->id, err));
    TRY(db_copy_text(g->arena, &c[1], &w->name, err));
    return db_copy_text(g->arena, &c[2], &w->host, err);
}

track_status run_writers(struct db *db, int64_t node, struct arena *arena, struct run_receipt *out,
                         track_error *err)
{
    struct gather g = GATHER(arena, struct run_writer);
    TRY(db_run(db, QUERY_writer_list, DB_IN(db_i(node)), list_row, &g, err));
    out->writers = g.at;
    out->count = g.count;
    return TRACK_OK;
}

track_status store_run_receipt(struct store *s, const char *id, struct arena *arena,
                               struct run_receipt *out, track_error *err)
{
    AUTO_READ struct read r = {0};
    struct run_brief run;
    struct run_receipt receipt = {0};
    TRY(run_check_id(id, err));
    TRY(store_read_begin(s, &r, err));
    TRY(run_find(r.db, id, &run, err));
    TRY(run_get(r.db, run.node, arena, &receipt.run, err));
    TRY(run_writers(r.db, run.node, arena, &receipt, err));
    *out = receipt;
    return TRACK_OK;
}

/* What a close says must be what is held. */
static track_status check_held(const struct journal_writer *call, const struct db_value *c,
                               track_error *err)
{
    int64_t next = db_get_i(&c[0]), points = db_get_i(&c[3]);
    if (next < call->last_seq + 1) {
        return FAIL(err, TRACK_CONFLICT, "frames %lld to %lld of the writer are missing",
                    (long long)next, (long long)call->last_seq);
    }
    if (next > call->last_seq + 1) {
        return FAIL(err, TRACK_CONFLICT, "the writer closes at frame %lld, %lld are here",
                    (long long)call->last_seq, (long long)next);
    }
    if (call->points >= 0 && call->points != points) {
        return FAIL(err, TRACK_CONFLICT, "the writer counts %lld points and lines, %lld are here",
                    (long long)call->points, (long long)points);
    }
    return TRACK_OK;
}

static track_status close_writer(struct journal_writer *call, struct db *db, int64_t node,
                                 track_error *err)
{
    struct db_value c[8], key[] = {db_i(node), db_b(call->writer), DB_END};
    TRY(db_find(db, QUERY_writer_get, key, call->ticket.arena, c, err));
    call->next_seq = db_get_i(&c[0]);
    TRY(check_held(call, c, err));
    TRY(db_exec(db, QUERY_writer_close, DB_IN(key[0], key[1], db_i(call->now_us)), err));
    return run_complete(db, node, call->now_us - RUN_SILENT_US, &call->complete, err);
}

/* Writes what is said of the writer. */
static track_status describe(struct journal_writer *call, struct db *db, int64_t node,
                             track_error *err)
{
    struct db_value run = db_i(node), writer = db_b(call->writer);
    bool found;
    int64_t next = 0;
    TRY(db_exec(db, QUERY_writer_describe,
                DB_IN(run, writer, db_t(call->name), db_t(call->host),
                      call->rank < 0 ? db_null() : db_i(call->rank), db_i(call->pid),
                      db_i(call->now_us)),
                err));
    if (call->lost > 0) {
        TRY(db_exec(
            db, QUERY_writer_lost,
            DB_IN(run, writer, db_i(call->lost), db_t(call->lost_why ? call->lost_why : "")), err));
    }
    TRY(db_find_i(db, QUERY_writer_next, DB_IN(run, writer), &next, &found, err));
    call->next_seq = next;
    return TRACK_OK;
}

static track_status work(struct ticket *t, struct db *db, track_error *err)
{
    struct journal_writer *call = (struct journal_writer *)(void *)t;
    struct run_brief run;
    struct bytes none = {NULL, 0};
    call->complete = false;
    TRY(run_need(db, call->run, &run, err));
    t->project = run.project_number;
    call->stop = run.stop;
    call->epoch = run.epoch;
    TRY(db_exec(db, QUERY_writer_add,
                DB_IN(db_i(run.node), db_b(call->writer), db_i(call->now_us), db_b(none)), err));
    TRY(call->close ? close_writer(call, db, run.node, err) : describe(call, db, run.node, err));
    memcpy(call->state, call->complete ? run.final_state : run.state, sizeof(call->state));
    return TRACK_OK;
}

static void after(struct ticket *t)
{
    struct journal_writer *call = (struct journal_writer *)(void *)t;
    if (call->lost > 0) {
        run_publish(t, LIVE_RUN, call->run, "lost");
    }
    if (call->complete) {
        run_publish(t, LIVE_RUN, call->run, "state");
        run_publish(t, LIVE_PROJECT, "", "");
    }
}

track_status journal_writer(struct store *s, struct journal_writer *call, track_error *err)
{
    TRY(run_check_id(call->run, err));
    if (call->writer.size != JOURNAL_WRITER_BYTES) {
        return FAIL(err, TRACK_INVALID, "a writer id has %d bytes, not %zu", JOURNAL_WRITER_BYTES,
                    call->writer.size);
    }
    if (call->close && call->last_seq < -1) {
        return FAIL(err, TRACK_INVALID, "the last frame of a writer is -1 or more, not %lld",
                    (long long)call->last_seq);
    }
    TRY(text_check_line("the name of a writer", call->name, LABEL_BYTES_MAX, err));
    TRY(text_check_line("the host of a writer", call->host, LABEL_BYTES_MAX, err));
    TRY(text_check_line("what was lost", call->lost_why, LABEL_BYTES_MAX, err));
    if (call->lost < 0 || call->lost > LOST_MAX) {
        return FAIL(err, TRACK_INVALID, "a writer cannot have lost %lld records",
                    (long long)call->lost);
    }
    call->ticket.after = after;
    return store_submit_always(s, &call->ticket, work, err);
}
