/* check - is everything that was promised still there?
 *
 * What `trackd check` runs on a closed data directory, under its lock: the engine's own check, rows
 * against frames (each decodes, sequences without gap or repeat, watermarks agree), packs (all that
 * they say of their points is computed again), rows that are derived (they are what their sources
 * give), rows against blobs (each object is there and has its digest), objects without a row.  On
 * request derived rows that are wrong are written again; nothing else is changed, ever.
 * Uses: store, tail.
 */
#ifndef SERVER_CHECK_H
#define SERVER_CHECK_H
#include "store.h"

/* Receives one finding, one line of text without newline. */
typedef void check_say(void *data, const char *line);

struct check_counts {
    int64_t runs, frames, points, packs, blobs, blob_bytes; /* looked at */
    int64_t wrong;                                          /* findings that are left */
    int64_t repaired;                                       /* derived rows that were wrong */
    int64_t loose; /* objects that only a loose row names: left by a crash, harmless */
};

/* Checks a data directory.
 *
 *   quick   true: blobs are looked for, not read; nor are packs and what is derived from them.
 *   repair  true: derived rows that are wrong are written again: pack rows, series rows, heads of
 *           tags, numbers of parameters.
 *   say     called for each finding.
 *   out     filled as far as it came, whatever the status.
 *
 * TRACK_CORRUPT      something is wrong: out->wrong > 0.
 * TRACK_CONFLICT     a server holds the directory.
 * The other statuses of store_open.
 *
 * Tests: tests/server/test_check.c, tests/e2e/test_crash.py
 */
struct check_options {
    const char *data;
    bool quick;
    bool repair;
    check_say *say;
    void *say_data;
};
track_status check_run(const struct check_options *options, struct check_counts *out,
                       track_error *err);
#endif
