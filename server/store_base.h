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

/* Queues a ticket: sets store and work.
 *
 * TRACK_FULL  the disk is so full that only what ends runs and frees space is taken.
 * and the statuses of writer_submit.
 */
typedef track_status ticket_work(struct ticket *t, struct db *db, track_error *err);
track_status store_submit(struct store *s, struct ticket *t, ticket_work *work, track_error *err);

/* The same for what ends runs and frees space: taken however full the disk is. */
track_status store_submit_always(struct store *s, struct ticket *t, ticket_work *work,
                                 track_error *err);

/* The same for points and lines: t->bytes of them.
 *
 * TRACK_BUSY  so much waits in the journal that the sealer has to catch up first.
 */
track_status store_submit_points(struct store *s, struct ticket *t, ticket_work *work,
                                 track_error *err);

/* A time for what arrives: now, but later than any given before, so that the order of times is that
 * of commits.  On the writer's thread. */
int64_t store_arrival(struct store *s, int64_t now_us);

/* How many bytes wait for the sealer, as it has just found. */
void store_note_journal(struct store *s, int64_t bytes);

/* Asks how full the disk is, for the store_submit calls that follow. */
track_status store_look_at_disk(struct store *s, track_error *err);

/* Free bytes of the disk below which uploads are refused. */
int64_t store_free_bytes_min(struct store *s, int64_t disk_bytes);

struct blobs *store_blobs(struct store *s);       /* blobs.h */
struct journal_book *store_book(struct store *s); /* journal_book.h */

/* The next number of the node sequence, inside a write transaction. */
enum node_type { NODE_PROJECT = 1, NODE_RUN, NODE_EXTERNAL };
track_status store_node_next(struct db *db, enum node_type type, int64_t *out, track_error *err);

/* Rows gathered into an arena, an unknown number of them: grown by doubling. */
struct gather {
    struct arena *arena;
    void *at;
    size_t count, room, size; /* size: of one element */
};
#define GATHER(a, type)                    \
    {                                      \
        .arena = (a), .size = sizeof(type) \
    }
/* Room for one more element, zeroed.  TRACK_NOMEM. */
track_status gather_add(struct gather *g, void **out, track_error *err);

/* What most calls ask of a run first. */
struct run_brief {
    int64_t node, project;  /* nodes */
    int64_t project_number; /* ~N */
    int64_t rev, epoch, seen_us, ended_us, deleted_us;
    bool stop;
    bool series_stale; /* its rows of table series are older than its points */
    bool has_forks;    /* other runs show points of it: store_branch.h */
    char state[16], final_state[16];
};

/* The run with this id.
 *
 * TRACK_NOT_FOUND  no such run.
 */
track_status run_find(struct db *db, const char *id, struct run_brief *out, track_error *err);

/* The same for one that may be written to.
 *
 * TRACK_CONFLICT  it is deleted.
 */
track_status run_need(struct db *db, const char *id, struct run_brief *out, track_error *err);

/* True while it has not ended, whatever is heard of it. */
bool run_is_open(const struct run_brief *run);

/* The whole run of a node. */
track_status run_get(struct db *db, int64_t node, struct arena *arena, struct run *out,
                     track_error *err);

/* Completes what waits for writers: gives a run with a final state that state when none of its
 * writers is open and was heard since silent_us.  *done: it has ended now. */
track_status run_complete(struct db *db, int64_t node, int64_t silent_us, bool *done,
                          track_error *err);

/* TRACK_INVALID  not 32 lower-case hex digits. */
track_status run_check_id(const char *id, track_error *err);

/* TRACK_INVALID  name or note of a RUN_PATCH is not legal. */
track_status run_check_patch(const struct run_change *call, track_error *err);

/* Fills writers and count of out with the writers of a run. */
track_status run_writers(struct db *db, int64_t node, struct arena *arena, struct run_receipt *out,
                         track_error *err);

/* The node of the project named or numbered by ref, deleted or not.
 *
 * TRACK_NOT_FOUND  no such project.  TRACK_INVALID  no legal name.
 */
track_status project_need(struct db *db, const char *ref, int64_t *node, track_error *err);

/* The same; makes it if ref is a name that is not there.  *created says so. */
track_status project_make(struct db *db, const char *ref, int64_t now_us, int64_t *node,
                          bool *created, track_error *err);

/* What store_param_set and store_tag_set check and write, for a run that is being made. */
struct fact;
struct fact_set;
track_status fact_check_params(const struct fact *facts, size_t count, track_error *err);
track_status fact_check_tags(const struct fact *facts, size_t count, track_error *err);
track_status fact_put_params(struct db *db, int64_t run, const struct fact *facts, size_t count,
                             track_error *err);
track_status fact_put_tags(struct db *db, int64_t run, const struct fact_set *set,
                           track_error *err);

/* Two words and a number made from a run's id, "calm-otter-42", into out[RUN_NAME_BYTES]. */
enum { RUN_NAME_BYTES = 32 };
void run_make_name(const char *id, char *out);

/* Tells the hub; detail is static text, or "". */
struct ticket;
void run_publish(const struct ticket *t, int kind, const char *run, const char *detail);
#endif
