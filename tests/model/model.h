/* model - the protocol of journal, packs and blobs, played by many at once, in random order.
 *
 * Clients append, sealers seal, mergers merge, collectors collect, readers read, others upload
 * files: two of each and no lease at all, so that everybody gets in everybody's way.  Each step is
 * one transaction or one access to bytes.  Between steps anybody may be killed, or sleep for days,
 * and a commit may end without an answer.  The transactions are those of the server on a real
 * database; only bytes of objects are a table in memory, because there anything may happen to them.
 *
 * A mutant leaves one safeguard out.  If no schedule notices that, the safeguard is not needed or
 * the model too tame.
 * Uses: store_pack, store_object, db.
 */
#ifndef TESTS_MODEL_MODEL_H
#define TESTS_MODEL_MODEL_H
#include "../../server/blobs.h"
#include "../../server/db.h"
#include "../../server/store_pack.h"

enum without {
    WITHOUT_NOTHING,         /* the server as it is */
    WITHOUT_WATERMARK,       /* a frame is stored again when it is sent again */
    WITHOUT_COMMIT,          /* a commit without an answer counts as done */
    WITHOUT_SEAL_COUNT,      /* nobody asks whether all rows of a seal were there */
    WITHOUT_MERGE_COUNT,     /* nor all packs of a merge */
    WITHOUT_ONE_TRANSACTION, /* rows go first, the pack comes later */
    WITHOUT_INTENT,          /* adopting does not ask for the loose row */
    WITHOUT_INTENT_FIRST,    /* the loose row is written after the bytes */
    WITHOUT_UNIQUE_LOCATION, /* bytes are named by their digest alone */
    WITHOUT_LOSER,           /* bytes that were not needed are forgotten */
    WITHOUT_REFERENCES,      /* a blob goes although a row names it */
    WITHOUT_BLOB_GRACE,      /* it goes before the one who sent it has named it */
    WITHOUT_OBJECT_GRACE,    /* bytes go under a reader */
    WITHOUT_BYTES_FIRST,     /* the loose row goes before the bytes */
    WITHOUT_COUNT
};

enum {
    MODEL_WRITERS = 2,
    MODEL_BATCHES = 48, /* of a schedule; contents are bits of a uint64_t */
    MODEL_OBJECTS = 1024,
    MODEL_RANGES = 32,
    MODEL_OLDS = 4,
    MODEL_RUN = 7, /* its node */
};

/* What a pack or a file holds: as bytes, 16 of them. */
struct piece {
    uint64_t set; /* bit c: the points of content c */
    int64_t level;
    unsigned char digest[32];
    char loc[BLOBS_LOC_BYTES + 1]; /* "": in a row */
    unsigned char data[16];
    int64_t expected_us; /* when its loose row was asked for; 0: not yet */
};

/* One frame as its client has it. */
struct batch {
    int writer, content;
    int64_t seq;
    bool sent, acked; /* sent: it may be stored */
};

/* Bytes in the place for objects. */
struct stored {
    char loc[BLOBS_LOC_BYTES + 1];
    uint64_t set;
    bool there;
};

enum kind { CLIENT, SEALER, MERGER, COLLECTOR, READER, UPLOADER, KINDS };

/* Somebody at work: between steps this is all that it remembers, and a crash takes it. */
struct actor {
    enum kind kind;
    int number; /* 0 or 1 */
    int at;     /* the next step; 0 begins */
    int64_t since_us;
    struct piece piece;
    struct pack_range ranges[MODEL_RANGES];
    size_t range_count;
    struct pack olds[MODEL_OLDS];
    size_t old_count;
    unsigned char digests[MODEL_OLDS][32]; /* of olds */
    char locs[MODEL_OLDS][BLOBS_LOC_BYTES + 1];
};

/* What happened, so that a test can tell that it was not nothing. */
struct model_counts {
    int appended, repeated, sealed, settled, merged, collected, removed, read, named;
    int refused, killed, unknown;
};

struct world {
    struct db *db;
    enum without without;
    uint64_t random; /* state */
    int64_t now_us;
    struct batch batches[MODEL_BATCHES];
    size_t batch_count;
    struct stored objects[MODEL_OBJECTS];
    size_t object_count;
    struct actor actors[2 * KINDS];
    struct model_counts counts;
    char violation[160]; /* "" none so far */
};

/* Plays one schedule; w->violation says what went wrong.  Leaves the database as it was.
 *
 *   db  migrated, no transaction open.
 */
track_status model_play(struct db *db, enum without without, uint64_t seed, struct world *w,
                        track_error *err);

/* What follows is for the actors. */

/* A number below n. */
uint64_t model_random(struct world *w, uint64_t n);
static inline bool model_chance(struct world *w, unsigned percent)
{
    return model_random(w, 100) < percent;
}

/* Notes the first thing that went wrong. */
void model_violate(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Runs work as a transaction. */
enum outcome { DONE, AGAIN, REFUSED }; /* AGAIN: it failed, or nobody knows; try it once more */
typedef track_status model_work(struct world *w, struct actor *a, track_error *err);
enum outcome model_commit(struct world *w, struct actor *a, model_work *work);

/* One step of an actor of each kind. */
track_status model_client(struct world *w, struct actor *a, track_error *err);
track_status model_sealer(struct world *w, struct actor *a, track_error *err);
track_status model_merger(struct world *w, struct actor *a, track_error *err);
track_status model_collector(struct world *w, struct actor *a, track_error *err);
track_status model_reader(struct world *w, struct actor *a, track_error *err);
track_status model_uploader(struct world *w, struct actor *a, track_error *err);

/* Uploads the piece of an actor in its steps 1 and 2; at is 3 then. */
void model_piece(struct world *w, uint64_t set, int64_t level, struct piece *out);
struct object model_object(const struct piece *p);
void model_upload(struct world *w, struct actor *a);

/* Adopts the piece of an actor, in a transaction. */
track_status model_adopt(struct world *w, struct actor *a, bool *known, track_error *err);

/* A mutant's: whatever became of the loose row of its piece, it is there now. */
track_status model_make_loose(struct world *w, struct actor *a, track_error *err);

struct stored *model_find(struct world *w, const char *loc); /* NULL: no bytes there */

/* What a pack holds; false: its bytes are gone. */
bool model_content(struct world *w, const struct pack *p, uint64_t *set);

/* Looks at everything: what was acknowledged is there, once, and so are all bytes that rows name.
 */
track_status model_check(struct world *w, track_error *err);
#endif
