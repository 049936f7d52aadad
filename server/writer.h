/* writer - the one thread that writes.
 *
 * Whoever changes something fills a ticket and queues it.  The thread takes what is queued (at most
 * WRITER_GROUP_TICKETS or WRITER_GROUP_BYTES), begins, does each ticket's work in a savepoint,
 * commits durably, and only then completes them all: one fsync for many requests.  What was queued
 * during the last commit is the next group; nobody waits for a clock.
 *
 * Every ticket must be safe to repeat: after a commit of unknown outcome the group runs again.
 * Uses: db, clock.  Any thread may submit; work, after and done run on the writer's thread.
 */
#ifndef SERVER_WRITER_H
#define SERVER_WRITER_H
#include "../core/arena.h"
#include "../core/fail.h"

#include <stdint.h>

enum {
    WRITER_GROUP_TICKETS = 64,
    WRITER_GROUP_BYTES = 4 << 20,
    WRITER_QUEUE_TICKETS = 4096,
    WRITER_QUEUE_BYTES = 64 << 20,
};

struct db;
struct db_ops;
struct store;
struct writer; /* opaque */

/* A write on its way.  First member of the struct of the call; lives, like everything it points to,
 * until done has been called.  Between writer_submit and done it belongs to the writer. */
struct ticket {
    struct ticket *next; /* the queue's */
    /* Checks and writes; a status other than TRACK_OK undoes what this ticket wrote, no other's.
     * May run more than once: outputs are set anew each time. */
    track_status (*work)(struct ticket *t, struct db *db, track_error *err);
    /* After the commit, only where status is TRACK_OK; may be NULL: caches and live events. */
    void (*after)(struct ticket *t);
    /* Last touch: resumes whoever waits.  NULL: ticket_wait. */
    void (*done)(struct ticket *t);
    void *done_data;
    struct store *store; /* what the call was made on, for work and after */
    int64_t project;     /* number of the project it changed, for after */
    struct arena *arena; /* of the request: outputs go there; NULL where there are none */
    size_t bytes;        /* what it holds in memory, for the queue's limit; 0 is counted as 1 KiB */
    track_status status; /* how it ended; valid in done and later */
    track_error err;     /* with it */
    bool finished;       /* guarded by the writer's lock */
};

struct writer_counts {
    uint64_t groups, tickets, retries; /* since the start */
    uint64_t commit_us;                /* time spent in COMMIT, all together */
    size_t queue_tickets, queue_bytes; /* now */
};

/* Starts the thread.
 *
 *   ops, path  the database; the writer opens its own connection, migrates it and prepares every
 *              statement before this returns.  path is kept, not copied.
 *   out        close with writer_close; set only on TRACK_OK.
 *
 * The statuses of db_open, db_migrate and db_prepare, and TRACK_NOMEM: no thread.
 *
 * Tests: tests/server/test_writer.c
 */
track_status writer_open(const struct db_ops *ops, const char *path, struct writer **out,
                         track_error *err);

/* Does what is queued, ends the thread, closes the connection.  NULL is allowed. */
void writer_close(struct writer *w);

/* Queues t; returns at once.
 *
 * TRACK_BUSY       the queue is full: WRITER_QUEUE_TICKETS or WRITER_QUEUE_BYTES; nothing was done
 *                  and done is not going to be called.
 * TRACK_READ_ONLY  the writer has stopped, because it is closing or because commits fail.
 *
 * Tests: tests/server/test_writer.c
 */
track_status writer_submit(struct writer *w, struct ticket *t, track_error *err);

/* Takes t back if it still waits in the queue: true, and done is not going to be called.  False: it
 * is being done or is done. */
bool writer_cancel(struct writer *w, struct ticket *t);

/* Waits for a ticket that has no done.
 *
 *   limit_ms  0: for ever.  A ticket that is being done is waited for in any case.
 *
 * The ticket's own status and error; TRACK_TIMEOUT: it waited in the queue for limit_ms and was
 * taken back.
 */
track_status ticket_wait(struct writer *w, struct ticket *t, int limit_ms, track_error *err);

void writer_count(struct writer *w, struct writer_counts *out);

/* True once commits fail for good: the process should end with a non-zero status. */
bool writer_failed(struct writer *w);
#endif
