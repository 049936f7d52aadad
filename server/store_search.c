#include "store_search.h"

#include "store_base.h"
#include "store_cells.h"
#include "store_cursor.h"
#include "store_filter_page.h"
#include "store_residual.h"

#include <string.h>

static struct bytes text_of(const char *text)
{
    const char *in = text ? text : "";
    return (struct bytes){(const unsigned char *)in, strlen(in)};
}

/* True if a term of the tree looks at table series. */
static bool reads_series(const struct filter *node)
{
    if (node->kind == FILTER_TERM) {
        return node->operand.field == FILTER_METRIC || node->operand.field == FILTER_HAS;
    }
    for (const struct filter *child = node->child; child; child = child->next) {
        if (reads_series(child)) {
            return true;
        }
    }
    return false;
}

static track_status check_numbers(const struct run_search *ask, track_error *err)
{
    if (ask->limit < 0 || ask->limit > SEARCH_LIMIT_MAX) {
        return FAIL(err, TRACK_INVALID, "limit %lld, must be 0 to %d", (long long)ask->limit,
                    SEARCH_LIMIT_MAX);
    }
    if (ask->offset < 0 || ask->offset > SEARCH_OFFSET_MAX) {
        return FAIL(err, TRACK_INVALID, "offset %lld, must be 0 to %d", (long long)ask->offset,
                    SEARCH_OFFSET_MAX);
    }
    if (ask->cursor && ask->offset) {
        return FAIL(err, TRACK_INVALID, "a cursor and an offset: only one of them");
    }
    if (ask->column_count > SEARCH_COLUMNS_MAX) {
        return FAIL(err, TRACK_INVALID, "%zu columns, at most %d", ask->column_count,
                    SEARCH_COLUMNS_MAX);
    }
    return TRACK_OK;
}

static track_status read_columns(const struct run_search *ask, struct arena *arena,
                                 struct search *out, struct search_mistake *mistake,
                                 track_error *err)
{
    struct filter_operand *columns = ARENA_ARRAY(arena, struct filter_operand, ask->column_count);
    if (!columns) {
        return FAIL(err, TRACK_NOMEM, "no memory for %zu columns", ask->column_count);
    }
    mistake->part = "columns";
    for (size_t i = 0; i < ask->column_count; i++) {
        mistake->index = i;
        mistake->offset = 0;
        TRY(filter_read_operand(text_of(ask->columns[i]), arena, &columns[i], &mistake->offset,
                                err));
        enum filter_func func = columns[i].func;
        if (func == FILTER_ARGMIN || func == FILTER_ARGMAX || func == FILTER_AT) {
            return FAIL(err, TRACK_INVALID, "%.60s is no column: min() and max() bring their step",
                        ask->columns[i]);
        }
        out->metrics |= columns[i].field == FILTER_METRIC;
    }
    out->columns = columns;
    return TRACK_OK;
}

track_status search_read(const struct run_search *ask, struct arena *arena, struct search *out,
                         struct search_mistake *mistake, track_error *err)
{
    struct search search = {.ask = ask};
    *mistake = (struct search_mistake){.part = NULL};
    TRY(check_numbers(ask, err));
    mistake->part = "filter";
    TRY(filter_read(text_of(ask->filter), arena, &search.filter, &mistake->offset, err));
    mistake->part = "order";
    mistake->offset = 0;
    TRY(filter_read_order(text_of(ask->order), arena, &search.order, &mistake->offset, err));
    if (search.order.by.func == FILTER_AT) {
        return FAIL(err, TRACK_INVALID, "at() is no order: it would read the points of every run");
    }
    search.metrics =
        (search.filter && reads_series(search.filter)) || search.order.by.field == FILTER_METRIC;
    TRY(read_columns(ask, arena, &search, mistake, err));
    mistake->part = NULL;
    *out = search;
    return TRACK_OK;
}

/* A page being gathered. */
struct gathering {
    const struct search *search;
    struct residual residual;
    struct arena *arena;
    struct gather nodes; /* int64_t */
    struct cursor last;  /* of the last run that is on the page */
    int64_t skip;        /* runs that offset leaves out still */
    int64_t total;       /* that fit; of all only with costly terms */
    bool more, full;     /* full: rows that come are not looked at */
};

/* Where the run lies in the order, for the cursor. */
static track_status note_place(struct gathering *g, const struct db_value *c, track_error *err)
{
    g->last = (struct cursor){.has_number = c[1].type == 'f',
                              .has_text = c[2].type == 't',
                              .number = c[1].type == 'f' ? c[1].as.f : 0,
                              .node = db_get_i(&c[0])};
    return db_copy_text(g->arena, &c[2], &g->last.text, err);
}

static track_status add_run(struct gathering *g, const struct db_value *c, track_error *err)
{
    const struct run_search *ask = g->search->ask;
    void *node;
    g->total++;
    if (g->skip > 0) {
        g->skip--;
        return TRACK_OK;
    }
    if (g->nodes.count < (size_t)ask->limit) {
        TRY(gather_add(&g->nodes, &node, err));
        *(int64_t *)node = db_get_i(&c[0]);
        return g->nodes.count == (size_t)ask->limit ? note_place(g, c, err) : TRACK_OK;
    }
    g->more = true;
    if (!ask->total && g->residual.count) {
        g->full = true; /* no row that follows matters */
        return FAIL(err, TRACK_BUSY, "enough");
    }
    return TRACK_OK;
}

