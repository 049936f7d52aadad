/* store_residual - the terms of a filter that SQL cannot decide: ~, !~, at(), any() and all().
 *
 * A row of the search brings a digit for each other term, the texts that patterns look at, and what
 * summaries say of the points; here the whole tree is decided.  What decides it already is not
 * looked at again: patterns come before points, and no points are read in vain.
 * Uses: store_search, store_filter, regex, clock.  One search, one thread.
 */
#ifndef SERVER_STORE_RESIDUAL_H
#define SERVER_STORE_RESIDUAL_H
#include "../core/regex.h"
#include "store_filter.h"
#include "store_search.h"

/* Invariant: terms and patterns are in the order of the text. */
struct residual {
    const struct search *search;
    const struct filter *terms[FILTER_COSTLY_COUNT_MAX]; /* [count] */
    struct regex *patterns[FILTER_COSTLY_COUNT_MAX];     /* NULL for at(), any(), all() */
    size_t count;
    int64_t left_us;      /* of the budget of patterns */
    int64_t read_left_us; /* of that of points */
    int64_t read_runs;    /* runs whose points were read */
    int64_t stop_us;      /* on the steady clock, for the pattern that is looked for */
};

/* Gathers the costly terms and compiles their patterns.
 *
 * TRACK_INVALID      a pattern is none.
 * TRACK_UNSUPPORTED  at(), any() or all() without a way to read points.
 * TRACK_NOMEM        the arena's limit.
 */
track_status residual_init(struct residual *r, const struct search *search, struct arena *arena,
                           track_error *err);

/* Decides one run.
 *
 *   verdicts  [as many as terms that are not costly] '0' or '1'.
 *   subjects  [count] what each pattern looks at, or what sql_put_hint says; type 'n': none.
 *   run       its id.
 *
 * TRACK_TIMEOUT  a budget is used up.
 * TRACK_INVALID  a pattern is too expensive, or the points of over SEARCH_READ_RUNS_MAX runs would
 *                have to be read; and what ask->point and ask->history say.
 */
struct residual_row {
    struct bytes verdicts;
    const struct db_value *subjects;
    const char *run;
};
track_status residual_decide(struct residual *r, const struct residual_row *row, bool *out,
                             track_error *err);
#endif
