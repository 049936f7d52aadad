#include "filter.h"

#include "filter_history.h"
#include "filter_operand.h"
#include "filter_token.h"
#include "filter_value.h"
#include "regex.h"

#include <string.h>

struct parser {
    struct scan scan;
    unsigned depth;
    unsigned term_count;
    unsigned costly_count;
};

static track_status parse_or(struct parser *p, struct filter **out, track_error *err);

static struct filter *node_new(struct parser *p, enum filter_kind kind)
{
    struct filter *node = ARENA_NEW(p->scan.arena, struct filter);
    if (node) {
        node->kind = kind;
    }
    return node;
}

/* True if what follows an operand makes it one: without it a word is a text. */
static bool operator_follows(const struct parser *p, const struct token *word)
{
    struct scan ahead = p->scan;
    ahead.at = word->to;
    struct token t = token_peek(&ahead, false);
    if (token_is(&t, "NOT") || token_is(&t, "IS")) {
        bool is = token_is(&t, "IS");
        token_take(&ahead, &t);
        t = token_peek(&ahead, false);
        if (is) {
            return token_is(&t, "NULL") || token_is(&t, "NOT");
        }
    }
    return t.kind == TOKEN_OP || token_is(&t, "LIKE") || token_is(&t, "ILIKE") ||
           token_is(&t, "IN") || token_is(&t, "BETWEEN");
}

/* Patterns and texts are compared with every run: long ones would cost too much. */
static track_status check_size(const struct parser *p, const char *text, size_t offset,
                               track_error *err)
{
    return strlen(text) <= FILTER_PATTERN_BYTES_MAX
               ? TRACK_OK
               : scan_fail(&p->scan, offset, err, "%zu bytes to look for, at most %d", strlen(text),
                           FILTER_PATTERN_BYTES_MAX);
}

static track_status take_text(struct parser *p, struct filter *term, track_error *err)
{
    struct token t = token_peek(&p->scan, false);
    term->operand = (struct filter_operand){.field = FILTER_TEXT};
    term->op = FILTER_THERE;
    term->operand.key = token_text(&p->scan, &t);
    token_take(&p->scan, &t);
    if (!term->operand.key) {
        return scan_no_memory(&p->scan, err);
    }
    if (!*term->operand.key) {
        return scan_fail(&p->scan, t.from, err, "an empty text");
    }
    return check_size(p, term->operand.key, t.from, err);
}

/* tag:KEY and has:KEY, whose second token is `:`. */
static track_status take_there(struct parser *p, bool tag, struct filter *term, track_error *err)
{
    struct token t = token_peek(&p->scan, false);
    token_take(&p->scan, &t);
    t = token_peek(&p->scan, false);
    token_take(&p->scan, &t);
    term->operand = (struct filter_operand){.field = tag ? FILTER_TAG : FILTER_HAS};
    term->op = FILTER_THERE;
    return filter_take_key(&p->scan, &term->operand.key, err);
}

/* IS [NOT] NULL, LIKE, IN, BETWEEN, or an operator; NOT before the last four. */
static track_status take_op(struct parser *p, struct filter *term, track_error *err)
{
    static const struct {
        const char *word;
        enum filter_op op;
    } words[] = {{"LIKE", FILTER_LIKE},
                 {"ILIKE", FILTER_ILIKE},
                 {"IN", FILTER_IN},
                 {"BETWEEN", FILTER_BETWEEN},
                 {"NULL", FILTER_NULL}};
    struct token t = token_peek(&p->scan, false);
    if (t.kind == TOKEN_OP) {
        token_take(&p->scan, &t);
        term->op = t.op;
        term->negated = t.negated;
        return TRACK_OK;
    }
    bool is = token_is(&t, "IS");
    if (is) {
        token_take(&p->scan, &t);
        t = token_peek(&p->scan, false);
    }
    term->negated = token_is(&t, "NOT");
    if (term->negated) {
        token_take(&p->scan, &t);
        t = token_peek(&p->scan, false);
    }
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (token_is(&t, words[i].word) && is == (words[i].op == FILTER_NULL)) {
            token_take(&p->scan, &t);
            term->op = words[i].op;
            return TRACK_OK;
        }
    }
    return scan_fail(&p->scan, t.from, err,
                     is ? "expected NULL or NOT NULL"
                     : term->negated
                         ? "expected LIKE, ILIKE, IN or BETWEEN"
                         : "expected = != < <= > >= ~ !~ : LIKE ILIKE IN IS or BETWEEN");
}

