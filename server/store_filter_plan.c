#include "store_filter_plan.h"

#include <string.h>

/* What a term, or a part of one, selects of 1: where no index says it. */
#define GUESS 0.5

/* What it costs to look at a run that lies beside the one before, where 1 is one anywhere. */
#define NEIGHBOUR 0.25

/* The column of table series that an index is in the order of, or NULL. */
static const char *indexed_column(enum filter_func func)
{
    return func == FILTER_LAST  ? "last"
           : func == FILTER_MIN ? "vmin"
           : func == FILTER_MAX ? "vmax"
                                : NULL;
}

/* True if the term holds for what lies between two values, or is one of some. */
static bool is_range(const struct filter *term)
{
    bool list = term->op == FILTER_IN || term->op == FILTER_BETWEEN;
    return term->op == FILTER_EQ || (term->op >= FILTER_LT && term->op <= FILTER_GE) ||
           (list && !term->negated);
}

static bool has_numbers(const struct filter *term)
{
    for (const struct filter_value *v = term->values; v; v = v->next) {
        if (v->kind != FILTER_NUMBER) {
            return false;
        }
    }
    return true;
}

static bool is_there(const struct filter *term)
{
    return term->op == FILTER_THERE || (term->op == FILTER_NULL && term->negated);
}

/* The rows of a metric in the index that a term asks: false if there is none. */
static bool put_metric_rows(struct sql *q, const struct filter *term, bool *exact)
{
    enum filter_func func = sql_resolve(q, &term->operand);
    struct key_ids ids = sql_key_ids(q, term->operand.key);
    const char *column = indexed_column(func);
    if (!column || !is_range(term) || !q->project || ids.count == 0) {
        return false;
    }
    *exact = ids.count == 1;
    sql_put(q, *exact ? "SELECT s.run AS node FROM series s WHERE s.project = "
                      : "SELECT DISTINCT s.run AS node FROM series s WHERE s.project = ");
    sql_bind(q, db_i(q->project));
    sql_put(q, " AND s.key IN (");
    for (size_t i = 0; i < ids.count; i++) {
        sql_put(q, i ? ", " : "");
        sql_bind(q, db_i(ids.id[i]));
    }
    sql_put(q, ") AND s.");
    sql_put(q, column);
    sql_put_test(q, term, true);
    return true;
}

static bool put_param_rows(struct sql *q, const struct filter *term)
{
    bool there = is_there(term);
    if (!there && (!is_range(term) || !has_numbers(term))) {
        return false;
    }
    sql_put(q, "SELECT x.run AS node FROM run_param x WHERE x.key = ");
    sql_bind(q, db_t(term->operand.key));
    if (!there) {
        sql_put(q, " AND x.num");
        sql_put_test(q, term, true);
    }
    return true;
}

static bool put_tag_rows(struct sql *q, const struct filter *term)
{
    bool there = is_there(term);
    if (!there && term->op != FILTER_EQ) {
        return false;
    }
    sql_put(q, "SELECT x.owner AS node FROM tag x WHERE x.key = ");
    sql_bind(q, db_t(term->operand.key));
    if (!there) {
        sql_put(q, " AND x.head = substr(");
        sql_bind(q, db_t(term->values->text));
        sql_put(q, ", 1, 128) AND x.value");
        sql_put_test(q, term, false);
    }
    return true;
}

static bool put_attribute_rows(struct sql *q, const struct filter *term)
{
    enum filter_field field = term->operand.field;
    bool list = term->op == FILTER_EQ || (term->op == FILTER_IN && !term->negated);
    if (field == FILTER_ID && list) {
        sql_put(q, "SELECT x.node FROM run x WHERE x.id");
        sql_put_test(q, term, false);
        return true;
    }
    if (!q->project || (field != FILTER_STATUS && field != FILTER_STARTED)) {
        return false;
    }
    if (field == FILTER_STATUS ? !list : !is_range(term)) {
        return false;
    }
    sql_put(q, "SELECT x.node FROM run x WHERE x.project = ");
    sql_bind(q, db_i(q->project));
    if (field == FILTER_STATUS) {
        sql_put(q, " AND x.deleted_us IS NULL AND x.state");
        sql_put_test(q, term, false);
    } else {
        sql_put(q, " AND x.started_us");
        sql_put_time_test(q, term);
    }
    return true;
}

