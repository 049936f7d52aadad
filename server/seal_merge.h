/* seal_merge - packs of a run become fewer.
 *
 * PACK_FAN_IN packs of a level become one of the next; when the run has ended all become final
 * ones, which have series digests and are never rewritten.  What was read must still be there when
 * rows change, or nothing happens.
 * Uses: pack_merge, seal_out, store_pack.  One thread.
 */
#ifndef SERVER_SEAL_MERGE_H
#define SERVER_SEAL_MERGE_H
#include "../core/pack_merge.h"
#include "store_pack.h"

struct merge_ask {
    struct store *store;
    int64_t run_node;
    int64_t now_us;   /* another one each time: trackd check tells by it what was merged at once */
    size_t bytes_max; /* of a pack; 0: PACK_BYTES_MAX.  Small ones are for tests. */
    const struct pack_between *between; /* lets others go first; NULL: nobody */
};

/* Merges the oldest packs of one level that has enough of them.
 *
 *   merged  how many packs went; 0: no level has enough.
 *
 * TRACK_CONFLICT  somebody else merged the same packs.
 * TRACK_CORRUPT   a pack is damaged, or was collected while it was read.
 * and what uploads, tickets and between say.
 *
 * Tests: tests/server/test_seal_merge.c
 */
track_status merge_level(const struct merge_ask *ask, size_t *merged, track_error *err);

/* Makes final packs of all that are not, of one epoch: once the run has ended.
 *
 *   merged  how many packs went; 0: all are final, or the run goes on.
 */
track_status merge_final(const struct merge_ask *ask, size_t *merged, track_error *err);
#endif
