/* journal_append - frames into the database, in the writer's transaction.
 *
 *     append_load(&a, db, err)      the run and the writer as they are
 *     a.body = ...                  frames, which may be made only now
 *     append_store(&a, db, err)     one row, the watermark, new keys
 *
 * For journal.c, whose frames came from outside, and journal_points.c, which makes them.
 * Uses: journal, journal_body, store.  The writer's thread.
 */
#ifndef SERVER_JOURNAL_APPEND_H
#define SERVER_JOURNAL_APPEND_H
#include "journal.h"
#include "journal_body.h"
#include "store_base.h"

struct append {
    struct journal_append *call;
    struct bytes writer;     /* [16] */
    const struct body *body; /* before append_store */
    bool closes;             /* the writer counts as closed afterwards */
    /* as append_load finds it */
    struct run_brief run;
    bool fresh;                               /* the writer is new */
    int64_t next_seq, next_key, gaps, points; /* of the writer */
    struct bytes recent;
    size_t first; /* append_store's: the first frame that is new */
};

/* Loads the run and the writer, which is made at first contact, and fills what call says of them.
 *
 * TRACK_NOT_FOUND, TRACK_CONFLICT  no such run; it is in the trash.
 */
track_status append_load(struct append *a, struct db *db, track_error *err);

/* Stores the frames that are new.  What the ticket of journal_append says.
 *
 * Tests: tests/server/test_journal.c
 */
track_status append_store(struct append *a, struct db *db, track_error *err);
#endif
