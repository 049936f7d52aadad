#include "journal.h"

#include "journal_append.h"
#include "live.h"

static track_status append_work(struct ticket *t, struct db *db, track_error *err)
{
    struct journal_append *call = (struct journal_append *)(void *)t;
    struct append a = {.call = call, .writer = call->decoded->writer, .body = call->decoded};
    TRY(append_load(&a, db, err));
    return append_store(&a, db, err);
}

void journal_append_after(struct ticket *t)
{
    struct journal_append *call = (struct journal_append *)(void *)t;
    if (call->points == 0) {
        return;
    }
    if (call->decoded->has_points) {
        run_publish(t, LIVE_POINTS, call->run, "");
    }
    if (call->decoded->has_texts) {
        run_publish(t, LIVE_TEXT, call->run, "");
    }
    if (call->decoded->has_lines) {
        run_publish(t, LIVE_LINES, call->run, "");
    }
}

track_status journal_append(struct store *s, struct journal_append *call, track_error *err)
{
    TRY(run_check_id(call->run, err));
    struct body *body = ARENA_NEW(call->ticket.arena, struct body);
    if (!body) {
        return FAIL(err, TRACK_NOMEM, "no room for a body of %zu bytes", call->body.size);
    }
    TRY(body_decode(call->body, call->ticket.arena, body, err));
    call->decoded = body;
    call->ticket.bytes = call->body.size;
    call->ticket.after = journal_append_after;
    return store_submit_points(s, &call->ticket, append_work, err);
}
