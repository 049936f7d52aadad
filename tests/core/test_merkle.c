/* Shows that the tree is RFC 6962's, at every size.
 * How: the vectors of lineage.md 10, and a recursion written down as the RFC has it. */
#include "../../core/merkle.h"
#include "../harness.h"
#include "leaves.h"

#include <string.h>

enum { SIZES = 70 };

/* MTH of the RFC over leaves lo..hi. */
static struct digest mth(const struct leaves *l, uint64_t lo, uint64_t hi)
{
    struct digest out;
    unsigned char plain[65] = {1};
    if (hi - lo <= 1) {
        out = l->nodes[0][lo];
        return out;
    }
    uint64_t k = 1;
    while (k * 2 < hi - lo) {
        k *= 2;
    }
    struct digest left = mth(l, lo, lo + k), right = mth(l, lo + k, hi);
    memcpy(plain + 1, left.at, 32);
    memcpy(plain + 33, right.at, 32);
    (void)hash_sha256((struct bytes){plain, 65}, &out, NULL);
    return out;
}

static bool is_hex(const struct digest *d, const char *want)
{
    char text[DIGEST_HEX_BYTES + 1];
    hash_encode_hex(d, text);
    return strcmp(text, want) == 0;
}

TEST(merkle, has_the_roots_that_others_found)
{
    static const struct {
        uint64_t size;
        const char *root;
    } known[] = {
        {0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {1, "bfd59fd976e3818cb45874259ce5d2a9843f48d611a8dba58410a787858a00f4"},
        {2, "7ae138b355345521643e046b46549f4da2dc300aeb0e601af974ea4e4cf81977"},
        {3, "e1b9b16ad8c44da4663cba36d58c66e2a897896dd5426362f31f1347edc7835c"},
        {8, "edddab1a0ce6f1d1b97edf02749b8918f038abb464b060bb09dad2d6a99769e0"},
        {256, "d38f886e1f3c8c2ed76020a4baa7a6ff4c1ff48784261ebea4851c46cde4de8e"},
        {257, "bf63aac51cfc86e3e334600fbcab1949b2edc1995d589e3f5b5c9a3bd85911ce"},
        {70000, "fbda61ad08d92842ccd3b61574bf6cfb50ea36f526f779835482e0f722367697"},
    };
    AUTO_ARENA arena = ARENA(16 << 20);
    struct leaves *l = leaves_make(&arena, 70000);
    CHECK(l);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        struct digest root;
        CHECK(merkle_root_at(&l->tree, known[i].size, &root, NULL) == TRACK_OK);
        CHECK(is_hex(&root, known[i].root));
    }
    struct digest root;
    CHECK(merkle_root(&l->edge, &root, NULL) == TRACK_OK);
    CHECK(is_hex(&root, known[7].root));
}

TEST(merkle, is_the_recursion_of_the_rfc)
{
    AUTO_ARENA arena = ARENA(16 << 20);
    struct leaves *l = leaves_make(&arena, SIZES);
    CHECK(l);
    for (uint64_t n = 1; n <= SIZES; n++) {
        struct digest root, want = mth(l, 0, n), on;
        struct merkle edge;
        CHECK(merkle_root_at(&l->tree, n, &root, NULL) == TRACK_OK);
        CHECK(memcmp(&root, &want, sizeof(root)) == 0);
        CHECK(merkle_edge_at(&l->tree, n, &edge, NULL) == TRACK_OK);
        CHECK(merkle_root(&edge, &on, NULL) == TRACK_OK);
        CHECK(memcmp(&on, &want, sizeof(on)) == 0);
    }
}

TEST(merkle, refuses_what_is_not_in_it)
{
    AUTO_ARENA arena = ARENA(16 << 20);
    struct leaves *l = leaves_make(&arena, 5);
    struct merkle_proof proof;
    struct digest digest;
    unsigned char entry[MERKLE_ENTRY_MAX + 1] = {0};
    CHECK(l);
    CHECK(merkle_inclusion(&l->tree, 5, 5, &proof, NULL) == TRACK_INVALID);
    CHECK(merkle_inclusion(&l->tree, 6, 5, &proof, NULL) == TRACK_INVALID);
    CHECK(merkle_consistency(&l->tree, 6, 5, &proof, NULL) == TRACK_INVALID);
    CHECK(merkle_inclusion(&l->tree, 1, 8, &proof, NULL) == TRACK_NOT_FOUND);
    CHECK(merkle_root_at(&l->tree, UINT64_MAX, &digest, NULL) == TRACK_INVALID);
    CHECK(merkle_leaf((struct bytes){entry, sizeof(entry)}, &digest, NULL) == TRACK_TOO_LARGE);
    l->edge.size = ((uint64_t)1 << MERKLE_LEVELS) - 1;
    CHECK(merkle_add(&l->edge, &digest, NULL, NULL, NULL) == TRACK_TOO_LARGE);
}

static track_status refuse(void *data, int level, uint64_t index, const struct digest *hash,
                           track_error *err)
{
    (void)data;
    (void)index;
    (void)hash;
    return level == 1 ? FAIL(err, TRACK_IO, "no room") : TRACK_OK;
}

TEST(merkle, is_as_before_when_a_node_cannot_be_kept)
{
    AUTO_ARENA arena = ARENA(16 << 20);
    struct leaves *l = leaves_make(&arena, 5);
    struct digest leaf, before, after;
    CHECK(l && leaves_leaf(5, &leaf) && merkle_root(&l->edge, &before, NULL) == TRACK_OK);
    CHECK(merkle_add(&l->edge, &leaf, refuse, NULL, NULL) == TRACK_IO);
    CHECK(merkle_root(&l->edge, &after, NULL) == TRACK_OK);
    CHECK(memcmp(&before, &after, sizeof(before)) == 0);
}
