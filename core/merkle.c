#include "merkle.h"

#include <inttypes.h>
#include <string.h>

enum { LEAF = 0, NODE = 1 };

/* Leaves from lo to below hi. */
struct range {
    uint64_t lo, hi;
};

track_status merkle_leaf(struct bytes entry, struct digest *out, track_error *err)
{
    unsigned char plain[1 + MERKLE_ENTRY_MAX];
    if (entry.size > MERKLE_ENTRY_MAX) {
        return FAIL(err, TRACK_TOO_LARGE, "an entry of %zu bytes, at most %d are allowed",
                    entry.size, MERKLE_ENTRY_MAX);
    }
    plain[0] = LEAF;
    if (entry.size) {
        memcpy(plain + 1, entry.at, entry.size);
    }
    return hash_sha256((struct bytes){plain, 1 + entry.size}, out, err);
}

track_status merkle_node(const struct digest *left, const struct digest *right, struct digest *out,
                         track_error *err)
{
    unsigned char plain[1 + 2 * DIGEST_BYTES];
    plain[0] = NODE;
    memcpy(plain + 1, left->at, DIGEST_BYTES);
    memcpy(plain + 1 + DIGEST_BYTES, right->at, DIGEST_BYTES);
    return hash_sha256((struct bytes){plain, sizeof(plain)}, out, err);
}

track_status merkle_add(struct merkle *m, const struct digest *leaf, merkle_full *full, void *data,
                        track_error *err)
{
    struct digest hash = *leaf;
    int level = 0;
    if (m->size + 1 >= (uint64_t)1 << MERKLE_LEVELS) {
        return FAIL(err, TRACK_TOO_LARGE, "the tree has %" PRIu64 " entries, the most there can be",
                    m->size);
    }
    for (;; level++) {
        if (full) {
            TRY(full(data, level, m->size >> level, &hash, err));
        }
        if (!(m->size >> level & 1)) {
            break;
        }
        TRY(merkle_node(&m->edge[level], &hash, &hash, err));
    }
    m->edge[level] = hash;
    m->size++;
    return TRACK_OK;
}

track_status merkle_root(const struct merkle *m, struct digest *out, track_error *err)
{
    struct digest root;
    bool begun = false;
    if (m->size == 0) {
        return hash_sha256((struct bytes){NULL, 0}, out, err);
    }
    for (int level = 0; level < MERKLE_LEVELS; level++) {
        if (!(m->size >> level & 1)) {
            continue;
        }
        if (begun) {
            TRY(merkle_node(&m->edge[level], &root, &root, err));
        } else {
            root = m->edge[level];
            begun = true;
        }
    }
    *out = root;
    return TRACK_OK;
}

static track_status size_check(uint64_t part, uint64_t size, track_error *err)
{
    if (part > size || size >> MERKLE_LEVELS) {
        return FAIL(err, TRACK_INVALID, "%" PRIu64 " is not within a tree of %" PRIu64 " entries",
                    part, size);
    }
    return TRACK_OK;
}

/* The full subtrees that a range is made of, as an edge; lo is a multiple of a power of two that is
 * not below its length. */
static track_status range_edge(const struct merkle_tree *tree, struct range r, struct merkle *out,
                               track_error *err)
{
    uint64_t at = r.lo;
    out->size = r.hi - r.lo;
    for (int level = MERKLE_LEVELS - 1; level >= 0; level--) {
        if (out->size >> level & 1) {
            TRY(tree->get(tree->data, level, at >> level, &out->edge[level], err));
            at += (uint64_t)1 << level;
        }
    }
    return TRACK_OK;
}

static track_status range_hash(const struct merkle_tree *tree, struct range r, struct digest *out,
                               track_error *err)
{
    struct merkle edge;
    TRY(range_edge(tree, r, &edge, err));
    return merkle_root(&edge, out, err);
}

track_status merkle_root_at(const struct merkle_tree *tree, uint64_t size, struct digest *out,
                            track_error *err)
{
    TRY(size_check(0, size, err));
    return range_hash(tree, (struct range){0, size}, out, err);
}

track_status merkle_edge_at(const struct merkle_tree *tree, uint64_t size, struct merkle *out,
                            track_error *err)
{
    struct merkle edge = {0};
    TRY(size_check(0, size, err));
    TRY(range_edge(tree, (struct range){0, size}, &edge, err));
    *out = edge;
    return TRACK_OK;
}

/* The largest power of two below the length, which is over 1. */
static uint64_t split(struct range r)
{
    return (uint64_t)1 << (63 - __builtin_clzll(r.hi - r.lo - 1));
}

/* Ranges of a proof, from the root to the leaf. */
struct path {
    struct range at[MERKLE_HASHES_MAX];
    size_t count;
};

/* Goes one node down, to the left or right half, and keeps the other. */
static void path_step(struct path *path, struct range *r, bool left)
{
    uint64_t middle = r->lo + split(*r);
    struct range lower = {r->lo, middle}, upper = {middle, r->hi};
    path->at[path->count++] = left ? upper : lower;
    *r = left ? lower : upper;
}

static track_status path_hash(const struct merkle_tree *tree, const struct path *path,
                              struct merkle_proof *out, track_error *err)
{
    for (size_t i = 0; i < path->count; i++) {
        TRY(range_hash(tree, path->at[path->count - 1 - i], &out->at[i], err));
    }
    out->count = path->count;
    return TRACK_OK;
}

track_status merkle_inclusion(const struct merkle_tree *tree, uint64_t index, uint64_t size,
                              struct merkle_proof *out, track_error *err)
{
    struct path path = {.count = 0};
    struct range r = {0, size};
    TRY(size_check(index, size, err));
    if (index == size) {
        return FAIL(err, TRACK_INVALID,
                    "the tree has %" PRIu64 " entries, none with index %" PRIu64, size, index);
    }
    while (r.hi - r.lo > 1) {
        path_step(&path, &r, index < r.lo + split(r));
    }
    return path_hash(tree, &path, out, err);
}

track_status merkle_consistency(const struct merkle_tree *tree, uint64_t old, uint64_t size,
                                struct merkle_proof *out, track_error *err)
{
    struct path path = {.count = 0};
    struct range r = {0, size};
    TRY(size_check(old, size, err));
    if (old == 0) {
        out->count = 0;
        return TRACK_OK;
    }
    while (r.hi != old) {
        path_step(&path, &r, old <= r.lo + split(r));
    }
    if (r.lo > 0) {
        path.at[path.count++] = r; /* else it is the old root, which the other side has */
    }
    return path_hash(tree, &path, out, err);
}
