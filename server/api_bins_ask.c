#include "api_bins_ask.h"

#include "../core/columns.h"
#include "api_bins_groups.h"

#include <math.h>
#include <string.h>

enum { BINS_DEFAULT = 1000, RUNS_MAX = 1000, KEYS_MAX = 200 };

const char *const bins_x_names[] = {"step", "time", "relative", "metric"};
const char *const bins_column_names[COLUMN_COUNT] = {"x_first", "x_last", "first", "last",
                                                     "min",     "max",    "mean",  "n",
                                                     "nan",     "pinf",   "ninf",  "smooth"};
const char *const bins_stat_names[BANDS_COUNT] = {"mean", "min", "max", "std", "stderr", "p05",
                                                  "p10",  "p25", "p50", "p75", "p90",    "p95"};

track_status bins_word(const struct json *value, const char *const *names, int count, int *out,
                       track_error *err)
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

static track_status parse_runs(const struct request *rq, const struct json *list,
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

/* "<run>:<series id>": "<version>", or "group:<id>" */
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
    if (!id.at || !held.at || (!parse_is_hex(run, RUN_ID_SIZE - 1) && strcmp(run, "group") != 0)) {
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

static track_status parse_columns(const struct json *list, struct bins_ask *ask, track_error *err)
{
    bool smooth = ask->smooth.kind != SMOOTH_NONE;
    ask->columns = list ? 0 : COLUMNS_ALL | (smooth ? 1u << COLUMN_SMOOTH : 0);
    for (size_t i = 0; list && i < list->count; i++) {
        int column;
        TRY(bins_word(&list->items[i], bins_column_names, COLUMN_COUNT, &column, err));
        ask->columns |= 1u << column;
    }
    return ask->columns >> COLUMN_SMOOTH & 1 && !smooth
               ? JSON_FAIL(err, list, "smooth needs the member smooth, which says how")
               : TRACK_OK;
}

/* step, time, relative, or {"metric": NAME, "context": CONTEXT} */
static track_status parse_x(const struct json *x, struct bins_ask *ask, track_error *err)
{
    static const char *const names[] = {"metric", "context", NULL};
    int word = 0;
    if (x && x->kind == JSON_KIND_OBJECT) {
        TRY(json_check_object(x, names, err));
        ask->x = BINS_METRIC;
        TRY(json_need_text(x, "metric", &ask->x_key.name, err));
        return json_may_text(x, "context", &ask->x_key.context, err);
    }
    if (x && x->kind != JSON_KIND_NULL) {
        TRY(bins_word(x, bins_x_names, BINS_METRIC, &word, err));
    }
    ask->x = (enum bins_x)word;
    return TRACK_OK;
}

static track_status parse_range(const struct json *body, struct bins_ask *ask, track_error *err)
{
    const struct json *from = json_find(body, "from"), *to = json_find(body, "to");
    int64_t bins = BINS_DEFAULT;
    ask->has_from = from && from->kind != JSON_KIND_NULL;
    ask->has_to = to && to->kind != JSON_KIND_NULL;
    if (ask->x == BINS_METRIC) {
        TRY(json_may_double(body, "from", &ask->real_from, err));
        TRY(json_may_double(body, "to", &ask->real_to, err));
    } else {
        TRY(json_may_int(body, "from", &ask->from, err));
        TRY(json_may_int(body, "to", &ask->to, err));
    }
    if (!isfinite(ask->real_from) || !isfinite(ask->real_to)) {
        return JSON_FAIL(err, body, "from and to must be finite");
    }
    TRY(json_may_int_in(body, "bins", (struct json_range){1, BINS_MAX}, &bins, err));
    ask->bins = (uint32_t)bins;
    return TRACK_OK;
}

/* weight or half_life as log2 of what a value still weighs one further. */
static track_status parse_keep(const struct json *smooth, double *out, track_error *err)
{
    const struct json *weight = json_find(smooth, "weight"), *half = json_find(smooth, "half_life");
    double value = 0;
    if (!weight == !half) {
        return JSON_FAIL(err, smooth, "ema needs weight or half_life, one of the two");
    }
    TRY(json_get_double(weight ? weight : half, &value, err));
    if (weight && !(value > 0 && value < 1)) {
        return JSON_FAIL(err, weight, "must be above 0 and below 1");
    }
    if (half && !(value > 0 && isfinite(value))) {
        return JSON_FAIL(err, half, "must be above 0");
    }
    *out = weight ? log2(value) : -1 / value;
    return TRACK_OK;
}

static track_status parse_smooth(const struct json *smooth, struct smooth_ask *out,
                                 track_error *err)
{
    static const char *const names[] = {"kind", "by", "weight", "half_life", "window", NULL};
    static const char *const kinds[] = {"ema", "median", "min", "max"};
    static const char *const measures[] = {"point", "step", "time"};
    int kind = 0, by = 0;
    *out = (struct smooth_ask){.kind = SMOOTH_NONE};
    if (!smooth) {
        return TRACK_OK;
    }
    TRY(json_check_object(smooth, names, err));
    if (json_find(smooth, "kind")) {
        TRY(bins_word(json_find(smooth, "kind"), kinds, 4, &kind, err));
    }
    if (json_find(smooth, "by")) {
        TRY(bins_word(json_find(smooth, "by"), measures, 3, &by, err));
    }
    out->kind = (enum smooth_kind)(kind + SMOOTH_EMA);
    out->by = (enum smooth_by)by;
    if (out->kind == SMOOTH_EMA) {
        return json_find(smooth, "window")
                   ? JSON_FAIL(err, smooth, "window is for median, min and max")
                   : parse_keep(smooth, &out->keep, err);
    }
    if (json_find(smooth, "weight") || json_find(smooth, "half_life")) {
        return JSON_FAIL(err, smooth, "weight and half_life are for ema");
    }
    TRY(json_need_int(smooth, "window", &out->window, err));
    return out->window >= 1 ? TRACK_OK : JSON_FAIL(err, smooth, "window must be at least 1");
}

track_status bins_ask_parse(const struct request *rq, struct bins_ask *out, track_error *err)
{
    static const char *const names[] = {"runs", "keys",    "x",      "from",  "to", "bins",
                                        "have", "columns", "smooth", "group", NULL};
    const struct json *body, *runs, *keys, *columns = NULL, *have = NULL, *smooth = NULL,
                                           *group = NULL;
    *out = (struct bins_ask){.bins = 0};
    TRY(parse_body(rq, names, &body, err));
    TRY(json_need_array(body, "runs", &runs, err));
    TRY(json_need_array(body, "keys", &keys, err));
    TRY(json_may_array(body, "columns", &columns, err));
    TRY(json_may_object(body, "have", &have, err));
    TRY(json_may_object(body, "smooth", &smooth, err));
    TRY(json_may_object(body, "group", &group, err));
    TRY(parse_runs(rq, runs, out, err));
    TRY(parse_keys(rq, keys, out, err));
    TRY(parse_smooth(smooth, &out->smooth, err));
    TRY(parse_columns(columns, out, err));
    TRY(parse_have(rq, have, out, err));
    TRY(parse_x(json_find(body, "x"), out, err));
    TRY(bins_groups_parse(rq, group, out, err));
    return parse_range(body, out, err);
}