/* Fails if operands of this type do not compare in this way. */
static track_status check_op(const struct parser *p, struct filter *term, size_t offset,
                             track_error *err)
{
    enum filter_type type = filter_type(&term->operand);
    if (type != FILTER_IS_TEXT && term->op == FILTER_SAME) {
        term->op = FILTER_EQ;
    }
    bool pattern = term->op == FILTER_MATCH || term->op == FILTER_LIKE || term->op == FILTER_ILIKE;
    bool ordered = term->op == FILTER_LT || term->op == FILTER_LE || term->op == FILTER_GT ||
                   term->op == FILTER_GE || term->op == FILTER_BETWEEN;
    if (type == FILTER_IS_STATE && (pattern || ordered)) {
        return scan_fail(&p->scan, offset, err, "a status compares with = != : IN or IS NULL");
    }
    if (type == FILTER_IS_TIME && (pattern || term->op == FILTER_IN)) {
        return scan_fail(&p->scan, offset, err,
                         "a date compares with = != < <= > >= BETWEEN or IS NULL");
    }
    if (type != FILTER_IS_TEXT && pattern) {
        return scan_fail(&p->scan, offset, err,
                         "a number compares with = != < <= > >= IN BETWEEN or IS NULL");
    }
    return TRACK_OK;
}

static track_status take_list(struct parser *p, enum filter_type type, struct filter *term,
                              track_error *err)
{
    const struct filter_value **link = &term->values;
    struct token t = token_peek(&p->scan, false);
    if (t.kind != TOKEN_OPEN) {
        return scan_fail(&p->scan, t.from, err, "expected ( and values with commas between them");
    }
    do {
        struct filter_value *v;
        token_take(&p->scan, &t);
        TRY(filter_take_value(&p->scan, type, &v, err));
        *link = v;
        link = &v->next;
        t = token_peek(&p->scan, false);
    } while (t.kind == TOKEN_COMMA);
    if (t.kind != TOKEN_CLOSE) {
        return scan_fail(&p->scan, t.from, err, "expected , or )");
    }
    token_take(&p->scan, &t);
    return TRACK_OK;
}

static track_status take_between(struct parser *p, enum filter_type type, struct filter *term,
                                 track_error *err)
{
    struct filter_value *low, *high;
    TRY(filter_take_value(&p->scan, type, &low, err));
    struct token t = token_peek(&p->scan, false);
    if (!token_is(&t, "AND")) {
        return scan_fail(&p->scan, t.from, err, "expected AND and a second value");
    }
    token_take(&p->scan, &t);
    TRY(filter_take_value(&p->scan, type, &high, err));
    low->next = high;
    term->values = low;
    return TRACK_OK;
}

/* A pattern that does not compile is shown where it stands. */
static track_status check_pattern(const struct parser *p, const char *pattern, size_t offset,
                                  track_error *err)
{
    AUTO_ARENA arena = ARENA(256 * 1024);
    struct regex *re;
    track_error why = {0};
    struct bytes text = {(const unsigned char *)pattern, strlen(pattern)};
    track_status status = regex_compile(text, &arena, &re, &why);
    if (status == TRACK_INVALID) {
        return scan_fail(&p->scan, offset, err, "%s", why.message);
    }
    return status == TRACK_OK ? TRACK_OK : scan_no_memory(&p->scan, err);
}

static track_status take_values(struct parser *p, struct filter *term, track_error *err)
{
    enum filter_type type = filter_type(&term->operand);
    struct filter_value *v;
    if (term->op == FILTER_NULL) {
        return TRACK_OK;
    }
    if (term->op == FILTER_IN) {
        return take_list(p, type, term, err);
    }
    if (term->op == FILTER_BETWEEN) {
        return take_between(p, type, term, err);
    }
    size_t offset = token_peek(&p->scan, true).from;
    TRY(filter_take_value(&p->scan, type, &v, err));
    term->values = v;
    if (term->op == FILTER_LIKE || term->op == FILTER_ILIKE) {
        return check_size(p, v->text, offset, err);
    }
    return term->op == FILTER_MATCH ? check_pattern(p, v->text, offset, err) : TRACK_OK;
}

