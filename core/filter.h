/* filter - what users write to select and sort runs: one language for command, API and pages.
 *
 *     status:running tags.team=vision config.lr>=1e-4 min(val/loss)<0.3 name~'resnet.*' created>-7d
 *
 *     filter  = [ or ] ;      or = and { OR and } ;      and = unary { [ AND ] unary } ;
 *     unary   = ( NOT | "-" ) unary | "(" or ")" | term ;
 *     term    = operand op value | operand [ NOT ] ( LIKE | ILIKE ) value
 *             | operand [ NOT ] IN "(" value { "," value } ")" | operand IS [ NOT ] NULL
 *             | operand [ NOT ] BETWEEN value AND value | tag:KEY | has:KEY | history | text ;
 *     history = ( any | all ) "(" key op number [ "," from [ "," to ] ] ")" ;    bounds: steps
 *     operand = attribute | prefix "." key | function "(" key [ "," step ] ")" ;
 *     op      = "=" "==" "!=" "<>" "<" "<=" ">" ">=" "~" "!~" ":" ;
 *     value   = 'text' | "text" | number [ unit ] | date | word ;
 *     order   = [ "-" ] operand ;
 *
 * Keywords in any case.  A key that is not a plain word stands in ` or ", a doubled quote inside is
 * one.  docs/filter.md tells it to users.
 *
 * What terms mean, so that every evaluator agrees:
 *   - A term is true or false; NOT turns it round.  Of what is absent no comparison is true, `!=`
 *     and NOT LIKE included: ask IS NULL.
 *   - `:` is equality without regard to case (ASCII).  LIKE knows % and _; ~ searches a pattern.
 *   - A parameter and a number compare as numbers where the parameter is one; otherwise it only
 *     differs (!=).  With 'quoted' values everything compares as text, bytewise.
 *   - A metric is its last value by (step, time).  NaN compares with nothing.  A bare word with a
 *     '/' in it is a metric.
 *   - any(): a point compares so.  all(): there are points and each does.  Over the steps from..to,
 *     both inside; infinities are numbers, a NaN compares with nothing and so fails all().
 *   - A date is the whole span it names: = is within, < before, > after it.
 *   - text is a part, in any case, of name, notes or a tag's value, or the start or end of the id.
 * Uses: arena, bytes, fail, name, number.  Pure; any thread.
 */
#ifndef CORE_FILTER_H
#define CORE_FILTER_H
#include "arena.h"
#include "bytes.h"
#include "fail.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FILTER_BYTES_MAX = 4096,
    FILTER_DEPTH_MAX = 32,          /* brackets and NOTs around one another */
    FILTER_TERM_COUNT_MAX = 64,     /* terms; the values of an IN are not counted */
    FILTER_VALUE_COUNT_MAX = 500,   /* values of all terms */
    FILTER_COSTLY_COUNT_MAX = 8,    /* with ~, !~, at(), any(), all(): no index answers */
    FILTER_PATTERN_BYTES_MAX = 256, /* of a LIKE, and of a text to look for */
};

/* What is compared.  Attributes first, as in the table of filter_operand.c. */
enum filter_field {
    FILTER_ID,
    FILTER_NAME,
    FILTER_STATUS,
    FILTER_KIND,
    FILTER_USER,
    FILTER_HOST,
    FILTER_PROJECT,
    FILTER_PARENT,
    FILTER_NOTES,
    FILTER_CREATED,
    FILTER_STARTED,
    FILTER_ENDED,
    FILTER_DURATION, /* seconds, until now while it runs */
    FILTER_SIZE,     /* bytes of its files */
    FILTER_METRIC,
    FILTER_PARAM,
    FILTER_TAG,
    FILTER_HAS, /* a metric, parameter or tag of this key; only tested for being there */
    FILTER_TEXT,
};

/* Which number of a metric. */
enum filter_func {
    FILTER_LAST,
    FILTER_FIRST,
    FILTER_BEST, /* min or max by the goal of the metric; last without one */
    FILTER_MIN,
    FILTER_MAX,
    FILTER_MEAN,
    FILTER_COUNT,
    FILTER_NAN, /* how many points are NaN or infinite */
    FILTER_ARGMIN,
    FILTER_ARGMAX, /* steps */
    FILTER_AT,     /* at one step */
    FILTER_ANY,    /* of a term, not of an operand: see history above */
    FILTER_ALL,
};

