/* Shows that what a manifest cannot say is kept in one text for each tree, and leads nowhere else.
 * How: the vector of lineage.md 2.2; mistakes one by one. */
#include "../../core/manifest.h"
#include "../harness.h"

#include <string.h>

static struct bytes text(const char *s)
{
    return (struct bytes){(const unsigned char *)s, strlen(s)};
}

TEST(manifest_attrs, has_the_digest_that_others_find)
{
    AUTO_ARENA arena = ARENA(1 << 16);
    AUTO_BUF out = BUF(1 << 12);
    struct manifest_attr at[] = {
        {MANIFEST_LINK, text("link"), text("a.txt")},
        {MANIFEST_FOLDER, text("empty"), {NULL, 0}},
        {MANIFEST_EXECUTABLE, text("a.txt"), {NULL, 0}},
    };
    struct manifest_attrs a = {at, 3}, back;
    struct digest digest;
    char hex[DIGEST_HEX_BYTES + 1];
    CHECK(manifest_put_attrs(&out, &a, NULL) == TRACK_OK);
    CHECK(hash_sha256((struct bytes){out.at, out.size}, &digest, NULL) == TRACK_OK);
    hash_encode_hex(&digest, hex);
    CHECK(strcmp(hex, "44b122d3ebb868134c9a5f44cc89311234dcce90b6549869f357c5ad7ef351c3") == 0);
    CHECK(manifest_take_attrs((struct bytes){out.at, out.size}, &arena, &back, NULL) == TRACK_OK);
    CHECK_INT(back.count, 3);
    CHECK(back.at[2].kind == MANIFEST_LINK && back.at[2].target.size == 5);
}

TEST(manifest_attrs, a_link_stays_in_the_tree)
{
    static const struct {
        const char *path, *target;
        bool stays;
    } links[] = {
        {"l", "a", true},
        {"l", "..", false},
        {"d/l", "../a", true},
        {"d/l", "..", true},
        {"d/l", "../..", false},
        {"d/l", "../../d/a", false},
        {"l", "/etc", false},
        {"l", "", false},
        {"l", "a/../b", true},
        {"l", "a/../../b", false},
        {"d/e/l", "./../../a", true},
        {"l", "a\tb", false},
        {"l", "a//b", false},
        {"l", "a/", true},
    };
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        AUTO_BUF out = BUF(1 << 12);
        struct manifest_attr at = {MANIFEST_LINK, text(links[i].path), text(links[i].target)};
        struct manifest_attrs a = {&at, 1};
        CHECK((manifest_put_attrs(&out, &a, NULL) == TRACK_OK) == links[i].stays);
    }
}

TEST(manifest_attrs, refuses_texts_that_it_does_not_write)
{
    static const char *const bad[] = {"x",          "x a",        "y a\n",    "x\n",
                                      "x \n",       "l a\n",      "x a\tb\n", "x b\nx a\n",
                                      "x a\nx a\n", "x a\nd a\n", "\n",       "l a\t\n"};
    AUTO_ARENA arena = ARENA(1 << 16);
    struct manifest_attrs a;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK(manifest_take_attrs(text(bad[i]), &arena, &a, NULL) == TRACK_INVALID);
    }
    CHECK(manifest_take_attrs(text("d a\nx b\n"), &arena, &a, NULL) == TRACK_OK);
}
