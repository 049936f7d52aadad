/* filter_token - the words of a filter, and how a mistake is shown.
 *
 * For filter*.c alone.  A scan has no look-ahead of its own: token_peek reads the next token as
 * often as one likes, token_take goes past it.
 * Uses: arena, bytes, fail, name.
 */
#ifndef CORE_FILTER_TOKEN_H
#define CORE_FILTER_TOKEN_H
#include "filter.h"

enum token_kind {
    TOKEN_END,
    TOKEN_WORD,   /* letters, digits, bytes from 0x80, and . _ - / @ % + * ? # $ & [ ] */
    TOKEN_QUOTED, /* '...' */
    TOKEN_NAME,   /* "..." or `...` */
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_COMMA,
    TOKEN_MINUS, /* a - that begins a word outside of values */
    TOKEN_OP,    /* see op and negated */
    TOKEN_BAD,   /* anything else */
};

struct token {
    enum token_kind kind;
    size_t from, to;   /* bytes of the filter, quotes included */
    struct bytes text; /* between the quotes */
    enum filter_op op;
    bool negated;
};

struct scan {
    struct bytes text;
    size_t at;
    unsigned value_count; /* taken so far */
    struct arena *arena;
    size_t *offset; /* of a mistake, for the caller */
};

/* The next token; with `value` a word may hold : and begin with -. */
struct token token_peek(const struct scan *s, bool value);
void token_take(struct scan *s, const struct token *t);

/* True if the token is this keyword, given in capitals. */
bool token_is(const struct token *t, const char *keyword);

/* The text of a token, doubled quotes undone; NULL without memory. */
const char *token_text(const struct scan *s, const struct token *t);

/* Fails with TRACK_INVALID: what, the place and a caret below it; sets *s->offset. */
track_status scan_fail(const struct scan *s, size_t offset, track_error *err, const char *format,
                       ...) __attribute__((format(printf, 4, 5)));
track_status scan_no_memory(const struct scan *s, track_error *err);

/* Begins a scan: checks size and UTF-8. */
track_status scan_init(struct scan *s, track_error *err);
#endif
