#include "api_series.h"

#include "../core/columns.h"
#include "api_parse.h"
#include "render.h"
#include "series.h"
#include "store_fact.h"

#include <math.h>
#include <string.h>

enum { POINTS_DEFAULT = 10000, LINES_DEFAULT = 1000 };

static const struct json_range any_step = {INT64_MIN, INT64_MAX};

/* NULL where there is no finite value. */
static void put_finite(struct json_writer *w, const char *name, double value)
{
    if (isnan(value)) {
        json_write_null(w, name);
    } else {
        json_write_double(w, name, value);
    }
}

static void put_series(struct json_writer *w, const struct series_row *row, int64_t id,
                       const struct metric_def_list *defs)
{
    json_write_object(w, NULL);
    json_write_text(w, "key", row->name);
    json_write_text(w, "context", row->context);
    render_number(w, "id", (uint64_t)id);
    json_write_int(w, "n", row->n);
    json_write_int(w, "bad", row->bad);
    render_meaning(w, defs, row->name);
    json_write_int(w, "first_step", row->first_step);
    json_write_double(w, "last", row->last);
    json_write_int(w, "last_step", row->last_step);
    json_write_int(w, "last_us", row->last_us);
    put_finite(w, "min", row->vmin);
    json_write_int(w, "min_step", row->vmin_step);
    put_finite(w, "max", row->vmax);
    json_write_int(w, "max_step", row->vmax_step);
    json_write_close(w);
}

static void put_tree(struct json_writer *w, const char *prefix, const struct tree_page *page,
                     const struct metric_def_list *defs)
{
    json_write_object(w, NULL);
    json_write_text(w, "prefix", prefix);
    json_write_array(w, "groups");
    for (size_t i = 0; i < page->group_count; i++) {
        json_write_object(w, NULL);
        json_write_text(w, "name", page->groups[i].name);
        json_write_text(w, "prefix", page->groups[i].prefix);
        json_write_int(w, "n", page->groups[i].n);
        json_write_close(w);
    }
    json_write_close(w);
    json_write_array(w, "series");
    for (size_t i = 0; i < page->series_count; i++) {
        put_series(w, &page->series[i], page->ids[i], defs);
    }
    json_write_close(w);
    render_next(w, page->next);
    json_write_close(w);
}

track_status api_series_list(struct app *app, struct request *rq, struct response *rs,
                             track_error *err)
{
    struct tree_ask ask = {.prefix = ""};
    struct tree_page page;
    struct metric_def_list defs;
    struct json_writer w;
    int limit;
    TRY(parse_run(app, rq, &ask.run, err));
    TRY(parse_query_text(rq, "prefix", &ask.prefix, err));
    TRY(parse_query_text(rq, "q", &ask.q, err));
    TRY(parse_query_flag(rq, "flat", &ask.flat, err));
    TRY(parse_limit(rq, &limit, err));
    TRY(parse_cursor(rq, &ask.cursor, err));
    ask.limit = (size_t)limit;
    TRY(series_tree(app->tail, &ask, rq->arena, &page, err));
    TRY(store_metric_def_list(app->store, ask.run, rq->arena, &defs, err));
    TRY(render_begin(rq, &w, err));
    put_tree(&w, ask.prefix, &page, &defs);
    return render_end(&w, rs, err);
}

static track_status points_json(const struct request *rq, const struct points_page *page,
                                struct response *rs, track_error *err)
{
    struct json_writer w;
    TRY(render_begin(rq, &w, err));
    json_write_object(&w, NULL);
    json_write_text(&w, "key", page->name);
    json_write_text(&w, "context", page->context);
    json_write_array(&w, "step");
    for (size_t i = 0; i < page->count; i++) {
        json_write_int(&w, NULL, page->steps[i]);
    }
    json_write_close(&w);
    json_write_array(&w, "time_us");
    for (size_t i = 0; i < page->count; i++) {
        json_write_int(&w, NULL, page->times_us[i]);
    }
    json_write_close(&w);
    json_write_array(&w, "value");
    for (size_t i = 0; i < page->count; i++) {
        json_write_double(&w, NULL, page->values[i]);
    }
    json_write_close(&w);
    render_next(&w, page->next);
    json_write_close(&w);
    return render_end(&w, rs, err);
}

static track_status points_binary(const struct request *rq, const struct points_page *page,
                                  struct response *rs, track_error *err)
{
    struct columns_points in = {.key = bytes_from(page->name),
                                .context = bytes_from(page->context),
                                .steps = page->steps,
                                .times_us = page->times_us,
                                .values = page->values,
                                .count = page->count};
    TRY(columns_encode_points(&in, &rs->body, err));
    TRY(render_cursor(rq, page->next, &rs->next, err));
    rs->type = "application/x-track-points";
    return TRACK_OK;
}

