#include "json.h"

#include "name.h"
#include "number.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct json_limits json_limits_default = {JSON_DEPTH_MAX, JSON_NODE_COUNT_MAX,
                                                       JSON_TEXT_BYTES_MAX};

/* Size of the text whose opening quote is just before at, up to its closing quote or the end. */
static size_t scan_text(struct bytes text, size_t at)
{
    size_t i = at;
    while (i < text.size && text.at[i] != '"') {
        i += text.at[i] == '\\' ? 2 : 1;
    }
    return (i < text.size ? i : text.size) - at;
}

static size_t scan_number(struct bytes text, size_t at)
{
    size_t i = at;
    while (i < text.size && text.at[i] && strchr("+-.0123456789eE", text.at[i])) {
        i++;
    }
    return i - at;
}

/* Looks at brackets, quotes and digits alone, before any memory is taken. */
static track_status json_scan(struct bytes text, const struct json_limits *limits, track_error *err)
{
    size_t nodes = 1, size;
    unsigned depth = 0;
    for (size_t i = 0; i < text.size; i += size) {
        unsigned char c = text.at[i];
        size = 1;
        if (c == '"') {
            size = scan_text(text, i + 1);
            if (size > limits->text_bytes_max) {
                return FAIL(err, TRACK_TOO_LARGE, "a text of %zu bytes at byte %zu, at most %zu",
                            size, i, limits->text_bytes_max);
            }
            size += 2;
        } else if (c == '-' || (c >= '0' && c <= '9')) {
            size = scan_number(text, i);
            if (size > JSON_NUMBER_BYTES_MAX) {
                return FAIL(err, TRACK_INVALID,
                            "a number of %zu characters at byte %zu, at most %d", size, i,
                            JSON_NUMBER_BYTES_MAX);
            }
        } else if ((c == '[' || c == '{') && ++depth > limits->depth_max) {
            return FAIL(err, TRACK_TOO_LARGE, "more than %u arrays and objects deep at byte %zu",
                        limits->depth_max, i);
        }
        depth -= (c == ']' || c == '}') && depth > 0;
        nodes += c == ',' || c == '[' || c == '{';
        if (nodes > limits->node_count_max) {
            return FAIL(err, TRACK_TOO_LARGE, "more than %zu values", limits->node_count_max);
        }
    }
    return TRACK_OK;
}

/* An item waits for its value: `parent` and `name` are set, `source` is what jansson read. */
struct json_task {
    struct json *value;
    json_t *source;
};

static track_status json_take(struct json_task task, struct arena *arena, track_error *err);

static track_status json_no_memory(const struct arena *arena, track_error *err)
{
    return FAIL(err, TRACK_NOMEM, "no memory for a document beyond %zu of %zu bytes",
                arena->used_bytes, arena->limit_bytes);
}

static track_status json_take_text(struct json_task task, struct arena *arena, track_error *err)
{
    size_t size = json_string_length(task.source);
    task.value->kind = JSON_KIND_TEXT;
    task.value->count = (uint32_t)size;
    task.value->text = arena_text(arena, json_string_value(task.source), size);
    return task.value->text ? TRACK_OK : json_no_memory(arena, err);
}

static track_status json_take_array(struct json_task task, struct arena *arena, track_error *err)
{
    size_t count = json_array_size(task.source);
    struct json *items = ARENA_ARRAY(arena, struct json, count);
    if (!items) {
        return json_no_memory(arena, err);
    }
    for (size_t i = 0; i < count; i++) {
        items[i].parent = task.value;
        TRY(json_take((struct json_task){&items[i], json_array_get(task.source, i)}, arena, err));
    }
    task.value->kind = JSON_KIND_ARRAY;
    task.value->count = (uint32_t)count;
    task.value->items = items;
    return TRACK_OK;
}

static int json_compare_names(const void *a, const void *b)
{
    return strcmp(((const struct json *)a)->name, ((const struct json *)b)->name);
}

static track_status json_take_object(struct json_task task, struct arena *arena, track_error *err)
{
    size_t count = json_object_size(task.source), i = 0;
    struct json *items = ARENA_ARRAY(arena, struct json, count);
    if (!items) {
        return json_no_memory(arena, err);
    }
    for (void *at = json_object_iter(task.source); at && i < count; i++) {
        const char *name = json_object_iter_key(at);
        items[i].parent = task.value;
        items[i].name = arena_text(arena, name, strlen(name));
        if (!items[i].name) {
            return json_no_memory(arena, err);
        }
        at = json_object_iter_next(task.source, at);
    }
    qsort(items, count, sizeof(*items), json_compare_names);
    for (i = 0; i < count; i++) {
        json_t *source = json_object_get(task.source, items[i].name);
        TRY(json_take((struct json_task){&items[i], source}, arena, err));
    }
    task.value->kind = JSON_KIND_OBJECT;
    task.value->count = (uint32_t)count;
    task.value->items = items;
    return TRACK_OK;
}

/* Recursion ends, since json_scan bounded the depth. */
static track_status json_take(struct json_task task, struct arena *arena, track_error *err)
{
    struct json *value = task.value;
    switch (json_typeof(task.source)) {
    case JSON_OBJECT:
        return json_take_object(task, arena, err);
    case JSON_ARRAY:
        return json_take_array(task, arena, err);
    case JSON_STRING:
        return json_take_text(task, arena, err);
    case JSON_TRUE:
    case JSON_FALSE:
        value->kind = JSON_KIND_BOOL;
        value->truth = json_is_true(task.source);
        return TRACK_OK;
    case JSON_NULL:
        value->kind = JSON_KIND_NULL;
        return TRACK_OK;
    default:
        value->kind = JSON_KIND_NUMBER;
        value->number = json_number_value(task.source);
        return TRACK_OK;
    }
}

static void json_drop(json_t **source)
{
    json_decref(*source);
}

track_status json_read(struct bytes text, const struct json_limits *limits, struct arena *arena,
                       const struct json **out, track_error *err)
{
    json_error_t why;
    TRY(json_scan(text, limits ? limits : &json_limits_default, err));
    __attribute__((cleanup(json_drop))) json_t *source =
        json_loadb(text.size ? (const char *)text.at : "", text.size,
                   JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, &why);
    if (!source && json_error_code(&why) == json_error_out_of_memory) {
        return json_no_memory(arena, err);
    }
    if (!source) {
        return FAIL(err, TRACK_INVALID, "not JSON at line %d, column %d: %s", why.line, why.column,
                    why.text);
    }
    struct json *root = ARENA_NEW(arena, struct json);
    if (!root) {
        return json_no_memory(arena, err);
    }
    TRY(json_take((struct json_task){root, source}, arena, err));
    *out = root;
    return TRACK_OK;
}
