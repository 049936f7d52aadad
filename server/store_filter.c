#include "store_filter.h"

#include <string.h>

bool filter_is_costly(const struct filter *term)
{
    return term->op == FILTER_MATCH ||
           (term->operand.field == FILTER_METRIC && term->operand.func >= FILTER_AT);
}

static const char *op_text(enum filter_op op)
{
    static const char *const texts[] = {
        [FILTER_EQ] = " = ",  [FILTER_NE] = " <> ", [FILTER_LT] = " < ",
        [FILTER_LE] = " <= ", [FILTER_GT] = " > ",  [FILTER_GE] = " >= ",
    };
    return texts[op];
}

/* The instants of a value: a date is a span, an age one microsecond. */
static void time_span(const struct sql *q, const struct filter_value *v, int64_t *from_us,
                      int64_t *last_us)
{
    *from_us = v->kind == FILTER_TIME ? v->from_us : q->now_us - (int64_t)(v->number * 1e6);
    *last_us = v->kind == FILTER_TIME ? v->to_us - 1 : *from_us;
}

static void put_between(struct sql *q, const char *text, int64_t low, int64_t high)
{
    sql_put(q, text);
    sql_bind(q, db_i(low));
    sql_put(q, " AND ");
    sql_bind(q, db_i(high));
}

void sql_put_time_test(struct sql *q, const struct filter *term)
{
    int64_t from_us, last_us, high_from_us, high_last_us;
    time_span(q, term->values, &from_us, &last_us);
    switch (term->op) {
    case FILTER_BETWEEN:
        time_span(q, term->values->next, &high_from_us, &high_last_us);
        put_between(q, term->negated ? " NOT BETWEEN " : " BETWEEN ", from_us, high_last_us);
        return;
    case FILTER_EQ:
        put_between(q, " BETWEEN ", from_us, last_us);
        return;
    case FILTER_NE:
        put_between(q, " NOT BETWEEN ", from_us, last_us);
        return;
    default:
        sql_put(q, op_text(term->op));
        sql_bind(q, db_i(term->op == FILTER_LT || term->op == FILTER_GE ? from_us : last_us));
        return;
    }
}

static struct db_value value_of(const struct filter_value *v, bool number)
{
    return number ? db_f(v->number) : db_t(v->text);
}

void sql_put_test(struct sql *q, const struct filter *term, bool number)
{
    const struct filter_value *v = term->values;
    if (term->op == FILTER_BETWEEN) {
        sql_put(q, term->negated ? " NOT BETWEEN " : " BETWEEN ");
        sql_bind(q, value_of(v, number));
        sql_put(q, " AND ");
        sql_bind(q, value_of(v->next, number));
        return;
    }
    if (term->op == FILTER_IN) {
        sql_put(q, term->negated ? " NOT IN (" : " IN (");
        for (; v; v = v->next) {
            sql_bind(q, value_of(v, number));
            sql_put(q, v->next ? ", " : ")");
        }
        return;
    }
    sql_put(q, op_text(term->op));
    sql_bind(q, value_of(v, number));
}

/* like_cs, like_ci, or : as like_ci without any % of its own; of what `column` says. */
static void put_like(struct sql *q, const struct filter *term, const char *column)
{
    sql_put(q, term->negated ? "NOT " : "");
    sql_put(q, term->op == FILTER_LIKE ? "like_cs(" : "like_ci(");
    if (column) {
        sql_put(q, column);
    } else {
        sql_put_value(q, &term->operand);
    }
    sql_put(q, ", ");
    if (term->op == FILTER_SAME) {
        sql_bind_like(q, "", term->values->text, "");
    } else {
        sql_bind(q, db_t(term->values->text));
    }
    sql_put(q, ")");
}

static bool is_like(enum filter_op op)
{
    return op == FILTER_LIKE || op == FILTER_ILIKE || op == FILTER_SAME;
}

static void put_attribute(struct sql *q, const struct filter *term)
{
    enum filter_type type = filter_type(&term->operand);
    if (is_like(term->op)) {
        put_like(q, term, NULL);
        return;
    }
    sql_put_value(q, &term->operand);
    if (type == FILTER_IS_TIME) {
        sql_put_time_test(q, term);
    } else {
        sql_put_test(q, term, type != FILTER_IS_TEXT && type != FILTER_IS_STATE);
    }
}

/* IN of a parameter: each value as a number or a text, as it was written. */
static void put_param_list(struct sql *q, const struct filter *term)
{
    sql_put(q, term->negated ? "NOT (" : "(");
    for (const struct filter_value *v = term->values; v; v = v->next) {
        bool number = v->kind == FILTER_NUMBER;
        sql_put(q, number ? "COALESCE(x.num = " : "x.value = ");
        sql_bind(q, value_of(v, number));
        sql_put(q, number ? ", FALSE)" : "");
        sql_put(q, v->next ? " OR " : ")");
    }
}

/* The typing rule: as numbers where value and parameter are; other parameters only differ. */
static void put_param_test(struct sql *q, const struct filter *term)
{
    const struct filter_value *v = term->values;
    bool number = v->kind == FILTER_NUMBER && (!v->next || v->next->kind == FILTER_NUMBER);
    if (term->op == FILTER_IN) {
        put_param_list(q, term);
    } else if (number && term->op == FILTER_SAME) {
        sql_put(q, "x.num = ");
        sql_bind(q, db_f(v->number));
    } else if (is_like(term->op)) {
        put_like(q, term, "x.value");
    } else if (number) {
        bool differs = term->op == FILTER_NE || term->negated;
        sql_put(q, differs ? "(x.num IS NULL OR x.num" : "x.num");
        sql_put_test(q, term, true);
        sql_put(q, differs ? ")" : "");
    } else {
        sql_put(q, "x.value");
        sql_put_test(q, term, false);
    }
}

