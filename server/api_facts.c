#include "api_facts.h"

#include "../core/number.h"
#include "api_parse.h"
#include "render.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const goals[] = {"none", "min", "max"};
static const char *const levels[] = {"info", "warning", "error"};
enum { WORDS = 3 };

/* Index of a word, or an error that lists them. */
static track_status word_get(const struct json *object, const char *name,
                             const char *const words[WORDS], int64_t *out, track_error *err)
{
    const char *text = NULL;
    TRY(json_may_text(object, name, &text, err));
    for (int i = 0; i < WORDS && text; i++) {
        if (strcmp(words[i], text) == 0) {
            *out = i;
            return TRACK_OK;
        }
    }
    return text ? JSON_FAIL(err, json_find(object, name), "'%.40s', must be %s, %s or %s", text,
                            words[0], words[1], words[2])
                : TRACK_OK;
}

static double number_of(const char *text)
{
    double number = 0;
    struct bytes bytes = {(const unsigned char *)text, strlen(text)};
    return number_decode(bytes, &number) ? number : NAN;
}

static track_status fact_parse(const struct request *rq, const struct json *value, bool numbers,
                               struct fact *out, track_error *err)
{
    char text[NUMBER_TEXT_MAX];
    out->key = value->name;
    if (numbers && value->kind == JSON_KIND_NUMBER) {
        out->value = arena_text(rq->arena, text, number_encode(value->number, text));
    } else if (numbers && value->kind == JSON_KIND_BOOL) {
        out->value = value->truth ? "true" : "false";
    } else {
        TRY(json_get_text(value, &out->value, err));
    }
    if (!out->value) {
        return FAIL(err, TRACK_NOMEM, "no room for a value");
    }
    out->num = number_of(out->value);
    return TRACK_OK;
}

track_status facts_parse(const struct request *rq, const struct json *object, bool numbers,
                         struct facts_in *out, track_error *err)
{
    size_t count = object ? object->count : 0;
    struct fact *facts = ARENA_ARRAY(rq->arena, struct fact, count);
    if (!facts) {
        return FAIL(err, TRACK_NOMEM, "no room for %zu values", count);
    }
    for (size_t i = 0; i < count; i++) {
        TRY(fact_parse(rq, &object->items[i], numbers, &facts[i], err));
    }
    *out = (struct facts_in){facts, count};
    return TRACK_OK;
}

track_status api_params_set(struct app *app, struct request *rq, struct response *rs,
                            track_error *err)
{
    static const char *const names[] = {"params", NULL};
    const struct json *body, *params;
    struct facts_in in;
    struct fact_set *call = CALL_NEW(rq, rs, struct fact_set);
    if (!call) {
        return FAIL(err, TRACK_NOMEM, "no room for params");
    }
    TRY(parse_run(app, rq, &call->run, err));
    TRY(parse_body(rq, names, &body, err));
    TRY(json_need_object(body, "params", &params, err));
    TRY(facts_parse(rq, params, true, &in, err));
    call->facts = in.at;
    call->count = in.count;
    call->now_us = rq->now_us;
    return store_param_set(app->store, call, err);
}

/* Tags to remove are facts without a value, behind those to set. */
static track_status tags_parse(const struct request *rq, struct fact_set *call, track_error *err)
{
    static const char *const names[] = {"set", "remove", NULL};
    const struct json *body, *set = NULL, *remove = NULL;
    struct facts_in in;
    TRY(parse_body(rq, names, &body, err));
    TRY(json_may_object(body, "set", &set, err));
    TRY(json_may_array(body, "remove", &remove, err));
    TRY(facts_parse(rq, set, false, &in, err));
    size_t removed = remove ? remove->count : 0;
    struct fact *facts = ARENA_ARRAY(rq->arena, struct fact, in.count + removed);
    if (!facts) {
        return FAIL(err, TRACK_NOMEM, "no room for tags");
    }
    for (size_t i = 0; i < in.count; i++) {
        facts[i] = in.at[i];
    }
    for (size_t i = 0; i < removed; i++) {
        TRY(json_get_text(&remove->items[i], &facts[in.count + i].key, err));
    }
    call->facts = facts;
    call->count = in.count + removed;
    return TRACK_OK;
}

