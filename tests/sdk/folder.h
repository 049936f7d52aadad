/* folder - a folder of its own for a test of the SDK, removed at the end of the block.
 *
 *     AUTO_FOLDER folder = {.dir = -1};
 *     CHECK(folder_make(&folder));
 */
#ifndef TESTS_SDK_FOLDER_H
#define TESTS_SDK_FOLDER_H
#include "../../core/hash.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct folder {
    char path[64];
    int dir;
};

static inline int folder_remove_one(const char *path, const struct stat *st, int kind,
                                    struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

static inline void folder_remove(struct folder *f)
{
    if (f->path[0]) {
        close(f->dir);
        nftw(f->path, folder_remove_one, 16, FTW_DEPTH | FTW_PHYS);
    }
}
#define AUTO_FOLDER __attribute__((cleanup(folder_remove))) struct folder

static inline bool folder_make(struct folder *f)
{
    strncpy(f->path, "/var/tmp/track-test-XXXXXX", sizeof(f->path) - 1);
    if (!mkdtemp(f->path)) {
        f->path[0] = '\0';
        return false;
    }
    f->dir = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return f->dir >= 0;
}

/* Writes a small file below the folder. */
static inline bool folder_write(const struct folder *f, const char *name, const char *text)
{
    int fd = openat(f->dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0) {
        close(fd);
    }
    return done;
}
#endif
