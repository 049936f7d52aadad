/* What the summary of a series says of any(), all() and at(): yes, no, or that its points decide.
 */
#include "store_filter.h"

#include <stdio.h>
#include <string.h>

enum { COLUMN_BYTES = 2048, PIECE_BYTES = 640 };

/* Places of the bound values in the text. */
struct marks {
    char value[8], from[8], to[8];
};

/* Binds a value without writing its place. */
static void hold(struct sql *q, struct db_value value, char out[8])
{
    snprintf(out, 8, "$%zu", sql_hold(q, value));
}

static const char *op_text(enum filter_op op)
{
    static const char *const texts[] = {
        [FILTER_EQ] = "=",  [FILTER_NE] = "<>", [FILTER_LT] = "<",
        [FILTER_LE] = "<=", [FILTER_GT] = ">",  [FILTER_GE] = ">=",
    };
    return texts[op];
}

static enum filter_op opposite(enum filter_op op)
{
    static const enum filter_op ops[] = {
        [FILTER_EQ] = FILTER_NE, [FILTER_NE] = FILTER_EQ, [FILTER_LT] = FILTER_GE,
        [FILTER_LE] = FILTER_GT, [FILTER_GT] = FILTER_LE, [FILTER_GE] = FILTER_LT,
    };
    return ops[op];
}

/* One of the points that a row knows is in range and compares so. */
static void write_sure(enum filter_op op, const struct marks *m, char out[PIECE_BYTES])
{
    static const char *const points[] = {"s.vmin", "s.vmax", "s.first", "s.last"};
    int size = 0;
    for (size_t i = 0; i < 4; i++) {
        size += snprintf(out + size, PIECE_BYTES - (size_t)size,
                         "%s(%s %s %s AND %s_step BETWEEN %s AND %s)", i ? " OR " : "", points[i],
                         op_text(op), m->value, points[i], m->from, m->to);
    }
}

/* No point at all compares so. */
static void write_never(enum filter_op op, const struct marks *m, char out[PIECE_BYTES])
{
    const char *v = m->value;
    if (op == FILTER_EQ) {
        snprintf(out, PIECE_BYTES, "s.bad = 0 AND (s.vmin > %s OR s.vmax < %s)", v, v);
    } else if (op == FILTER_NE) {
        snprintf(out, PIECE_BYTES, "s.bad = 0 AND s.vmin = %s AND s.vmax = %s", v, v);
    } else {
        bool up = op == FILTER_GT || op == FILTER_GE;
        snprintf(out, PIECE_BYTES, "s.bad = 0 AND NOT %s %s %s", up ? "s.vmax" : "s.vmin",
                 op_text(op), v);
    }
}

static void put_any(struct sql *q, const struct filter *term, const struct marks *m)
{
    char column[COLUMN_BYTES], sure[PIECE_BYTES], never[PIECE_BYTES];
    write_sure(term->op, m, sure);
    write_never(term->op, m, never);
    snprintf(column, sizeof(column),
             "CASE WHEN s.last_step < %s OR s.first_step > %s THEN '0' WHEN %s THEN '1' "
             "WHEN %s THEN '0' ELSE '2' END",
             m->from, m->to, sure, never);
    sql_put_series(q, term->operand.key, column);
}

/* All points compare so if there are some and none does the opposite, or is NaN. */
static void put_all(struct sql *q, const struct filter *term, const struct marks *m)
{
    char column[COLUMN_BYTES], sure[PIECE_BYTES], never[PIECE_BYTES];
    write_sure(opposite(term->op), m, sure);
    write_never(opposite(term->op), m, never);
    snprintf(column, sizeof(column),
             "CASE WHEN s.last_step < %s OR s.first_step > %s THEN '0' "
             "WHEN %s OR (s.last_ok = 0 AND s.last_step BETWEEN %s AND %s) THEN '0' "
             "WHEN %s AND (s.first_step BETWEEN %s AND %s OR s.last_step BETWEEN %s AND %s) THEN "
             "'1' ELSE '2' END",
             m->from, m->to, sure, m->from, m->to, never, m->from, m->to, m->from, m->to);
    sql_put_series(q, term->operand.key, column);
}

/* The last value is that at the last step. */
static void put_at(struct sql *q, const struct filter *term, struct marks *m)
{
    char column[COLUMN_BYTES];
    if (term->op == FILTER_NULL) {
        snprintf(column, sizeof(column),
                 "CASE WHEN %s IN (s.first_step, s.last_step) THEN '1' "
                 "WHEN %s BETWEEN s.first_step AND s.last_step THEN '2' ELSE '0' END",
                 m->from, m->from);
    } else if (term->op <= FILTER_GE) {
        hold(q, db_f(term->values->number), m->value);
        snprintf(column, sizeof(column),
                 "CASE WHEN %s NOT BETWEEN s.first_step AND s.last_step THEN '0' "
                 "WHEN %s < s.last_step THEN '2' WHEN s.last %s %s THEN '1' ELSE '0' END",
                 m->from, m->from, op_text(term->op), m->value);
    } else {
        snprintf(column, sizeof(column),
                 "CASE WHEN %s BETWEEN s.first_step AND s.last_step THEN '2' ELSE '0' END",
                 m->from);
    }
    sql_put_series(q, term->operand.key, column);
}

void sql_put_hint(struct sql *q, const struct filter *term)
{
    const struct filter_operand *o = &term->operand;
    struct marks m;
    hold(q, db_i(o->step), m.from);
    if (o->func == FILTER_AT) {
        put_at(q, term, &m);
        return;
    }
    hold(q, db_i(o->step_to), m.to);
    hold(q, db_f(term->values->number), m.value);
    if (o->func == FILTER_ANY) {
        put_any(q, term, &m);
    } else {
        put_all(q, term, &m);
    }
}

void sql_put_guess(struct sql *q, const struct filter *term, bool guess)
{
    bool absent_fits = term->op == FILTER_NULL && !term->negated;
    if (term->op == FILTER_MATCH || absent_fits) {
        sql_put(q, guess ? "TRUE" : "FALSE");
        return;
    }
    sql_put(q, "COALESCE(");
    sql_put_hint(q, term);
    sql_put(q, guess ? ", '0') <> '0'" : ", '0') = '1'");
}
