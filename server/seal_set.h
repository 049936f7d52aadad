/* seal_set - what journal rows hold: points and texts by series, in order and each once; lines.
 *
 * Filled from rows as they come from the journal, then given to builders of packs.
 * Uses: frame, journal, pack_build, seal_lines, seal_texts.  One thread.
 */
#ifndef SERVER_SEAL_SET_H
#define SERVER_SEAL_SET_H
#include "../core/pack_build.h"
#include "journal.h"
#include "seal_lines.h"
#include "seal_texts.h"
#include "store_fact.h"

/* A set that holds so much takes no more rows. */
enum { SEAL_POINTS_MAX = 1 << 20, SEAL_TEXT_BYTES_MAX = 32 << 20 };

/* One series; out of order and with repeats until seal_set_build. */
struct seal_series {
    struct bytes name, context;
    int64_t id;
    struct buf points; /* of struct point */
    bool sorted;       /* points */
    struct seal_texts texts;
};

struct seal_set {
    struct arena *arena;                /* holds series and names; not the points */
    const struct metric_def_list *defs; /* of the run */
    struct seal_series **by_id;         /* [id_room] hash table; NULL is free */
    size_t id_room, count;
    size_t points, text_bytes; /* texts of lines too */
    struct seal_lines lines;
};

/* A writer's dictionary, with the series of the set that its numbers mean. */
struct seal_keys {
    const struct journal_keys *keys;
    struct seal_series **series; /* [keys->count], NULL until used */
};

/* Adds all that a row holds.
 *
 * TRACK_CORRUPT  a frame is damaged, though it was whole when it was stored; or a key number is not
 *                defined.
 * TRACK_NOMEM    no memory.
 */
track_status seal_set_add(struct seal_set *set, const struct journal_head *row, struct bytes body,
                          struct seal_keys *keys, track_error *err);

bool seal_set_full(const struct seal_set *set);

/* Gives all series to a builder that has just been opened; the caller ends it.
 *
 * TRACK_NOMEM, and what the builder says.
 *
 * Tests: tests/server/test_seal_run.c
 */
track_status seal_set_build(struct seal_set *set, struct pack_builder *to, track_error *err);

void seal_set_release(struct seal_set *set);
#endif
