/* Shows that the text of a tree is what sha256sum and Go read, and that there is one for each tree.
 * How: the vector of lineage.md 2.2; mistakes one by one. */
#include "../../core/manifest.h"
#include "../harness.h"

#include <string.h>

static struct bytes text(const char *s)
{
    return (struct bytes){(const unsigned char *)s, strlen(s)};
}

static bool put(struct manifest *m, const char *path, struct bytes content)
{
    struct manifest_file *f = &m->at[m->count++];
    f->path = text(path);
    return hash_sha256(content, &f->digest, NULL) == TRACK_OK;
}

static bool fill(struct manifest *m)
{
    return put(m, "zero", text("")) && put(m, "with space.txt", text("x")) &&
           put(m, "d/b.bin", (struct bytes){(const unsigned char *)"\0\1\2", 3}) &&
           put(m, "a.txt", text("hello\n")) && put(m, "\xc3\xbcn\xc3\xaf.txt", text("z")) &&
           put(m, "-dash", text("y"));
}

static bool digest_is(struct bytes all, const char *want)
{
    struct digest digest;
    char hex[DIGEST_HEX_BYTES + 1];
    if (hash_sha256(all, &digest, NULL) != TRACK_OK) {
        return false;
    }
    hash_encode_hex(&digest, hex);
    return strcmp(hex, want) == 0;
}

TEST(manifest, has_the_digest_that_others_find)
{
    AUTO_ARENA arena = ARENA(1 << 16);
    AUTO_BUF out = BUF(1 << 16);
    struct manifest_file files[8];
    struct manifest m = {.at = files}, back;
    CHECK(fill(&m));
    CHECK(manifest_put(&out, &m, NULL) == TRACK_OK);
    struct bytes all = {out.at, out.size};
    CHECK(digest_is(all, "6fc754ac30a1bd0b2dc9d6af87dcb9f08a3d8fbfdea893c9f22de63e0b5b86ea"));
    CHECK(manifest_take(all, &arena, &back, NULL) == TRACK_OK);
    CHECK_INT(back.count, m.count);
    for (size_t i = 0; i < m.count; i++) {
        const struct digest *found = manifest_find(&back, m.at[i].path);
        CHECK(found && memcmp(found, &m.at[i].digest, sizeof(*found)) == 0);
    }
    CHECK(manifest_find(&back, text("d")) == NULL && manifest_find(&back, text("zz")) == NULL);
}

TEST(manifest, of_an_empty_tree_is_empty)
{
    AUTO_ARENA arena = ARENA(1 << 16);
    AUTO_BUF out = BUF(64);
    struct manifest m = {.count = 0}, back;
    CHECK(manifest_put(&out, &m, NULL) == TRACK_OK && out.size == 0);
    CHECK(manifest_take(text(""), &arena, &back, NULL) == TRACK_OK && back.count == 0);
}

TEST(manifest, refuses_paths_that_are_none)
{
    static const char *const bad[] = {"",     "/a",   "a/",   "a//b",  ".",     "..", "a/../b",
                                      "a\\b", "a\nb", "a\tb", "a\x7f", "a\xff", "./a"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK(manifest_check_path(text(bad[i]), NULL) == TRACK_INVALID);
    }
    CHECK(manifest_check_path(text("-a b/\xc3\xbc"), NULL) == TRACK_OK);
}

TEST(manifest, refuses_a_path_twice_and_a_file_that_is_a_folder)
{
    AUTO_BUF out = BUF(1 << 16);
    struct manifest_file files[4];
    struct manifest m = {.at = files};
    CHECK(put(&m, "a", text("1")) && put(&m, "a", text("2")));
    CHECK(manifest_put(&out, &m, NULL) == TRACK_INVALID);
    m.count = 0;
    CHECK(put(&m, "a", text("1")) && put(&m, "a.b", text("2")) && put(&m, "a/b", text("3")));
    CHECK(manifest_put(&out, &m, NULL) == TRACK_INVALID);
}

#define HEX "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

TEST(manifest, refuses_texts_that_it_does_not_write)
{
    static const char *const bad[] = {
        "x",
        HEX "  a",
        HEX " a\n",
        HEX " *a\n",
        HEX "  \n",
        HEX "  b\n" HEX "  a\n",
        HEX "  a\n" HEX "  a\n",
        HEX "  a\n\n",
        "E3B0C44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a\n",
        "\\" HEX "  a\n",
        HEX "  a\r\n",
    };
    AUTO_ARENA arena = ARENA(1 << 16);
    struct manifest m;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK(manifest_take(text(bad[i]), &arena, &m, NULL) == TRACK_INVALID);
    }
    CHECK(manifest_take(text(HEX "  a\n"), &arena, &m, NULL) == TRACK_OK);
    AUTO_ARENA small = ARENA(64);
    CHECK(manifest_take(text(HEX "  a\n"), &small, &m, NULL) == TRACK_NOMEM);
}
