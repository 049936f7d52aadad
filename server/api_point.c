#include "api_point.h"

#include "../core/hash.h"
#include "api_parse.h"
#include "journal_points.h"
#include "render.h"
#include "scan.h"

#include <assert.h>
#include <string.h>

enum {
    ITEMS_MAX = 10000,
    POINT_BYTES = 48, /* of a body, for a point: mostly it has more */
    CONTEXT_BYTES_MAX = 2048,
};

static_assert(SCAN_NO_STEP == JOURNAL_NO_STEP, "a scanned point is a journal's");

static const char writer_name[] = "api";
static const struct json_range any_time = {0, INT64_MAX};

/* A call being made, and a hash table of its keys. */
struct filling {
    const struct request *rq;
    struct journal_points *call;
    uint16_t *slots;   /* [slot_count]: index of a key + 1; 0: free */
    size_t slot_count; /* a power of two, at least twice the keys there may be */
};

static track_status filling_begin(struct app *app, const struct request *rq, struct response *rs,
                                  struct filling *out, track_error *err)
{
    struct journal_points *call = CALL_NEW(rq, rs, struct journal_points);
    *out = (struct filling){.rq = rq, .call = call};
    if (!call) {
        return FAIL(err, TRACK_NOMEM, "no room for points");
    }
    call->writer = writer_name;
    call->append.now_us = rq->now_us;
    return parse_run(app, rq, &call->append.run, err);
}

/* The list in the body, under its one name. */
static track_status list_parse(const struct request *rq, const char *name, const struct json **out,
                               track_error *err)
{
    const char *const names[] = {name, NULL};
    const struct json *body;
    TRY(parse_body(rq, names, &body, err));
    TRY(json_need_array(body, name, out, err));
    if ((*out)->count < 1) {
        return JSON_FAIL(err, *out, "is empty");
    }
    return (*out)->count <= ITEMS_MAX
               ? TRACK_OK
               : FAIL(err, TRACK_TOO_LARGE, "%s: %u items, at most %d at once", name, (*out)->count,
                      ITEMS_MAX);
}

static bool same_bytes(struct bytes a, struct bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}

/* Room for so many keys. */
static track_status room_for_keys(struct filling *f, size_t count, track_error *err)
{
    f->slot_count = 2;
    while (f->slot_count < 2 * count) {
        f->slot_count *= 2;
    }
    f->slots = ARENA_ARRAY(f->rq->arena, uint16_t, f->slot_count);
    f->call->keys = ARENA_ARRAY(f->rq->arena, struct frame_key, count);
    return f->slots && f->call->keys ? TRACK_OK
                                     : FAIL(err, TRACK_NOMEM, "no room for %zu keys", count);
}

/* The index of a key in the call; adds it at its first sight. */
static uint32_t key_index(struct filling *f, const struct frame_key *key)
{
    uint32_t hash = hash_crc32c((uint32_t)key->name.size, key->name);
    struct frame_key *keys = f->call->keys;
    size_t at = (key->context.size ? hash_crc32c(hash, key->context) : hash) & (f->slot_count - 1);
    for (; f->slots[at]; at = (at + 1) & (f->slot_count - 1)) {
        uint32_t index = f->slots[at] - 1u;
        if (same_bytes(keys[index].name, key->name) &&
            same_bytes(keys[index].context, key->context)) {
            return index;
        }
    }
    keys[f->call->key_count] = *key;
    f->slots[at] = (uint16_t)++f->call->key_count;
    return (uint32_t)f->call->key_count - 1;
}

/* Member context, an object, as JSON with sorted keys. */
static track_status context_parse(const struct request *rq, const struct json *item,
                                  struct bytes *out, track_error *err)
{
    const struct json *context = NULL;
    TRY(json_may_object(item, "context", &context, err));
    if (!context || context->count == 0) {
        *out = (struct bytes){NULL, 0};
        return TRACK_OK;
    }
    struct buf *text = request_buf(rq, CONTEXT_BYTES_MAX);
    struct json_writer w = {.to = text};
    if (!text) {
        return FAIL(err, TRACK_NOMEM, "no room for a context");
    }
    json_write_value(&w, NULL, context);
    track_status status = json_end(&w, out, err);
    return status == TRACK_TOO_LARGE
               ? JSON_FAIL(err, context, "is over %d bytes as JSON", CONTEXT_BYTES_MAX)
               : status;
}

static track_status need_key(struct filling *f, const struct json *item, uint32_t *out,
                             track_error *err)
{
    const char *name;
    struct frame_key key;
    TRY(json_need_text(item, "key", &name, err));
    key.name = bytes_from(name);
    TRY(context_parse(f->rq, item, &key.context, err));
    *out = key_index(f, &key);
    return TRACK_OK;
}

static track_status step_parse(const struct json *item, int64_t *out, track_error *err)
{
    *out = JOURNAL_NO_STEP;
    return json_may_int_in(item, "step", (struct json_range){INT64_MIN + 1, INT64_MAX}, out, err);
}

static track_status point_parse(struct filling *f, const struct json *item,
                                struct blocks_point *out, track_error *err)
{
    static const char *const names[] = {"key", "context", "step", "time_us", "value", NULL};
    out->time_us = f->rq->now_us;
    TRY(json_check_object(item, names, err));
    TRY(need_key(f, item, &out->key, err));
    TRY(step_parse(item, &out->step, err));
    TRY(json_may_int_in(item, "time_us", any_time, &out->time_us, err));
    return json_need_double(item, "value", &out->value, err);
}

