/* Fuzzes the scanner of MLflow's bodies against core/json: what it takes, the other reads as the
 * same. */
#include "../../core/json.h"
#include "../../server/scan_mlflow.h"
#include "fuzz.h"

#include <string.h>

enum { ROOM = 32 };

static bool same_text(const struct json *item, const char *name, struct bytes got)
{
    const char *text;
    return json_need_text(item, name, &text, NULL) == TRACK_OK && strlen(text) == got.size &&
           memcmp(text, got.at, got.size) == 0;
}

static bool same_metric(const struct json *item, const struct scan_metric *got)
{
    int64_t step = 0, time_ms;
    double value;
    return same_text(item, "key", got->key) &&
           json_need_double(item, "value", &value, NULL) == TRACK_OK &&
           memcmp(&value, &got->value, sizeof(value)) == 0 &&
           json_may_int(item, "step", &step, NULL) == TRACK_OK && step == got->step &&
           json_need_int(item, "timestamp", &time_ms, NULL) == TRACK_OK &&
           time_ms == got->time_ms && !json_find(item, "model_id");
}

static void check_pairs(const struct json *body, const char *name, const struct scan_pair *got,
                        size_t count)
{
    const struct json *list = json_find(body, name);
    CHECK(list ? list->kind == JSON_KIND_ARRAY && list->count == count : count == 0);
    for (size_t i = 0; i < count; i++) {
        CHECK(same_text(&list->items[i], "key", got[i].key) &&
              same_text(&list->items[i], "value", got[i].value));
    }
}

static void check_batch(const struct json *body, const struct scan_batch *b)
{
    const struct json *list = json_find(body, "metrics");
    CHECK(same_text(body, "run_id", b->run));
    CHECK(list ? list->kind == JSON_KIND_ARRAY && list->count == b->metric_count
               : b->metric_count == 0);
    for (size_t i = 0; i < b->metric_count; i++) {
        CHECK(same_metric(&list->items[i], &b->metrics[i]));
    }
    check_pairs(body, "params", b->params, b->param_count);
    check_pairs(body, "tags", b->tags, b->tag_count);
}

FUZZ(scan_mlflow)
{
    AUTO_ARENA arena = ARENA(16 << 20);
    struct scan_metric metrics[ROOM], one;
    struct scan_pair params[ROOM], tags[ROOM];
    struct scan_batch b = {.metrics = metrics,
                           .params = params,
                           .tags = tags,
                           .metric_room = ROOM,
                           .param_room = ROOM,
                           .tag_room = ROOM};
    struct bytes run;
    const struct json *body;
    bool batch = scan_log_batch(in, &b), metric = scan_log_metric(in, &run, &one);
    if (!batch && !metric) {
        return;
    }
    CHECK(json_read(in, NULL, &arena, &body, NULL) == TRACK_OK && body->kind == JSON_KIND_OBJECT);
    if (batch) {
        check_batch(body, &b);
    }
    if (metric) {
        CHECK(same_metric(body, &one));
        CHECK(!json_find(body, "run_id") || same_text(body, "run_id", run));
        CHECK(!json_find(body, "run_uuid") || same_text(body, "run_uuid", run));
    }
}
