/* store_pack_bytes - the bytes of a pack, for core/pack_read, pack_merge and pack_check.
 *
 *     AUTO_PACK_BYTES struct pack_bytes bytes = PACK_BYTES;
 *     TRY(pack_bytes_open(store, db, pack, arena, &bytes, err));
 *     struct pack_blob blob = pack_bytes_blob(&bytes);
 *
 * Uses: pack_dir, store_blob, store_pack.  One thread.
 */
#ifndef SERVER_STORE_PACK_BYTES_H
#define SERVER_STORE_PACK_BYTES_H
#include "../core/pack_dir.h"
#include "store_blob.h"
#include "store_pack.h"

/* Bytes that lie together. */
struct pack_piece {
    uint64_t at; /* where they begin */
    struct buf bytes;
};

/* Two pieces are kept: those who read chunks go through axes and chunks at once. */
struct pack_bytes {
    struct store *store;
    struct blob blob;
    struct bytes row; /* of a small one: all of it */
    struct pack_piece pieces[2];
    unsigned last; /* the piece that was used last */
};
#define PACK_BYTES                                                                   \
    {                                                                                \
        .pieces = { {.bytes = BUF(PACK_BYTES_MAX)}, {.bytes = BUF(PACK_BYTES_MAX)} } \
    }
#define AUTO_PACK_BYTES __attribute__((cleanup(pack_bytes_release)))

/*   db     the transaction that gave pack: a small one is read in it, and is there also when the
 *          pack has gone since.  NULL: it is read when it is asked for.
 *   arena  holds a small one; must outlive out, as pack must.
 *
 * TRACK_CORRUPT  its row is gone.
 * TRACK_NOMEM    the arena's limit.
 *
 * Tests: tests/server/test_tail_pack.c, tests/server/test_seal_merge.c, tests/server/test_check.c
 */
struct db;
track_status pack_bytes_open(struct store *s, struct db *db, const struct pack *pack,
                             struct arena *arena, struct pack_bytes *out, track_error *err);
void pack_bytes_release(struct pack_bytes *b);

/* What the blob says: TRACK_CORRUPT when its bytes are damaged or gone. */
struct pack_blob pack_bytes_blob(struct pack_bytes *b);
#endif
