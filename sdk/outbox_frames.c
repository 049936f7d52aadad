#include "../core/fail.h"
#include "../core/frame.h"
#include "moment.h"
#include "outbox.h"

#include <stdio.h>
#include <string.h>

enum {
    OUTBOX_REPLY_BYTES = 64 * 1024,
    OUTBOX_STEP_MS = 5000,
    OUTBOX_REOPEN_MAX = 3,
    OUTBOX_CUTS_MAX = 64,         /* cut at a time */
    OUTBOX_RANGE_MIN = 12 * 1024, /* slots; more than the longest record has, and always encodes */
};

/* One frame of what a scan found. */
struct outbox_part {
    const struct outbox_cut *cut;
    const struct spool_batch *batch;
};

static track_status outbox_encode(const struct outbox *o, const struct outbox_part *part,
                                  struct arena *arena, struct buf *out, track_error *err)
{
    const struct outbox_cut *cut = part->cut;
    const struct spool_batch *batch = part->batch;
    bool lines = cut->frame == FRAME_LINES && !cut->refused;
    struct frame frame = {.head = {.kind = lines ? FRAME_LINES : FRAME_POINTS, .seq = cut->seq}};
    frame.head.epoch = o->epoch > 0 ? (uint32_t)o->epoch : 0;
    frame.head.content_crc = cut->refused ? 0
                             : lines      ? batch->lines_content
                                          : batch->points_content;
    struct bytes writer = {(const unsigned char *)o->meta.writer, SPOOL_HEX_BYTES - 1};
    TRY(hash_decode_hex(writer, frame.head.writer, sizeof(frame.head.writer), err));
    if (lines) {
        frame.lines = batch->lines;
        frame.line_count = batch->line_count;
    } else if (cut->frame == FRAME_POINTS) {
        frame.first_key = batch->first_key;
        frame.keys = batch->keys;
        frame.key_count = batch->key_count;
    }
    if (cut->frame == FRAME_POINTS && !cut->refused) {
        TRY(blocks_fill(&batch->blocks, arena, &frame, err));
    }
    return frame_encode(&frame, 1, arena, out, err);
}

/* Encodes a frame that was cut before. */
static track_status outbox_encode_cut(struct outbox *o, const struct outbox_cut *cut,
                                      struct buf *out, track_error *err)
{
    AUTO_ARENA arena = ARENA(SCAN_ARENA_BYTES + FRAME_ARENA_BYTES);
    struct spool_range range = {cut->from, cut->to, true};
    struct spool_batch batch;
    TRY(spool_scan(&o->reader, &range, &arena, &batch, err));
    return outbox_encode(o, &(struct outbox_part){cut, &batch}, &arena, out, err);
}

/* The frames that a scanned range becomes: one of points, one of lines, or none. */
static size_t outbox_split(const struct outbox *o, const struct spool_batch *batch,
                           struct outbox_cut cuts[2])
{
    size_t n = 0;
    struct outbox_cut cut = {.from = o->cut_slot, .to = batch->to};
    size_t points = batch->blocks.point_count + batch->blocks.text_count;
    if (points + batch->key_count > 0) {
        cut.frame = FRAME_POINTS;
        cut.count = (uint32_t)points;
        cut.seq = o->next_seq;
        cuts[n++] = cut;
    }
    if (batch->line_count > 0) {
        cut.frame = FRAME_LINES;
        cut.count = (uint32_t)batch->line_count;
        cut.seq = o->next_seq + n;
        cuts[n++] = cut;
    }
    return n;
}

/* Decides where the next frames end: halves the range until they fit. */
static track_status outbox_cut_range(struct outbox *o, uint64_t to, bool dead, track_error *err)
{
    AUTO_ARENA arena = ARENA(SCAN_ARENA_BYTES + FRAME_ARENA_BYTES);
    AUTO_BUF body = BUF(2 * FRAME_BYTES_MAX);
    struct spool_batch batch;
    struct spool_range range = {o->cut_slot, to, dead};
    TRY(spool_scan(&o->reader, &range, &arena, &batch, err));
    o->rewind_due = batch.rewinds;
    o->due_step = batch.rewind_step;
    struct outbox_cut cuts[2];
    size_t n = outbox_split(o, &batch, cuts);
    for (size_t i = 0; i < n; i++) {
        track_error why;
        struct outbox_part part = {&cuts[i], &batch};
        track_status status = outbox_encode(o, &part, &arena, &body, &why);
        uint64_t half = (batch.to - o->cut_slot) / 2;
        if (status == TRACK_TOO_LARGE && half > OUTBOX_RANGE_MIN / 2) {
            half = half > OUTBOX_RANGE_MIN ? half : OUTBOX_RANGE_MIN;
            arena_release(&arena);
            return outbox_cut_range(o, o->cut_slot + half, dead, err);
        }
        if (status != TRACK_OK) {
            return FAIL(err, status, "%s", why.message);
        }
    }
    for (size_t i = 0; i < n; i++) {
        struct note note = {.kind = NOTE_CUT,
                            .frame = cuts[i].frame,
                            .seq = cuts[i].seq,
                            .from = cuts[i].from,
                            .to = cuts[i].to,
                            .count = cuts[i].count};
        TRY(spool_notes_add(&o->notes, &note, err));
        TRY(outbox_take_cut(o, &note, err));
    }
    o->torn += batch.torn;
    o->cut_slot = batch.to;
    return TRACK_OK;
}