track_status api_tags_set(struct app *app, struct request *rq, struct response *rs,
                          track_error *err)
{
    struct fact_set *call = CALL_NEW(rq, rs, struct fact_set);
    if (!call) {
        return FAIL(err, TRACK_NOMEM, "no room for tags");
    }
    TRY(parse_run(app, rq, &call->run, err));
    TRY(tags_parse(rq, call, err));
    call->now_us = rq->now_us;
    return store_tag_set(app->store, call, err);
}

track_status api_fact_done(struct app *app, const struct request *rq, const struct ticket *ticket,
                           struct response *rs, track_error *err)
{
    (void)app, (void)ticket;
    return render_done(rq, rs, err);
}

track_status api_definitions_get(struct app *app, struct request *rq, struct response *rs,
                                 track_error *err)
{
    const char *id;
    struct metric_def_list list;
    struct json_writer w;
    TRY(parse_run(app, rq, &id, err));
    TRY(store_metric_def_list(app->store, id, rq->arena, &list, err));
    TRY(render_begin(rq, &w, err));
    json_write_object(&w, NULL);
    json_write_array(&w, "definitions");
    for (size_t i = 0; i < list.count; i++) {
        const struct metric_def *def = &list.at[i];
        json_write_object(&w, NULL);
        json_write_text(&w, "name", def->name);
        json_write_text(&w, "goal", goals[def->goal]);
        json_write_text(&w, "unit", def->unit);
        json_write_text(&w, "step_key", *def->step_key ? def->step_key : NULL);
        json_write_bool(&w, "hidden", def->hidden);
        json_write_close(&w);
    }
    json_write_close(&w);
    json_write_close(&w);
    return render_end(&w, rs, err);
}

static track_status definition_parse(const struct json *item, struct metric_def *out,
                                     track_error *err)
{
    static const char *const names[] = {"name", "goal", "unit", "step_key", "hidden", NULL};
    *out = (struct metric_def){.unit = "", .step_key = ""};
    TRY(json_check_object(item, names, err));
    TRY(json_need_text(item, "name", &out->name, err));
    TRY(word_get(item, "goal", goals, &out->goal, err));
    TRY(json_may_text(item, "unit", &out->unit, err));
    TRY(json_may_text(item, "step_key", &out->step_key, err));
    return json_may_bool(item, "hidden", &out->hidden, err);
}

track_status api_definitions_set(struct app *app, struct request *rq, struct response *rs,
                                 track_error *err)
{
    static const char *const names[] = {"definitions", NULL};
    const struct json *body, *list;
    struct metric_def_set *call = CALL_NEW(rq, rs, struct metric_def_set);
    TRY(parse_body(rq, names, &body, err));
    TRY(json_need_array(body, "definitions", &list, err));
    struct metric_def *defs = ARENA_ARRAY(rq->arena, struct metric_def, list->count);
    if (!call || !defs) {
        return FAIL(err, TRACK_NOMEM, "no room for definitions");
    }
    for (size_t i = 0; i < list->count; i++) {
        TRY(definition_parse(&list->items[i], &defs[i], err));
    }
    TRY(parse_run(app, rq, &call->run, err));
    call->defs = defs;
    call->count = list->count;
    call->now_us = rq->now_us;
    return store_metric_def_set(app->store, call, err);
}

track_status api_doc_list(struct app *app, struct request *rq, struct response *rs,
                          track_error *err)
{
    const char *id;
    struct doc_list list;
    struct json_writer w;
    TRY(parse_run(app, rq, &id, err));
    TRY(store_doc_list(app->store, id, rq->arena, &list, err));
    TRY(render_begin(rq, &w, err));
    json_write_object(&w, NULL);
    json_write_array(&w, "docs");
    for (size_t i = 0; i < list.count; i++) {
        json_write_object(&w, NULL);
        json_write_text(&w, "name", list.at[i].name);
        json_write_int(&w, "size", list.at[i].size);
        json_write_close(&w);
    }
    json_write_close(&w);
    json_write_close(&w);
    return render_end(&w, rs, err);
}

