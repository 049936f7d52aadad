#include "api_search.h"

#include "api_parse.h"
#include "render.h"
#include "series.h"
#include "store_facet.h"
#include "store_search.h"

#include <string.h>

enum { COLUMN_POINTS_MAX = 1000 };

/* The value of a series at a step: the last in the order of points. */
static track_status point_at(void *data, struct search_point *point, track_error *err)
{
    struct app *app = data;
    AUTO_ARENA arena = ARENA(1 << 20);
    struct points_page page;
    struct points_ask ask = {.run = point->run,
                             .key = {point->key, NULL},
                             .from = point->step,
                             .to = point->step,
                             .limit = COLUMN_POINTS_MAX};
    track_status status = series_points(app->tail, &ask, &arena, &page, err);
    point->found = status == TRACK_OK && page.count > 0;
    if (point->found) {
        point->value = page.values[page.count - 1];
    }
    return status == TRACK_NOT_FOUND ? TRACK_OK : status;
}

/* Decides any() or all() by the points of a series. */
static track_status history_fits(void *data, struct search_history *history, track_error *err)
{
    struct app *app = data;
    const struct filter *term = history->term;
    struct history_ask ask = {.run = history->run,
                              .key = {term->operand.key, NULL},
                              .all = term->operand.func == FILTER_ALL,
                              .op = term->op,
                              .number = term->values->number,
                              .from = term->operand.step,
                              .to = term->operand.step_to};
    history->fits = false;
    track_status status = series_history(app->tail, &ask, &history->fits, err);
    return status == TRACK_NOT_FOUND ? TRACK_OK : status; /* purged meanwhile */
}

static track_status parse_columns(const struct request *rq, const struct json *list,
                                  struct run_search *ask, track_error *err)
{
    size_t count = list ? list->count : 0;
    const char **columns = ARENA_ARRAY(rq->arena, const char *, count);
    if (!columns) {
        return FAIL(err, TRACK_NOMEM, "no room for %zu columns", count);
    }
    for (size_t i = 0; i < count; i++) {
        TRY(json_get_text(&list->items[i], &columns[i], err));
    }
    ask->columns = columns;
    ask->column_count = count;
    return TRACK_OK;
}

/* A cursor stands in the body here: hex of what the store gave, like everywhere. */
static track_status parse_body_cursor(const struct request *rq, const struct json *body,
                                      const char **out, track_error *err)
{
    const char *hex = NULL;
    TRY(json_may_text(body, "cursor", &hex, err));
    return hex ? parse_cursor_text(rq, hex, out, err) : TRACK_OK;
}

static track_status parse_search(struct app *app, const struct request *rq, struct run_search *out,
                                 track_error *err)
{
    static const char *const names[] = {"project", "filter", "order",   "columns", "limit",
                                        "offset",  "cursor", "deleted", "total",   NULL};
    const struct json *body, *columns = NULL;
    *out = (struct run_search){.limit = 100,
                               .now_us = rq->now_us,
                               .point = point_at,
                               .history = history_fits,
                               .point_data = app};
    TRY(parse_body(rq, names, &body, err));
    TRY(json_may_text(body, "project", &out->project, err));
    TRY(json_may_text(body, "filter", &out->filter, err));
    TRY(json_may_text(body, "order", &out->order, err));
    TRY(json_may_array(body, "columns", &columns, err));
    TRY(json_may_int_in(body, "limit", (struct json_range){0, SEARCH_LIMIT_MAX}, &out->limit, err));
    TRY(json_may_int_in(body, "offset", (struct json_range){0, SEARCH_OFFSET_MAX}, &out->offset,
                        err));
    TRY(json_may_bool(body, "deleted", &out->deleted, err));
    TRY(json_may_bool(body, "total", &out->total, err));
    TRY(parse_columns(rq, columns, out, err));
    return parse_body_cursor(rq, body, &out->cursor, err);
}

