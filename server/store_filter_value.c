/* The text under construction of store_filter.h, and what stands for an operand. */
#include "store_filter.h"

#include <stdio.h>
#include <string.h>

void sql_put(struct sql *q, const char *text)
{
    buf_text(&q->text, text);
}

void sql_begin(struct sql *q, const struct sql *of)
{
    *q = (struct sql){.db = of->db,
                      .arena = of->arena,
                      .project = of->project,
                      .now_us = of->now_us,
                      .node = "r.node",
                      .text = BUF(SQL_BYTES_MAX)};
}

void sql_release(struct sql *q)
{
    buf_release(&q->text);
}

/* Notes a failure, so that callers need not ask. */
static void sql_fail(struct sql *q, track_status status, const char *message)
{
    if (status != TRACK_OK && q->status == TRACK_OK) {
        q->status = FAIL(&q->err, status, "%s", message);
    }
}

size_t sql_hold(struct sql *q, struct db_value value)
{
    if (q->in_count >= SQL_VALUES_MAX) {
        sql_fail(q, TRACK_TOO_LARGE, "the filter has too many values");
        return q->in_count;
    }
    q->in[q->in_count++] = value;
    return q->in_count;
}

void sql_bind(struct sql *q, struct db_value value)
{
    char place[24];
    snprintf(place, sizeof(place), "$%zu", sql_hold(q, value));
    sql_put(q, place);
}

track_status sql_end(struct sql *q, const char *types, struct db_text *out, track_error *err)
{
    struct bytes text;
    buf_byte(&q->text, 0);
    if (q->status != TRACK_OK) {
        return FAIL(err, q->status, "%s", q->err.message);
    }
    TRY(buf_end(&q->text, &text, err));
    *out = (struct db_text){(const char *)text.at, q->in, q->in_count, types};
    return TRACK_OK;
}

void sql_bind_like(struct sql *q, const char *before, const char *text, const char *after)
{
    size_t size = strlen(before);
    char *out = arena_alloc(q->arena, 2 * strlen(text) + size + strlen(after) + 1, 1);
    if (!out) {
        sql_fail(q, TRACK_NOMEM, "no memory for a filter");
        return;
    }
    memcpy(out, before, size);
    for (const char *c = text; *c; c++) {
        if (*c == '%' || *c == '_' || *c == '\\') {
            out[size++] = '\\';
        }
        out[size++] = *c;
    }
    memcpy(out + size, after, strlen(after));
    sql_bind(q, db_t(out));
}

/* Columns of table series, s, for each function. */
static const char *const func_columns[] = {
    [FILTER_LAST] = "s.last",
    [FILTER_FIRST] = "s.first",
    [FILTER_MIN] = "s.vmin",
    [FILTER_MAX] = "s.vmax",
    [FILTER_MEAN] = "s.vsum / NULLIF(s.n - s.bad, 0)",
    [FILTER_COUNT] = "s.n",
    [FILTER_NAN] = "s.bad",
    [FILTER_ARGMIN] = "CASE WHEN s.vmin IS NULL THEN NULL ELSE s.vmin_step END",
    [FILTER_ARGMAX] = "CASE WHEN s.vmax IS NULL THEN NULL ELSE s.vmax_step END",
    [FILTER_AT] = "NULL",
    [FILTER_ANY] = "NULL",
    [FILTER_ALL] = "NULL",
};

struct key_ids sql_key_ids(struct sql *q, const char *name)
{
    struct key_ids ids = {.count = 0};
    track_error err = {0};
    sql_fail(q, search_key_ids(q->db, name, q->project, &ids, &err), err.message);
    return ids;
}

enum filter_func sql_resolve(struct sql *q, const struct filter_operand *o)
{
    enum filter_func func = o->func;
    track_error err = {0};
    if (func == FILTER_BEST) {
        sql_fail(q, search_goal(q->db, o->key, q->project, &func, &err), err.message);
    }
    return func;
}

void sql_put_series(struct sql *q, const char *key, const char *column)
{
    struct key_ids ids = sql_key_ids(q, key);
    if (ids.count == 0) {
        sql_put(q, "NULL");
        return;
    }
    sql_put(q, "(SELECT ");
    sql_put(q, column);
    if (ids.count == 1) {
        sql_put(q, " FROM series s WHERE s.run = ");
        sql_put(q, q->node);
        sql_put(q, " AND s.key = ");
        sql_bind(q, db_i(ids.id[0]));
        sql_put(q, ")");
        return;
    }
    sql_put(q, " FROM series_key k CROSS JOIN series s WHERE k.name = ");
    sql_bind(q, db_t(key));
    sql_put(q, " AND s.run = ");
    sql_put(q, q->node);
    sql_put(q, " AND s.key = k.id ORDER BY CASE WHEN k.context = '' THEN 0 WHEN k.context LIKE "
               "'%\"rank\":%' THEN length(k.context) ELSE 100000 END, k.context LIMIT 1)");
}

static void put_metric(struct sql *q, const struct filter_operand *o)
{
    sql_put_series(q, o->key, func_columns[sql_resolve(q, o)]);
}

/* One column of the run's row of this key, of run_param or tag, x. */
static void put_fact(struct sql *q, const char *select, const char *key)
{
    sql_put(q, select);
    sql_put(q, q->node);
    sql_put(q, " AND x.key = ");
    sql_bind(q, db_t(key));
    sql_put(q, ")");
}

void sql_put_value(struct sql *q, const struct filter_operand *o)
{
    static const char *const columns[] = {
        [FILTER_ID] = "r.id",
        [FILTER_NAME] = "r.name",
        [FILTER_STATUS] = "r.state",
        [FILTER_KIND] = "r.kind",
        [FILTER_USER] = "NULLIF(r.user_name, '')",
        [FILTER_HOST] = "NULLIF(r.host, '')",
        [FILTER_PROJECT] = "(SELECT p.name FROM project p WHERE p.node = r.project)",
        [FILTER_PARENT] = "(SELECT y.id FROM run y WHERE y.node = r.parent)",
        [FILTER_NOTES] = "NULLIF(r.note, '')",
        [FILTER_CREATED] = "r.created_us",
        [FILTER_STARTED] = "r.started_us",
        [FILTER_ENDED] = "r.ended_us",
        [FILTER_SIZE] =
            "(SELECT CAST(COALESCE(sum(x.size), 0) AS BIGINT) FROM path x WHERE x.owner = r.node)",
    };
    switch (o->field) {
    case FILTER_METRIC:
        put_metric(q, o);
        return;
    case FILTER_PARAM:
        put_fact(q, "(SELECT x.value FROM run_param x WHERE x.run = ", o->key);
        return;
    case FILTER_TAG:
        put_fact(q, "(SELECT x.value FROM tag x WHERE x.owner = ", o->key);
        return;
    case FILTER_DURATION:
        sql_put(q, "((COALESCE(r.ended_us, CASE WHEN r.state = 'running' THEN ");
        sql_bind(q, db_i(q->now_us));
        sql_put(q, " ELSE r.seen_us END) - r.started_us) / 1000000.0)");
        return;
    default:
        sql_put(q, columns[o->field]);
        return;
    }
}
