/* spool_folder - the folder of one spool: who holds it, and what it is for.
 *
 * A folder is held by at most one process: fcntl locks `lock`, which dies with the process and is
 * not inherited by fork.  Within a process it is held once: `owner.<pid>-<start>` is made
 * exclusively before `lock` is opened, since closing any descriptor of that file would give the
 * lock away. A folder is made under another name and renamed, so nobody meets half of one. Uses:
 * arena, fail, hash, json.  Any thread.
 */
#ifndef SDK_SPOOL_FOLDER_H
#define SDK_SPOOL_FOLDER_H
#include "../core/arena.h"
#include "../core/bytes.h"

enum { SPOOL_HEX_BYTES = 33, SPOOL_PATH_BYTES = 4096 };

/* What a spool is for; meta.json. */
struct spool_meta {
    const char *url;
    const char *project;
    char run[SPOOL_HEX_BYTES]; /* 32 hex digits and NUL */
    char writer[SPOOL_HEX_BYTES];
    int64_t created_us;
    uint64_t segment_bytes;
    bool joined; /* ends its writer, not the run */
};

/* A folder that is held.  Invariant: dir < 0 means it is not. */
struct spool_folder {
    int dir;
    int lock;
    char owner[64];
    char path[SPOOL_PATH_BYTES];
};

/* Makes a folder below root, which is made too where it is missing, and holds it.
 *
 *   meta  run and writer name it.
 *   out   set only on TRACK_OK; spool_folder_release.
 *
 * TRACK_IO, TRACK_FULL  as the system says; err names the path.
 * TRACK_CONFLICT        it is there already.
 *
 * Tests: tests/sdk/test_spool_folder.c, tests/e2e/test_sdk.py
 */
track_status spool_folder_make(const char *root, const struct spool_meta *meta,
                               struct spool_folder *out, track_error *err);

/* Holds a folder that somebody left.
 *
 *   path  of the folder.
 *
 * TRACK_BUSY       somebody holds it.
 * TRACK_NOT_FOUND  it is gone.
 * TRACK_IO         it cannot be opened.
 */
track_status spool_folder_claim(const char *path, struct spool_folder *out, track_error *err);

/* Reads meta.json.
 *
 *   dir  of the folder; it need not be held.
 *
 * TRACK_CORRUPT  it is not what we write.  TRACK_IO, TRACK_NOMEM.
 */
track_status spool_folder_meta(int dir, struct arena *arena, struct spool_meta *out,
                               track_error *err);

/* Lets go of it; the folder stays. */
void spool_folder_release(struct spool_folder *f);

/* Removes the folder with all that is in it, and lets go. */
void spool_folder_remove(struct spool_folder *f);

/* Paths of the spools below root, oldest run first; none when root is not there.
 *
 * TRACK_IO, TRACK_NOMEM.
 */
track_status spool_folder_list(const char *root, struct arena *arena, const char *const **out,
                               size_t *count, track_error *err);

/* Makes every folder of a path that is missing, 0700.  TRACK_IO, TRACK_FULL. */
track_status spool_folder_make_path(const char *path, track_error *err);
#endif
