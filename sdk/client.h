/* client - a server, the threads that work for it, and the runs that log to it.
 *
 * Threads, started with the first run:
 *   sender  steps the outbox of each run, and of spools that dead processes left; talks to the
 * server. keeper  readies segments ahead of the log calls and makes them durable every five
 * seconds.
 *
 * Locks, none taken under another but in this order: run->lock, client->lock, spool->grow.  Nobody
 * holds client->lock during a request or a system call that may wait.
 * Uses: outbox, settings, transport, track.h.
 */
#ifndef SDK_CLIENT_H
#define SDK_CLIENT_H
#include "outbox.h"
#include "settings.h"
#include "track.h"

enum {
    SENDER_TICK_MS = 1000,
    SENDER_DELAY_MIN_MS = 500,
    SENDER_DELAY_MAX_MS = 60000,
    SENDER_PAUSE_MS = 600000, /* after a status that does not go away by itself */
    SENDER_ORPHANS_MS = 60000,
    SENDER_ORPHANS_MAX = 4, /* sent beside the live runs */
    KEEPER_TICK_MS = 1000,
    KEEPER_FLUSH_MS = 5000,
};

struct track_client {
    struct settings settings;
    int64_t drain_ms;
    uint64_t spool_bytes_max, segment_bytes;
    uint32_t names_max;
    atomic_uint *alive; /* a page that fork wipes: 1 in the process that made the client */
    _Atomic(struct track_run *) runs; /* newest first */

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t wake;  /* the sender: something to do */
    pthread_cond_t moved; /* others: a step ended */
    struct outbox *outboxes;
    bool kicked;
    bool sender_runs, keeper_runs;
    /* The sender's.  Opened by the thread that starts it: libcurl's own lock must not be held by a
     * thread that a fork leaves behind, or the child waits for it for ever. */
    struct transport *transport;
    pthread_t sender, keeper;
    sem_t keep;           /* the keeper: a segment is wanted, or stop */
    atomic_bool stopping; /* ends both threads and what they wait for */
    int64_t orphans_ms;   /* when spools of the dead are looked for next */
    unsigned said;        /* bit s: the line for status s was printed */
};

/* Prints a line "track: ..." to stderr, unless the client is quiet. */
void client_say(const track_client *client, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same, once for each status. */
void client_say_once(track_client *client, track_status status, const char *message);

/* The line for what the server refused; struct outbox.refused_say. */
void client_say_refused(void *client, const char *message);
void client_say_plain(void *client, const char *message);

/* A client with the settings of another one, for a child made by fork. */
track_status client_copy(const track_client *from, track_client **out, track_error *err);
/* True in the process that made it. */
bool client_is_here(const track_client *client);
/* A page that is zero in a child; NULL when there is none.  *page is 1. */
atomic_uint *client_make_page(void);
void client_free_page(atomic_uint *page);

/* Starts the threads that do not run yet.  TRACK_NOMEM: the system gives none. */
track_status client_start_threads(track_client *client, track_error *err);
/* Starts one thread with all signals blocked; false if the system gives none. */
bool client_start_thread(pthread_t *out, void *(*work)(void *), void *data);
void client_stop_threads(track_client *client);

/* Gives an outbox to the sender; takes it back, waiting for the step it is in. */
void sender_add(track_client *client, struct outbox *o);
void sender_remove(track_client *client, struct outbox *o);
/* Has all outboxes stepped now, also those that wait after a failure. */
void sender_kick(track_client *client);

/* Waits until done(data) is true, for at most timeout_ms.
 *
 *   o  whose failures end the wait: with its last failure once the server could not be reached
 * twice.
 *
 * TRACK_TIMEOUT, or a failure of o.
 */
struct sender_wait {
    struct outbox *o;
    bool (*done)(const struct outbox *o, const struct sender_wait *w);
    uint64_t slot, ops; /* for done */
    int64_t timeout_ms;
};
track_status sender_wait(track_client *client, const struct sender_wait *w, track_error *err);

void *sender_main(void *client);
void *keeper_main(void *client);

/* Sends the spools of a run that other writers of it left on this machine; struct outbox.siblings.
 */
track_status orphans_send_siblings(void *client, struct outbox *o, track_error *err);
/* Opens the spool at path when nobody holds it and it is meant for url; to be closed and freed.
 *
 * TRACK_CONFLICT  it is meant for another server; err names it.
 * Others as spool_folder_claim and outbox_open. */
track_status orphans_open(const char *path, const char *url, struct outbox **out, track_error *err);
/* True if all of it is sent, and it stays for what was refused. */
bool orphans_is_spent(const struct outbox *o);
/* Takes up to SENDER_ORPHANS_MAX spools that nobody holds and that are meant for this server. */
void orphans_take(track_client *client);
#endif