/* A term on a parameter or a tag: there is a row x that passes the test. */
static void put_fact_term(struct sql *q, const struct filter *term)
{
    bool param = term->operand.field == FILTER_PARAM;
    sql_put(q, param ? "EXISTS(SELECT 1 FROM run_param x WHERE x.run = "
                     : "EXISTS(SELECT 1 FROM tag x WHERE x.owner = ");
    sql_put(q, q->node);
    sql_put(q, " AND x.key = ");
    sql_bind(q, db_t(term->operand.key));
    if (term->op != FILTER_THERE && term->op != FILTER_NULL) {
        sql_put(q, " AND ");
        if (param) {
            put_param_test(q, term);
        } else if (is_like(term->op)) {
            put_like(q, term, "x.value");
        } else {
            sql_put(q, "x.value");
            sql_put_test(q, term, false);
        }
    }
    sql_put(q, ")");
}

static void put_null_term(struct sql *q, const struct filter *term)
{
    const struct filter_operand *o = &term->operand;
    sql_put(q, term->negated ? "" : "NOT ");
    if (o->field == FILTER_PARAM || o->field == FILTER_TAG) {
        put_fact_term(q, term);
        return;
    }
    sql_put(q, "COALESCE(");
    if (o->field == FILTER_METRIC) {
        sql_put_series(q, o->key, "1");
    } else {
        sql_put(q, "CASE WHEN ");
        sql_put_value(q, o);
        sql_put(q, " IS NULL THEN 0 ELSE 1 END");
    }
    sql_put(q, " = 1, FALSE)");
}

static void put_has(struct sql *q, const struct filter *term)
{
    static const enum filter_field fields[] = {FILTER_PARAM, FILTER_TAG};
    for (size_t i = 0; i < 2; i++) {
        struct filter there = *term;
        there.operand.field = fields[i];
        sql_put(q, i ? " OR " : "(");
        put_fact_term(q, &there);
    }
    sql_put(q, " OR COALESCE(");
    sql_put_series(q, term->operand.key, "1");
    sql_put(q, " = 1, FALSE))");
}

static void put_text(struct sql *q, const char *text)
{
    sql_put(q, "(like_ci(r.name, ");
    sql_bind_like(q, "%", text, "%");
    sql_put(q, ") OR like_ci(r.note, ");
    sql_bind_like(q, "%", text, "%");
    sql_put(q, ") OR like_ci(r.id, ");
    sql_bind_like(q, "", text, "%");
    sql_put(q, ") OR like_ci(r.id, ");
    sql_bind_like(q, "%", text, "");
    sql_put(q, ") OR EXISTS(SELECT 1 FROM tag x WHERE x.owner = r.node AND like_ci(x.value, ");
    sql_bind_like(q, "%", text, "%");
    sql_put(q, ")))");
}

static void put_term(struct sql *q, const struct filter *term)
{
    if (term == q->known) {
        sql_put(q, "TRUE");
        return;
    }
    switch (term->operand.field) {
    case FILTER_TEXT:
        put_text(q, term->operand.key);
        return;
    case FILTER_HAS:
        put_has(q, term);
        return;
    default:
        break;
    }
    if (term->op == FILTER_NULL) {
        put_null_term(q, term);
    } else if (term->operand.field == FILTER_PARAM || term->operand.field == FILTER_TAG) {
        put_fact_term(q, term);
    } else {
        put_attribute(q, term);
    }
}

/* `guess` stands for costly terms: true, and turned round by every NOT. */
static void put_node(struct sql *q, const struct filter *node, bool guess)
{
    if (node->kind == FILTER_TERM) {
        if (filter_is_costly(node)) {
            sql_put_guess(q, node, guess);
        } else {
            put_term(q, node);
        }
        return;
    }
    bool turns = node->kind == FILTER_NOT;
    sql_put(q, turns ? "NOT COALESCE(" : "(");
    for (const struct filter *child = node->child; child; child = child->next) {
        put_node(q, child, guess != turns);
        if (child->next) {
            sql_put(q, node->kind == FILTER_AND ? " AND " : " OR ");
        }
    }
    sql_put(q, turns ? ", FALSE)" : ")");
}

void sql_put_filter(struct sql *q, const struct filter *filter)
{
    if (filter) {
        put_node(q, filter, true);
    } else {
        sql_put(q, "TRUE");
    }
}

static void put_verdict(struct sql *q, const struct filter *node, bool *any)
{
    if (node->kind != FILTER_TERM) {
        for (const struct filter *child = node->child; child; child = child->next) {
            put_verdict(q, child, any);
        }
    } else if (!filter_is_costly(node)) {
        sql_put(q, *any ? " || CASE WHEN " : "CASE WHEN ");
        put_term(q, node);
        sql_put(q, " THEN '1' ELSE '0' END");
        *any = true;
    }
}

void sql_put_verdicts(struct sql *q, const struct filter *filter)
{
    bool any = false;
    if (filter) {
        put_verdict(q, filter, &any);
    }
    sql_put(q, any ? "" : "''");
}
