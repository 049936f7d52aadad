/* filter_operand - what stands on the left side of a term.
 *
 * For filter*.c alone.
 * Uses: filter_token.
 */
#ifndef CORE_FILTER_OPERAND_H
#define CORE_FILTER_OPERAND_H
#include "filter_token.h"

/* Takes an operand: an attribute, a prefix with a key, a function of a metric.
 *
 * TRACK_INVALID  something else is next.
 * TRACK_NOMEM    the arena's limit.
 */
track_status filter_take_operand(struct scan *s, struct filter_operand *out, track_error *err);

/* True if the word begins with a prefix that a key follows, such as `params.` */
bool filter_is_prefixed(const struct token *word);

/* Takes a key: a plain word or a quoted text. */
track_status filter_take_key(struct scan *s, const char **out, track_error *err);

/* Takes a step: a whole number. */
track_status filter_take_step(struct scan *s, int64_t *out, track_error *err);

const char *filter_func_name(enum filter_func func);
const char *filter_attribute_name(enum filter_field field); /* NULL for those with a key */
#endif
