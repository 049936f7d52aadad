#include "../core/fail.h"
#include "../core/json.h"
#include "moment.h"
#include "outbox.h"

#include <stdio.h>
#include <string.h>

enum { EPOCH_ARENA_BYTES = 32 << 20, EPOCH_REPLY_BYTES = 64 * 1024 };

static track_status epoch_note(struct outbox *o, const struct note *note, track_error *err)
{
    TRY(spool_notes_add(&o->notes, note, err));
    return spool_notes_flush(&o->notes, err);
}

/* The epoch that the run had when this writer began: rewinds since then came behind what it logged,
 * which may have waited here for long. */
static track_status epoch_of_start(const struct outbox *o, const struct json *run, int64_t *out,
                                   track_error *err)
{
    const struct json *rewinds = NULL;
    int64_t age_us = moment_now_us() - o->meta.created_us;
    *out = 0;
    TRY(json_may_int(run, "epoch", out, err));
    TRY(json_may_array(run, "rewinds", &rewinds, err));
    for (uint32_t i = 0; rewinds && i < rewinds->count; i++) {
        int64_t ago_us = INT64_MAX;
        TRY(json_may_int(&rewinds->items[i], "ago_us", &ago_us, err));
        *out -= ago_us < age_us;
    }
    return TRACK_OK;
}

track_status outbox_epoch_began(struct outbox *o, const struct transport_reply *reply,
                                track_error *err)
{
    AUTO_ARENA arena = ARENA(EPOCH_ARENA_BYTES);
    const struct json *run = NULL;
    track_error why = {0};
    int64_t epoch = 0;
    if (o->epoch >= 0) {
        return TRACK_OK; /* an earlier process has noted it */
    }
    struct bytes text = {reply->body.at, reply->body.size};
    track_status status = json_read(text, NULL, &arena, &run, &why);
    status = status == TRACK_OK ? epoch_of_start(o, run, &epoch, &why) : status;
    if (status != TRACK_OK) {
        return FAIL(err, TRACK_UNREACHABLE, "the answer to the run is not one: %.150s",
                    why.message);
    }
    TRY(epoch_note(o, &(struct note){.kind = NOTE_EPOCH, .value = epoch}, err));
    o->epoch = epoch;
    return TRACK_OK;
}

/* What the server says to a rewind; refused: for good, so that the rest goes on. */
static track_status epoch_answer(struct outbox *o, const struct outbox_call *call,
                                 struct bytes body, int64_t *epoch, track_error *err)
{
    struct transport_request rq = {
        .method = "POST", .url = "/rewind", .body = body, .content_type = "application/json"};
    AUTO_ARENA arena = ARENA(EPOCH_ARENA_BYTES);
    AUTO_REPLY reply = {.body = BUF(EPOCH_REPLY_BYTES)};
    struct answer_error answer;
    const struct json *root = NULL;
    track_error why = {0};
    TRY(outbox_request(o, call, &rq, &reply, err));
    track_status status = answer_check(&reply, &answer, &why);
    if (status == TRACK_CONFLICT && strstr(answer.hint, "reopen")) {
        TRY(outbox_reopen(o, call, err));
        return FAIL(err, TRACK_UNREACHABLE, "the run was reopened for a rewind");
    }
    if (outbox_is_refusal(status)) {
        outbox_keep_refused(o, "rewind", body, &reply);
        atomic_fetch_add(&o->refused, 1);
        return TRACK_OK;
    }
    if (status != TRACK_OK) {
        return FAIL(err, status, "%s", why.message);
    }
    struct bytes text = {reply.body.at, reply.body.size};
    if (json_read(text, NULL, &arena, &root, NULL) != TRACK_OK ||
        json_need_int(root, "epoch", epoch, NULL) != TRACK_OK) {
        return FAIL(err, TRACK_UNREACHABLE, "the answer to a rewind is not one");
    }
    return TRACK_OK;
}

track_status outbox_epoch_rewind(struct outbox *o, const struct outbox_call *call, track_error *err)
{
    char text[160];
    int64_t epoch = o->epoch > 0 ? o->epoch : 0;
    int size = snprintf(text, sizeof(text), "{\"step\":%lld,\"epoch\":%lld,\"writer\":\"%s\"}",
                        (long long)o->due_step, (long long)epoch, o->meta.writer);
    TRY(epoch_answer(o, call, (struct bytes){(unsigned char *)text, (size_t)size}, &epoch, err));
    struct note note = {
        .kind = NOTE_EPOCH, .value = epoch, .from = o->cut_slot + 1, .time_us = o->due_step};
    TRY(epoch_note(o, &note, err));
    o->epoch = epoch;
    o->rewound = true;
    o->rewind_step = o->due_step;
    o->rewind_due = false;
    o->cut_slot++;
    return outbox_hold(o, o->next_seq, err);
}

static void epoch_say(struct outbox *o, bool *said, const char *message)
{
    if (o->say && !*said) {
        o->say(o->siblings_data, message);
    }
    *said = true;
}

track_status outbox_epoch_heard(struct outbox *o, const struct answer_appended *answer,
                                track_error *err)
{
    char text[200];
    if (answer->repeated_steps) {
        epoch_say(o, &o->said_repeated,
                  "the run has steps already that are logged again: both are shown; to go back "
                  "to an earlier step, rewind the run first");
    }
    if (!answer->rewound || answer->epoch <= o->epoch) {
        return TRACK_OK;
    }
    if (o->rewound && answer->rewound_to == o->rewind_step) {
        TRY(epoch_note(o, &(struct note){.kind = NOTE_EPOCH, .value = answer->epoch}, err));
        o->epoch = answer->epoch;
        return TRACK_OK;
    }
    snprintf(text, sizeof(text),
             "another process has rewound the run to step %lld: what this one logs behind it is "
             "not shown unless it rewinds too",
             (long long)answer->rewound_to);
    epoch_say(o, &o->said_rewound, text);
    return TRACK_OK;
}