/* Room for the points of a batch. */
static track_status room_for(struct filling *f, size_t count, track_error *err)
{
    TRY(room_for_keys(f, count, err));
    f->call->points = ARENA_ARRAY(f->rq->arena, struct blocks_point, count);
    f->call->point_count = count;
    return f->call->points ? TRACK_OK : FAIL(err, TRACK_NOMEM, "no room for %zu points", count);
}

/* Scans the body into room points; 0: it is not plain, or there are more. */
static track_status points_scan_some(const struct filling *f, size_t room, struct scan_point **out,
                                     size_t *count, track_error *err)
{
    *out = ARENA_ARRAY(f->rq->arena, struct scan_point, room);
    if (!*out) {
        return FAIL(err, TRACK_NOMEM, "no room for %zu points", room);
    }
    *count = scan_points(f->rq->body, *out, room);
    return TRACK_OK;
}

/* The points of a body that is plain; *taken: it was. */
static track_status points_scan(struct filling *f, bool *taken, track_error *err)
{
    struct scan_point *found;
    size_t count, most = f->rq->body.size / sizeof("{\"key\":,\"value\":}") + 1;
    size_t likely = f->rq->body.size / POINT_BYTES + 1;
    most = most < ITEMS_MAX ? most : ITEMS_MAX;
    TRY(points_scan_some(f, likely < most ? likely : most, &found, &count, err));
    if (count == 0 && likely < most) {
        TRY(points_scan_some(f, most, &found, &count, err));
    }
    *taken = count > 0;
    TRY(room_for(f, count, err));
    for (size_t i = 0; i < count; i++) {
        struct frame_key key = {.name = found[i].key};
        f->call->points[i] = (struct blocks_point){
            .step = found[i].step,
            .time_us = found[i].time_us == SCAN_NO_TIME ? f->rq->now_us : found[i].time_us,
            .value = found[i].value,
            .key = key_index(f, &key),
        };
    }
    return TRACK_OK;
}

static track_status points_parse(struct filling *f, track_error *err)
{
    const struct json *list;
    TRY(list_parse(f->rq, "points", &list, err));
    TRY(room_for(f, list->count, err));
    for (size_t i = 0; i < list->count; i++) {
        TRY(point_parse(f, &list->items[i], &f->call->points[i], err));
    }
    return TRACK_OK;
}

track_status api_point_add(struct app *app, struct request *rq, struct response *rs,
                           track_error *err)
{
    struct filling f;
    bool taken = false;
    TRY(filling_begin(app, rq, rs, &f, err));
    TRY(points_scan(&f, &taken, err));
    if (!taken) {
        TRY(points_parse(&f, err));
    }
    return journal_points(app->store, f.call, err);
}

static track_status text_parse(struct filling *f, const struct json *item, struct blocks_text *out,
                               track_error *err)
{
    static const char *const names[] = {"key", "step", "time_us", "text", NULL};
    const char *text;
    out->time_us = f->rq->now_us;
    TRY(json_check_object(item, names, err));
    TRY(need_key(f, item, &out->key, err));
    TRY(step_parse(item, &out->step, err));
    TRY(json_may_int_in(item, "time_us", any_time, &out->time_us, err));
    TRY(json_need_text(item, "text", &text, err));
    out->text = bytes_from(text);
    return TRACK_OK;
}

track_status api_text_add(struct app *app, struct request *rq, struct response *rs,
                          track_error *err)
{
    const struct json *list;
    struct filling f;
    TRY(list_parse(rq, "texts", &list, err));
    TRY(filling_begin(app, rq, rs, &f, err));
    struct journal_points *call = f.call;
    TRY(room_for_keys(&f, list->count, err));
    call->texts = ARENA_ARRAY(rq->arena, struct blocks_text, list->count);
    if (!call->texts) {
        return FAIL(err, TRACK_NOMEM, "no room for %u texts", list->count);
    }
    for (size_t i = 0; i < list->count; i++) {
        TRY(text_parse(&f, &list->items[i], &call->texts[i], err));
    }
    call->text_count = list->count;
    return journal_points(app->store, call, err);
}

static track_status line_parse(const struct request *rq, const struct json *item,
                               struct frame_line *out, track_error *err)
{
    static const char *const names[] = {"text", "stream", "time_us", NULL};
    const char *text, *stream = "stdout";
    out->time_us = rq->now_us;
    TRY(json_check_object(item, names, err));
    TRY(json_need_text(item, "text", &text, err));
    TRY(json_may_text(item, "stream", &stream, err));
    TRY(json_may_int_in(item, "time_us", any_time, &out->time_us, err));
    bool error = strcmp(stream, "stderr") == 0;
    if (!error && strcmp(stream, "stdout") != 0) {
        return JSON_FAIL(err, json_find(item, "stream"), "'%.40s', must be stdout or stderr",
                         stream);
    }
    out->stream = error ? FRAME_STDERR : FRAME_STDOUT;
    out->text = bytes_from(text);
    return TRACK_OK;
}

track_status api_line_add(struct app *app, struct request *rq, struct response *rs,
                          track_error *err)
{
    const struct json *list;
    struct filling f;
    TRY(list_parse(rq, "lines", &list, err));
    TRY(filling_begin(app, rq, rs, &f, err));
    f.call->lines = ARENA_ARRAY(rq->arena, struct frame_line, list->count);
    if (!f.call->lines) {
        return FAIL(err, TRACK_NOMEM, "no room for %u lines", list->count);
    }
    for (size_t i = 0; i < list->count; i++) {
        TRY(line_parse(rq, &list->items[i], &f.call->lines[i], err));
    }
    f.call->line_count = list->count;
    return journal_points(app->store, f.call, err);
}
