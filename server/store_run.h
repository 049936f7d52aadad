/* store_run - runs and their life.
 *
 * The client makes the id (UUIDv7, 32 lower-case hex) and puts the run; all that follows is a set
 * operation on it.  A run ends by store_run_finish: it is complete when its writers have closed or
 * been silent for RUN_SILENT_US.  See store.h for how reads and writes are called.
 * Uses: store.
 */
#ifndef SERVER_STORE_RUN_H
#define SERVER_STORE_RUN_H
#include "store.h"

#define RUN_SILENT_US (INT64_C(300) * 1000000)

/* States, as text in the table and the API: queued running finished failed stopped preempted
 * unconfirmed (nothing heard for RUN_SILENT_US; never guessed as crashed). */
struct run {
    int64_t node, project;
    const char *id; /* 32 hex */
    const char *project_name;
    int64_t project_number;
    const char *name, *note;
    const char *kind;         /* train eval transform build reproduce other, or the caller's word */
    const char *state;        /* as shown: unconfirmed where nothing was heard */
    const char *final_state;  /* asked for by finish while writers are open; "" : none */
    const char *capture_mode; /* sdk launcher manual import */
    const char *client;       /* program that made it, "track/0.1.0" */
    const char *user, *host;  /* who and where, or "" */
    const char *parent;       /* id, or "" */
    int64_t created_us, started_us, ended_us, seen_us, updated_us, deleted_us; /* 0: not set */
    int64_t rev;       /* of its record: 1, one more with each reopening */
    int64_t epoch;     /* rewinds */
    int64_t exit_code; /* RUN_NO_CODE: none */
    int64_t signal;    /* 0: none */
    bool stop;         /* somebody asked it to stop */
    int64_t lost;      /* records that writers had to drop */
    int64_t next_seq;  /* sum over its writers: the version of its points and lines */
};
enum { RUN_NO_CODE = -1000 };

/* The run with this id, deleted or not.
 *
 * TRACK_NOT_FOUND  no such run.
 * TRACK_INVALID    not 32 lower-case hex digits.
 */
track_status store_run_get(struct store *s, const char *id, struct arena *arena, struct run *out,
                           track_error *err);

/* What a reference names: a full id, a unique start or end of one (6 hex digits or more), `latest`,
 * `latest~2`, `best:KEY:min`, `best:KEY:max`, `best:KEY` where the metric has a goal.  best reads
 * the series rows as they were last put: bring them up to date first (store_series.h).
 *
 *   project  name or ~NUMBER within which latest and best look; they need it.
 *   id       [33]; set only on TRACK_OK.
 *
 * TRACK_INVALID    no reference.
 * TRACK_NOT_FOUND  names nothing.
 * TRACK_CONFLICT   names several runs; err lists the first.
 */
track_status store_run_resolve(struct store *s, const char *project, const char *ref, char *id,
                               track_error *err);

/* capture_mode of a run that only joiners have named so far. */
#define RUN_JOINED "joined"

/* Makes a run; one that is there already stays as it is. */
struct run_put {
    struct ticket ticket;
    const char *id;
    const char *project; /* name or ~NUMBER; a name that is not there is made */
    const char *name;    /* NULL or "": two words and a number made from id */
    const char *note, *kind, *state, *capture_mode, *client, *parent; /* NULL: default */
    const char *user, *host;                                          /* NULL: "" */
    const struct fact *params; /* [param_count] what is said from the start; store_fact.h */
    const struct fact *tags;   /* [tag_count] */
    size_t param_count, tag_count;
    int64_t started_us;      /* 0: now */
    const char *fork_parent; /* id of the run that it is a fork of (store_branch.h); NULL: none */
    int64_t fork_step;
    int64_t now_us;
    struct run run; /* out */
    bool created;   /* out */
    bool adopted;   /* the run was there, made by a joiner; now it is known whose it is */
};

/* Status of the ticket: TRACK_INVALID: id, project, kind or state is not legal; TRACK_NOT_FOUND:
 * the parent or the project ~NUMBER; TRACK_CONFLICT: the id belongs to a run of another project, in
 * the trash, or of another origin; the run to fork from is in the trash or a fork too deep. */
track_status store_run_put(struct store *s, struct run_put *call, track_error *err);

enum run_change_kind {
    RUN_PATCH,       /* name, note, kind: what is not NULL */
    RUN_DELETE,      /* into the trash */
    RUN_RESTORE,     /* out of it */
    RUN_STOP,        /* sets run.stop, which the SDK learns from any reply */
    RUN_REOPEN,      /* rev + 1, state running; of a running run: nothing */
    RUN_REOPEN_LATE, /* a spool that comes late: rev + 1; returns to the state it had */
    RUN_FINISH,
};

/* Changes a run. */
struct run_change {
    struct ticket ticket;
    enum run_change_kind change;
    const char *id;
    const char *name, *note;   /* RUN_PATCH */
    const char *state;         /* RUN_FINISH: finished failed stopped preempted */
    int64_t exit_code, signal; /* RUN_FINISH; RUN_NO_CODE, 0: none */
    int64_t ended_us;          /* RUN_FINISH; 0: now */
    int64_t now_us;
    struct run run;                /* out: as it is now */
    const struct run_writer *open; /* out, RUN_FINISH: [open_count] writers waited for */
    size_t open_count;
};

/* Status of the ticket: TRACK_NOT_FOUND; TRACK_INVALID: an illegal name or state; TRACK_CONFLICT:
 * the run is deleted (all but RUN_RESTORE, RUN_DELETE), or RUN_FINISH of a run that ends or has
 * ended with another state. */
track_status store_run_change(struct store *s, struct run_change *call, track_error *err);

/* One producing process of a run. */
struct run_writer {
    struct bytes id; /* [16] */
    const char *name;
    const char *host;
    int64_t rank; /* -1: none */
    int64_t pid, lost;
    int64_t next_seq; /* frames held durably: 0..next_seq-1 */
    int64_t points;
    int64_t seen_us, closed_us; /* closed_us 0: open */
    int64_t sealed_frames;      /* that have left the journal for packs */
};

/* What is held durably of a run: answered at any time. */
struct run_receipt {
    struct run run;
    const struct run_writer *writers; /* [count], by id */
    size_t count;
};
track_status store_run_receipt(struct store *s, const char *id, struct arena *arena,
                               struct run_receipt *out, track_error *err);
#endif
