/* tree - a file, or all files of a directory, with the names they get in a run.
 *
 * Links inside a directory are not followed; what is neither file nor directory is left out and
 * counted.
 * Uses: arena, fail, name.
 */
#ifndef CLIENT_TREE_H
#define CLIENT_TREE_H
#include "../core/arena.h"
#include "../core/fail.h"

#include <stdint.h>

enum { TREE_FILES_MAX = 100000, TREE_DEPTH_MAX = 64 };

struct tree_file {
    struct tree_file *next;
    const char *path; /* here */
    const char *name; /* in the run */
    int64_t size;
    char digest[65]; /* filled by who reads it; "" here */
};

struct tree {
    struct arena *arena;
    struct tree_file *files, **end; /* in byte order of names within a directory */
    size_t count;
    int64_t size;   /* of all */
    size_t skipped; /* links, sockets and such */
};

/* Lists path, with names that begin with `name`.
 *
 * TRACK_NOT_FOUND  there is no path.
 * TRACK_INVALID    a name that a run cannot have (name_check_path).
 * TRACK_TOO_LARGE  over TREE_FILES_MAX files or TREE_DEPTH_MAX levels.
 * TRACK_IO         a directory cannot be read; err names it.
 * TRACK_NOMEM      the arena's limit.
 *
 * Tests: tests/client/test_tree.c
 */
track_status tree_list(struct arena *arena, const char *path, const char *name, struct tree *out,
                       track_error *err);

/* The last part of a path, without slashes at its end; NULL at the arena's limit. */
const char *tree_base_name(struct arena *arena, const char *path);
#endif