/* The runs of a term, by an index: false if there is none.  Each run once. */
static bool put_rows(struct sql *q, const struct filter *term, bool *exact)
{
    *exact = true;
    if (filter_is_costly(term)) {
        return false;
    }
    switch (term->operand.field) {
    case FILTER_METRIC:
        return put_metric_rows(q, term, exact);
    case FILTER_PARAM:
        return put_param_rows(q, term);
    case FILTER_TAG:
        return put_tag_rows(q, term);
    default:
        return put_attribute_rows(q, term);
    }
}

bool plan_of_term(struct sql *q, const struct filter *term, struct plan *out)
{
    AUTO_SQL struct sql scratch;
    sql_begin(&scratch, q);
    *out = (struct plan){.way = PLAN_TERM, .term = term};
    bool found = put_rows(&scratch, term, &out->exact);
    if (scratch.status != TRACK_OK && q->status == TRACK_OK) {
        q->status = scratch.status;
        q->err = scratch.err;
    }
    return found;
}

bool plan_of_order(struct sql *q, const struct filter_order *order, struct plan *out)
{
    const struct filter_operand *by = &order->by;
    *out = (struct plan){.way = PLAN_ORDER, .rest = true};
    if (by->field == FILTER_PARAM) {
        out->column = "num";
        return true;
    }
    if (by->field != FILTER_METRIC || !q->project) {
        return false;
    }
    struct key_ids ids = sql_key_ids(q, by->key);
    out->column = indexed_column(sql_resolve(q, by));
    out->key = ids.id[0];
    return out->column && ids.count == 1;
}

static track_status probe_row(void *data, const struct db_value *c, track_error *err)
{
    (void)err;
    *(int64_t *)data = db_get_i(&c[0]);
    return TRACK_OK;
}

/* Sends a statement that has been put into q, of one number. */
static track_status probe_end(struct sql *q, int64_t *out, track_error *err)
{
    struct db_text text;
    TRY(sql_end(q, "i", &text, err));
    return db_run_text(q->db, &text, probe_row, out, err);
}

/* How many runs the index of a term gives, at most PLAN_PROBE. */
static track_status probe(const struct sql *of, const struct filter *term, int64_t *out,
                          track_error *err)
{
    AUTO_SQL struct sql q;
    bool exact;
    sql_begin(&q, of);
    sql_put(&q, "SELECT count(*) FROM (");
    put_rows(&q, term, &exact);
    sql_put(&q, " LIMIT ");
    sql_bind(&q, db_i(PLAN_PROBE));
    sql_put(&q, ") y");
    return probe_end(&q, out, err);
}

/* True if the project has so few runs that no plan is worth its while. */
static track_status has_few(const struct sql *of, bool *out, track_error *err)
{
    AUTO_SQL struct sql q;
    int64_t count = 0;
    sql_begin(&q, of);
    sql_put(&q, "SELECT count(*) FROM (SELECT 1 FROM run x WHERE x.deleted_us IS NULL AND ");
    sql_put(&q, of->project ? "x.project = " : "x.project > ");
    sql_bind(&q, db_i(of->project));
    sql_put(&q, " LIMIT ");
    sql_bind(&q, db_i(PLAN_FEW));
    sql_put(&q, ") y");
    TRY(probe_end(&q, &count, err));
    *out = count < PLAN_FEW;
    return TRACK_OK;
}

/* What is known of the terms that all have to be true. */
struct survey {
    struct sql *q; /* gives what statements are made of, and takes what fails */
    const struct plan_ask *ask;
    double runs;  /* of all projects, at most */
    double share; /* that fits, by guess */
    int64_t few;  /* rows of best */
    struct plan best;
    bool has_number; /* only runs with what the search is sorted by can fit */
};

/* True if a run without the number that the search is sorted by cannot pass the term. */
static bool needs_number(const struct survey *s, const struct filter *term)
{
    const struct filter_operand *a = &term->operand, *b = &s->ask->search->order.by;
    if (a->field != b->field || !a->key || !b->key || strcmp(a->key, b->key) != 0 ||
        filter_is_costly(term) || !is_range(term)) {
        return false;
    }
    return a->field == FILTER_PARAM
               ? has_numbers(term)
               : a->field == FILTER_METRIC && sql_resolve(s->q, a) == sql_resolve(s->q, b);
}