static void put_cell(struct json_writer *w, const struct search_cell *cell)
{
    static const char *const hows[] = {
        [FILTER_LAST] = "last",   [FILTER_FIRST] = "first", [FILTER_BEST] = "last",
        [FILTER_MIN] = "min",     [FILTER_MAX] = "max",     [FILTER_MEAN] = "mean",
        [FILTER_COUNT] = "count", [FILTER_NAN] = "nan"};
    if (cell->kind == CELL_NONE) {
        json_write_null(w, NULL);
        return;
    }
    if (cell->kind == CELL_TEXT) {
        json_write_text(w, NULL, cell->text);
        return;
    }
    json_write_object(w, NULL);
    json_write_double(w, "value", cell->value);
    json_write_int(w, "step", cell->step);
    json_write_text(w, "how", hows[cell->how]);
    json_write_int(w, "bad", cell->bad);
    json_write_close(w);
}

static void put_row(struct json_writer *w, const struct search_row *row, size_t columns)
{
    const struct run *run = &row->run;
    json_write_object(w, NULL);
    json_write_text(w, "id", run->id);
    json_write_text(w, "project", run->project_name);
    json_write_int(w, "project_number", run->project_number);
    render_project_ref(w, "project_ref", run->project_name, run->project_number);
    json_write_text(w, "name", run->name);
    json_write_text(w, "kind", run->kind);
    json_write_text(w, "state", run->state);
    json_write_text(w, "user", run->user);
    json_write_text(w, "host", run->host);
    render_times(w, run);
    json_write_array(w, "labels");
    for (size_t i = 0; i < row->label_count; i++) {
        json_write_text(w, NULL, row->labels[i]);
    }
    json_write_close(w);
    json_write_array(w, "values");
    for (size_t i = 0; i < columns; i++) {
        put_cell(w, &row->cells[i]);
    }
    json_write_close(w);
    json_write_close(w);
}

static track_status search_answer(const struct request *rq, const struct search_page *page,
                                  size_t columns, struct response *rs, track_error *err)
{
    struct json_writer w;
    TRY(render_begin(rq, &w, err));
    json_write_object(&w, NULL);
    json_write_array(&w, "runs");
    for (size_t i = 0; i < page->count; i++) {
        put_row(&w, &page->rows[i], columns);
    }
    json_write_close(&w);
    render_next(&w, page->next);
    if (page->total < 0) {
        json_write_null(&w, "total");
    } else {
        json_write_int(&w, "total", page->total);
    }
    json_write_close(&w);
    return render_end(&w, rs, err);
}

/* Brings table series up to date for a project; NULL: for all. */
static track_status flush(struct app *app, const struct request *rq, const char *project,
                          track_error *err)
{
    struct project found = {.node = 0};
    if (project) {
        TRY(store_project_get(app->store, project, rq->arena, &found, err));
    }
    return series_flush(app->tail, found.node, err);
}

/* Says where a text is wrong, with the answer of the error. */
static track_status mistake_say(const struct request *rq, const struct search_mistake *mistake,
                                struct response *rs)
{
    int64_t *offset = ARENA_NEW(rq->arena, int64_t);
    if (mistake->part && offset) {
        *offset = (int64_t)mistake->offset;
        rs->offset = offset;
    }
    return TRACK_INVALID;
}

track_status api_run_search(struct app *app, struct request *rq, struct response *rs,
                            track_error *err)
{
    struct run_search ask;
    struct search search;
    struct search_mistake mistake = {.part = NULL};
    struct search_page page;
    TRY(parse_search(app, rq, &ask, err));
    track_status status = search_read(&ask, rq->arena, &search, &mistake, err);
    if (status == TRACK_INVALID) {
        return mistake_say(rq, &mistake, rs);
    }
    TRY(status);
    if (search.metrics) {
        TRY(flush(app, rq, ask.project, err));
    }
    TRY(store_search(app->store, &search, rq->arena, &page, err));
    return search_answer(rq, &page, ask.column_count, rs, err);
}

