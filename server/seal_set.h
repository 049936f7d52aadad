/* seal_set - the points of journal rows by series, in order, each once.
 *
 * Filled from rows as they come from the journal, then given to a builder of packs.
 * Uses: frame, journal, pack_build.  One thread.
 */
#ifndef SERVER_SEAL_SET_H
#define SERVER_SEAL_SET_H
#include "../core/pack_build.h"
#include "journal.h"

enum { SEAL_SERIES_MAX = 1 << 20, SEAL_POINTS_MAX = 2 << 20 /* of a set */ };

/* Points of one series; out of order and with repeats until seal_set_build. */
struct seal_series {
    struct bytes name, context;
    int64_t id;
    struct buf points; /* of struct point */
    bool sorted;
};

struct seal_set {
    struct arena *arena;        /* holds at and names; not the points */
    struct seal_series **by_id; /* [id_room] hash table; NULL is free */
    size_t id_room, count, points;
};

/* A writer's dictionary, with the series of the set that its numbers mean. */
struct seal_keys {
    const struct journal_keys *keys;
    struct seal_series **series; /* [keys->count], NULL until used */
};

/* Frames of a row, decoded; or that they do not hold numbers alone. */
struct seal_row {
    const struct frame *frames; /* [count] */
    size_t count;
    bool numbers;
};

/* Decodes a row into arena.
 *
 * TRACK_CORRUPT  a frame is damaged: it was whole when it was stored.
 * TRACK_NOMEM    the arena's limit.
 */
track_status seal_row_decode(struct bytes body, struct arena *arena, struct seal_row *out,
                             track_error *err);

/* Adds the points of a row of numbers.
 *
 * TRACK_CORRUPT  a key number is not defined.
 * TRACK_NOMEM    no memory.
 */
track_status seal_set_add(struct seal_set *set, const struct seal_row *row, struct seal_keys *keys,
                          track_error *err);

/* Gives everything to a builder that has just been opened; the caller ends it.
 *
 * TRACK_NOMEM, and what the builder says.
 *
 * Tests: tests/server/test_seal_run.c
 */
track_status seal_set_build(struct seal_set *set, struct pack_builder *to, track_error *err);

void seal_set_release(struct seal_set *set);
#endif
