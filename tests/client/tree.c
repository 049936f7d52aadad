#include "tree.h"

#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct tree tree_make(void)
{
    struct tree t = {"/tmp/track-tree.XXXXXX"};
    if (mkdtemp(t.root) == NULL) {
        perror(t.root);
    }
    return t;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

void tree_remove(struct tree *t)
{
    nftw(t->root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void full_path(const struct tree *t, const char *path, char out[512])
{
    snprintf(out, 512, "%s%s", t->root, path);
    for (char *at = out + strlen(t->root) + 1; (at = strchr(at, '/')) != NULL; at++) {
        *at = '\0';
        mkdir(out, 0777);
        *at = '/';
    }
}

void tree_put_bytes(const struct tree *t, const char *path, const void *at, unsigned long size)
{
    char full[512];
    full_path(t, path, full);
    FILE *out = fopen(full, "w");
    if (out == NULL || fwrite(at, 1, size, out) != size || fclose(out) != 0) {
        perror(full);
    }
}

void tree_put(const struct tree *t, const char *path, const char *format, ...)
{
    char text[16384];
    va_list args;
    va_start(args, format);
    int size = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    tree_put_bytes(t, path, text, (unsigned long)size);
}

void tree_link(const struct tree *t, const char *path, const char *to)
{
    char full[512];
    full_path(t, path, full);
    if (symlink(to, full) != 0) {
        perror(full);
    }
}

void tree_folder(const struct tree *t, const char *path)
{
    char full[512];
    full_path(t, path, full);
    mkdir(full, 0777);
}

void tree_drop(const struct tree *t, const char *path)
{
    char full[512];
    snprintf(full, sizeof full, "%s%s", t->root, path);
    nftw(full, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
