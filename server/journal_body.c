#include "journal_body.h"

#include "../core/hash.h"

#include <string.h>

void body_put_id(unsigned char *to, int64_t series)
{
    for (int i = 0; i < 8; i++) {
        to[i] = (unsigned char)((uint64_t)series >> (56 - 8 * i));
    }
}

/* How many frames in holds, going by their sizes; their CRCs are checked. */
static track_status count_frames(struct bytes in, size_t *out, track_error *err)
{
    struct frame_head head;
    *out = 0;
    for (size_t at = 0; at < in.size; at += head.size) {
        struct bytes left = {in.at + at, in.size - at};
        TRY(frame_decode_head(left, &head, err));
        if (++*out > BODY_FRAMES_MAX) {
            return FAIL(err, TRACK_TOO_LARGE, "a body has at most %d frames", BODY_FRAMES_MAX);
        }
    }
    return *out > 0 ? TRACK_OK : FAIL(err, TRACK_INVALID, "the body is empty: send frames");
}

static track_status copy_keys(const struct frame *f, struct arena *arena, struct body_frame *out,
                              track_error *err)
{
    struct body_key *keys = ARENA_ARRAY(arena, struct body_key, f->key_count);
    if (!keys) {
        return FAIL(err, TRACK_NOMEM, "no room for %zu keys", f->key_count);
    }
    for (size_t i = 0; i < f->key_count; i++) {
        keys[i].name = f->keys[i].name;
        keys[i].context = f->keys[i].context;
        TRY(hash_series(keys[i].name, keys[i].context, &keys[i].series, err));
    }
    out->keys = keys;
    return TRACK_OK;
}

/* Takes from the blocks what later steps ask: the greatest key, the least step. */
static void look_at_blocks(const struct frame *f, struct body *body, struct body_frame *out)
{
    for (size_t b = 0; b < f->block_count; b++) {
        const struct frame_block *block = &f->blocks[b];
        for (size_t c = 0; c < block->column_count; c++) {
            int64_t end = (int64_t)block->columns[c].key + 1;
            out->keys_end = end > out->keys_end ? end : out->keys_end;
            body->has_texts = body->has_texts || block->columns[c].texts;
            body->has_points = body->has_points || block->columns[c].values;
        }
        for (size_t r = 0; r < block->rows; r++) {
            body->step_min = block->steps[r] < body->step_min ? block->steps[r] : body->step_min;
            body->step_max = block->steps[r] > body->step_max ? block->steps[r] : body->step_max;
        }
    }
}

/* Checks that a frame goes with those before it. */
static track_status check_order(const struct frame_head *head, const struct body *body,
                                track_error *err)
{
    if (memcmp(head->writer, body->writer.at, FRAME_WRITER_BYTES) != 0) {
        return FAIL(err, TRACK_INVALID, "a body has frames of one writer");
    }
    if (head->kind == FRAME_HEARTBEAT || body->count == 0) {
        return TRACK_OK;
    }
    const struct body_frame *last = &body->frames[body->count - 1];
    if ((int64_t)head->seq != last->seq + 1) {
        return FAIL(err, TRACK_INVALID, "frame %lld follows frame %lld in one body",
                    (long long)head->seq, (long long)last->seq);
    }
    return head->epoch == body->epoch
               ? TRACK_OK
               : FAIL(err, TRACK_INVALID, "a body has frames of one epoch, not %u and %lld",
                      (unsigned)head->epoch, (long long)body->epoch);
}

/* Adds one decoded frame to the body. */
static track_status add(const struct frame *f, struct bytes bytes, struct arena *arena,
                        struct body *body, track_error *err)
{
    TRY(check_order(&f->head, body, err));
    if (f->head.kind == FRAME_HEARTBEAT) {
        return TRACK_OK;
    }
    struct body_frame *to = (struct body_frame *)(uintptr_t)&body->frames[body->count];
    *to = (struct body_frame){
        .bytes = bytes,
        .seq = (int64_t)f->head.seq,
        .count = (int64_t)f->head.count,
        .content_crc = f->head.content_crc,
        .first_key = f->first_key,
        .key_count = f->key_count,
    };
    if (f->key_count > 0) {
        TRY(copy_keys(f, arena, to, err));
    }
    if (body->count == 0) {
        body->epoch = f->head.epoch;
        body->gap_ok = (f->head.flags & FRAME_GAP_OK) != 0;
    }
    body->has_lines = body->has_lines || f->head.kind == FRAME_LINES;
    look_at_blocks(f, body, to);
    body->count++;
    return TRACK_OK;
}

/* Decodes one frame of in with memory of its own, so that a large body needs no more than a frame
 * does. */
static track_status decode_one(struct bytes in, size_t *at, struct arena *arena, struct body *body,
                               track_error *err)
{
    AUTO_ARENA work = ARENA(FRAME_ARENA_BYTES);
    struct bytes left = {in.at + *at, in.size - *at};
    struct frame_head head;
    struct frame f;
    TRY(frame_decode_head(left, &head, err));
    left.size = head.size;
    TRY(frame_decode(left, &work, &f, err));
    *at += head.size;
    return add(&f, left, arena, body, err);
}

/* An empty body with room for frames. */
static track_status begin(struct bytes in, size_t count, struct arena *arena, struct body *out,
                          track_error *err)
{
    *out = (struct body){
        .writer = {in.at + 16, FRAME_WRITER_BYTES},
        .frames = ARENA_ARRAY(arena, struct body_frame, count),
        .step_min = INT64_MAX,
        .step_max = INT64_MIN,
    };
    return out->frames ? TRACK_OK : FAIL(err, TRACK_NOMEM, "no room for %zu frames", count);
}

track_status body_of_frame(const struct frame *frame, struct bytes in, struct arena *arena,
                           struct body *out, track_error *err)
{
    TRY(begin(in, 1, arena, out, err));
    return add(frame, in, arena, out, err);
}

track_status body_decode(struct bytes in, struct arena *arena, struct body *out, track_error *err)
{
    size_t count;
    if (in.size > BODY_BYTES_MAX) {
        return FAIL(err, TRACK_TOO_LARGE, "a body has at most %d bytes, not %zu", BODY_BYTES_MAX,
                    in.size);
    }
    TRY(count_frames(in, &count, err));
    struct body body;
    TRY(begin(in, count, arena, &body, err));
    for (size_t at = 0; at < in.size;) {
        TRY(decode_one(in, &at, arena, &body, err));
    }
    *out = body;
    return TRACK_OK;
}
