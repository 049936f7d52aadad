/* The writer of filter.h. */
#include "filter.h"
#include "filter_operand.h"
#include "filter_token.h"

#include <stdio.h>
#include <string.h>

static void write_quoted(const char *text, char quote, struct buf *to)
{
    buf_byte(to, (unsigned char)quote);
    for (const char *c = text; *c; c++) {
        buf_byte(to, (unsigned char)*c);
        if (*c == quote) {
            buf_byte(to, (unsigned char)quote);
        }
    }
    buf_byte(to, (unsigned char)quote);
}

/* True if text is read as one plain word. */
static bool is_plain_word(const char *text, bool value)
{
    struct scan s = {.text = {(const unsigned char *)text, strlen(text)}};
    struct token t = token_peek(&s, value);
    return t.kind == TOKEN_WORD && t.from == 0 && t.to == s.text.size;
}

static void write_key(const char *key, bool value, struct buf *to)
{
    if (is_plain_word(key, value)) {
        buf_text(to, key);
    } else {
        write_quoted(key, '`', to);
    }
}

static void write_prefixed(const char *prefix, const char *key, struct buf *to)
{
    buf_text(to, prefix);
    write_key(key, false, to);
}

void filter_write_operand(const struct filter_operand *operand, struct buf *to)
{
    char step[32];
    switch (operand->field) {
    case FILTER_PARAM:
        write_prefixed("params.", operand->key, to);
        return;
    case FILTER_TAG:
        write_prefixed("tags.", operand->key, to);
        return;
    case FILTER_METRIC:
        if (operand->func == FILTER_LAST) {
            write_prefixed("metrics.", operand->key, to);
            return;
        }
        buf_text(to, filter_func_name(operand->func));
        buf_byte(to, '(');
        write_key(operand->key, true, to);
        snprintf(step, sizeof(step), ", %lld", (long long)operand->step);
        buf_text(to, operand->func == FILTER_AT ? step : "");
        buf_byte(to, ')');
        return;
    default:
        buf_text(to, filter_attribute_name(operand->field));
        return;
    }
}

static void write_value(const struct filter_value *v, struct buf *to)
{
    if (v->kind != FILTER_QUOTED && is_plain_word(v->text, true)) {
        buf_text(to, v->text);
    } else {
        write_quoted(v->text, '\'', to);
    }
}

static void write_values(const struct filter *term, struct buf *to)
{
    const char *between = term->op == FILTER_IN ? ", " : " AND ";
    buf_text(to, term->op == FILTER_IN ? "(" : "");
    for (const struct filter_value *v = term->values; v; v = v->next) {
        buf_text(to, v == term->values ? "" : between);
        write_value(v, to);
    }
    buf_text(to, term->op == FILTER_IN ? ")" : "");
}

static void write_history(const struct filter *term, const char *op, struct buf *to)
{
    const struct filter_operand *o = &term->operand;
    const int64_t bounds[] = {o->step, o->step_to};
    size_t count = o->step_to != INT64_MAX ? 2 : o->step != INT64_MIN;
    buf_text(to, filter_func_name(o->func));
    buf_byte(to, '(');
    write_key(o->key, true, to);
    buf_text(to, op);
    write_value(term->values, to);
    for (size_t i = 0; i < count; i++) {
        char step[32];
        snprintf(step, sizeof(step), ", %lld", (long long)bounds[i]);
        buf_text(to, step);
    }
    buf_byte(to, ')');
}

static void write_term(const struct filter *term, struct buf *to)
{
    static const char *const ops[] = {
        [FILTER_EQ] = " = ",       [FILTER_NE] = " != ",   [FILTER_LT] = " < ",
        [FILTER_LE] = " <= ",      [FILTER_GT] = " > ",    [FILTER_GE] = " >= ",
        [FILTER_SAME] = ":",       [FILTER_MATCH] = " ~ ", [FILTER_LIKE] = "LIKE ",
        [FILTER_ILIKE] = "ILIKE ", [FILTER_IN] = "IN ",    [FILTER_BETWEEN] = "BETWEEN ",
    };
    if (term->op == FILTER_THERE && term->operand.field == FILTER_TEXT) {
        write_quoted(term->operand.key, '\'', to);
        return;
    }
    if (term->op == FILTER_THERE) {
        buf_text(to, term->operand.field == FILTER_TAG ? "tag:" : "has:");
        write_key(term->operand.key, true, to);
        return;
    }
    if (term->operand.field == FILTER_METRIC && term->operand.func >= FILTER_ANY) {
        write_history(term, ops[term->op], to);
        return;
    }
    filter_write_operand(&term->operand, to);
    if (term->op == FILTER_NULL) {
        buf_text(to, term->negated ? " IS NOT NULL" : " IS NULL");
        return;
    }
    if (term->op == FILTER_MATCH) {
        buf_text(to, term->negated ? " !~ " : " ~ ");
    } else {
        buf_text(to, term->negated ? " NOT " : ops[term->op][0] >= 'A' ? " " : "");
        buf_text(to, ops[term->op]);
    }
    write_values(term, to);
}

/* As deep as the tree is, which the parser has bounded. */
void filter_write(const struct filter *filter, struct buf *to)
{
    if (!filter) {
        return;
    }
    if (filter->kind == FILTER_TERM) {
        write_term(filter, to);
        return;
    }
    for (const struct filter *child = filter->child; child; child = child->next) {
        bool joined = child->kind == FILTER_AND || child->kind == FILTER_OR;
        bool brackets = joined && !(filter->kind == FILTER_OR && child->kind == FILTER_AND);
        buf_text(to, filter->kind == FILTER_NOT ? "NOT " : "");
        buf_text(to, child == filter->child ? "" : filter->kind == FILTER_AND ? " AND " : " OR ");
        buf_text(to, brackets ? "(" : "");
        filter_write(child, to);
        buf_text(to, brackets ? ")" : "");
    }
}
