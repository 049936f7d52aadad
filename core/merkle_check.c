#include "merkle.h"

#include <inttypes.h>
#include <string.h>

/* Where a check stands: a leaf's index and that of the last one, a level at a time. */
struct climb {
    uint64_t at, last;
};

/* Goes one level up, and over those where the node is a lone right one.  True: the next hash of the
 * proof stands to the left.  Before it last must not be 0. */
static bool climb_step(struct climb *c)
{
    bool left = (c->at & 1) || c->at == c->last;
    while (left && !(c->at & 1) && c->at) {
        c->at >>= 1;
        c->last >>= 1;
    }
    c->at >>= 1;
    c->last >>= 1;
    return left;
}

static bool same(const struct digest *a, const struct digest *b)
{
    return memcmp(a->at, b->at, DIGEST_BYTES) == 0;
}

track_status merkle_check_inclusion(const struct digest *leaf, uint64_t index, uint64_t size,
                                    const struct merkle_proof *proof, const struct digest *root,
                                    track_error *err)
{
    struct digest hash = *leaf;
    if (index >= size || size >> MERKLE_LEVELS) {
        return FAIL(err, TRACK_CORRUPT, "index %" PRIu64 " is not within %" PRIu64 " entries",
                    index, size);
    }
    struct climb c = {index, size - 1};
    for (size_t i = 0; i < proof->count; i++) {
        if (c.last == 0) {
            return FAIL(err, TRACK_CORRUPT, "the proof has %zu hashes, %zu are enough",
                        proof->count, i);
        }
        bool left = climb_step(&c);
        TRY(left ? merkle_node(&proof->at[i], &hash, &hash, err)
                 : merkle_node(&hash, &proof->at[i], &hash, err));
    }
    if (c.last != 0) {
        return FAIL(err, TRACK_CORRUPT, "the proof ends after %zu hashes", proof->count);
    }
    return same(&hash, root)
               ? TRACK_OK
               : FAIL(err, TRACK_CORRUPT,
                      "entry %" PRIu64 " is not the one in the tree of %" PRIu64, index, size);
}

/* Climbs from the last leaf of `old`, with both roots in the making. */
static track_status climb_both(const struct merkle_seen *old, const struct merkle_seen *now,
                               const struct merkle_proof *proof, struct digest roots[2],
                               track_error *err)
{
    struct climb c = {old->size - 1, now->size - 1};
    size_t i = 0;
    while (c.at & 1) {
        c.at >>= 1;
        c.last >>= 1;
    }
    /* Where old is one full subtree its root begins the path, and is not sent. */
    roots[0] = (old->size & (old->size - 1)) == 0 ? old->root : proof->at[i++];
    roots[1] = roots[0];
    for (; i < proof->count; i++) {
        if (c.last == 0) {
            return FAIL(err, TRACK_CORRUPT, "the proof has %zu hashes, %zu are enough",
                        proof->count, i);
        }
        if (climb_step(&c)) {
            TRY(merkle_node(&proof->at[i], &roots[0], &roots[0], err));
            TRY(merkle_node(&proof->at[i], &roots[1], &roots[1], err));
        } else {
            TRY(merkle_node(&roots[1], &proof->at[i], &roots[1], err));
        }
    }
    return c.last == 0 ? TRACK_OK
                       : FAIL(err, TRACK_CORRUPT, "the proof ends after %zu hashes", proof->count);
}

track_status merkle_check_consistency(const struct merkle_seen *old, const struct merkle_seen *now,
                                      const struct merkle_proof *proof, track_error *err)
{
    struct digest roots[2];
    if (old->size > now->size || now->size >> MERKLE_LEVELS) {
        return FAIL(err, TRACK_CORRUPT, "the tree went from %" PRIu64 " to %" PRIu64 " entries",
                    old->size, now->size);
    }
    if (old->size == 0 || old->size == now->size) {
        bool right = proof->count == 0 && (old->size == 0 || same(&old->root, &now->root));
        return right ? TRACK_OK
                     : FAIL(err, TRACK_CORRUPT,
                            "two roots for %" PRIu64 " entries, or a proof "
                            "where none is needed",
                            old->size);
    }
    if (proof->count == 0) {
        return FAIL(err, TRACK_CORRUPT, "there is no proof");
    }
    TRY(climb_both(old, now, proof, roots, err));
    if (!same(&roots[0], &old->root) || !same(&roots[1], &now->root)) {
        return FAIL(err, TRACK_CORRUPT,
                    "the tree of %" PRIu64 " entries is not the beginning of that of %" PRIu64,
                    old->size, now->size);
    }
    return TRACK_OK;
}
