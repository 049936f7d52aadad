/* store_pack - packs of runs: rows that leave the journal, and packs that are merged.
 *
 * A pack is a blob; its row here says that its points count.  A change takes away and adds in one
 * transaction, so that every point is in exactly one place whoever else seals or merges, and
 * however often the change is tried: what it takes away must be there, all of it, or it does
 * nothing.  tests/model plays this against itself.
 * Uses: pack, store, store_object.  See store.h for how writes are called.
 */
#ifndef SERVER_STORE_PACK_H
#define SERVER_STORE_PACK_H
#include "../core/pack.h" /* enum pack_kind */
#include "store.h"
#include "store_object.h"

enum {
    PACK_HEADS_MAX = 1024,  /* journal rows of one page */
    PACK_CHANGE_MAX = 1024, /* ranges, packs that go, packs that come: of a change, each */
    PACK_LARGE_BYTES = PACK_BYTES_MAX / 2, /* merged only at the end of the run */
    PACK_FAN_IN = 16,                      /* so many packs of one level are merged */
};

struct pack {
    struct bytes digest; /* [32] */
    int64_t kind, epoch, level;
    int64_t rev;       /* over 0: final */
    int64_t n, series; /* points, each once; series that it has a part of */
    int64_t step_lo, step_hi, us_lo, us_hi;
    int64_t sealed_us;
    int64_t size, stored, enc; /* of its blob */
    const char *loc;           /* of its blob; "" inline */
};

/* Consecutive rows of one writer that were read. */
struct pack_range {
    unsigned char writer[16];
    int64_t seq_lo, seq_hi;
    int64_t rows;
};

struct pack_change {
    struct ticket ticket;
    int64_t run_node;
    const struct pack_range *ranges; /* [range_count]: go from the journal */
    size_t range_count;
    const struct bytes *olds; /* [old_count], digests: packs that were merged */
    size_t old_count;
    const struct pack *news;      /* [new_count] */
    const struct object *objects; /* [new_count]: their bytes, durable */
    size_t new_count;
    int64_t now_us;
    bool done_before; /* out: an earlier try of the same change had been committed */
};

/* TRACK_INVALID  counts: something goes and something comes, at most PACK_CHANGE_MAX of each.
 * Nothing need come for rows without points: those that only define keys.
 *
 * Status of the ticket: TRACK_CONFLICT: not all that is to go is there any more, and nothing was
 * done; read again.  TRACK_BUSY: the upload took too long.
 *
 * Tests: tests/server/test_store_pack.c, tests/model
 */
track_status store_pack_change(struct store *s, struct pack_change *call, track_error *err);

/* What store_pack_change queues, for tests/model. */
track_status pack_change_work(struct ticket *t, struct db *db, track_error *err);

/* Packs of a run, oldest first. */
struct pack_list {
    const struct pack *at; /* [count], texts and digests in the arena */
    size_t count;
};
track_status pack_list(struct db *db, int64_t run_node, struct arena *arena, struct pack_list *out,
                       track_error *err);

/* The same in a transaction of its own. */
track_status store_pack_list(struct store *s, int64_t run_node, struct arena *arena,
                             struct pack_list *out, track_error *err);

/* Packs of all runs. */
track_status store_pack_count(struct store *s, int64_t *out, track_error *err);

/* What waits in the journal, of one run and epoch. */
struct journal_waiting {
    int64_t run_node, epoch;
    int64_t rows, points, bytes;
    int64_t oldest_us, newest_us;
    int64_t keys; /* of the writer that has defined most */
    bool ended;   /* the run */
};
struct waiting_list {
    const struct journal_waiting *at; /* [count], by run and epoch */
    size_t count;
};
track_status store_journal_waiting(struct store *s, struct arena *arena, struct waiting_list *out,
                                   track_error *err);

/* A journal row without its body. */
struct journal_head {
    unsigned char writer[16];
    int64_t seq_lo, seq_hi, points, bytes, recv_us;
};

/* Rows of a run and epoch behind `after`, by writer and seq.
 *
 *   after  NULL: from the first one on.
 *   out    [PACK_HEADS_MAX].
 */
struct head_ask {
    int64_t run_node, epoch;
    const struct journal_head *after;
};
track_status journal_heads(struct db *db, const struct head_ask *ask, struct journal_head *out,
                           size_t *count, track_error *err);

/* The frames of one row, in arena; size 0: the row is gone. */
track_status journal_body(struct db *db, int64_t run_node, const struct journal_head *head,
                          struct arena *arena, struct bytes *out, track_error *err);

/* Runs with packs to merge: PACK_FAN_IN or more of one epoch, kind and level, none of them large;
 * or that have ended, with nothing in the journal, and have packs that are not final. */
struct run_nodes {
    const int64_t *at; /* [count] */
    size_t count;
};
track_status store_pack_many(struct store *s, struct arena *arena, struct run_nodes *out,
                             track_error *err);
#endif
