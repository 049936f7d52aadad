/* outbox - sends one spool.
 *
 * The same for the spool of a live run and for one that a dead process left: requests first, then
 * frames, then, once the run has ended, close, finish, receipt.  What was decided stands in
 * cuts.trk before it is sent, so that another process decides the same; what the server holds is
 * never sent under another number.
 *
 * A step does what can be done now and returns; the caller repeats it, after a pause when it
 * failed.
 * Uses: answer, blocks, frame, spool*, transport.  One thread steps; what others may read or set
 * says so.
 */
#ifndef SDK_OUTBOX_H
#define SDK_OUTBOX_H
#include "answer.h"
#include "spool.h"
#include "spool_folder.h"
#include "spool_note.h"
#include "spool_op.h"
#include "spool_scan.h"

enum {
    OUTBOX_BODY_BYTES = 1 << 20, /* frames sent in one request, about */
    OUTBOX_HEARTBEAT_MS = 30000,
    OUTBOX_NO_CODE = -1000,
};

/* A frame that was cut and is not held by the server yet. */
struct outbox_cut {
    uint64_t seq;
    uint64_t from, to; /* slots */
    uint32_t count;    /* points or lines */
    uint16_t frame;    /* enum frame_kind */
    bool refused;      /* only its key definitions go */
};

/* How a run ends; NOTE_END. */
struct outbox_end {
    int64_t state; /* enum track_state, or -1: only the writer ends */
    uint64_t slots;
    int64_t time_us;
    int exit_code, signal_number;
};

struct outbox {
    struct spool_folder folder;
    struct spool_meta meta; /* texts in arena */
    struct arena arena;
    struct spool *live; /* NULL: its process is gone */
    struct spool_notes notes;
    struct spool_ops ops;
    struct spool_reader reader;
    struct outbox_cut *cuts; /* [cut_count], not held yet, by seq */
    size_t cut_count, cut_room;
    uint64_t next_seq;       /* of the next cut */
    uint64_t cut_slot;       /* slots below are cut */
    uint64_t dead_end;       /* where a dead spool ends */
    uint64_t torn;           /* records that the process died in */
    _Atomic uint64_t missed; /* records that could not be kept, as noted */
    uint64_t lost_told;      /* lost records that the server knows of */
    bool closed, finished;   /* writer and run, on the server */
    bool one_by_one;         /* a frame was refused: find out which */
    int64_t epoch;           /* of frames; -1: the server has not said yet */
    bool rewind_due;         /* at cut_slot stands a rewind to due_step */
    int64_t due_step;
    bool rewound; /* this writer's last rewind was to rewind_step */
    int64_t rewind_step;
    unsigned reopened;                    /* times in a row */
    int64_t sent_ms;                      /* last request with frames */
    struct outbox_end end;                /* valid once `ended` */
    atomic_bool ended;                    /* set by the run, after `end` */
    atomic_bool done;                     /* the server holds all; the folder is removed */
    atomic_bool stop;                     /* somebody asked the run to stop */
    _Atomic uint64_t held_slot, ops_done; /* the server holds what is below */
    _Atomic uint64_t held, counted;       /* points and lines: held, and cut in all */
    _Atomic uint64_t refused;             /* points and lines in refused frames, and requests */
    /* Called before the run is finished, to send what other writers of it left here; may be NULL.
     */
    track_status (*siblings)(void *data, struct outbox *o, track_error *err);
    void *siblings_data;
    /* Called with siblings_data when the server first refuses a request, then NULL; may be NULL. */
    void (*refused_say)(void *data, const char *message);
    /* Called with siblings_data for what a person should know; may be NULL. */
    void (*say)(void *data, const char *message);
    bool said_rewound, said_repeated; /* once each */
    /* Of the sender, under its lock. */
    struct outbox *next;
    bool busy;        /* being stepped */
    bool keep;        /* leave the folder when all is sent */
    bool own;         /* found by the sender, which frees it */
    int64_t retry_ms; /* not stepped before */
    int64_t delay_ms;
    uint64_t steps;   /* that ended, well or not */
    track_error fail; /* of the last one; status TRACK_OK: none */
};