/* How an operand compares. */
enum filter_type {
    FILTER_IS_TEXT,
    FILTER_IS_STATE,
    FILTER_IS_TIME,
    FILTER_IS_SECONDS, /* a number; units s m h d w */
    FILTER_IS_BYTES,   /* a number; units B KB MB GB TB KiB MiB GiB TiB */
    FILTER_IS_NUMBER,  /* any of these units */
};

struct filter_operand {
    enum filter_field field;
    enum filter_func func; /* of FILTER_METRIC */
    const char *key;       /* of FILTER_METRIC, _PARAM, _TAG, _HAS; the text of FILTER_TEXT */
    int64_t step;          /* of FILTER_AT; the first of FILTER_ANY and _ALL */
    int64_t step_to;       /* the last of FILTER_ANY and _ALL */
};

enum filter_op {
    FILTER_EQ,
    FILTER_NE,
    FILTER_LT,
    FILTER_LE,
    FILTER_GT,
    FILTER_GE,
    FILTER_SAME, /* : */
    FILTER_MATCH,
    FILTER_LIKE,
    FILTER_ILIKE,
    FILTER_IN,      /* any number of values */
    FILTER_NULL,    /* IS NULL; no value */
    FILTER_BETWEEN, /* two values, both included */
    FILTER_THERE,   /* tag:x, has:x, text; no value */
};

enum filter_value_kind { FILTER_QUOTED, FILTER_WORD, FILTER_NUMBER, FILTER_TIME, FILTER_AGO };

/* Invariant: a value fits the type of its operand; a number carries no unit any more. */
struct filter_value {
    enum filter_value_kind kind;
    const char *text;       /* as written, without quotes */
    double number;          /* FILTER_NUMBER: seconds and bytes; FILTER_AGO: seconds before now */
    int64_t from_us, to_us; /* FILTER_TIME: from_us <= t < to_us, UTC */
    const struct filter_value *next;
};

enum filter_kind { FILTER_TERM, FILTER_AND, FILTER_OR, FILTER_NOT };

/* A node of the tree. */
struct filter {
    enum filter_kind kind;
    const struct filter *child; /* first; AND and OR have two or more, NOT has one */
    const struct filter *next;  /* sibling */
    /* Of FILTER_TERM: */
    struct filter_operand operand;
    enum filter_op op;
    bool negated; /* NOT LIKE, NOT IN, NOT BETWEEN, IS NOT NULL, !~ */
    const struct filter_value *values;
    size_t offset; /* of the term in the text */
};

/* Reads a filter.
 *
 *   text    [size], UTF-8.
 *   arena   holds the tree.
 *   out     NULL for an empty text: every run.  Set only on TRACK_OK.
 *   offset  byte of the mistake; set with TRACK_INVALID.  May be NULL.
 *
 * TRACK_INVALID    the text is no filter: err says what was expected or probably meant, shows the
 *                  place and a caret below it.  Also over one of the limits above.
 * TRACK_NOMEM      the arena's limit.
 *
 * Tests: tests/core/test_filter.c, tests/fuzz/fuzz_filter.c
 */
track_status filter_read(struct bytes text, struct arena *arena, const struct filter **out,
                         size_t *offset, track_error *err);

/* One operand, as for a column: `params.lr`, `best(val/loss)`, `duration`; statuses as above. */
track_status filter_read_operand(struct bytes text, struct arena *arena, struct filter_operand *out,
                                 size_t *offset, track_error *err);

/* What to sort by; runs without the value come last either way. */
struct filter_order {
    struct filter_operand by;
    bool descending;
};

/* Reads `best(val/loss)`, `-created`; an empty text is `-started`.  Statuses as above. */
track_status filter_read_order(struct bytes text, struct arena *arena, struct filter_order *out,
                               size_t *offset, track_error *err);

enum filter_type filter_type(const struct filter_operand *operand);

/* How two numbers compare; op is one of FILTER_EQ to FILTER_GE. */
bool filter_compares(enum filter_op op, double a, double b);

/* Writes the tree, or an operand, as text that reads back as the same. */
void filter_write(const struct filter *filter, struct buf *to);
void filter_write_operand(const struct filter_operand *operand, struct buf *to);

/* The words of the language, NULL-terminated: for completion and near names. */
const char *const *filter_attributes(void);
const char *const *filter_functions(void);
const char *const *filter_states(void);
#endif
