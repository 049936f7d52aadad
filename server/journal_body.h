/* journal_body - a body of frames, checked whole and taken apart for the writer's thread.
 *
 * Decoding costs, so the thread that received the body does it; what the transaction needs of each
 * frame stays: its number, its CRC, its key definitions.  No frame that frame_decode refuses
 * reaches the journal, so no reader ever meets a bad one.
 * Uses: arena, bytes, frame, hash.  Pure; any thread.
 */
#ifndef SERVER_JOURNAL_BODY_H
#define SERVER_JOURNAL_BODY_H
#include "../core/arena.h"
#include "../core/bytes.h"
#include "../core/fail.h"
#include "../core/frame.h"

/* A definition: a series and its number for everybody. */
struct body_key {
    struct bytes name, context; /* in the body */
    int64_t series;             /* hash_series of them */
};

struct body_frame {
    struct bytes bytes; /* in the body */
    int64_t seq;
    int64_t count; /* points or lines */
    uint32_t content_crc;
    int64_t first_key; /* number of keys[0] */
    const struct body_key *keys;
    size_t key_count;
    int64_t keys_end; /* one more than the greatest key number that its blocks use; 0: none */
};

/* Consecutive frames of one writer and epoch, and heartbeats, which only say who lives. */
struct body {
    struct bytes writer; /* [16], in the body */
    int64_t epoch;
    const struct body_frame *frames; /* [count], heartbeats left out */
    size_t count;                    /* 0: heartbeats only */
    bool gap_ok;                     /* the first frame may be ahead of what is expected */
    bool has_points, has_texts, has_lines;
    int64_t step_min, step_max; /* of the points */
};

enum { BODY_FRAMES_MAX = 4096, BODY_BYTES_MAX = 4 << 20 };

/* Decodes in, which must outlive out.
 *
 *   arena  holds out's parts.
 *
 * TRACK_INVALID    no frame; a malformed one; frames of several writers or epochs, or not
 *                  consecutive.
 * TRACK_TOO_LARGE  over BODY_BYTES_MAX or BODY_FRAMES_MAX, or a frame over its limits.
 * TRACK_NOMEM      the arena's limit.
 *
 * Tests: tests/server/test_journal_body.c
 */
track_status body_decode(struct bytes in, struct arena *arena, struct body *out, track_error *err);

/* The body of one frame that was encoded here, and so needs no decoding.
 *
 *   frame  with head.count; its keys point to what lives as long as out.
 *   in     what frame_encode made of it.
 */
track_status body_of_frame(const struct frame *frame, struct bytes in, struct arena *arena,
                           struct body *out, track_error *err);

/* Writes a series number as a dictionary holds it: 8 bytes, big-endian. */
void body_put_id(unsigned char *to, int64_t series);
#endif
