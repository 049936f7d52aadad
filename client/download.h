/* download - bytes from a server into a directory, and nowhere else.
 *
 * Paths come from outside: one that could leave the directory is refused, and openat2 with
 * RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS sees to it that none does.  A file is written under
 * another name, its digest compared, then renamed.
 * Uses: api, hash, name.
 */
#ifndef CLIENT_DOWNLOAD_H
#define CLIENT_DOWNLOAD_H
#include "api.h"

/* What to fetch. */
struct download {
    const char *url;    /* path and query of the API */
    const char *path;   /* below the directory */
    const char *digest; /* 64 hex digits */
    int64_t size;
    bool force; /* replace what is there */
};

/* Fetches one file into the directory `dir` (a descriptor).
 *
 * TRACK_INVALID   the path is none of a run's file (name_check_path).
 * TRACK_CONFLICT  the file is there already, or a part of its path is a link or no directory.
 * TRACK_CORRUPT   what came has another digest; nothing is left.
 * TRACK_FULL, TRACK_IO  it cannot be written.  Others as track_request.
 *
 * Tests: tests/client/test_download.c, tests/e2e/test_cli.py
 */
track_status download_file(struct cmd *c, int dir, const struct download *d, track_error *err);
#endif