static track_status count_costly(struct parser *p, const struct filter *term, track_error *err)
{
    return ++p->costly_count <= FILTER_COSTLY_COUNT_MAX
               ? TRACK_OK
               : scan_fail(&p->scan, term->offset, err,
                           "more than %d terms with ~, !~, at(), any() or all()",
                           FILTER_COSTLY_COUNT_MAX);
}

static track_status take_comparison(struct parser *p, struct filter *term, track_error *err)
{
    TRY(filter_take_operand(&p->scan, &term->operand, err));
    size_t offset = token_peek(&p->scan, false).from;
    TRY(take_op(p, term, err));
    TRY(check_op(p, term, offset, err));
    TRY(term->op == FILTER_MATCH || term->operand.func == FILTER_AT ? count_costly(p, term, err)
                                                                    : TRACK_OK);
    return take_values(p, term, err);
}

static track_status parse_term(struct parser *p, struct filter **out, track_error *err)
{
    struct token t = token_peek(&p->scan, false);
    bool function =
        t.kind == TOKEN_WORD && t.to < p->scan.text.size && p->scan.text.at[t.to] == '(';
    if (++p->term_count > FILTER_TERM_COUNT_MAX) {
        return scan_fail(&p->scan, t.from, err, "more than %d terms", FILTER_TERM_COUNT_MAX);
    }
    bool joins = token_is(&t, "AND") || token_is(&t, "OR");
    if (joins || (t.kind != TOKEN_WORD && t.kind != TOKEN_QUOTED && t.kind != TOKEN_NAME)) {
        bool open = t.kind == TOKEN_BAD && memchr("'\"`", p->scan.text.at[t.from], 3);
        return scan_fail(&p->scan, t.from, err,
                         open ? "a quote that does not end"
                              : "expected a term: field op value, or "
                                "a text to look for");
    }
    struct filter *term = *out = node_new(p, FILTER_TERM);
    if (!term) {
        return scan_no_memory(&p->scan, err);
    }
    term->offset = t.from;
    struct scan ahead = p->scan;
    token_take(&ahead, &t);
    struct token next = token_peek(&ahead, false);
    if (function && filter_is_history(&t)) {
        TRY(count_costly(p, term, err));
        return filter_take_history(&p->scan, term, err);
    }
    bool same = next.kind == TOKEN_OP && next.op == FILTER_SAME;
    bool tag = token_is(&t, "TAG") || token_is(&t, "TAGS");
    if (same && (tag || token_is(&t, "HAS"))) {
        return take_there(p, tag, term, err);
    }
    bool touches = t.kind == TOKEN_WORD && t.text.at[t.text.size - 1] == '.' &&
                   next.kind == TOKEN_NAME && next.from == t.to; /* params."a key" */
    if (function || filter_is_prefixed(&t) ||
        (t.kind != TOKEN_QUOTED && operator_follows(p, touches ? &next : &t))) {
        return take_comparison(p, term, err);
    }
    return take_text(p, term, err);
}

static track_status enter(struct parser *p, size_t offset, track_error *err)
{
    return ++p->depth > FILTER_DEPTH_MAX
               ? scan_fail(&p->scan, offset, err, "more than %d brackets and NOTs deep",
                           FILTER_DEPTH_MAX)
               : TRACK_OK;
}

static track_status parse_unary(struct parser *p, struct filter **out, track_error *err)
{
    struct token t = token_peek(&p->scan, false);
    bool negates = t.kind == TOKEN_MINUS || token_is(&t, "NOT");
    if (!negates && t.kind != TOKEN_OPEN) {
        return parse_term(p, out, err);
    }
    TRY(enter(p, t.from, err));
    token_take(&p->scan, &t);
    struct filter *inner;
    if (negates) {
        TRY(parse_unary(p, &inner, err));
        struct filter *node = *out = node_new(p, FILTER_NOT);
        if (!node) {
            return scan_no_memory(&p->scan, err);
        }
        node->child = inner;
    } else {
        TRY(parse_or(p, out, err));
        t = token_peek(&p->scan, false);
        if (t.kind != TOKEN_CLOSE) {
            return scan_fail(&p->scan, t.from, err, "expected ) or another term");
        }
        token_take(&p->scan, &t);
    }
    p->depth--;
    return TRACK_OK;
}