static track_status page_row(void *data, const struct db_value *c, track_error *err)
{
    struct gathering *g = data;
    bool fits = true;
    if (g->residual.count) {
        char id[33] = "";
        memcpy(id, c[3].as.bytes.at, c[3].as.bytes.size < 33 ? c[3].as.bytes.size : 32);
        struct residual_row row = {c[4].as.bytes, c + 5, id};
        TRY(residual_decide(&g->residual, &row, &fits, err));
    }
    return fits ? add_run(g, c, err) : TRACK_OK;
}

/* What every statement of a search has in common. */
static struct sql sql_of(const struct gathering *g, struct db *db, int64_t project)
{
    return (struct sql){
        .db = db, .arena = g->arena, .project = project, .now_us = g->search->ask->now_us};
}

static track_status run_rows(struct gathering *g, const struct sql *of, const struct plan *plan,
                             const struct cursor *cursor, track_error *err)
{
    AUTO_SQL struct sql q;
    int64_t room = g->search->ask->limit - (int64_t)g->nodes.count;
    struct page_ask ask = {g->search, &g->residual, plan, g->skip + room + 1, cursor};
    struct db_text text;
    sql_begin(&q, of);
    sql_put_page(&q, &ask);
    TRY(sql_end(&q, SQL_PAGE_TYPES, &text, err));
    track_error why = {0};
    track_status status = db_run_text(of->db, &text, page_row, g, &why);
    if (g->full || status == TRACK_OK) {
        return TRACK_OK;
    }
    if (err) {
        *err = why;
    }
    return status;
}

/* In the order of an index there come first the runs that it has, then the others. */
static track_status run_page(struct gathering *g, const struct sql *of, const struct cursor *cursor,
                             track_error *err)
{
    struct plan plan, rest = {.way = PLAN_REST};
    struct plan_ask ask = {.search = g->search, .all = g->residual.count && g->search->ask->total};
    TRY(plan_find(of, &ask, &plan, err));
    if (plan.way != PLAN_ORDER) {
        return run_rows(g, of, &plan, cursor, err);
    }
    if (!cursor || cursor->has_number) {
        TRY(run_rows(g, of, &plan, cursor, err));
        cursor = NULL;
    }
    bool enough = g->full || (g->more && !ask.all);
    return plan.rest && !enough ? run_rows(g, of, &rest, cursor, err) : TRACK_OK;
}

static track_status count_row(void *data, const struct db_value *c, track_error *err)
{
    (void)err;
    *(int64_t *)data = db_get_i(&c[0]);
    return TRACK_OK;
}

static track_status run_count(const struct gathering *g, const struct sql *of, int64_t *out,
                              track_error *err)
{
    AUTO_SQL struct sql q;
    struct plan plan;
    struct plan_ask ask = {.search = g->search, .all = true, .counted = true};
    struct db_text text;
    TRY(plan_find(of, &ask, &plan, err));
    sql_begin(&q, of);
    sql_put_count(&q, g->search, &plan);
    TRY(sql_end(&q, "i", &text, err));
    return db_run_text(of->db, &text, count_row, out, err);
}

/* With costly terms the page itself counts, from the start: a second pass behind a cursor. */
static track_status count_all(struct gathering *g, const struct sql *of, bool from_start,
                              int64_t *out, track_error *err)
{
    if (!g->residual.count) {
        return run_count(g, of, out, err);
    }
    if (from_start) {
        *out = g->total;
        return TRACK_OK;
    }
    struct gathering again = *g;
    again.nodes = (struct gather)GATHER(g->arena, int64_t);
    again.skip = again.total = 0;
    again.full = again.more = false;
    TRY(run_page(&again, of, NULL, err));
    *out = again.total;
    return TRACK_OK;
}

static track_status fill_page(const struct gathering *g, const struct sql *of,
                              struct search_page *out, track_error *err)
{
    const struct run_search *ask = g->search->ask;
    const int64_t *nodes = g->nodes.at;
    struct search_row *rows = ARENA_ARRAY(g->arena, struct search_row, g->nodes.count);
    struct cells cells;
    if (!rows) {
        return FAIL(err, TRACK_NOMEM, "no memory for %zu runs", g->nodes.count);
    }
    TRY(cells_init(&cells, of->db, g->search, of->project, g->arena, err));
    for (size_t i = 0; i < g->nodes.count; i++) {
        TRY(cells_fill(&cells, nodes[i], &rows[i], err));
    }
    out->rows = rows;
    out->count = g->nodes.count;
    out->next = NULL;
    return g->more && ask->limit ? cursor_encode(&g->last, ask, g->arena, &out->next, err)
                                 : TRACK_OK;
}

track_status store_search(struct store *s, const struct search *search, struct arena *arena,
                          struct search_page *out, track_error *err)
{
    const struct run_search *ask = search->ask;
    struct gathering g = {.search = search, .arena = arena, .nodes = GATHER(arena, int64_t)};
    struct search_page page = {.total = -1};
    struct cursor cursor;
    int64_t project = 0;
    TRY(residual_init(&g.residual, search, arena, err));
    g.skip = ask->offset;
    if (ask->cursor) {
        TRY(cursor_decode(ask->cursor, ask, arena, &cursor, err));
    }
    AUTO_READ struct read r = {0};
    TRY(store_read_begin(s, &r, err));
    if (ask->project) {
        TRY(project_need(r.db, ask->project, &project, err));
    }
    struct sql of = sql_of(&g, r.db, project);
    if (ask->limit || g.residual.count) {
        TRY(run_page(&g, &of, ask->cursor ? &cursor : NULL, err));
    }
    if (ask->total) {
        TRY(count_all(&g, &of, !ask->cursor, &page.total, err));
    }
    TRY(fill_page(&g, &of, &page, err));
    *out = page;
    return TRACK_OK;
}
