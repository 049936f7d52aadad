#include "filter_token.h"

#include "name.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN_BEFORE = 40, SHOWN_AFTER = 30, WHAT_BYTES = 120 };

static bool is_blank(unsigned char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_word(unsigned char c, bool value)
{
    if (c >= 0x80 || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z')) {
        return true;
    }
    return c && (strchr("._-/@%+*?#$&[]", c) || (value && c == ':'));
}

static unsigned char byte_at(const struct scan *s, size_t i)
{
    return i < s->text.size ? s->text.at[i] : 0;
}

/* 'it''s': a doubled quote does not end the text. */
static struct token token_quoted(const struct scan *s, size_t from)
{
    unsigned char quote = s->text.at[from];
    size_t to = from + 1;
    while (to < s->text.size && (s->text.at[to] != quote || byte_at(s, to + 1) == quote)) {
        to += s->text.at[to] == quote ? 2 : 1;
    }
    if (to >= s->text.size) {
        return (struct token){.kind = TOKEN_BAD, .from = from, .to = s->text.size};
    }
    return (struct token){.kind = quote == '\'' ? TOKEN_QUOTED : TOKEN_NAME,
                          .from = from,
                          .to = to + 1,
                          .text = {s->text.at + from + 1, to - from - 1}};
}

static struct token token_op(const struct scan *s, size_t from)
{
    static const struct {
        const char *text;
        enum filter_op op;
        bool negated;
    } ops[] = {
        {"==", FILTER_EQ, false},   {"!=", FILTER_NE, false},  {"<>", FILTER_NE, false},
        {"<=", FILTER_LE, false},   {">=", FILTER_GE, false},  {"!~", FILTER_MATCH, true},
        {"=", FILTER_EQ, false},    {"<", FILTER_LT, false},   {">", FILTER_GT, false},
        {"~", FILTER_MATCH, false}, {":", FILTER_SAME, false},
    };
    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        size_t size = strlen(ops[i].text);
        if (s->text.size - from >= size && memcmp(s->text.at + from, ops[i].text, size) == 0) {
            return (struct token){.kind = TOKEN_OP,
                                  .from = from,
                                  .to = from + size,
                                  .op = ops[i].op,
                                  .negated = ops[i].negated};
        }
    }
    return (struct token){.kind = TOKEN_BAD, .from = from, .to = from + 1};
}

struct token token_peek(const struct scan *s, bool value)
{
    size_t from = s->at;
    while (from < s->text.size && is_blank(s->text.at[from])) {
        from++;
    }
    struct token one = {.from = from, .to = from + 1};
    unsigned char c = byte_at(s, from);
    if (from == s->text.size) {
        one.to = from;
        one.kind = TOKEN_END;
    } else if (c == '\'' || c == '"' || c == '`') {
        one = token_quoted(s, from);
    } else if (c == '-' && !value) {
        one.kind = TOKEN_MINUS;
    } else if (is_word(c, value)) {
        while (one.to < s->text.size && is_word(s->text.at[one.to], value)) {
            one.to++;
        }
        one.kind = TOKEN_WORD;
        one.text = (struct bytes){s->text.at + from, one.to - from};
    } else if (c == '(' || c == ')' || c == ',') {
        one.kind = c == '(' ? TOKEN_OPEN : c == ')' ? TOKEN_CLOSE : TOKEN_COMMA;
    } else {
        one = token_op(s, from);
    }
    return one;
}

void token_take(struct scan *s, const struct token *t)
{
    s->at = t->to;
}

bool token_is(const struct token *t, const char *keyword)
{
    size_t size = strlen(keyword);
    if (t->kind != TOKEN_WORD || t->text.size != size) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        if ((t->text.at[i] & ~32) != keyword[i]) {
            return false;
        }
    }
    return true;
}

const char *token_text(const struct scan *s, const struct token *t)
{
    char *copy = arena_alloc(s->arena, t->text.size + 1, 1);
    size_t size = 0;
    for (size_t i = 0; copy && i < t->text.size; i++) {
        copy[size++] = (char)t->text.at[i];
        i += t->kind != TOKEN_WORD && t->text.at[i] == s->text.at[t->from];
    }
    return copy;
}

/* Copies whole characters of the text, blanks for what is not to be printed; counts them. */
static size_t show(struct bytes text, char *out, size_t *count)
{
    size_t size = 0;
    *count = 0;
    for (size_t i = 0; i < text.size; i++) {
        bool inner = (text.at[i] & 0xc0) == 0x80;
        *count += !inner;
        out[size++] = (char)(text.at[i] < 0x20 || text.at[i] == 0x7f ? ' ' : text.at[i]);
    }
    return size;
}

static bool is_inner(const struct scan *s, size_t i)
{
    return (byte_at(s, i) & 0xc0) == 0x80;
}

track_status scan_fail(const struct scan *s, size_t offset, track_error *err, const char *format,
                       ...)
{
    char what[WHAT_BYTES], shown[SHOWN_BEFORE + SHOWN_AFTER + 8];
    size_t from = offset > SHOWN_BEFORE ? offset - SHOWN_BEFORE : 0, to = offset + SHOWN_AFTER;
    size_t column, rest;
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    while (from < offset && is_inner(s, from)) {
        from++;
    }
    to = to < s->text.size ? to : s->text.size;
    while (to > offset && is_inner(s, to)) {
        to--;
    }
    size_t size = show((struct bytes){s->text.at + from, offset - from}, shown, &column);
    size += show((struct bytes){s->text.at + offset, to - offset}, shown + size, &rest);
    if (s->offset) {
        *s->offset = offset;
    }
    return FAIL(err, TRACK_INVALID, "%s\n  %.*s\n  %*s^", what, (int)size, shown, (int)column, "");
}

track_status scan_no_memory(const struct scan *s, track_error *err)
{
    return FAIL(err, TRACK_NOMEM, "no memory for a filter of %zu bytes", s->text.size);
}

track_status scan_init(struct scan *s, track_error *err)
{
    if (s->offset) {
        *s->offset = 0;
    }
    if (s->text.size > FILTER_BYTES_MAX) {
        return FAIL(err, TRACK_INVALID, "a filter of %zu bytes, at most %d", s->text.size,
                    FILTER_BYTES_MAX);
    }
    if (s->text.size && memchr(s->text.at, 0, s->text.size)) {
        return FAIL(err, TRACK_INVALID, "a NUL byte in a filter");
    }
    s->at = 0;
    return name_check_text(s->text, err);
}
