#include "tree.h"

#include "../core/name.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static track_status add_file(struct tree *t, const char *const where[2], int64_t size,
                             track_error *err)
{
    struct tree_file *f = ARENA_NEW(t->arena, struct tree_file);
    struct bytes name = {(const unsigned char *)where[1], strlen(where[1])};
    if (!f || t->count == TREE_FILES_MAX) {
        return FAIL(err, f ? TRACK_TOO_LARGE : TRACK_NOMEM, "over %d files", TREE_FILES_MAX);
    }
    TRY(name_check_path(name, err));
    f->path = where[0];
    f->name = where[1];
    f->size = size;
    *t->end = f;
    t->end = &f->next;
    t->count++;
    t->size += size;
    return TRACK_OK;
}

static const char *join(struct arena *arena, const char *a, const char *b)
{
    size_t size = strlen(a) + strlen(b) + 2;
    char *out = arena_alloc(arena, size, 1);
    if (out) {
        snprintf(out, size, "%s/%s", a, b);
    }
    return out;
}

static track_status add_path(struct tree *t, const char *const where[2], int depth,
                             track_error *err);

/* Names of a directory, linked while it is read. */
struct entry {
    struct entry *next;
    const char *name;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names in a directory, sorted, NULL at the end. */
static track_status read_names(struct arena *arena, const char *path, const char ***out,
                               track_error *err)
{
    struct entry *first = NULL;
    size_t count = 0;
    DIR *dir = opendir(path);
    bool memory = dir != NULL;
    for (const struct dirent *d; memory && (d = readdir(dir));) {
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0) {
            continue;
        }
        struct entry *e = ARENA_NEW(arena, struct entry);
        const char *name = arena_text(arena, d->d_name, strlen(d->d_name));
        memory = e && name;
        if (memory) {
            *e = (struct entry){first, name};
            first = e;
            count++;
        }
    }
    if (!dir) {
        return FAIL(err, TRACK_IO, "%.160s: %s", path, strerror(errno));
    }
    closedir(dir);
    const char **names = ARENA_ARRAY(arena, const char *, count + 1);
    if (!memory || !names) {
        return FAIL(err, TRACK_NOMEM, "%.160s", path);
    }
    for (size_t i = 0; first; first = first->next) {
        names[i++] = first->name;
    }
    qsort(names, count, sizeof(*names), compare_names);
    *out = names;
    return TRACK_OK;
}

static track_status add_entries(struct tree *t, const char *const where[2], int depth,
                                track_error *err)
{
    const char **names = NULL;
    TRY(read_names(t->arena, where[0], &names, err));
    for (; *names; names++) {
        const char *below[2] = {join(t->arena, where[0], *names), join(t->arena, where[1], *names)};
        if (!below[0] || !below[1]) {
            return FAIL(err, TRACK_NOMEM, "a path");
        }
        TRY(add_path(t, below, depth + 1, err));
    }
    return TRACK_OK;
}

/* where: path here, name in the run. */
static track_status add_path(struct tree *t, const char *const where[2], int depth,
                             track_error *err)
{
    struct stat st;
    if ((depth ? lstat(where[0], &st) : stat(where[0], &st)) != 0) {
        return FAIL(err, errno == ENOENT ? TRACK_NOT_FOUND : TRACK_IO, "%.160s: %s", where[0],
                    strerror(errno));
    }
    if (S_ISREG(st.st_mode)) {
        return add_file(t, where, st.st_size, err);
    }
    if (!S_ISDIR(st.st_mode)) {
        t->skipped++;
        return TRACK_OK;
    }
    if (depth == TREE_DEPTH_MAX) {
        return FAIL(err, TRACK_TOO_LARGE, "%.160s: over %d levels", where[0], TREE_DEPTH_MAX);
    }
    return add_entries(t, where, depth, err);
}

track_status tree_list(struct arena *arena, const char *path, const char *name, struct tree *out,
                       track_error *err)
{
    *out = (struct tree){.arena = arena, .end = &out->files};
    return add_path(out, (const char *const[]){path, name}, 0, err);
}

const char *tree_base_name(struct arena *arena, const char *path)
{
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/') {
        end--;
    }
    size_t start = end;
    while (start > 0 && path[start - 1] != '/') {
        start--;
    }
    return arena_text(arena, path + start, end - start);
}
