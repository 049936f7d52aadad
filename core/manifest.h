/* manifest - a directory as text that sha256sum reads, and what such a text cannot say.
 *
 * A line for each file, sorted bytewise by path, which is relative:
 *     <64 hex digits of its SHA-256>  <path>
 * The SHA-256 of the manifest is the identity of the tree (its dirHash): `sha256sum -c` checks the
 * files against it, and so does Go's dirhash "h1".  An empty tree is the empty text.
 * It binds names and bytes alone.  A second text, the attributes, has a line, sorted bytewise by
 * path, for what is else worth keeping:
 *     x <path>             executable
 *     l <path>\t<target>   a symbolic link to a relative place inside the tree
 *     d <path>             an empty directory
 *
 * Source: lineage.md 2.2 (recipe and vectors).
 * Uses: hash, name.  Pure; any thread.
 */
#ifndef CORE_MANIFEST_H
#define CORE_MANIFEST_H
#include "hash.h"

enum {
    MANIFEST_FILES_MAX = 1 << 20,
    MANIFEST_BYTES_MAX = 256 << 20,
};

struct manifest_file {
    struct bytes path;
    struct digest digest;
};

struct manifest {
    struct manifest_file *at; /* [count], by path */
    size_t count;
};

/* The order of paths: that of their bytes, as LC_ALL=C sort has it.  < 0: a stands before b. */
int manifest_compare(struct bytes a, struct bytes b);

/* Checks the path of a file in a tree: that of a file in a run (name.h), without control bytes.
 *
 * TRACK_INVALID  not such a path; err says why.
 */
track_status manifest_check_path(struct bytes path, track_error *err);

/* Appends the manifest; sorts the files.
 *
 * TRACK_INVALID    a path that is none, or is there twice, or goes through a file.
 * TRACK_TOO_LARGE  over MANIFEST_FILES_MAX files, or the buffer's limit.
 * TRACK_NOMEM      no memory.
 *
 * Tests: tests/core/test_manifest.c (vectors of lineage.md 2.2)
 */
track_status manifest_put(struct buf *out, struct manifest *m, track_error *err);

/* Takes a manifest apart.
 *
 *   out  in the arena; paths are borrowed from in.
 *
 * TRACK_INVALID    not the text that manifest_put writes; err names the line.
 * TRACK_TOO_LARGE  over MANIFEST_FILES_MAX files.
 * TRACK_NOMEM      the arena's limit.
 *
 * Tests: tests/fuzz/fuzz_manifest.c
 */
track_status manifest_take(struct bytes in, struct arena *arena, struct manifest *out,
                           track_error *err);

/* The digest of a file; NULL: there is none at this path. */
const struct digest *manifest_find(const struct manifest *m, struct bytes path);

enum manifest_kind { MANIFEST_EXECUTABLE = 'x', MANIFEST_LINK = 'l', MANIFEST_FOLDER = 'd' };

struct manifest_attr {
    enum manifest_kind kind;
    struct bytes path;
    struct bytes target; /* of a link */
};

struct manifest_attrs {
    struct manifest_attr *at; /* [count], by path */
    size_t count;
};

/* As manifest_put and manifest_take; a link may lead nowhere, but not out of the tree. */
track_status manifest_put_attrs(struct buf *out, struct manifest_attrs *a, track_error *err);
track_status manifest_take_attrs(struct bytes in, struct arena *arena, struct manifest_attrs *out,
                                 track_error *err);
#endif
