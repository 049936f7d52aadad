/* seal_out - packs on their way from the builder to the database.
 *
 * Each pack that the builder hands out is uploaded at once, so that one is in memory whatever there
 * is; rows change when all are there.
 *
 *     seal_out_begin(store, arena, now_us, &out)
 *     options = seal_out_options(&out, &head)     for pack_build_open
 *     ... build ...
 *     seal_out_commit(&out, &change, err)
 *     seal_out_release(&out)                      in any case
 *
 * Uses: pack_build, store_blob, store_pack.  One thread.
 */
#ifndef SERVER_SEAL_OUT_H
#define SERVER_SEAL_OUT_H
#include "../core/pack_build.h"
#include "store_blob.h"
#include "store_pack.h"

struct seal_out {
    struct store *store;
    struct arena *arena;
    int64_t now_us, rev, level;
    struct upload *uploads[PACK_CHANGE_MAX];
    struct pack packs[PACK_CHANGE_MAX];
    struct object objects[PACK_CHANGE_MAX];
    struct digest digests[PACK_CHANGE_MAX];
    size_t count;
};

/*   arena  holds out and the digests.
 *
 * TRACK_NOMEM  the arena's limit.
 */
track_status seal_out_begin(struct store *s, struct arena *arena, int64_t now_us,
                            struct seal_out **out, track_error *err);

/* What the builder is opened with: packs go to out.
 *
 *   rev  over 0: they are final, and have series digests.
 */
struct pack_options seal_out_options(struct seal_out *out, const struct pack_head *head,
                                     int64_t rev);

/* Makes the change that names the packs and waits for it: run_node and what goes are filled.
 *
 * The status of the ticket; see store_pack_change.
 */
track_status seal_out_commit(struct seal_out *out, struct pack_change *change, track_error *err);

void seal_out_release(struct seal_out *out); /* NULL is allowed */
#endif