/* Cuts what was logged since, as far as one request goes. */
static track_status outbox_cut(struct outbox *o, track_error *err)
{
    bool dead = false;
    uint64_t slots = outbox_slots(o, &dead);
    size_t before = o->cut_count;
    while (o->cut_slot < slots && o->cut_count - before < OUTBOX_CUTS_MAX) {
        uint64_t from = o->cut_slot;
        TRY(outbox_cut_range(o, slots, dead, err));
        if (o->cut_slot == from) {
            break;
        }
    }
    return o->cut_count > before ? spool_notes_flush(&o->notes, err) : TRACK_OK;
}

/* Frames of the first cuts, as many as fit one request. */
static track_status outbox_body(struct outbox *o, struct buf *body, size_t *count, track_error *err)
{
    size_t max = o->one_by_one && o->cut_count > 1 ? 1 : o->cut_count;
    for (*count = 0; *count < max && body->size < OUTBOX_BODY_BYTES; ++*count) {
        TRY(outbox_encode_cut(o, &o->cuts[*count], body, err));
    }
    return TRACK_OK;
}

static track_status outbox_post(struct outbox *o, const struct outbox_call *call, struct bytes body,
                                struct transport_reply *reply, track_error *err)
{
    struct transport_request rq = {.method = "POST",
                                   .url = "/frames",
                                   .body = body,
                                   .content_type = "application/x-track-frames"};
    TRY(outbox_request(o, call, &rq, reply, err));
    o->sent_ms = moment_tick_ms();
    return TRACK_OK;
}

track_status outbox_reopen(struct outbox *o, const struct outbox_call *call, track_error *err)
{
    static const char late[] = "{\"late\":true}";
    if (++o->reopened > OUTBOX_REOPEN_MAX) {
        o->reopened = 0;
        return FAIL(err, TRACK_CONFLICT, "the run was reopened and ended again and again");
    }
    struct transport_request rq = {.method = "POST",
                                   .url = "/reopen",
                                   .body = {(const unsigned char *)late, sizeof(late) - 1},
                                   .content_type = "application/json"};
    AUTO_REPLY reply = {.body = BUF(OUTBOX_REPLY_BYTES)};
    TRY(outbox_request(o, call, &rq, &reply, err));
    return answer_check_json(&reply, err);
}

/* The server says no for good: finds out to which frame, and goes on without its values. */
static track_status outbox_refuse(struct outbox *o, struct bytes body, size_t count,
                                  const struct transport_reply *reply, track_error *err)
{
    struct outbox_cut *cut = &o->cuts[0];
    if (count > 1) {
        o->one_by_one = true;
        return TRACK_OK;
    }
    if (cut->refused) {
        return answer_check(reply, NULL, err);
    }
    char name[32];
    snprintf(name, sizeof(name), "%llu.frame", (unsigned long long)cut->seq);
    outbox_keep_refused(o, name, body, reply);
    struct note note = {.kind = NOTE_REFUSED, .seq = cut->seq};
    TRY(spool_notes_add(&o->notes, &note, err));
    cut->refused = true;
    return spool_notes_flush(&o->notes, err);
}

/* 409: the server is further, has ended the run, or misses frames that it once held. */
static track_status outbox_conflict(struct outbox *o, const struct outbox_call *call,
                                    struct bytes body, size_t count,
                                    const struct transport_reply *reply, track_error *err)
{
    struct answer_error answer;
    track_status status = answer_check(reply, &answer, err);
    uint64_t next_seq = (uint64_t)answer.next_seq, first = o->cuts[0].seq;
    if (answer.next_seq < 0 || next_seq == first) { /* nothing is amiss with the numbers */
        return strstr(answer.hint, "reopen") ? outbox_reopen(o, call, err) : status;
    }
    if (next_seq < first || next_seq > o->next_seq) {
        return FAIL(err, TRACK_CORRUPT,
                    "the server expects frame %llu of this writer, which has %llu..%llu left",
                    (unsigned long long)next_seq, (unsigned long long)first,
                    (unsigned long long)o->next_seq);
    }
    if (count > 1) { /* some are there: find out which, and whether they are the same */
        o->one_by_one = true;
        return TRACK_OK;
    }
    char name[32]; /* the server holds other content under this number */
    snprintf(name, sizeof(name), "%llu.conflict", (unsigned long long)first);
    outbox_keep_refused(o, name, body, reply);
    o->cuts[0].refused = true;
    TRY(spool_notes_add(&o->notes, &(struct note){.kind = NOTE_REFUSED, .seq = first}, err));
    return outbox_hold(o, next_seq, err);
}

