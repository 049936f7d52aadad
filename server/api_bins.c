#include "api_bins.h"

#include "../core/columns.h"
#include "../core/name.h"
#include "api_parse.h"
#include "render.h"
#include "series.h"

#include <math.h>
#include <string.h>

enum { BINS_DEFAULT = 1000, RUNS_MAX = 1000, KEYS_MAX = 200, BINS_BYTES_MAX = 64 << 20 };

static const char *const x_names[] = {"step", "time", "relative"};
static const char *const column_names[COLUMN_COUNT] = {
    "x_first", "x_last", "first", "last", "min", "max", "mean", "n", "nan", "pinf", "ninf"};

/* Index of a text among names, or an error that shows it. */
static track_status index_of(const struct json *value, const char *const *names, int count,
                             int *out, track_error *err)
{
    const char *text;
    TRY(json_get_text(value, &text, err));
    for (int i = 0; i < count; i++) {
        if (strcmp(names[i], text) == 0) {
            *out = i;
            return TRACK_OK;
        }
    }
    return JSON_FAIL(err, value, "'%.40s' is none of those that there are", text);
}

static track_status parse_runs(struct app *app, const struct request *rq, const struct json *list,
                               struct bins_ask *ask, track_error *err)
{
    if (list->count < 1 || list->count > RUNS_MAX) {
        return JSON_FAIL(err, list, "%u runs, must be 1 to %d", list->count, RUNS_MAX);
    }
    const char **runs = ARENA_ARRAY(rq->arena, const char *, list->count);
    if (!runs) {
        return FAIL(err, TRACK_NOMEM, "no room for %u runs", list->count);
    }
    for (size_t i = 0; i < list->count; i++) {
        TRY(json_get_text(&list->items[i], &runs[i], err));
        if (!parse_is_hex(runs[i], RUN_ID_SIZE - 1)) {
            return JSON_FAIL(err, &list->items[i], "'%.40s', must be the id of a run", runs[i]);
        }
    }
    (void)app;
    ask->runs = runs;
    ask->run_count = list->count;
    return TRACK_OK;
}

static track_status parse_key(const struct json *item, struct series_ref *out, track_error *err)
{
    static const char *const names[] = {"name", "context", NULL};
    if (item->kind == JSON_KIND_TEXT) {
        return json_get_text(item, &out->name, err);
    }
    TRY(json_check_object(item, names, err));
    TRY(json_need_text(item, "name", &out->name, err));
    return json_may_text(item, "context", &out->context, err);
}

static track_status parse_keys(const struct request *rq, const struct json *list,
                               struct bins_ask *ask, track_error *err)
{
    if (list->count < 1 || list->count > KEYS_MAX) {
        return JSON_FAIL(err, list, "%u keys, must be 1 to %d", list->count, KEYS_MAX);
    }
    struct series_ref *keys = ARENA_ARRAY(rq->arena, struct series_ref, list->count);
    if (!keys) {
        return FAIL(err, TRACK_NOMEM, "no room for %u keys", list->count);
    }
    for (size_t i = 0; i < list->count; i++) {
        TRY(parse_key(&list->items[i], &keys[i], err));
    }
    ask->keys = keys;
    ask->key_count = list->count;
    return TRACK_OK;
}

static uint64_t number_of_hex(struct bytes bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes.size; i++) {
        value = value << 8 | bytes.at[i];
    }
    return value;
}

/* "<run>:<series id>": "<version>" */
static track_status parse_one_have(const struct request *rq, const struct json *item,
                                   struct series_have *out, track_error *err)
{
    const char *version, *colon = strchr(item->name, ':');
    TRY(json_get_text(item, &version, err));
    size_t size = colon ? (size_t)(colon - item->name) : 0;
    char *run = arena_text(rq->arena, item->name, size);
    if (!run) {
        return FAIL(err, TRACK_NOMEM, "no room for a version");
    }
    struct bytes id = parse_hex(rq, colon ? colon + 1 : "", 8);
    struct bytes held = parse_hex(rq, version, 8);
    if (!id.at || !held.at || !parse_is_hex(run, RUN_ID_SIZE - 1)) {
        return JSON_FAIL(err, item, "must be \"RUN:SERIES\": \"VERSION\" as an answer gave them");
    }
    *out = (struct series_have){run, (int64_t)number_of_hex(id), number_of_hex(held)};
    return TRACK_OK;
}

static track_status parse_have(const struct request *rq, const struct json *object,
                               struct bins_ask *ask, track_error *err)
{
    size_t count = object ? object->count : 0;
    struct series_have *have = ARENA_ARRAY(rq->arena, struct series_have, count);
    if (!have) {
        return FAIL(err, TRACK_NOMEM, "no room for %zu versions", count);
    }
    for (size_t i = 0; i < count; i++) {
        TRY(parse_one_have(rq, &object->items[i], &have[i], err));
    }
    ask->have = have;
    ask->have_count = count;
    return TRACK_OK;
}

static track_status parse_columns(const struct json *list, unsigned *out, track_error *err)
{
    if (!list) {
        *out = COLUMNS_ALL;
        return TRACK_OK;
    }
    *out = 0;
    for (size_t i = 0; i < list->count; i++) {
        int column;
        TRY(index_of(&list->items[i], column_names, COLUMN_COUNT, &column, err));
        *out |= 1u << column;
    }
    return TRACK_OK;
}

