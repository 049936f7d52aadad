/* regex - regular expressions of users, bounded in time and memory.
 *
 * PCRE2 with UTF-8, searched, not matched in full.  A pattern that is too expensive is an error,
 * never "no match".  PCRE2 counts its limits anew for each start position, so a search goes through
 * slices of start positions and asks `stop` between them.
 * Uses: arena, bytes, fail, name; pcre2, which nobody else includes.  Pure; a compiled pattern may
 * be used by one thread at a time.
 */
#ifndef CORE_REGEX_H
#define CORE_REGEX_H
#include "arena.h"
#include "bytes.h"
#include "fail.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    REGEX_PATTERN_BYTES_MAX = 1024,
    REGEX_PAREN_DEPTH_MAX = 32,
    REGEX_SUBJECT_BYTES_MAX = 64 * 1024,
    REGEX_SLICE_BYTES = 64,        /* start positions between two questions to stop */
    REGEX_MATCH_STEPS_MAX = 10000, /* of one start position; PCRE2's match limit */
    REGEX_MATCH_DEPTH_MAX = 1000,
    REGEX_HEAP_KIB_MAX = 1024,
    REGEX_GROUP_COUNT_MAX = 32,
};

struct regex;

/* Compiles a pattern.
 *
 *   pattern  [size], UTF-8, 1..REGEX_PATTERN_BYTES_MAX bytes, at most REGEX_GROUP_COUNT_MAX groups
 *            and REGEX_PAREN_DEPTH_MAX parentheses deep; no \C, no callouts.
 *   arena    holds it; releasing the arena frees what PCRE2 took.
 *   out      set only on TRACK_OK.
 *
 * TRACK_INVALID  not such a pattern; err says what and at which byte.
 * TRACK_NOMEM    the arena's limit, or the system's.
 *
 * Tests: tests/core/test_regex.c, tests/fuzz/fuzz_regex.c
 */
track_status regex_compile(struct bytes pattern, struct arena *arena, struct regex **out,
                           track_error *err);

/* How many groups the pattern has; and the name of group n (1..count), or NULL if it has none. */
unsigned regex_group_count(const struct regex *re);
const char *regex_group_name(const struct regex *re, unsigned n);

/* Asked between two slices of a search; true ends it.  May be NULL: never. */
struct regex_stop {
    bool (*ask)(void *data);
    void *data;
};

/* Searches subject for the first match.
 *
 *   subject  [size], at most REGEX_SUBJECT_BYTES_MAX bytes.  Bytes that are not UTF-8 match nothing
 *            but do not end the search.
 *   stop     may be NULL.
 *   groups   [regex_group_count + 1] or NULL: where the match and its groups lie, borrowed from
 *            subject; .at is NULL for a group that took no part.  Written only when found.
 *   found    set only on TRACK_OK.
 *
 * TRACK_INVALID    `pattern too expensive`, with the limit that was hit.
 * TRACK_TOO_LARGE  the subject is too long.
 * TRACK_TIMEOUT    stop said so.
 * TRACK_NOMEM      the system has no memory.
 *
 * Cost:  a slice takes 25 ms at worst.
 */
track_status regex_search(struct regex *re, struct bytes subject, const struct regex_stop *stop,
                          struct bytes *groups, bool *found, track_error *err);
#endif
