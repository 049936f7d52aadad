/* store_cursor - where a page of a search ended, as text that says nothing to outsiders.
 *
 * Uses: store_search, hash.  Pure; any thread.
 */
#ifndef SERVER_STORE_CURSOR_H
#define SERVER_STORE_CURSOR_H
#include "store_search.h"

/* The place of a run in its order: (number, text, node), where either may be absent. */
struct cursor {
    bool has_number, has_text;
    double number;
    const char *text; /* at most 512 bytes */
    int64_t node;
};

/*   search  the question that it belongs to; its project, filter, order and trash are in it.
 *
 * TRACK_NOMEM  the arena's limit.
 */
track_status cursor_encode(const struct cursor *c, const struct run_search *search,
                           struct arena *arena, const char **out, track_error *err);

/* TRACK_INVALID  no cursor, or one of another question. */
track_status cursor_decode(const char *text, const struct run_search *search, struct arena *arena,
                           struct cursor *out, track_error *err);
#endif