static track_status parse_range(const struct json *body, struct bins_ask *ask, track_error *err)
{
    const struct json *from = json_find(body, "from"), *to = json_find(body, "to");
    int64_t bins = BINS_DEFAULT;
    int x = 0;
    ask->has_from = from && from->kind != JSON_KIND_NULL;
    ask->has_to = to && to->kind != JSON_KIND_NULL;
    TRY(json_may_int(body, "from", &ask->from, err));
    TRY(json_may_int(body, "to", &ask->to, err));
    TRY(json_may_int_in(body, "bins", (struct json_range){1, BINS_MAX}, &bins, err));
    if (json_find(body, "x")) {
        TRY(index_of(json_find(body, "x"), x_names, 3, &x, err));
    }
    ask->bins = (uint32_t)bins;
    ask->x = (enum bins_x)x;
    return TRACK_OK;
}

static track_status parse_bins(struct app *app, const struct request *rq, struct bins_ask *out,
                               track_error *err)
{
    static const char *const names[] = {"runs", "keys", "x",       "from", "to",
                                        "bins", "have", "columns", NULL};
    const struct json *body, *runs, *keys, *columns = NULL, *have = NULL;
    *out = (struct bins_ask){.bins = 0};
    TRY(parse_body(rq, names, &body, err));
    TRY(json_need_array(body, "runs", &runs, err));
    TRY(json_need_array(body, "keys", &keys, err));
    TRY(json_may_array(body, "columns", &columns, err));
    TRY(json_may_object(body, "have", &have, err));
    TRY(parse_runs(app, rq, runs, out, err));
    TRY(parse_keys(rq, keys, out, err));
    TRY(parse_columns(columns, &out->columns, err));
    TRY(parse_have(rq, have, out, err));
    return parse_range(body, out, err);
}

static track_status bins_binary(const struct request *rq, const struct bins_ask *ask,
                                const struct bins_answer *answer, struct response *rs,
                                track_error *err)
{
    struct columns columns;
    struct buf *out = request_buf(rq, BINS_BYTES_MAX);
    if (!out) {
        return FAIL(err, TRACK_NOMEM, "no room for an answer");
    }
    columns_init(&columns, ask->x, &answer->grid, ask->columns, out);
    for (size_t i = 0; i < answer->count; i++) {
        const struct series_bins *s = &answer->series[i];
        struct columns_series one = {.id = (uint64_t)s->id,
                                     .version = s->version,
                                     .unchanged = s->unchanged,
                                     .key = bytes_from(s->name),
                                     .context = bytes_from(s->context),
                                     .bins = s->bins,
                                     .count = s->count};
        struct uuid id;
        TRY(name_decode_uuid(s->run, &id, err));
        memcpy(one.run, id.byte, sizeof(one.run));
        columns_add(&columns, &one);
    }
    TRY(columns_end(&columns, err));
    rs->type = "application/x-track-bins";
    return buf_end(out, &rs->body, err);
}

/* One value of a column; min, max and mean are null where nothing is finite. */
static void put_value(struct json_writer *w, const struct bin *bin, int column)
{
    const double reals[] = {bin->first, bin->last, bin->min, bin->max, bin->mean};
    const uint32_t counts[] = {bin->n, bin->nan, bin->pinf, bin->ninf};
    if (column <= COLUMN_X_LAST) {
        json_write_int(w, NULL, column == COLUMN_X_FIRST ? bin->x_first : bin->x_last);
    } else if (column >= COLUMN_N) {
        json_write_int(w, NULL, counts[column - COLUMN_N]);
    } else if (column >= COLUMN_MIN && isnan(reals[column - COLUMN_FIRST])) {
        json_write_null(w, NULL);
    } else {
        json_write_double(w, NULL, reals[column - COLUMN_FIRST]);
    }
}

static void put_columns(struct json_writer *w, const struct series_bins *s, unsigned mask)
{
    json_write_array(w, "bin");
    for (size_t i = 0; i < s->count; i++) {
        json_write_int(w, NULL, s->bins[i].index);
    }
    json_write_close(w);
    for (int column = 0; column < COLUMN_COUNT; column++) {
        if (!(mask & 1u << column)) {
            continue;
        }
        json_write_array(w, column_names[column]);
        for (size_t i = 0; i < s->count; i++) {
            put_value(w, &s->bins[i], column);
        }
        json_write_close(w);
    }
}

static void put_series(struct json_writer *w, const struct series_bins *s, unsigned mask)
{
    json_write_object(w, NULL);
    json_write_text(w, "run", s->run);
    json_write_text(w, "key", s->name);
    json_write_text(w, "context", s->context);
    render_number(w, "id", (uint64_t)s->id);
    render_number(w, "version", s->version);
    json_write_bool(w, "exact", s->exact);
    json_write_bool(w, "unchanged", s->unchanged);
    if (!s->unchanged) {
        put_columns(w, s, mask);
    }
    json_write_close(w);
}

static track_status bins_json(const struct request *rq, const struct bins_ask *ask,
                              const struct bins_answer *answer, struct response *rs,
                              track_error *err)
{
    struct json_writer w;
    TRY(render_begin(rq, &w, err));
    json_write_object(&w, NULL);
    json_write_text(&w, "x", x_names[ask->x]);
    json_write_int(&w, "width", answer->grid.width);
    json_write_int(&w, "from", answer->grid.from);
    json_write_int(&w, "to", answer->grid.to);
    json_write_array(&w, "series");
    for (size_t i = 0; i < answer->count; i++) {
        put_series(&w, &answer->series[i], ask->columns);
    }
    json_write_close(&w);
    json_write_close(&w);
    return render_end(&w, rs, err);
}

track_status api_bins_get(struct app *app, struct request *rq, struct response *rs,
                          track_error *err)
{
    struct bins_ask ask;
    struct bins_answer answer;
    TRY(parse_bins(app, rq, &ask, err));
    TRY(series_bins(app->tail, &ask, rq->arena, &answer, err));
    return parse_accepts(rq, "application/x-track-bins") ? bins_binary(rq, &ask, &answer, rs, err)
                                                         : bins_json(rq, &ask, &answer, rs, err);
}
