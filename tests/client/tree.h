/* tree - a folder that stands for / in tests of what reads /proc and /sys. */
#ifndef TESTS_TREE_H
#define TESTS_TREE_H

struct tree {
    char root[64];
};

/* Makes one below /tmp; AUTO_TREE removes it with all that is in it. */
#define AUTO_TREE __attribute__((cleanup(tree_remove))) struct tree
struct tree tree_make(void);
void tree_remove(struct tree *t);

/* Writes a file and the folders above it. */
void tree_put(const struct tree *t, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void tree_put_bytes(const struct tree *t, const char *path, const void *at, unsigned long size);
void tree_link(const struct tree *t, const char *path, const char *to);
void tree_folder(const struct tree *t, const char *path);
void tree_drop(const struct tree *t, const char *path);
#endif