/* Adds item to a list of which *list is NULL, one item, or a node of this kind made here. */
struct gather {
    struct filter *list, *last;
    enum filter_kind kind;
    bool made;
};

static track_status gather_add(struct parser *p, struct gather *g, struct filter *item,
                               track_error *err)
{
    if (!g->list) {
        g->list = g->last = item;
        return TRACK_OK;
    }
    if (!g->made) {
        struct filter *node = node_new(p, g->kind);
        if (!node) {
            return scan_no_memory(&p->scan, err);
        }
        node->child = g->list;
        g->list = node;
        g->made = true;
    }
    g->last->next = item;
    g->last = item;
    return TRACK_OK;
}

static track_status parse_and(struct parser *p, struct filter **out, track_error *err)
{
    struct gather g = {.kind = FILTER_AND};
    struct token t;
    do {
        struct filter *item;
        TRY(parse_unary(p, &item, err));
        TRY(gather_add(p, &g, item, err));
        t = token_peek(&p->scan, false);
        if (token_is(&t, "AND")) {
            token_take(&p->scan, &t);
        }
    } while (t.kind != TOKEN_END && t.kind != TOKEN_CLOSE && !token_is(&t, "OR"));
    *out = g.list;
    return TRACK_OK;
}

static track_status parse_or(struct parser *p, struct filter **out, track_error *err)
{
    struct gather g = {.kind = FILTER_OR};
    struct token t;
    do {
        struct filter *item;
        TRY(parse_and(p, &item, err));
        TRY(gather_add(p, &g, item, err));
        t = token_peek(&p->scan, false);
        if (token_is(&t, "OR")) {
            token_take(&p->scan, &t);
        }
    } while (token_is(&t, "OR"));
    *out = g.list;
    return TRACK_OK;
}

track_status filter_read(struct bytes text, struct arena *arena, const struct filter **out,
                         size_t *offset, track_error *err)
{
    struct parser p = {.scan = {.text = text, .arena = arena, .offset = offset}};
    struct filter *tree = NULL;
    TRY(scan_init(&p.scan, err));
    struct token t = token_peek(&p.scan, false);
    if (t.kind != TOKEN_END) {
        TRY(parse_or(&p, &tree, err));
        t = token_peek(&p.scan, false);
    }
    if (t.kind != TOKEN_END) {
        return scan_fail(&p.scan, t.from, err, "a ) without its (");
    }
    *out = tree;
    return TRACK_OK;
}

static track_status expect_end(const struct scan *s, track_error *err)
{
    struct token t = token_peek(s, false);
    return t.kind == TOKEN_END ? TRACK_OK : scan_fail(s, t.from, err, "expected the end");
}

track_status filter_read_operand(struct bytes text, struct arena *arena, struct filter_operand *out,
                                 size_t *offset, track_error *err)
{
    struct scan s = {.text = text, .arena = arena, .offset = offset};
    struct filter_operand operand;
    TRY(scan_init(&s, err));
    TRY(filter_take_operand(&s, &operand, err));
    TRY(expect_end(&s, err));
    *out = operand;
    return TRACK_OK;
}

track_status filter_read_order(struct bytes text, struct arena *arena, struct filter_order *out,
                               size_t *offset, track_error *err)
{
    struct scan s = {.text = text, .arena = arena, .offset = offset};
    struct filter_order order = {.by = {.field = FILTER_STARTED}, .descending = true};
    TRY(scan_init(&s, err));
    struct token t = token_peek(&s, false);
    if (t.kind != TOKEN_END) {
        order.descending = t.kind == TOKEN_MINUS;
        if (order.descending) {
            token_take(&s, &t);
        }
        TRY(filter_take_operand(&s, &order.by, err));
        TRY(expect_end(&s, err));
    }
    *out = order;
    return TRACK_OK;
}
