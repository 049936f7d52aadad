/* live - what has just changed, for pages that are open.
 *
 * A ring of the last LIVE_EVENTS events; each has the id `<boot>.<counter>`.  Who comes with an id
 * goes on behind it; who comes with none, or one the ring no longer has, is told to reset.  An
 * event says what changed, not the new value: the page fetches again what it shows.
 * Uses: arena, clock.  Any thread.
 */
#ifndef SERVER_LIVE_H
#define SERVER_LIVE_H
#include "../core/arena.h"
#include "../core/fail.h"

#include <stdint.h>

enum { LIVE_EVENTS = 4096, LIVE_DETAIL_BYTES = 224, LIVE_ID_BYTES = 48 };

enum live_kind {
    LIVE_RESET,   /* you missed something: fetch everything */
    LIVE_POINTS,  /* run has new points */
    LIVE_LINES,   /* run has new console lines */
    LIVE_TEXT,    /* run has new text samples */
    LIVE_RUN,     /* fields of run changed: detail names them, separated by commas */
    LIVE_FILES,   /* files or inputs of run changed */
    LIVE_ALERTS,  /* run has a new alert */
    LIVE_PROJECT, /* project changed, or has a new run; run is "" */
};
const char *live_kind_name(enum live_kind kind); /* "reset", "points", ... */

struct live_event {
    uint64_t counter;
    enum live_kind kind;
    char run[33];                   /* id, or "" */
    int64_t project;                /* number; -1: not said */
    char detail[LIVE_DETAIL_BYTES]; /* see live_kind; "" where nothing is said */
};

struct live; /* opaque */

/*   out  close with live_close.  TRACK_NOMEM. */
track_status live_open(struct live **out, track_error *err);
void live_close(struct live *l); /* NULL is allowed */

/* wake(data) is called after each publication, on the publisher's thread: http.c resumes its
 * streams.  It must not call live_*.  Once live_set_wake(l, NULL, NULL) has returned, no wake is
 * running and none is going to be called.  NULL l: nothing. */
void live_set_wake(struct live *l, void (*wake)(void *data), void *data);

/* Adds an event; its counter is filled in.  NULL l: nobody listens.  An event equal to the newest
 * one that nobody has read yet is folded into it. */
void live_publish(struct live *l, const struct live_event *event);

/* The place behind the newest event. */
uint64_t live_now(struct live *l);

/* Place of an id as the client sent it (Last-Event-ID); false: unknown, so reset. */
bool live_place(struct live *l, const char *id, uint64_t *after);

/* Copies events behind *after, which moves on.
 *
 *   out     [max].
 *   return  how many; one LIVE_RESET when *after has left the ring.
 */
size_t live_read(struct live *l, uint64_t *after, struct live_event *out, size_t max);

/* Writes the id of an event or place into id[LIVE_ID_BYTES]. */
void live_id(struct live *l, uint64_t counter, char *id);
#endif