static track_status survey_term(struct survey *s, const struct filter *term, track_error *err)
{
    struct plan plan;
    int64_t rows = PLAN_PROBE;
    s->has_number = s->has_number || needs_number(s, term);
    if (plan_of_term(s->q, term, &plan)) {
        TRY(probe(s->q, term, &rows, err));
    }
    s->share *= rows < PLAN_PROBE ? ((double)rows + 1) / s->runs : GUESS;
    if (rows < s->few) {
        s->few = rows;
        s->best = plan;
    }
    return TRACK_OK;
}

static track_status survey_node(struct survey *s, const struct filter *node, track_error *err)
{
    if (node->kind == FILTER_TERM) {
        return survey_term(s, node, err);
    }
    if (node->kind != FILTER_AND) {
        s->share *= GUESS;
        return TRACK_OK;
    }
    for (const struct filter *child = node->child; child; child = child->next) {
        TRY(survey_node(s, child, err));
    }
    return TRACK_OK;
}

/* Fills a plan in the order of the search, if there is one; *rows: how many are looked at until the
 * page is full, weighed against those of a term. */
static bool order_find(const struct survey *s, struct plan *out, double *rows)
{
    const struct run_search *ask = s->ask->search->ask;
    double wanted = (double)(ask->limit + ask->offset + 1) / s->share;
    *rows = s->ask->all || wanted > s->runs ? s->runs : wanted;
    if (s->ask->search->order.by.field == FILTER_STARTED) {
        *rows *= NEIGHBOUR;
        *out = (struct plan){.way = PLAN_ALL};
        return true;
    }
    bool found = plan_of_order(s->q, &s->ask->search->order, out);
    out->rest = !s->has_number;
    return found;
}

static track_status node_row(void *data, const struct db_value *c, track_error *err)
{
    (void)err;
    *(double *)data = (double)db_get_i(&c[0]);
    return TRACK_OK;
}

track_status plan_find(const struct sql *q, const struct plan_ask *ask, struct plan *out,
                       track_error *err)
{
    AUTO_SQL struct sql scratch;
    struct survey s = {.q = &scratch, .ask = ask, .runs = 1, .share = 1, .few = PLAN_PROBE};
    bool few = ask->search->ask->deleted;
    struct plan order;
    double rows;
    sql_begin(&scratch, q);
    *out = (struct plan){.way = PLAN_ALL};
    if (!few) {
        TRY(has_few(q, &few, err));
    }
    if (few) {
        return TRACK_OK;
    }
    TRY(db_run(q->db, QUERY_search_node_max, NULL, node_row, &s.runs, err));
    if (ask->search->filter) {
        TRY(survey_node(&s, ask->search->filter, err));
    }
    bool ordered = !ask->counted && order_find(&s, &order, &rows);
    if (scratch.status != TRACK_OK) {
        return FAIL(err, scratch.status, "%s", scratch.err.message);
    }
    if (s.few < PLAN_PROBE && !(ordered && rows < (double)s.few)) {
        *out = s.best;
    } else if (ordered) {
        *out = order;
    }
    return TRACK_OK;
}

void plan_apply(const struct plan *plan, struct sql *q)
{
    q->known = plan->way == PLAN_TERM && plan->exact ? plan->term : NULL;
    q->node = plan->way == PLAN_TERM ? "d.node" : plan->way == PLAN_ORDER ? "o.run" : "r.node";
}

void sql_put_source(struct sql *q, const struct plan *plan, const struct search *search)
{
    const struct filter_operand *by = &search->order.by;
    bool exact;
    if (plan->way == PLAN_TERM) {
        sql_put(q, "(");
        put_rows(q, plan->term, &exact);
        sql_put(q, ") d CROSS JOIN run r ON r.node = d.node");
    } else if (plan->way == PLAN_ORDER && by->field == FILTER_PARAM) {
        sql_put(
            q, "run_param o CROSS JOIN run r ON r.node = o.run AND o.num IS NOT NULL AND o.key = ");
        sql_bind(q, db_t(by->key));
    } else if (plan->way == PLAN_ORDER) {
        sql_put(q, "series o CROSS JOIN run r ON r.node = o.run AND o.project = ");
        sql_bind(q, db_i(q->project));
        sql_put(q, " AND o.key = ");
        sql_bind(q, db_i(plan->key));
        sql_put(q, " AND o.");
        sql_put(q, plan->column);
        sql_put(q, " IS NOT NULL");
    } else {
        sql_put(q, "run r");
    }
}
