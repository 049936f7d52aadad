/* Shows which files a directory is made of.
 * How: a directory below /tmp with files, folders, links and a fifo. */
#include "../../client/tree.h"
#include "../harness.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void put(const char *dir, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    if (file) {
        fputs(text, file);
        fclose(file);
    }
}

static void clean(const char *dir)
{
    static const char *const names[] = {"b.txt", "a.txt", "sub/c.txt", "link", "fifo", "sub"};
    char path[256];
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
        remove(path);
    }
    rmdir(dir);
}

TEST(tree, lists_files_in_order_and_leaves_out_the_rest)
{
    AUTO_ARENA a = ARENA(1 << 20);
    char dir[] = "/tmp/track-tree-XXXXXX", path[256], names[256] = "";
    struct tree tree;
    CHECK(mkdtemp(dir));
    put(dir, "b.txt", "bb");
    put(dir, "a.txt", "a");
    snprintf(path, sizeof(path), "%s/sub", dir);
    mkdir(path, 0700);
    put(dir, "sub/c.txt", "ccc");
    snprintf(path, sizeof(path), "%s/link", dir);
    bool made = symlink("/etc/passwd", path) == 0;
    snprintf(path, sizeof(path), "%s/fifo", dir);
    made = made && mkfifo(path, 0600) == 0;
    track_status status = tree_list(&a, dir, "model", &tree, NULL);
    clean(dir);
    CHECK(made && status == TRACK_OK);
    for (const struct tree_file *f = tree.files; f; f = f->next) {
        strncat(names, f->name, 40);
        strncat(names, " ", 2);
    }
    CHECK(strcmp(names, "model/a.txt model/b.txt model/sub/c.txt ") == 0);
    CHECK_INT(tree.size, 6);
    CHECK_INT(tree.skipped, 2);
}

TEST(tree, follows_a_link_that_was_named)
{
    AUTO_ARENA a = ARENA(1 << 20);
    struct tree tree;
    CHECK(tree_list(&a, "/etc/passwd", "p", &tree, NULL) == TRACK_OK && tree.count == 1);
    CHECK(tree_list(&a, "/no/such/file", "p", &tree, NULL) == TRACK_NOT_FOUND);
    CHECK(tree_list(&a, "/etc/passwd", "a/../b", &tree, NULL) == TRACK_INVALID);
    CHECK(tree_list(&a, "/dev/null", "n", &tree, NULL) == TRACK_OK && tree.skipped == 1);
}

TEST(tree, names_a_path_by_its_last_part)
{
    AUTO_ARENA a = ARENA(1 << 16);
    CHECK(strcmp(tree_base_name(&a, "ckpt/"), "ckpt") == 0);
    CHECK(strcmp(tree_base_name(&a, "/a/b/c.bin"), "c.bin") == 0);
    CHECK(strcmp(tree_base_name(&a, "x"), "x") == 0);
    CHECK(strcmp(tree_base_name(&a, "///"), "") == 0);
}
