/* checkpoint - a state of the log as one text, and the receipt of an entry.
 *
 * A checkpoint is the text of a note (note.h):
 *     origin
 *     number of entries
 *     base64(root)
 * A receipt is the index of an entry, the hashes of its inclusion from the leaf to the root, a line
 * each, and the signed checkpoint that they lead to:
 *     c2sp.org/tlog-proof@v1
 *     index 3
 *     base64(hash) ...
 *
 *     the note
 *
 * Source: C2SP tlog-checkpoint, tlog-proof; lineage.md 10.
 * Uses: base64, merkle.  Pure; any thread.
 */
#ifndef CORE_CHECKPOINT_H
#define CORE_CHECKPOINT_H
#include "merkle.h"

/* A state of the log. */
struct checkpoint {
    struct bytes origin;
    uint64_t size;
    struct digest root;
};

/* Appends the text of a checkpoint. */
void checkpoint_put(struct buf *out, const struct checkpoint *c);

/* Reads the text of a checkpoint; lines behind the third are allowed and mean nothing here.
 *
 *   out  origin is borrowed.
 *
 * TRACK_INVALID  a line is missing, the number has leading zeros or is over 2^48, the root is none.
 */
track_status checkpoint_take(struct bytes text, struct checkpoint *out, track_error *err);

struct receipt {
    uint64_t index;
    struct merkle_proof proof;
    struct bytes checkpoint; /* the note; borrowed */
};

void receipt_put(struct buf *out, const struct receipt *r);

/* TRACK_INVALID  not a receipt; err says why.  Nothing is proved yet. */
track_status receipt_take(struct bytes in, struct receipt *out, track_error *err);
#endif