/* The patch is text, every other document JSON. */
static bool is_text_doc(const char *name)
{
    return strcmp(name, "patch") == 0;
}

track_status api_doc_get(struct app *app, struct request *rq, struct response *rs, track_error *err)
{
    const char *id, *name;
    struct doc doc;
    TRY(parse_run(app, rq, &id, err));
    TRY(parse_param(rq, 1, &name, err));
    TRY(store_doc_get(app->store, id, name, rq->arena, &doc, err));
    rs->body = doc.data;
    rs->type = is_text_doc(name) ? "text/plain; charset=utf-8" : "application/json";
    rs->kind = RESPONSE_CONTENT;
    return TRACK_OK;
}

track_status api_doc_set(struct app *app, struct request *rq, struct response *rs, track_error *err)
{
    struct doc_put *call = CALL_NEW(rq, rs, struct doc_put);
    if (!call) {
        return FAIL(err, TRACK_NOMEM, "no room for a document");
    }
    TRY(parse_run(app, rq, &call->run, err));
    TRY(parse_param(rq, 1, &call->name, err));
    if (!is_text_doc(call->name)) {
        const struct json *tree;
        AUTO_ARENA scratch = ARENA(64 << 20);
        struct json_limits limits = {JSON_DEPTH_MAX, JSON_NODE_COUNT_MAX, DOC_BYTES_MAX};
        TRY(json_read(rq->body, &limits, &scratch, &tree, err));
    }
    call->data = rq->body;
    call->now_us = rq->now_us;
    return store_doc_put(app->store, call, err);
}

static void render_alert(struct json_writer *w, const struct alert *alert)
{
    char id[24];
    int size = snprintf(id, sizeof(id), "%lld", (long long)alert->id);
    json_write_object(w, NULL);
    json_write_bytes(w, "id", (struct bytes){(const unsigned char *)id, (size_t)size});
    json_write_text(w, "title", alert->title);
    json_write_text(w, "text", alert->text);
    json_write_text(w, "level", levels[alert->level]);
    json_write_int(w, "count", alert->count);
    json_write_int(w, "first_us", alert->first_us);
    json_write_int(w, "last_us", alert->last_us);
    json_write_close(w);
}

track_status api_alert_list(struct app *app, struct request *rq, struct response *rs,
                            track_error *err)
{
    const char *id;
    struct alert_list list;
    struct json_writer w;
    TRY(parse_run(app, rq, &id, err));
    TRY(store_alert_list(app->store, id, rq->arena, &list, err));
    TRY(render_begin(rq, &w, err));
    json_write_object(&w, NULL);
    json_write_array(&w, "alerts");
    for (size_t i = 0; i < list.count; i++) {
        render_alert(&w, &list.at[i]);
    }
    json_write_close(&w);
    json_write_close(&w);
    return render_end(&w, rs, err);
}

track_status api_alert_add(struct app *app, struct request *rq, struct response *rs,
                           track_error *err)
{
    static const char *const names[] = {"id", "title", "text", "level", "time_us", NULL};
    const struct json *body;
    struct alert_add *call = CALL_NEW(rq, rs, struct alert_add);
    if (!call) {
        return FAIL(err, TRACK_NOMEM, "no room for an alert");
    }
    call->text = "";
    call->level = -1;
    TRY(parse_run(app, rq, &call->run, err));
    TRY(parse_body(rq, names, &body, err));
    TRY(json_may_text(body, "id", &call->id, err));
    TRY(json_need_text(body, "title", &call->title, err));
    TRY(json_may_text(body, "text", &call->text, err));
    TRY(word_get(body, "level", levels, &call->level, err));
    if (call->level < 0) {
        return FAIL(err, TRACK_INVALID, "level: absent, must be info, warning or error");
    }
    TRY(json_may_int(body, "time_us", &call->at_us, err));
    call->now_us = rq->now_us;
    return store_alert_add(app->store, call, err);
}
