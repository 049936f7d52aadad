/* store - projects, runs and what is known of them.
 *
 * The domain behind every facade: facades parse, call once, render.  Two kinds of calls:
 *
 *   reads   store_run_get(store, ..., arena, &run, err): one short read-only transaction; results
 *           are copied into the arena.
 *   writes  store_put_run(store, &call, err): checks what can be checked without the database,
 *           fills call.ticket and queues it.  TRACK_OK means queued: the outcome is
 *           call.ticket.status, and the outputs are filled, once ticket.done was called (or
 *           ticket_wait returned).  The caller sets ticket.arena (outputs go there), ticket.done
 * and done_data before; the whole call struct must live until then.
 *
 * Every write is a set operation: the same call again is harmless.  Times are us since 1970 UTC.
 * More nouns: store_run.h, store_fact.h, store_file.h, store_blob.h, journal.h; the store's own
 * side in store_base.h.
 * Uses: arena, bytes, fail, writer, live, blobs.  Any thread.
 */
#ifndef SERVER_STORE_H
#define SERVER_STORE_H
#include "../core/arena.h"
#include "../core/bytes.h"
#include "../core/fail.h"
#include "writer.h"

struct store; /* opaque: an opened data directory */
struct live;  /* live.h; may be absent */

struct store_options {
    const char *data;         /* directory; made with mode 0700 if it is absent */
    bool must_exist;          /* the directory and its database are not made */
    const struct db_ops *ops; /* NULL: SQLite */
    struct live *live;        /* told what changed; NULL: nobody is */
    int readers_max;          /* connections that read at once; 0: 4 */
    int read_limit_ms;        /* deadline of a read; 0: 5,000 */
    int64_t free_bytes_min;   /* uploads are refused below; 0: max(1 GiB, 2 % of the disk) */
    int64_t journal_max; /* points are refused while more bytes wait for the sealer; 0: never */
};

/* Opens the data directory: takes its lock, opens the database (making or migrating it) and starts
 * the writer.
 *
 *   out  close with store_close; set only on TRACK_OK.
 *
 * TRACK_CONFLICT     another trackd or an offline command holds the directory; err names its pid.
 * TRACK_INVALID      the directory is writable by its group or by everybody.
 * TRACK_UNSUPPORTED  the data was written by a newer trackd.
 * TRACK_CORRUPT      the database is damaged or not ours.
 * TRACK_IO           the directory cannot be made, opened or written; err says which and why.
 * TRACK_FULL, TRACK_NOMEM  as they say.
 *
 * Tests: tests/server/test_store.c
 */
track_status store_open(const struct store_options *options, struct store **out, track_error *err);

/* Does what is queued and closes everything.  No call may be running.  NULL is allowed. */
void store_close(struct store *s);

struct writer *store_writer(struct store *s);

/* Completes what time completes: runs whose writers fell silent (state unconfirmed), finishes that
 * waited for writers, uploads given up.  Called every few seconds by the reaper; waits for its own
 * ticket.
 *
 * The statuses of ticket_wait.
 */
track_status store_reap(struct store *s, int64_t now_us, track_error *err);

/* Bytes of the database, of its log and of the free disk; for /metrics and the free-space guard. */
struct store_sizes {
    int64_t database_bytes, log_bytes, free_bytes, disk_bytes;
};
track_status store_measure(struct store *s, struct store_sizes *out, track_error *err);

/* A project. */
struct project {
    int64_t node;
    int64_t number; /* what ~N in a URL means; from 0, Default */
    const char *id; /* 32 hex */
    const char *name;
    const char *note;
    int64_t created_us, updated_us;
    int64_t deleted_us;             /* 0: not deleted */
    int64_t runs, running, last_us; /* of runs outside the trash; last activity, 0: none */
};

struct project_list {
    const struct project *at; /* [count] */
    size_t count;
    const char *next; /* what the next page comes after; NULL: there is none */
};

/* Finds a project.
 *
 *   ref    its name, or ~NUMBER.
 *   out    texts in arena.
 *
 * TRACK_NOT_FOUND  no such project; a deleted one is found, with deleted_us.
 * TRACK_INVALID    neither a legal name nor ~NUMBER.
 */
track_status store_project_get(struct store *s, const char *ref, struct arena *arena,
                               struct project *out, track_error *err);

/* Projects, the one with the newest activity first.
 *
 *   after    next of the last page; NULL: from the start.
 *   limit    1..1000.
 */
struct project_page {
    const char *after;
    int limit;
};
track_status store_project_list(struct store *s, const struct project_page *page,
                                struct arena *arena, struct project_list *out, track_error *err);

/* Makes a project or changes it. */
struct project_set {
    struct ticket ticket;
    const char *ref;        /* name or ~NUMBER; a name that is not there is made, a number is not */
    const char *note;       /* NULL: unchanged */
    int deleted;            /* 1 into the trash, -1 out of it, 0 unchanged */
    bool create;            /* false: TRACK_NOT_FOUND when absent */
    int64_t now_us;         /* stamped at the edge */
    struct project project; /* out: as it is now; with counts */
    bool created;           /* out */
};

/* Status of the ticket: TRACK_NOT_FOUND; TRACK_INVALID: an illegal name, a note over
 * NOTE_BYTES_MAX. */
track_status store_project_set(struct store *s, struct project_set *call, track_error *err);
#endif
