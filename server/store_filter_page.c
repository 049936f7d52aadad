/* The statement of a page: what a search selects, in its order, from a cursor on. */
#include "store_filter_page.h"

#include <string.h>

/* What runs are sorted by: a number, a text, or numbers before texts. */
struct sort {
    bool number, text;
    bool never_null;
};

static struct sort sort_of(const struct filter_operand *o)
{
    bool text = filter_type(o) == FILTER_IS_TEXT || filter_type(o) == FILTER_IS_STATE;
    return (struct sort){
        .number = !text || o->field == FILTER_PARAM,
        .text = text,
        .never_null = o->field == FILTER_STARTED || o->field == FILTER_CREATED,
    };
}

/* Columns n and t: the number, or else the text, that a run is sorted by.  Of a parameter they come
 * from o, which put_from joins: one look-up instead of three. */
static void put_sort_columns(struct sql *q, const struct filter_operand *o, const struct plan *plan)
{
    struct sort sort = sort_of(o);
    if (plan->way == PLAN_ORDER) {
        sql_put(q, "o.");
        sql_put(q, plan->column);
        sql_put(q, " AS n, NULL AS t");
        return;
    }
    if (o->field == FILTER_PARAM) {
        sql_put(q, "o.num AS n, CASE WHEN o.num IS NULL THEN substr(o.value, 1, 128) END AS t");
        return;
    }
    if (sort.number) {
        sql_put_value(q, o);
    } else {
        sql_put(q, "NULL");
    }
    sql_put(q, " AS n, ");
    sql_put(q, sort.text ? "substr(" : "NULL");
    if (sort.text) {
        sql_put_value(q, o);
        sql_put(q, ", 1, 128)");
    }
    sql_put(q, " AS t");
}

/* (column, node) behind those of the cursor. */
static void put_behind(struct sql *q, const char *column, struct db_value value,
                       const struct page_ask *ask)
{
    const char *op = ask->search->order.descending ? " < " : " > ";
    sql_put(q, "(");
    sql_put(q, column);
    sql_put(q, op);
    sql_bind(q, value);
    sql_put(q, " OR (");
    sql_put(q, column);
    sql_put(q, " = ");
    sql_bind(q, value);
    sql_put(q, " AND node");
    sql_put(q, op);
    sql_bind(q, db_i(ask->cursor->node));
    sql_put(q, ")");
}

/* True if every row has a number to be sorted by. */
static bool has_number(const struct page_ask *ask)
{
    return ask->plan->way == PLAN_ORDER || sort_of(&ask->search->order.by).never_null;
}

/* Rows behind the cursor; those without a value are behind all others. */
static void put_cursor(struct sql *q, const struct page_ask *ask)
{
    const struct cursor *c = ask->cursor;
    if (c->has_number && has_number(ask)) {
        /* The first condition says nothing new, but an index begins there. */
        sql_put(q, ask->search->order.descending ? "n <= " : "n >= ");
        sql_bind(q, db_f(c->number));
        sql_put(q, " AND ");
        put_behind(q, "n", db_f(c->number), ask);
        sql_put(q, ")");
    } else if (c->has_number) {
        put_behind(q, "n", db_f(c->number), ask);
        sql_put(q, " OR n IS NULL)");
    } else if (c->has_text) {
        sql_put(q, "(n IS NULL AND ");
        put_behind(q, "t", db_t(c->text), ask);
        sql_put(q, " OR t IS NULL))");
    } else {
        sql_put(q, "(n IS NULL AND t IS NULL AND node");
        sql_put(q, ask->search->order.descending ? " < " : " > ");
        sql_bind(q, db_i(c->node));
        sql_put(q, ")");
    }
}

static void put_order(struct sql *q, const struct page_ask *ask)
{
    struct sort sort = sort_of(&ask->search->order.by);
    const char *way = ask->search->order.descending ? " DESC" : " ASC";
    sql_put(q, " ORDER BY ");
    if (sort.number) {
        sql_put(q, "n");
        sql_put(q, way);
        sql_put(q, has_number(ask) ? ", " : " NULLS LAST, ");
    }
    if (sort.text && ask->plan->way != PLAN_ORDER) {
        sql_put(q, "t");
        sql_put(q, way);
        sql_put(q, " NULLS LAST, ");
    }
    sql_put(q, "node");
    sql_put(q, way);
}

static void put_from(struct sql *q, const struct page_ask *ask)
{
    const struct filter_operand *order = &ask->search->order.by;
    sql_put(q, " FROM ");
    sql_put_source(q, ask->plan, ask->search);
    if (order->field == FILTER_PARAM && ask->plan->way != PLAN_ORDER) {
        sql_put(q, " LEFT JOIN run_param o ON o.run = r.node AND o.key = ");
        sql_bind(q, db_t(order->key));
    }
}

/* Which runs: of the project, in or out of the trash, that pass the filter. */
static void put_where(struct sql *q, const struct search *search)
{
    sql_put(q, " WHERE ");
    if (q->project) {
        sql_put(q, "r.project = ");
        sql_bind(q, db_i(q->project));
    } else {
        sql_put(q, "r.project IN (SELECT p.node FROM project p WHERE p.deleted_us IS NULL)");
    }
    sql_put(q, search->ask->deleted ? " AND r.deleted_us IS NOT NULL AND "
                                    : " AND r.deleted_us IS NULL AND ");
    sql_put_filter(q, search->filter);
}

void sql_put_page(struct sql *q, const struct page_ask *ask)
{
    const struct residual *residual = ask->residual;
    plan_apply(ask->plan, q);
    sql_put(q, "SELECT node, n, t, id, verdicts, s0, s1, s2, s3, s4, s5, s6, s7 FROM (SELECT ");
    sql_put(q, q->node);
    sql_put(q, " AS node, r.id AS id, ");
    put_sort_columns(q, &ask->search->order.by, ask->plan);
    sql_put(q, ", ");
    if (residual->count) {
        sql_put_verdicts(q, ask->search->filter);
    } else {
        sql_put(q, "''");
    }
    sql_put(q, " AS verdicts");
    for (size_t i = 0; i < FILTER_COSTLY_COUNT_MAX; i++) {
        static const char *const names[] = {" AS s0", " AS s1", " AS s2", " AS s3",
                                            " AS s4", " AS s5", " AS s6", " AS s7"};
        sql_put(q, ", ");
        if (i >= residual->count) {
            sql_put(q, "NULL");
        } else if (residual->patterns[i]) {
            sql_put_value(q, &residual->terms[i]->operand);
        } else {
            sql_put_hint(q, residual->terms[i]);
        }
        sql_put(q, names[i]);
    }
    put_from(q, ask);
    put_where(q, ask->search);
    sql_put(q, ") x");
    sql_put(q, ask->plan->way == PLAN_REST ? " WHERE n IS NULL" : "");
    if (ask->cursor) {
        sql_put(q, ask->plan->way == PLAN_REST ? " AND " : " WHERE ");
        put_cursor(q, ask);
    }
    put_order(q, ask);
    if (!residual->count) {
        sql_put(q, " LIMIT ");
        sql_bind(q, db_i(ask->limit));
    }
}

void sql_put_count(struct sql *q, const struct search *search, const struct plan *plan)
{
    plan_apply(plan, q);
    sql_put(q, "SELECT count(*) FROM ");
    sql_put_source(q, plan, search);
    put_where(q, search);
}
