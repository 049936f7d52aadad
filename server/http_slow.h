/* http_slow - work that waits for the disk, away from the threads that serve connections.
 *
 * The end of an upload flushes a file, which may take seconds; a thread of the HTTP pool serves
 * hundreds of connections meanwhile.
 * Uses: fail.  Any thread may add.
 */
#ifndef SERVER_HTTP_SLOW_H
#define SERVER_HTTP_SLOW_H
#include "../core/fail.h"

struct slow;

/* One piece of work.  Lives until run has been called; run may free it. */
struct slow_work {
    struct slow_work *next; /* the queue's */
    void (*run)(struct slow_work *work);
};

/* Starts the threads.
 *
 *   out  close with slow_close; set only on TRACK_OK.
 *
 * TRACK_NOMEM  no memory or no thread.
 *
 * Tests: tests/server/test_slow.c
 */
track_status slow_open(struct slow **out, track_error *err);

/* Does what was added and ends the threads.  NULL is allowed. */
void slow_close(struct slow *s);

/* Adds work; it is begun in the order of addition. */
void slow_add(struct slow *s, struct slow_work *work);
#endif