/* Opens the outbox of a folder that is held.
 *
 *   o       zeroed; takes folder over on TRACK_OK.
 *   live    the run's spool; NULL: nobody writes any more.
 *
 * TRACK_CORRUPT  meta.json is damaged.  TRACK_IO, TRACK_FULL, TRACK_NOMEM.
 */
track_status outbox_open(struct outbox *o, const struct spool_folder *folder, struct spool *live,
                         track_error *err);

/* Sends what is there.  TRACK_OK: nothing is left to do now; o->done: ever.
 *
 * Statuses of transport_send and of the server.  Refused requests and frames are not failures: they
 * are kept in refused/ and counted.
 *
 * Tests: tests/e2e/test_sdk.py
 */
track_status outbox_step(struct outbox *o, struct transport *t, int64_t timeout_ms,
                         track_error *err);

/* Notes how many records could not be kept, where there are more than before, so that whoever sends
 * the spool can say it; any thread.  TRACK_IO, TRACK_FULL. */
track_status outbox_note_missed(struct outbox *o, track_error *err);

/* Writes the end mark; any thread, once.  TRACK_IO, TRACK_FULL. */
track_status outbox_end(struct outbox *o, const struct outbox_end *end, track_error *err);

/* Lets go of the folder and frees what it has. */
void outbox_close(struct outbox *o);

/* ---- between its files ----------------------------------------------------------------------- */

struct outbox_call {
    struct transport *t;
    int64_t timeout_ms;
};

/* Sends one request of the outbox; path is below "/api/v1/runs/<run>". */
track_status outbox_request(struct outbox *o, const struct outbox_call *call,
                            struct transport_request *rq, struct transport_reply *reply,
                            track_error *err);
track_status outbox_send_ops(struct outbox *o, const struct outbox_call *call, track_error *err);
track_status outbox_send_frames(struct outbox *o, const struct outbox_call *call, track_error *err);
track_status outbox_send_end(struct outbox *o, const struct outbox_call *call, track_error *err);
/* Asks to send what comes late to a run that has ended on the server. */
track_status outbox_reopen(struct outbox *o, const struct outbox_call *call, track_error *err);
/* Takes a cut that was noted; remembers that the server holds every frame before next_seq. */
track_status outbox_take_cut(struct outbox *o, const struct note *n, track_error *err);
track_status outbox_hold(struct outbox *o, uint64_t next_seq, track_error *err);
/* outbox_epoch.c: frames belong to the epoch that the run had when this writer began, until it
 * rewinds.  A rewind is sent once the server holds all that was logged before it, so that the order
 * of frames and rewinds is that of the log calls, offline too.
 *
 *   began   the answer to the run's creation.
 *   rewind  sends the one that is due.
 *   heard   an answer to frames.  The ranks of a run go back together: a rewind by another one to
 * the step of this writer's last is followed.
 *
 * What outbox_request and spool_notes_add say.
 * Tests: tests/e2e/test_sdk_rewind.py
 */
track_status outbox_epoch_began(struct outbox *o, const struct transport_reply *reply,
                                track_error *err);
track_status outbox_epoch_rewind(struct outbox *o, const struct outbox_call *call,
                                 track_error *err);
track_status outbox_epoch_heard(struct outbox *o, const struct answer_appended *answer,
                                track_error *err);
/* Slots that exist, and whether more may come. */
uint64_t outbox_slots(const struct outbox *o, bool *dead);
/* Keeps what the server refused, with its answer, below refused/. */
void outbox_keep_refused(struct outbox *o, const char *name, struct bytes what,
                         const struct transport_reply *answer);
/* True for statuses by which a server says no for good. */
bool outbox_is_refusal(track_status status);
#endif
