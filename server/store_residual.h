/* store_residual - the terms of a filter that SQL cannot decide: ~, !~ and at().
 *
 * A row of the search brings a digit for each other term and the texts that patterns look at; here
 * the whole tree is decided.
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
    struct regex *patterns[FILTER_COSTLY_COUNT_MAX];     /* NULL for at() */
    size_t count;
    int64_t left_us; /* of the budget */
    int64_t stop_us; /* on the steady clock, for the row that is looked at */
};

/* Gathers the costly terms and compiles their patterns.
 *
 * TRACK_INVALID      a pattern is none.
 * TRACK_UNSUPPORTED  at() without a way to read points.
 * TRACK_NOMEM        the arena's limit.
 */
track_status residual_init(struct residual *r, const struct search *search, struct arena *arena,
                           track_error *err);

/* Decides one run.
 *
 *   verdicts  [as many as terms that are not costly] '0' or '1'.
 *   subjects  [count] what each pattern looks at; type 'n': the run has none.
 *   run       its id.
 *
 * TRACK_TIMEOUT  the budget is used up.
 * TRACK_INVALID  a pattern is too expensive; and what ask->point says.
 */
struct residual_row {
    struct bytes verdicts;
    const struct db_value *subjects;
    const char *run;
};
track_status residual_decide(struct residual *r, const struct residual_row *row, bool *out,
                             track_error *err);
#endif