track_status api_point_list(struct app *app, struct request *rq, struct response *rs,
                            track_error *err)
{
    struct points_ask ask = {.from = INT64_MIN, .to = INT64_MAX};
    struct points_page page;
    int64_t limit = POINTS_DEFAULT;
    TRY(parse_run(app, rq, &ask.run, err));
    TRY(parse_query_text(rq, "key", &ask.key.name, err));
    TRY(parse_query_text(rq, "context", &ask.key.context, err));
    TRY(parse_query_int(rq, "from", any_step, &ask.from, err));
    TRY(parse_query_int(rq, "to", any_step, &ask.to, err));
    TRY(parse_query_int(rq, "limit", (struct json_range){1, SERIES_POINTS_MAX}, &limit, err));
    TRY(parse_cursor(rq, &ask.cursor, err));
    if (!ask.key.name) {
        return FAIL(err, TRACK_INVALID, "query parameter key is missing");
    }
    ask.limit = (size_t)limit;
    TRY(series_points(app->tail, &ask, rq->arena, &page, err));
    return parse_accepts(rq, "application/x-track-points") ? points_binary(rq, &page, rs, err)
                                                           : points_json(rq, &page, rs, err);
}

track_status api_text_list(struct app *app, struct request *rq, struct response *rs,
                           track_error *err)
{
    struct texts_ask ask = {.run = NULL};
    struct texts_page page;
    struct json_writer w;
    int limit;
    TRY(parse_run(app, rq, &ask.run, err));
    TRY(parse_query_text(rq, "key", &ask.key, err));
    TRY(parse_limit(rq, &limit, err));
    TRY(parse_cursor(rq, &ask.cursor, err));
    ask.limit = (size_t)limit;
    TRY(series_texts(app->tail, &ask, rq->arena, &page, err));
    TRY(render_begin(rq, &w, err));
    json_write_object(&w, NULL);
    json_write_array(&w, "texts");
    for (size_t i = 0; i < page.count; i++) {
        json_write_object(&w, NULL);
        json_write_text(&w, "key", page.at[i].name);
        json_write_int(&w, "step", page.at[i].step);
        json_write_int(&w, "time_us", page.at[i].time_us);
        json_write_bytes(&w, "text", page.at[i].text);
        json_write_close(&w);
    }
    json_write_close(&w);
    render_next(&w, page.next);
    json_write_close(&w);
    return render_end(&w, rs, err);
}

static const char *const stream_names[] = {"stdout", "stderr"};

static track_status parse_stream(const struct request *rq, int *out, track_error *err)
{
    struct bytes stream = request_query(rq, "stream");
    for (int i = 0; i < 2; i++) {
        if (bytes_are(stream, stream_names[i])) {
            *out = i;
        }
    }
    return stream.at && *out < 0
               ? FAIL(err, TRACK_INVALID, "query parameter stream must be stdout or stderr")
               : TRACK_OK;
}

static track_status parse_lines(struct app *app, const struct request *rq, struct lines_ask *out,
                                track_error *err)
{
    int64_t limit = LINES_DEFAULT;
    *out = (struct lines_ask){.stream = -1, .rank = -1, .since_us = INT64_MIN};
    TRY(parse_run(app, rq, &out->run, err));
    TRY(parse_query_int(rq, "from", any_step, &out->from, err));
    TRY(parse_query_int(rq, "limit", (struct json_range){1, SERIES_LINES_MAX}, &limit, err));
    TRY(parse_query_int(rq, "rank", (struct json_range){0, INT64_MAX}, &out->rank, err));
    TRY(parse_query_int(rq, "since_us", any_step, &out->since_us, err));
    TRY(parse_query_text(rq, "q", &out->q, err));
    TRY(parse_query_text(rq, "regex", &out->regex, err));
    out->limit = (size_t)limit;
    return parse_stream(rq, &out->stream, err);
}

static void put_line(struct json_writer *w, const struct console_line *line)
{
    json_write_object(w, NULL);
    json_write_int(w, "n", line->n);
    json_write_int(w, "time_us", line->time_us);
    json_write_text(w, "stream", stream_names[line->stream != 0]);
    if (line->rank < 0) {
        json_write_null(w, "rank");
    } else {
        json_write_int(w, "rank", line->rank);
    }
    json_write_bytes(w, "text", line->text);
    json_write_close(w);
}

track_status api_line_list(struct app *app, struct request *rq, struct response *rs,
                           track_error *err)
{
    struct lines_ask ask;
    struct lines_page page;
    struct json_writer w;
    TRY(parse_lines(app, rq, &ask, err));
    TRY(series_lines(app->tail, &ask, rq->arena, &page, err));
    TRY(render_begin(rq, &w, err));
    json_write_object(&w, NULL);
    json_write_array(&w, "lines");
    for (size_t i = 0; i < page.count; i++) {
        put_line(&w, &page.at[i]);
    }
    json_write_close(&w);
    json_write_int(&w, "total", page.total);
    json_write_int(&w, "next", page.next);
    json_write_close(&w);
    return render_end(&w, rs, err);
}
