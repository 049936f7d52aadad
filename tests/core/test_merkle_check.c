/* Shows that proofs convince exactly when they should.
 * How: every pair of sizes up to some; then each bit that could lie is flipped. */
#include "../../core/merkle.h"
#include "../harness.h"
#include "leaves.h"

#include <string.h>

enum { SIZES = 40 };

TEST(merkle_check, believes_every_inclusion)
{
    AUTO_ARENA arena = ARENA(16 << 20);
    struct leaves *l = leaves_make(&arena, SIZES);
    CHECK(l);
    for (uint64_t size = 1; size <= SIZES; size++) {
        struct digest root;
        CHECK(merkle_root_at(&l->tree, size, &root, NULL) == TRACK_OK);
        for (uint64_t i = 0; i < size; i++) {
            struct merkle_proof proof;
            CHECK(merkle_inclusion(&l->tree, i, size, &proof, NULL) == TRACK_OK);
            const struct digest *leaf = &l->nodes[0][i], *other = &l->nodes[0][i ^ 1];
            CHECK(merkle_check_inclusion(leaf, i, size, &proof, &root, NULL) == TRACK_OK);
            CHECK(merkle_check_inclusion(other, i, size, &proof, &root, NULL) == TRACK_CORRUPT);
            CHECK(merkle_check_inclusion(leaf, i ^ 1, size, &proof, &root, NULL) == TRACK_CORRUPT);
        }
    }
}

TEST(merkle_check, believes_every_consistency)
{
    AUTO_ARENA arena = ARENA(16 << 20);
    struct leaves *l = leaves_make(&arena, SIZES);
    CHECK(l);
    for (uint64_t size = 0; size <= SIZES; size++) {
        struct merkle_seen now = {.size = size}, old;
        CHECK(merkle_root_at(&l->tree, size, &now.root, NULL) == TRACK_OK);
        for (old.size = 0; old.size <= size; old.size++) {
            struct merkle_proof proof;
            CHECK(merkle_root_at(&l->tree, old.size, &old.root, NULL) == TRACK_OK);
            CHECK(merkle_consistency(&l->tree, old.size, size, &proof, NULL) == TRACK_OK);
            CHECK(merkle_check_consistency(&old, &now, &proof, NULL) == TRACK_OK);
            old.root.at[31] ^= 1;
            CHECK(old.size == 0 ||
                  merkle_check_consistency(&old, &now, &proof, NULL) == TRACK_CORRUPT);
        }
    }
}

TEST(merkle_check, believes_no_changed_proof)
{
    AUTO_ARENA arena = ARENA(16 << 20);
    struct leaves *l = leaves_make(&arena, SIZES);
    struct merkle_seen old = {.size = 21}, now = {.size = SIZES};
    struct merkle_proof in, on;
    CHECK(l);
    CHECK(merkle_root_at(&l->tree, old.size, &old.root, NULL) == TRACK_OK);
    CHECK(merkle_root_at(&l->tree, now.size, &now.root, NULL) == TRACK_OK);
    CHECK(merkle_inclusion(&l->tree, 33, SIZES, &in, NULL) == TRACK_OK);
    CHECK(merkle_consistency(&l->tree, old.size, SIZES, &on, NULL) == TRACK_OK);
    for (size_t i = 0; i < in.count * 256; i++) {
        struct merkle_proof bad = in;
        bad.at[i / 256].at[i % 256 / 8] ^= (unsigned char)(1 << i % 8);
        CHECK(merkle_check_inclusion(&l->nodes[0][33], 33, SIZES, &bad, &now.root, NULL) ==
              TRACK_CORRUPT);
    }
    for (size_t i = 0; i < on.count * 256; i++) {
        struct merkle_proof bad = on;
        bad.at[i / 256].at[i % 256 / 8] ^= (unsigned char)(1 << i % 8);
        CHECK(merkle_check_consistency(&old, &now, &bad, NULL) == TRACK_CORRUPT);
    }
    for (size_t count = 0; count < MERKLE_HASHES_MAX; count++) {
        struct merkle_proof bad = in, cut = on;
        bad.count = cut.count = count;
        CHECK(count == in.count || merkle_check_inclusion(&l->nodes[0][33], 33, SIZES, &bad,
                                                          &now.root, NULL) == TRACK_CORRUPT);
        CHECK(count == on.count ||
              merkle_check_consistency(&old, &now, &cut, NULL) == TRACK_CORRUPT);
    }
    CHECK(merkle_check_consistency(&now, &old, &on, NULL) == TRACK_CORRUPT);
}
