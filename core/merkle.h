/* merkle - the tree of RFC 6962 over a growing list of entries.
 *
 * Hashes: no entries SHA-256(""), a leaf SHA-256(00 entry), a node SHA-256(01 left right).  A tree
 * of n leaves is split at the largest power of two below n; a lone right node is not doubled.
 *
 * Only subtrees of 2^level leaves that are full are ever stored: node (level, index) covers the
 * leaves from index << level on.  They never change, so a tree of any size that there ever was can
 * be asked for; what is not full is put together when it is needed.
 *
 *     struct merkle m = {0};
 *     merkle_add(&m, &leaf, store_it, data, err);           as entries come
 *     merkle_root(&m, &root, err);
 *     merkle_inclusion(&tree, index, size, &proof, err);    for somebody who asks
 *     merkle_check_inclusion(&leaf, index, size, &proof, &root, err)    as he does
 *
 * Source: RFC 6962, 2.1; RFC 9162, 2.1.3-2.1.4 (the checks).
 * Uses: hash.  Pure; any thread.
 */
#ifndef CORE_MERKLE_H
#define CORE_MERKLE_H
#include "hash.h"

enum {
    MERKLE_LEVELS = 48,                    /* a tree has under 2^48 entries */
    MERKLE_ENTRY_MAX = 1024,               /* bytes of an entry */
    MERKLE_HASHES_MAX = 2 * MERKLE_LEVELS, /* of a proof */
};

/* The right edge of a tree: all that is needed to go on.  All zero: an empty one. */
struct merkle {
    uint64_t size;
    struct digest edge[MERKLE_LEVELS]; /* [level] of each bit of size that is set */
};

struct merkle_proof {
    struct digest at[MERKLE_HASHES_MAX]; /* [count], of an inclusion from the leaf to the root */
    size_t count;
};

/* The hash of an entry.
 *
 * TRACK_TOO_LARGE  over MERKLE_ENTRY_MAX bytes.
 * TRACK_NOMEM      OpenSSL got no memory; so may all that follow.
 */
track_status merkle_leaf(struct bytes entry, struct digest *out, track_error *err);

/* The hash of a node; *out may be one of the two. */
track_status merkle_node(const struct digest *left, const struct digest *right, struct digest *out,
                         track_error *err);

/* Called for a subtree that has become full; level 0 is the leaf itself. */
typedef track_status merkle_full(void *data, int level, uint64_t index, const struct digest *hash,
                                 track_error *err);

/* Adds a leaf.  After a failure m is as before.
 *
 *   full  NULL: nobody is told.
 *
 * TRACK_TOO_LARGE  2^48 - 1 entries are there.
 * and what full says.
 *
 * Cost:  a hash of 65 bytes, on average.
 * Tests: tests/core/test_merkle.c (vectors of lineage.md 10; Go's sumdb in
 * tests/e2e/test_ledger.py)
 */
track_status merkle_add(struct merkle *m, const struct digest *leaf, merkle_full *full, void *data,
                        track_error *err);

track_status merkle_root(const struct merkle *m, struct digest *out, track_error *err);

/* Where full subtrees are kept.  get: of the tree with at least the leaves that are asked for. */
struct merkle_tree {
    track_status (*get)(void *data, int level, uint64_t index, struct digest *out,
                        track_error *err);
    void *data;
};

/* Root of the first `size` leaves. */
track_status merkle_root_at(const struct merkle_tree *tree, uint64_t size, struct digest *out,
                            track_error *err);

/* The right edge at a size, to go on from there. */
track_status merkle_edge_at(const struct merkle_tree *tree, uint64_t size, struct merkle *out,
                            track_error *err);

/* Shows that a leaf is in the tree of the first `size` leaves.
 *
 * TRACK_INVALID  index >= size, or size >= 2^48; and what get says.
 */
track_status merkle_inclusion(const struct merkle_tree *tree, uint64_t index, uint64_t size,
                              struct merkle_proof *out, track_error *err);

/* Shows that the tree of `old` leaves is the beginning of that of `size` leaves; old 0 or size: no
 * hashes.
 *
 * TRACK_INVALID  old > size, or size >= 2^48; and what get says.
 */
track_status merkle_consistency(const struct merkle_tree *tree, uint64_t old, uint64_t size,
                                struct merkle_proof *out, track_error *err);

/* TRACK_OK       the leaf is at this index of the tree with this root and size.
 * TRACK_CORRUPT  the proof does not show it; err says why.
 */
track_status merkle_check_inclusion(const struct digest *leaf, uint64_t index, uint64_t size,
                                    const struct merkle_proof *proof, const struct digest *root,
                                    track_error *err);

/* One tree, as somebody has seen it. */
struct merkle_seen {
    uint64_t size;
    struct digest root;
};

/* TRACK_OK       `old` is the beginning of `now`.
 * TRACK_CORRUPT  the proof does not show it; err says why.
 */
track_status merkle_check_consistency(const struct merkle_seen *old, const struct merkle_seen *now,
                                      const struct merkle_proof *proof, track_error *err);
#endif
