/* journal - frames on their way to disk, each exactly once.
 *
 * A frame is stored as one row in the transaction that moves its writer's watermark (next_seq):
 * sent again it changes nothing, and what was acknowledged is there after any crash.  See store.h
 * for how writes are called.
 * Uses: store, frame.
 */
#ifndef SERVER_JOURNAL_H
#define SERVER_JOURNAL_H
#include "store_run.h"

enum { JOURNAL_WRITER_BYTES = 16, JOURNAL_RECENT = 16 };

/* Frames of one writer of one run, as one request body holds them: consecutive seq, or heartbeats
 * (kind 3), which only say that the writer lives. */
struct journal_append {
    struct ticket ticket;
    const char *run;   /* id */
    struct bytes body; /* 1..n frames one after the other; each was checked whole by frame_decode */
    int64_t now_us;
    int64_t run_node;    /* out */
    int64_t next_seq;    /* out, also with TRACK_CONFLICT from a gap: the seq to send next */
    int64_t points;      /* out: points and lines that were new */
    bool duplicate;      /* out: nothing was new */
    bool stop;           /* out: somebody asked the run to stop */
    int64_t epoch;       /* out: of the run */
    bool rewound;        /* out: the frames are of an earlier one: visible up to rewound_to */
    int64_t rewound_to;  /* out, with rewound */
    char state[16];      /* out: of the run */
    bool repeated_steps; /* out: the writer takes the place of another and goes over its steps again
                          */
    bool gap;            /* out, with TRACK_CONFLICT: seq is ahead of next_seq */
    const struct body *decoded; /* for the writer's thread: journal_body.h */
};

/* Decodes and checks every frame of body on this thread, then queues.
 *
 *   call  ticket.arena is needed, with room for the key definitions; body lives as long as call.
 *
 * TRACK_INVALID    no frame, a malformed frame, frames of several writers or with gaps between
 *                  them.
 * TRACK_TOO_LARGE  a frame over 1 MiB or with too many points.
 * TRACK_BUSY       the queue is full.
 *
 * Status of the ticket: TRACK_NOT_FOUND: no such run; TRACK_CONFLICT: the run is deleted; it has
 * finished (reopen it); seq is ahead of next_seq (gap is set); the same seq came with other
 * content; TRACK_INVALID: an epoch the run has not reached, a key number without definition, a seq
 * over SEQ_MAX.
 *
 * Tests: tests/server/test_journal.c
 */
track_status journal_append(struct store *s, struct journal_append *call, track_error *err);

/* ticket.after of calls that are a journal_append with decoded filled: live events. */
void journal_append_after(struct ticket *t);

/* More than any writer can have dropped or sent; sums over the writers of a run stay within int64.
 */
#define LOST_MAX (INT64_C(1) << 40)
#define SEQ_MAX  (INT64_C(1) << 40)

/* Introduces a writer with what is known of it, or closes it: it sends nothing more. */
struct journal_writer {
    struct ticket ticket;
    const char *run;
    struct bytes writer;     /* [16] */
    const char *name, *host; /* NULL: unchanged */
    int64_t rank;            /* -1: unchanged */
    int64_t pid;             /* 0: unchanged */
    int64_t lost;            /* records that it had to drop so far, to LOST_MAX; 0: unchanged */
    const char *lost_why;    /* with lost; NULL: not said */
    bool close;
    int64_t last_seq; /* close: seq of its last frame; -1: it sent none */
    int64_t points;   /* close: how many points it sent in all; -1: not said */
    int64_t now_us;
    int64_t next_seq; /* out, also with TRACK_CONFLICT */
    bool stop;        /* out: somebody asked the run to stop */
    int64_t epoch;    /* out: of the run */
    char state[16];   /* out: of the run */
    bool complete;    /* out: the run has ended with this close */
};

/* Status of the ticket: TRACK_NOT_FOUND: no such run; TRACK_INVALID: writer is not 16 bytes;
 * TRACK_CONFLICT: frames up to last_seq are missing (next_seq says from where), or more are there.
 *
 * Tests: tests/server/test_journal.c
 */
track_status journal_writer(struct store *s, struct journal_writer *call, track_error *err);

/* The journal of a run, for tail.c and check.c (store layer): rows of one writer from a seq on. */
struct journal_row {
    struct bytes writer; /* [16] */
    int64_t seq_lo, seq_hi, epoch, points, recv_us;
    struct bytes body; /* one or more frames */
};
typedef track_status journal_visit(void *data, const struct journal_row *row, track_error *err);

/* Calls fn for each row of the range, by writer and seq.
 *
 *   fn  row->body is valid inside the call only.
 */
struct db;
struct journal_range {
    int64_t run_node;
    struct bytes writer; /* [16], or size 0: all writers */
    int64_t from_seq;    /* rows with seq_hi >= from_seq, of each writer */
};
track_status journal_each(struct db *db, const struct journal_range *range, journal_visit *fn,
                          void *data, track_error *err);

/* A writer's dictionary of key numbers, in the order of definition. */
struct journal_key {
    int64_t number;
    int64_t series; /* series_key id */
    const char *name, *context;
};
struct journal_keys {
    const struct journal_key *at; /* [count], by number */
    size_t count;
};
track_status journal_key_list(struct db *db, int64_t run_node, struct bytes writer,
                              struct arena *arena, struct journal_keys *out, track_error *err);
#endif
