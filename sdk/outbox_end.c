#include "../core/fail.h"
#include "../core/frame.h"
#include "../core/json.h"
#include "outbox.h"
#include "track.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { OUTBOX_REPLY_BYTES = 4 << 20, OUTBOX_DOCUMENT_BYTES = 4096 };

static const char *outbox_state_word(int64_t state)
{
    return state == TRACK_FINISHED    ? "finished"
           : state == TRACK_STOPPED   ? "stopped"
           : state == TRACK_PREEMPTED ? "preempted"
                                      : "failed";
}

static track_status outbox_post_json(struct outbox *o, const struct outbox_call *call,
                                     const char *path, struct bytes body,
                                     struct transport_reply *reply, track_error *err)
{
    struct transport_request rq = {
        .method = "POST", .url = path, .body = body, .content_type = "application/json"};
    return outbox_request(o, call, &rq, reply, err);
}

/* The writer has sent everything.  A server that misses something says where to go on. */
static track_status outbox_close_writer(struct outbox *o, const struct outbox_call *call,
                                        track_error *err)
{
    char path[64], text[96];
    snprintf(path, sizeof(path), "/writers/%s/close", o->meta.writer);
    int size = snprintf(text, sizeof(text), "{\"last_seq\":%lld", (long long)o->next_seq - 1);
    if (atomic_load(&o->refused) == 0) { /* else the server has fewer, and knows it */
        size += snprintf(text + size, sizeof(text) - (size_t)size, ",\"points\":%llu",
                         (unsigned long long)atomic_load(&o->held));
    }
    text[size++] = '}';
    AUTO_REPLY reply = {.body = BUF(OUTBOX_REPLY_BYTES)};
    TRY(outbox_post_json(o, call, path, (struct bytes){(unsigned char *)text, (size_t)size}, &reply,
                         err));
    TRY(answer_check_json(&reply, err));
    o->closed = true;
    return spool_notes_add(&o->notes, &(struct note){.kind = NOTE_CLOSED}, err);
}

static track_status outbox_finish_run(struct outbox *o, const struct outbox_call *call,
                                      track_error *err)
{
    AUTO_BUF text = BUF(OUTBOX_DOCUMENT_BYTES);
    struct json_writer w = {.to = &text};
    json_write_object(&w, NULL);
    json_write_text(&w, "state", outbox_state_word(o->end.state));
    json_write_int(&w, "ended_us", o->end.time_us);
    if (o->end.exit_code != OUTBOX_NO_CODE) {
        json_write_int(&w, "exit_code", o->end.exit_code);
    }
    if (o->end.signal_number > 0) {
        json_write_int(&w, "signal", o->end.signal_number);
    }
    json_write_close(&w);
    struct bytes body;
    TRY(json_end(&w, &body, err));
    AUTO_REPLY reply = {.body = BUF(OUTBOX_REPLY_BYTES)};
    TRY(outbox_post_json(o, call, "/finish", body, &reply, err));
    track_status status = answer_check_json(&reply, err);
    if (status == TRACK_CONFLICT) { /* it ended otherwise: that stays; ours is kept */
        outbox_keep_refused(o, "finish", body, &reply);
        atomic_fetch_add(&o->refused, 1);
        status = TRACK_OK;
    }
    TRY(status);
    o->finished = true;
    return spool_notes_add(&o->notes, &(struct note){.kind = NOTE_FINISHED}, err);
}

/* True if the receipt covers all frames of this writer. */
static track_status outbox_has_receipt(struct outbox *o, const struct transport_reply *reply,
                                       bool *out, track_error *err)
{
    AUTO_ARENA arena = ARENA(32 << 20);
    const struct json *root = NULL, *writers = NULL;
    TRY(json_read((struct bytes){reply->body.at, reply->body.size}, NULL, &arena, &root, err));
    TRY(json_need_array(root, "writers", &writers, err));
    *out = o->next_seq == 0;
    for (uint32_t i = 0; i < writers->count; i++) {
        const char *writer = "";
        int64_t last_seq = -1;
        TRY(json_need_text(&writers->items[i], "writer", &writer, err));
        TRY(json_need_int(&writers->items[i], "last_seq", &last_seq, err));
        *out |= strcmp(writer, o->meta.writer) == 0 && last_seq + 1 >= (int64_t)o->next_seq;
    }
    return TRACK_OK;
}

/* Asks what the server holds, and removes the folder when that is everything. */
static track_status outbox_take_receipt(struct outbox *o, const struct outbox_call *call,
                                        track_error *err)
{
    struct transport_request rq = {.method = "GET", .url = "/receipt"};
    AUTO_REPLY reply = {.body = BUF(OUTBOX_REPLY_BYTES)};
    TRY(outbox_request(o, call, &rq, &reply, err));
    TRY(answer_check_json(&reply, err));
    bool covered = false;
    track_error why = {0};
    if (outbox_has_receipt(o, &reply, &covered, &why) != TRACK_OK) {
        return FAIL(err, TRACK_UNREACHABLE, "the receipt is not one: %.150s", why.message);
    }
    if (!covered) {
        return FAIL(err, TRACK_CORRUPT, "the server's receipt does not cover frame %lld",
                    (long long)o->next_seq - 1);
    }
    bool refused = faccessat(o->folder.dir, "refused", F_OK, 0) == 0;
    if (refused || o->keep) { /* what was refused stays for people to look at */
        spool_folder_release(&o->folder);
    } else {
        spool_folder_remove(&o->folder);
    }
    atomic_store(&o->done, true);
    return TRACK_OK;
}

track_status outbox_send_end(struct outbox *o, const struct outbox_call *call, track_error *err)
{
    if (!o->closed) {
        TRY(outbox_close_writer(o, call, err));
    }
    bool owns = atomic_load(&o->ended) && o->end.state >= 0;
    if (owns && !o->finished) {
        if (o->siblings) {
            TRY(o->siblings(o->siblings_data, o, err));
        }
        TRY(outbox_finish_run(o, call, err));
    }
    return outbox_take_receipt(o, call, err);
}
