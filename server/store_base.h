/* store_base - the store from inside: what files of its layer share.
 *
 * Uses: store, db.  Not for facades.
 */
#ifndef SERVER_STORE_BASE_H
#define SERVER_STORE_BASE_H
#include "db.h"
#include "store_run.h"

/* A read-only connection with an open transaction under the read deadline.
 *
 *     AUTO_READ struct read r = {0};
 *     TRY(store_read_begin(s, &r, err));
 *     ... r.db ...                        copy results before the end of the block
 */
struct read {
    struct store *store;
    struct db *db;
};
#define AUTO_READ __attribute__((cleanup(store_read_end)))

/* TRACK_TIMEOUT  all connections were in use for the whole read deadline. */
track_status store_read_begin(struct store *s, struct read *out, track_error *err);
void store_read_end(struct read *r);

/* Queues a ticket: sets store and work. */
track_status store_submit(struct store *s, struct ticket *t,
                          track_status (*work)(struct ticket *, struct db *, track_error *),
                          track_error *err);

struct live *store_live(struct store *s); /* may be NULL */
int store_data_dir(struct store *s);      /* descriptor of the data directory */

/* The next number of the node sequence, inside a write transaction. */
track_status store_node_next(struct db *db, int64_t type, int64_t *out, track_error *err);
enum { NODE_PROJECT = 1, NODE_RUN, NODE_EXTERNAL };

/* The run with this id or node, inside a transaction. */
track_status run_get(struct db *db, const char *id, struct arena *arena, struct run *out,
                     track_error *err);
track_status run_get_node(struct db *db, int64_t node, struct arena *arena, struct run *out,
                          track_error *err);

/* The node of a run that may be written to.
 *
 * TRACK_NOT_FOUND  no such run.  TRACK_CONFLICT  it is deleted.
 */
track_status run_need(struct db *db, const char *id, int64_t *node, track_error *err);

/* The project named or numbered by ref, deleted or not; TRACK_NOT_FOUND, TRACK_INVALID. */
track_status project_need(struct db *db, const char *ref, int64_t *node, track_error *err);

/* Tells the hub that fields of a run changed; from `after`. */
void run_publish(struct store *s, const char *id, const char *fields);
#endif
