/* source - the state of the code: commit, and what the work tree has beyond it.
 *
 * libgit2 is used here only.  Nothing is written into the repository, and no program that its
 * configuration names is run.
 * Uses: fail, redact, track.h.
 */
#ifndef SDK_SOURCE_H
#define SDK_SOURCE_H
#include "../core/bytes.h"
#include "track.h"

#include <stdatomic.h>

struct source_limits {
    uint64_t untracked_max;  /* bytes of one untracked file */
    uint64_t total_max;      /* bytes of all of them, and of the patch */
    int64_t until_ms;        /* moment_tick_ms; 0: no deadline */
    const atomic_bool *stop; /* ends it early; NULL: never */
};

/* Reads the state of the work tree that path lies in.
 *
 *   path  NULL: the working directory.
 *   out   to be given to track_close_source.
 *
 * TRACK_NOT_FOUND    not in a git repository.
 * TRACK_TIMEOUT      the deadline passed, or *stop.
 * TRACK_UNSUPPORTED  libgit2 cannot read it; err says why.
 * TRACK_NOMEM
 *
 * Tests: tests/sdk/test_source.c, tests/e2e/test_sdk.py
 */
track_status source_read(const char *path, const struct source_limits *limits, track_source *out,
                         track_error *err);
#endif
