#include "outbox.h"

#include "../core/fail.h"
#include "../core/frame.h"
#include "moment.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OUTBOX_ARENA_BYTES = 256 << 20 };

bool outbox_is_refusal(track_status status)
{
    return status == TRACK_INVALID || status == TRACK_TOO_LARGE || status == TRACK_UNSUPPORTED;
}

uint64_t outbox_slots(const struct outbox *o, bool *dead)
{
    bool ended = atomic_load_explicit(&o->ended, memory_order_acquire);
    *dead = !o->live || ended;
    if (!o->live) {
        return o->dead_end;
    }
    return ended ? o->end.slots
                 : atomic_load_explicit(&o->live->next, memory_order_acquire) & ~SPOOL_CLOSED;
}

track_status outbox_take_cut(struct outbox *o, const struct note *n, track_error *err)
{
    if (o->cut_count == o->cut_room) {
        size_t room = o->cut_room ? 2 * o->cut_room : 64;
        struct outbox_cut *more = realloc(o->cuts, room * sizeof(*more));
        if (!more) {
            return FAIL(err, TRACK_NOMEM, "no memory for the cuts of a spool");
        }
        o->cuts = more;
        o->cut_room = room;
    }
    o->cuts[o->cut_count++] = (struct outbox_cut){
        .seq = n->seq, .from = n->from, .to = n->to, .count = n->count, .frame = n->frame};
    o->next_seq = n->seq + 1;
    o->cut_slot = n->to > o->cut_slot ? n->to : o->cut_slot;
    atomic_fetch_add(&o->counted, n->count);
    return TRACK_OK;
}

static void outbox_note_refused(struct outbox *o, uint64_t seq)
{
    for (size_t i = 0; i < o->cut_count; i++) {
        o->cuts[i].refused |= o->cuts[i].seq == seq;
    }
}

static void outbox_note_end(struct outbox *o, const struct note *n)
{
    o->end = (struct outbox_end){n->value, n->from, n->time_us, n->exit_code, n->signal_number};
    atomic_store_explicit(&o->ended, true, memory_order_release);
}

/* Drops the cuts that the server holds, and remembers how far that goes. */
static void outbox_drop_held(struct outbox *o, uint64_t next_seq)
{
    size_t n = 0;
    while (n < o->cut_count && o->cuts[n].seq < next_seq) {
        const struct outbox_cut *cut = &o->cuts[n++];
        atomic_fetch_add(cut->refused ? &o->refused : &o->held, cut->count);
    }
    if (n > 0) {
        o->cut_count -= n;
        memmove(o->cuts, o->cuts + n, o->cut_count * sizeof(*o->cuts));
    }
    atomic_store(&o->held_slot, o->cut_count ? o->cuts[0].from : o->cut_slot);
}

/* Drops the cuts whose slots are gone: only what the server holds is removed, though the note of
 * that may be lost with the power. */
static void outbox_drop_removed(struct outbox *o, uint64_t first)
{
    uint64_t next_seq = 0;
    for (size_t i = 0; i < o->cut_count; i++) {
        next_seq = o->cuts[i].from < first ? o->cuts[i].seq + 1 : next_seq;
    }
    outbox_drop_held(o, next_seq);
}

/* Takes one note of an earlier process. */
static track_status outbox_take(struct outbox *o, const struct note *n, track_error *err)
{
    switch (n->kind) {
    case NOTE_CUT:
        return outbox_take_cut(o, n, err);
    case NOTE_HELD:
        outbox_drop_held(o, n->seq);
        break;
    case NOTE_OPS:
        atomic_store(&o->ops_done, (uint64_t)n->value);
        break;
    case NOTE_LOST:
        o->lost_told = (uint64_t)n->value;
        break;
    case NOTE_END:
        outbox_note_end(o, n);
        break;
    case NOTE_CLOSED:
        o->closed = true;
        break;
    case NOTE_FINISHED:
        o->finished = true;
        break;
    case NOTE_REFUSED:
        outbox_note_refused(o, n->seq);
        break;
    case NOTE_EPOCH:
        o->epoch = n->value;
        o->cut_slot = n->from > o->cut_slot ? n->from : o->cut_slot;
        o->rewound = o->rewound || n->from > 0;
        o->rewind_step = n->from > 0 ? n->time_us : o->rewind_step;
        break;
    case NOTE_MISSED:
        atomic_store(&o->missed, (uint64_t)n->value);
        break;
    default: /* of a later version, which may say more but decides the same */
        break;
    }
    return TRACK_OK;
}

static track_status outbox_restore(struct outbox *o, track_error *err)
{
    TRY(spool_folder_meta(o->folder.dir, &o->arena, &o->meta, err));
    AUTO_ARENA work = ARENA(OUTBOX_ARENA_BYTES);
    const struct note *notes = NULL;
    TRY(spool_notes_open(o->folder.dir, &work, &o->notes, &notes, err));
    TRY(spool_ops_open(o->folder.dir, &o->ops, err));
    spool_reader_init(&o->reader, o->folder.dir, o->meta.segment_bytes);
    for (uint64_t i = 0; i < o->notes.count; i++) {
        TRY(outbox_take(o, &notes[i], err));
    }
    if (!o->live) {
        uint64_t first = 0;
        TRY(spool_reader_find(&o->reader, &first, &o->dead_end, err));
        outbox_drop_removed(o, first);
        o->cut_slot = first > o->cut_slot ? first : o->cut_slot;
    }
    return TRACK_OK;
}