static void put_tree(struct json_writer *w, const char *prefix, const struct facet_tree *tree)
{
    json_write_object(w, NULL);
    json_write_text(w, "prefix", prefix);
    json_write_array(w, "groups");
    for (size_t i = 0; i < tree->group_count; i++) {
        json_write_object(w, NULL);
        json_write_text(w, "name", tree->groups[i].name);
        json_write_text(w, "prefix", tree->groups[i].prefix);
        json_write_int(w, "n", tree->groups[i].n);
        json_write_close(w);
    }
    json_write_close(w);
    json_write_array(w, "series");
    for (size_t i = 0; i < tree->metric_count; i++) {
        json_write_object(w, NULL);
        json_write_text(w, "key", tree->metrics[i].text);
        json_write_int(w, "runs", tree->metrics[i].runs);
        render_meaning(w, &tree->defs, tree->metrics[i].text);
        json_write_close(w);
    }
    json_write_close(w);
    render_next(w, tree->next);
    json_write_close(w);
}

track_status api_project_series(struct app *app, struct request *rq, struct response *rs,
                                track_error *err)
{
    struct facet_tree_ask ask = {.prefix = ""};
    struct facet_tree tree;
    struct json_writer w;
    int limit;
    TRY(parse_param(rq, 0, &ask.project, err));
    TRY(parse_query_text(rq, "prefix", &ask.prefix, err));
    TRY(parse_query_text(rq, "q", &ask.q, err));
    TRY(parse_query_flag(rq, "flat", &ask.flat, err));
    TRY(parse_limit(rq, &limit, err));
    TRY(parse_cursor(rq, &ask.after, err));
    ask.limit = (size_t)limit;
    TRY(flush(app, rq, ask.project, err));
    TRY(store_metric_tree(app->store, &ask, rq->arena, &tree, err));
    TRY(render_begin(rq, &w, err));
    put_tree(&w, ask.prefix, &tree);
    return render_end(&w, rs, err);
}

static track_status facets_answer(const struct request *rq, const struct facet_list *list,
                                  const char *const names[2], struct response *rs, track_error *err)
{
    struct json_writer w;
    TRY(render_begin(rq, &w, err));
    json_write_object(&w, NULL);
    json_write_array(&w, names[0]);
    for (size_t i = 0; i < list->count; i++) {
        json_write_object(&w, NULL);
        json_write_text(&w, names[1], list->at[i].text);
        json_write_int(&w, "runs", list->at[i].runs);
        json_write_close(&w);
    }
    json_write_close(&w);
    json_write_close(&w);
    return render_end(&w, rs, err);
}

static track_status parse_facets(const struct request *rq, struct facet_ask *ask, track_error *err)
{
    *ask = (struct facet_ask){.prefix = ""};
    TRY(parse_param(rq, 0, &ask->project, err));
    TRY(parse_query_text(rq, "prefix", &ask->prefix, err));
    return parse_limit(rq, &ask->limit, err);
}

track_status api_project_keys(struct app *app, struct request *rq, struct response *rs,
                              track_error *err)
{
    static const char *const kinds[] = {"param", "tag", "metric"}, *const names[] = {"keys", "key"};
    struct bytes kind = request_query(rq, "kind");
    struct facet_ask ask;
    struct facet_list list;
    int found = 0;
    TRY(parse_facets(rq, &ask, err));
    while (found < 3 && !bytes_are(kind, kinds[found])) {
        found++;
    }
    if (found == 3) {
        return FAIL(err, TRACK_INVALID, "query parameter kind must be param, tag or metric");
    }
    ask.kind = (enum facet_kind)found;
    if (ask.kind == FACET_METRIC) {
        TRY(flush(app, rq, ask.project, err));
    }
    TRY(store_key_list(app->store, &ask, rq->arena, &list, err));
    return facets_answer(rq, &list, names, rs, err);
}

track_status api_project_values(struct app *app, struct request *rq, struct response *rs,
                                track_error *err)
{
    static const char *const names[] = {"values", "value"};
    struct facet_ask ask;
    struct facet_list list;
    TRY(parse_facets(rq, &ask, err));
    TRY(parse_query_text(rq, "field", &ask.field, err));
    if (!ask.field) {
        return FAIL(err, TRACK_INVALID, "query parameter field is missing");
    }
    TRY(store_value_list(app->store, &ask, rq->arena, &list, err));
    return facets_answer(rq, &list, names, rs, err);
}
