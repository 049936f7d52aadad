/* filter_history - the terms any(KEY op NUMBER, FROM, TO) and all(...), over the points of a
 * series.
 *
 * For filter*.c alone.
 * Uses: filter_operand, filter_value.
 */
#ifndef CORE_FILTER_HISTORY_H
#define CORE_FILTER_HISTORY_H
#include "filter_token.h"

/* True if the word, behind which a bracket opens, begins such a term. */
bool filter_is_history(const struct token *word);

/* Takes the term; its word is next.
 *
 * TRACK_INVALID  it is none, or its steps end before they begin.
 * TRACK_NOMEM    the arena's limit.
 *
 * Tests: tests/core/test_filter_history.c
 */
track_status filter_take_history(struct scan *s, struct filter *term, track_error *err);
#endif