track_status outbox_open(struct outbox *o, const struct spool_folder *folder, struct spool *live,
                         track_error *err)
{
    o->arena.limit_bytes = 1 << 20;
    o->notes.fd = o->ops.fd = o->reader.fd = -1;
    o->epoch = -1;
    o->folder = *folder;
    o->live = live;
    track_status status = outbox_restore(o, err);
    if (status != TRACK_OK) {
        o->folder.dir = o->folder.lock = -1; /* stays the caller's */
        outbox_close(o);
    }
    return status;
}

void outbox_close(struct outbox *o)
{
    spool_reader_close(&o->reader);
    spool_notes_close(&o->notes);
    spool_ops_close(&o->ops);
    spool_folder_release(&o->folder);
    free(o->cuts);
    o->cuts = NULL;
    o->cut_count = o->cut_room = 0;
    arena_release(&o->arena);
}

track_status outbox_note_missed(struct outbox *o, track_error *err)
{
    uint64_t lost = o->live ? atomic_load(&o->live->lost) : 0;
    if (lost <= atomic_load(&o->missed)) {
        return TRACK_OK;
    }
    TRY(spool_notes_add(&o->notes, &(struct note){.kind = NOTE_MISSED, .value = (int64_t)lost},
                        err));
    atomic_store(&o->missed, lost);
    return TRACK_OK;
}

track_status outbox_end(struct outbox *o, const struct outbox_end *end, track_error *err)
{
    (void)!outbox_note_missed(o, err); /* the end counts, whatever becomes of this */
    struct note note = {.kind = NOTE_END,
                        .from = end->slots,
                        .value = end->state,
                        .time_us = end->time_us,
                        .exit_code = end->exit_code,
                        .signal_number = end->signal_number};
    track_status status = spool_notes_add(&o->notes, &note, err);
    o->end = *end;
    atomic_store_explicit(&o->ended, true, memory_order_release);
    return status;
}

void outbox_keep_refused(struct outbox *o, const char *name, struct bytes what,
                         const struct transport_reply *answer)
{
    char path[128];
    mkdirat(o->folder.dir, "refused", 0700);
    snprintf(path, sizeof(path), "refused/%s", name);
    int fd = openat(o->folder.dir, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd >= 0) {
        (void)!write(fd, what.at, what.size);
        close(fd);
    }
    snprintf(path, sizeof(path), "refused/%s.answer", name);
    fd = openat(o->folder.dir, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd >= 0) {
        (void)!write(fd, answer->body.at, answer->body.size);
        close(fd);
    }
}

track_status outbox_request(struct outbox *o, const struct outbox_call *call,
                            struct transport_request *rq, struct transport_reply *reply,
                            track_error *err)
{
    AUTO_BUF url = BUF(16 * 1024);
    buf_text(&url, o->meta.url);
    if (strncmp(rq->url, "/api/", 5) != 0) {
        buf_text(&url, "/api/v1/runs/");
        buf_text(&url, o->meta.run);
    }
    buf_text(&url, rq->url);
    buf_byte(&url, 0);
    struct bytes text;
    TRY(buf_end(&url, &text, err));
    rq->url = (const char *)text.at;
    rq->timeout_ms = call->timeout_ms;
    buf_release(&reply->body);
    *reply = (struct transport_reply){.body = BUF(reply->body.limit_bytes)};
    track_error why = {0};
    track_status status = transport_send(call->t, rq, reply, &why);
    if (outbox_is_refusal(status)) { /* only a reply refuses, nothing on the way to it */
        status = TRACK_UNREACHABLE;
    }
    return status == TRACK_OK ? TRACK_OK : FAIL(err, status, "%s", why.message);
}

/* True if its process died in track_start_run: the server never heard of it, nor will it. */
static bool outbox_is_stillborn(struct outbox *o)
{
    return !o->live && o->dead_end == 0 && o->next_seq == 0 && spool_ops_bytes(&o->ops) == 0;
}

track_status outbox_step(struct outbox *o, struct transport *t, int64_t timeout_ms,
                         track_error *err)
{
    struct outbox_call call = {t, timeout_ms};
    if (outbox_is_stillborn(o)) {
        spool_folder_remove(&o->folder);
        atomic_store(&o->done, true);
        return TRACK_OK;
    }
    track_status asked = outbox_send_ops(o, &call, err);
    if (atomic_load(&o->ops_done) == 0) {
        TRY(asked); /* the run is not there yet */
    }
    track_error why = {0};
    track_status sent = outbox_send_frames(o, &call, &why); /* does not wait for a large file */
    TRY(asked);
    if (sent != TRACK_OK) {
        return FAIL(err, sent, "%s", why.message);
    }
    bool dead = false;
    uint64_t slots = outbox_slots(o, &dead);
    bool all = o->cut_count == 0 && o->cut_slot >= slots;
    if (dead && all && atomic_load(&o->ops_done) >= spool_ops_bytes(&o->ops)) {
        TRY(outbox_send_end(o, &call, err));
    }
    return TRACK_OK;
}

track_status outbox_hold(struct outbox *o, uint64_t next_seq, track_error *err)
{
    struct note note = {.kind = NOTE_HELD, .seq = next_seq};
    TRY(spool_notes_add(&o->notes, &note, err)); /* before its slots go: a kill may come between */
    outbox_drop_held(o, next_seq);
    if (o->live) {
        spool_remove_below(o->live, atomic_load(&o->held_slot));
    }
    return TRACK_OK;
}
