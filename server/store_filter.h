/* store_filter - a filter as SQL, the only place that makes SQL text.
 *
 * Every value, every key is a bound parameter; only words of ours are text.  The run is `r`; what
 * needs its number alone takes that from where it is known first.
 * A term may be NULL for false, so NOT is written as NOT COALESCE(x, FALSE).  Terms that SQL cannot
 * decide alone (~, at(), any(), all(): "costly" ones) are taken as true unless the summary of the
 * series says no, or as false behind an odd number of NOTs unless it says yes, so that the text
 * selects all runs that may fit; store_residual.c decides for each.
 * Uses: store_base, filter.
 */
#ifndef SERVER_STORE_FILTER_H
#define SERVER_STORE_FILTER_H
#include "../core/filter.h"
#include "store_base.h"

enum { SQL_VALUES_MAX = 999, SQL_BYTES_MAX = 1 << 20 };

/* SQL under construction; fails stickily. */
struct sql {
    struct db *db; /* asked for ids of series and goals of metrics */
    struct arena *arena;
    int64_t project; /* node that goals are looked up in; 0: all */
    int64_t now_us;  /* what -7d and a running duration are reckoned from */
    struct buf text;
    struct db_value in[SQL_VALUES_MAX]; /* of $1, $2, ...; [in_count] */
    size_t in_count;
    const struct filter *known; /* a term that every row passes; or NULL */
    const char *node;           /* the number of the run: "r.node" */
    track_status status;        /* the first failure */
    track_error err;
};
#define AUTO_SQL __attribute__((cleanup(sql_release)))

/* An empty text with db, arena, project and now_us of another. */
void sql_begin(struct sql *q, const struct sql *of);
void sql_release(struct sql *q);

void sql_put(struct sql *q, const char *text);
void sql_bind(struct sql *q, struct db_value value);   /* appends $n */
size_t sql_hold(struct sql *q, struct db_value value); /* n alone, to be written several times */

/* Binds a text of a LIKE: before and after may hold %, in text every character is itself. */
void sql_bind_like(struct sql *q, const char *before, const char *text, const char *after);

/* Appends a comparison of the texts or numbers that stand before it (but for LIKE and the like), or
 * of the times. */
void sql_put_test(struct sql *q, const struct filter *term, bool number);
void sql_put_time_test(struct sql *q, const struct filter *term);

/* Appends a condition on r; `TRUE` for NULL. */
void sql_put_filter(struct sql *q, const struct filter *filter);

/* True if SQL cannot decide the term. */
bool filter_is_costly(const struct filter *term);

/* Appends what the summary of its series says of a term with at(), any() or all(): '0' no, '1' yes,
 * '2' its points decide, NULL there is no series.  Of IS NULL: whether there is a point.  Then what
 * stands for a costly term in a condition. */
void sql_put_hint(struct sql *q, const struct filter *term);
void sql_put_guess(struct sql *q, const struct filter *term, bool guess);

/* Appends a text of one digit for each term that is not costly, in the order of the text: what it
 * is for this run. */
void sql_put_verdicts(struct sql *q, const struct filter *filter);

/* Appends the value of an operand as one expression, NULL where the run has none: a text, or a
 * number (times in us, duration in seconds).  Of a parameter its text. */
void sql_put_value(struct sql *q, const struct filter_operand *operand);

/* Appends a column of s, the run's series of this name: that without context, else that of the
 * lowest rank; NULL where there is none. */
void sql_put_series(struct sql *q, const char *key, const char *column);

/* Ends it; what was wrong on the way comes out here.
 *
 *   types  of the columns, as in a marker.
 *
 * TRACK_TOO_LARGE  more values or text than the limits above.
 * TRACK_NOMEM      no memory; and what db_run says.
 */
track_status sql_end(struct sql *q, const char *types, struct db_text *out, track_error *err);

/* Ids of the series of this name that a project (0: any) has, that without context first: [count]
 * at most SEARCH_KEYS_MAX. */
enum { SEARCH_KEYS_MAX = 64 };
struct key_ids {
    int64_t id[SEARCH_KEYS_MAX];
    size_t count;
};
track_status search_key_ids(struct db *db, const char *name, int64_t project, struct key_ids *out,
                            track_error *err);

/* The same for a text under construction; and the function of a metric, never FILTER_BEST. */
struct key_ids sql_key_ids(struct sql *q, const char *name);
enum filter_func sql_resolve(struct sql *q, const struct filter_operand *operand);

/* What best(key) is in this project (0: in all): FILTER_MIN, FILTER_MAX, or FILTER_LAST where no
 * definition gives a goal.  A definition of the name itself counts before one of a glob, a longer
 * glob before a shorter one, that of the newest run before others. */
track_status search_goal(struct db *db, const char *key, int64_t project, enum filter_func *out,
                         track_error *err);
#endif
