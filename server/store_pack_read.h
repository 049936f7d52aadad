/* store_pack_read - the bytes of a pack, for core/pack_read and pack_merge.
 *
 *     AUTO_PACK_SOURCE struct pack_source source = {.part = BUF(0)};
 *     TRY(pack_source_open(store, digest, &arena, &source, err));
 *     pack_dir_read(&source.bytes, ...)
 *
 * Uses: pack_dir, store_blob.  A source belongs to one thread at a time.
 */
#ifndef SERVER_STORE_PACK_READ_H
#define SERVER_STORE_PACK_READ_H
#include "../core/pack_dir.h"
#include "store_blob.h"

struct pack_source {
    struct pack_blob bytes; /* what core reads from; points into this struct */
    struct store *store;
    struct blob blob;
    struct buf part; /* what was read last */
};
#define AUTO_PACK_SOURCE __attribute__((cleanup(pack_source_release)))

/*   digest  must outlive out.
 *   arena   holds texts.
 *
 * TRACK_NOT_FOUND  no such blob.  Reading gives TRACK_CORRUPT when its bytes have gone.
 *
 * Tests: tests/server/test_seal_merge.c, tests/server/test_check.c
 */
track_status pack_source_open(struct store *s, struct bytes digest, struct arena *arena,
                              struct pack_source *out, track_error *err);
void pack_source_release(struct pack_source *s);
#endif
