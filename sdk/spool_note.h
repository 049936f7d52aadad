/* spool_note - cuts.trk: what was decided about sending, so that whoever goes on decides the same.
 *
 * Records of 64 bytes, appended; the last one of a kind counts.  Room is allocated ahead, so that a
 * full disk does not keep a spool from being sent.
 * Layout: schema/formats.md#spool
 * Uses:   arena, fail, hash.  Any thread.
 */
#ifndef SDK_SPOOL_NOTE_H
#define SDK_SPOOL_NOTE_H
#include "../core/arena.h"
#include "../core/bytes.h"

#include <pthread.h>

enum note_kind {
    NOTE_CUT = 1,  /* seq, frame, from, to, content: slots from..to-1 of that kind are frame seq */
    NOTE_HELD,     /* seq: the server holds all frames before it */
    NOTE_OPS,      /* value: the server has done all of ops.trk before this offset */
    NOTE_LOST,     /* value: lost records that the server was told of */
    NOTE_END,      /* value: state of the run, -1: only the writer ends; from: slots in all */
    NOTE_CLOSED,   /* the server closed the writer */
    NOTE_FINISHED, /* the server finished the run */
    NOTE_REFUSED,  /* seq: the server refused the frame; its key definitions go alone */
    NOTE_MISSED,   /* value: records that could not be kept so far */
    NOTE_EPOCH, /* value: epoch of frames from now on; from: behind the rewind that began it, with
                   its step in time_us; 0: it is that of the run's start */
};

struct note {
    uint32_t crc; /* of the other 60 bytes */
    uint16_t kind;
    uint16_t frame; /* enum frame_kind */
    uint64_t seq;
    uint64_t from, to;
    uint32_t content;
    uint32_t count; /* points or lines of the cut */
    int64_t value;
    int64_t time_us;                  /* END: when */
    int32_t exit_code, signal_number; /* END: of the command; -1000: none */
};

struct spool_notes {
    int fd;
    uint64_t count, room; /* records */
    pthread_mutex_t lock; /* guards count and room */
};

/* Opens cuts.trk of a folder, making it where it is missing, and reads it.
 *
 *   out    spool_notes_close.
 *   notes  [*count], in arena: those up to the first that is not whole.
 *
 * TRACK_IO, TRACK_FULL, TRACK_NOMEM.
 *
 * Tests: tests/sdk/test_spool_note.c, tests/e2e/test_sdk.py
 */
track_status spool_notes_open(int dir, struct arena *arena, struct spool_notes *out,
                              const struct note **notes, track_error *err);

/* Adds a note; its crc is filled.
 *
 * TRACK_FULL, TRACK_IO  it could not be written; there is nothing of it.
 */
track_status spool_notes_add(struct spool_notes *n, const struct note *note, track_error *err);

/* Makes what was added durable.  TRACK_IO. */
track_status spool_notes_flush(struct spool_notes *n, track_error *err);

void spool_notes_close(struct spool_notes *n);
#endif