static track_status outbox_answered(struct outbox *o, const struct outbox_call *call,
                                    struct bytes body, size_t count,
                                    const struct transport_reply *reply, track_error *err)
{
    track_status status = answer_check(reply, NULL, err);
    if (status == TRACK_CONFLICT) {
        return outbox_conflict(o, call, body, count, reply, err);
    }
    if (outbox_is_refusal(status)) {
        return outbox_refuse(o, body, count, reply, err);
    }
    TRY(status);
    struct answer_appended answer;
    TRY(answer_appended(reply, &answer, err));
    atomic_store(&o->stop, answer.stop);
    if ((uint64_t)answer.next_seq <= o->cuts[0].seq || (uint64_t)answer.next_seq > o->next_seq) {
        return FAIL(err, TRACK_UNREACHABLE, "the server took frame %llu and goes on at %lld",
                    (unsigned long long)o->cuts[0].seq, (long long)answer.next_seq);
    }
    o->reopened = 0;
    o->closed = false;
    TRY(outbox_epoch_heard(o, &answer, err));
    TRY(outbox_hold(o, (uint64_t)answer.next_seq, err));
    o->one_by_one = o->one_by_one && o->cut_count > 0;
    return TRACK_OK;
}

/* A frame that says that the writer lives, and brings back whether the run shall stop. */
static track_status outbox_heartbeat(struct outbox *o, const struct outbox_call *call,
                                     track_error *err)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    AUTO_BUF body = BUF(FRAME_HEAD_BYTES * 2);
    struct frame frame = {.head = {.kind = FRAME_HEARTBEAT}};
    struct bytes writer = {(const unsigned char *)o->meta.writer, SPOOL_HEX_BYTES - 1}, all;
    TRY(hash_decode_hex(writer, frame.head.writer, sizeof(frame.head.writer), err));
    TRY(frame_encode(&frame, 0, &arena, &body, err));
    TRY(buf_end(&body, &all, err));
    AUTO_REPLY reply = {.body = BUF(OUTBOX_REPLY_BYTES)};
    TRY(outbox_post(o, call, all, &reply, err));
    TRY(answer_check_json(&reply, err));
    struct answer_appended answer;
    TRY(answer_appended(&reply, &answer, err));
    atomic_store(&o->stop, answer.stop);
    return TRACK_OK;
}

/* Tells how many records could not be kept. */
static track_status outbox_tell_lost(struct outbox *o, const struct outbox_call *call,
                                     track_error *err)
{
    TRY(outbox_note_missed(o, err));
    uint64_t lost = o->torn + atomic_load(&o->missed);
    if (lost <= o->lost_told) {
        return TRACK_OK;
    }
    char path[64], text[96];
    snprintf(path, sizeof(path), "/writers/%s/lost", o->meta.writer);
    int size =
        snprintf(text, sizeof(text), "{\"count\":%llu,\"reason\":\"%s\"}", (unsigned long long)lost,
                 o->torn == 0 ? "disk or spool full" : "the process died while it logged them");
    struct transport_request rq = {.method = "POST",
                                   .url = path,
                                   .body = {(const unsigned char *)text, (size_t)size},
                                   .content_type = "application/json"};
    AUTO_REPLY reply = {.body = BUF(OUTBOX_REPLY_BYTES)};
    TRY(outbox_request(o, call, &rq, &reply, err));
    TRY(answer_check_json(&reply, err));
    o->lost_told = lost;
    struct note note = {.kind = NOTE_LOST, .value = (int64_t)lost};
    return spool_notes_add(&o->notes, &note, err);
}

track_status outbox_send_frames(struct outbox *o, const struct outbox_call *call, track_error *err)
{
    int64_t until_ms = moment_tick_ms() + OUTBOX_STEP_MS;
    do {
        if (o->cut_count == 0) {
            TRY(outbox_cut(o, err));
        }
        if (o->cut_count == 0 && o->rewind_due) {
            TRY(outbox_epoch_rewind(o, call, err));
            continue;
        }
        if (o->cut_count == 0) {
            break;
        }
        AUTO_BUF body = BUF(OUTBOX_BODY_BYTES + 2 * FRAME_BYTES_MAX);
        AUTO_REPLY reply = {.body = BUF(OUTBOX_REPLY_BYTES)};
        struct bytes all;
        size_t count = 0;
        TRY(outbox_body(o, &body, &count, err));
        TRY(buf_end(&body, &all, err));
        TRY(outbox_post(o, call, all, &reply, err));
        TRY(outbox_answered(o, call, all, count, &reply, err));
    } while (moment_tick_ms() < until_ms);
    TRY(outbox_tell_lost(o, call, err));
    if (o->live && !atomic_load(&o->ended) &&
        moment_tick_ms() - o->sent_ms >= OUTBOX_HEARTBEAT_MS) {
        TRY(outbox_heartbeat(o, call, err));
    }
    return TRACK_OK;
}
