/* Small files of the kernel: what is there, what is not, what does not fit. */
#include "../../client/missing.h"
#include "../../client/sys.h"
#include "../harness.h"
#include "tree.h"

#include <stdio.h>
#include <string.h>

static bool count_entry(void *data, const char *name)
{
    int *count = data;
    return name[0] != '.' && ++*count < 2;
}

TEST(sys, reads_texts_and_numbers_or_says_no)
{
    AUTO_TREE t = tree_make();
    static struct sys_text text;
    uint64_t value;
    char link[8];
    tree_put(&t, "/a/text", "MemFree:  12 kB\nMem: x\n");
    tree_put(&t, "/a/number", " 42\n");
    tree_put(&t, "/a/word", "max\n");
    tree_put(&t, "/a/huge", "99999999999999999999999\n");
    tree_put(&t, "/a/empty", "%s", "");
    tree_link(&t, "/a/link", "target");
    CHECK(sys_read(t.root, "/a/text", &text) && text.size == 23);
    CHECK(sys_find_number(text.at, "MemFree:", &value) && value == 12);
    CHECK(!sys_find_number(text.at, "Mem:", &value));
    CHECK(!sys_find_number(text.at, "Swap:", &value));
    CHECK(sys_read_number(t.root, "/a/number", &value) && value == 42);
    CHECK(!sys_read_number(t.root, "/a/word", &value));
    CHECK(!sys_read_number(t.root, "/a/huge", &value));
    CHECK(!sys_read_number(t.root, "/a/none", &value));
    CHECK(!sys_read(t.root, "/a/empty", &text) && text.at[0] == '\0');
    CHECK(!sys_read(t.root, "/a", &text));
    CHECK(sys_exists(t.root, "/a/word") && !sys_exists(t.root, "/b"));
    CHECK(sys_read_link(t.root, "/a/link", link, 7) && strcmp(link, "target") == 0);
    CHECK(!sys_read_link(t.root, "/a/link", link, 6));
    CHECK(!sys_read_link(t.root, "/a/word", link, 8));
    int count = 0;
    sys_list(t.root, "/a", count_entry, &count);
    CHECK_INT(count, 2);
    sys_list(t.root, "/none", count_entry, &count);
    CHECK_INT(count, 2);
}

TEST(sys, long_files_are_cut_and_long_paths_refused)
{
    AUTO_TREE t = tree_make();
    static struct sys_text text;
    static char big[SYS_TEXT_MAX + 100];
    char path[SYS_PATH_MAX + 1];
    memset(big, 'x', sizeof big);
    tree_put_bytes(&t, "/big", big, sizeof big);
    CHECK(sys_read(t.root, "/big", &text));
    CHECK_INT(text.size, SYS_TEXT_MAX - 1);
    CHECK(text.at[text.size] == '\0');
    memset(path, '/', SYS_PATH_MAX);
    path[SYS_PATH_MAX] = '\0';
    CHECK(!sys_read("", path, &text));
    CHECK(!sys_exists("", path));
}

TEST(sys, lines_with_and_without_an_end)
{
    char text[] = "one\n\nthree", *at = text;
    CHECK(strcmp(sys_line(&at), "one") == 0);
    CHECK(strcmp(sys_line(&at), "") == 0);
    CHECK(strcmp(sys_line(&at), "three") == 0);
    CHECK(sys_line(&at) == NULL);
}

TEST(missing, says_each_thing_once_up_to_its_limit)
{
    static struct missing m;
    char what[32];
    CHECK(missing_add(&m, "gpu", "no %s", "driver"));
    CHECK(!missing_add(&m, "gpu", "again"));
    CHECK(strcmp(m.rows[0].why, "no driver") == 0);
    for (int i = 1; i < MISSING_MAX; i++) {
        snprintf(what, sizeof what, "w%d", i);
        CHECK(missing_add(&m, what, "x"));
    }
    CHECK(!missing_add(&m, "more", "x"));
    CHECK_INT(m.count, MISSING_MAX);
}
