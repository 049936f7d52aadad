/* filter_value - values of a filter: numbers with units, dates, ages.
 *
 * For filter*.c alone.
 * Uses: filter_token, number.
 */
#ifndef CORE_FILTER_VALUE_H
#define CORE_FILTER_VALUE_H
#include "filter_token.h"

/* Decodes `2026`, `2026-11`, `2026-11-01`, `2026-11-01T12:30`, `...:05`, `...:05.25`, with a blank
 * for the T; then nothing (UTC), `Z`, or an offset such as `+01:00`.
 *
 *   from_us, to_us  the span it names, since 1970 UTC; set only if true.
 */
bool filter_decode_date(struct bytes text, int64_t *from_us, int64_t *to_us);

/* Decodes a number with the unit s m h d w (seconds) or B KB MB GB TB KiB MiB GiB TiB (bytes), or
 * none.
 *
 *   unit  's', 'B' or 0.
 */
bool filter_decode_quantity(struct bytes text, double *out, char *unit);

/* Takes the value that is next, as operands of this type need it.
 *
 * TRACK_INVALID  there is none, or it is of another type.
 * TRACK_NOMEM    the arena's limit.
 */
track_status filter_take_value(struct scan *s, enum filter_type type, struct filter_value **out,
                               track_error *err);
#endif
