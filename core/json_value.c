/* The accessors of json.h: what stands where, and what must. */
#include "json.h"
#include "name.h"
#include "number.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JSON_PLACE_BYTES = 96 };

/* Appends to out[size] what fits, in whole characters; returns the new end. */
static size_t place_add(char *out, size_t end, const char *text)
{
    size_t size = strlen(text), room = JSON_PLACE_BYTES - 1 - end;
    if (size > room) {
        size = room;
        while (size && ((unsigned char)text[size] & 0xc0) == 0x80) {
            size--;
        }
    }
    memcpy(out + end, text, size);
    out[end + size] = 0;
    return end + size;
}

/* Writes `runs[3].name`; `document` for the root. */
static void json_place(const struct json *value, char out[JSON_PLACE_BYTES])
{
    const struct json *chain[JSON_WRITER_DEPTH_MAX];
    size_t depth = 0, end = 0;
    for (; value->parent && depth < JSON_WRITER_DEPTH_MAX; value = value->parent) {
        chain[depth++] = value;
    }
    if (depth == 0) {
        place_add(out, 0, "document");
    }
    while (depth-- > 0) {
        const struct json *at = chain[depth];
        char index[32];
        snprintf(index, sizeof(index), "[%zu]", (size_t)(at - at->parent->items));
        if (at->name && end) {
            end = place_add(out, end, ".");
        }
        end = place_add(out, end, at->name ? at->name : index);
    }
}

track_status json_fail_at(track_error *err, const struct json *value, const char *file, int line,
                          const char *format, ...)
{
    if (!err) {
        return TRACK_INVALID;
    }
    char place[JSON_PLACE_BYTES], text[sizeof(err->message)];
    va_list args;
    json_place(value, place);
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return fail_at(err, TRACK_INVALID, file, line, "%s: %.*s", place,
                   (int)(sizeof(err->message) - JSON_PLACE_BYTES - 2), text);
}

static const char *json_kind_name(const struct json *value)
{
    static const char *const names[] = {
        [JSON_KIND_NULL] = "null",       [JSON_KIND_BOOL] = "true or false",
        [JSON_KIND_NUMBER] = "a number", [JSON_KIND_TEXT] = "a text",
        [JSON_KIND_ARRAY] = "an array",  [JSON_KIND_OBJECT] = "an object",
    };
    return names[value->kind];
}

static track_status json_expect(const struct json *value, enum json_kind kind, track_error *err)
{
    if (value->kind != kind) {
        return JSON_FAIL(err, value, "%s, must be %s", json_kind_name(value),
                         json_kind_name(&(struct json){.kind = kind}));
    }
    return TRACK_OK;
}

static int json_compare_key(const void *name, const void *item)
{
    return strcmp(name, ((const struct json *)item)->name);
}

const struct json *json_find(const struct json *object, const char *name)
{
    if (!object || object->kind != JSON_KIND_OBJECT || object->count == 0) {
        return NULL;
    }
    return bsearch(name, object->items, object->count, sizeof(*object->items), json_compare_key);
}

track_status json_check_object(const struct json *value, const char *const *names, track_error *err)
{
    TRY(json_expect(value, JSON_KIND_OBJECT, err));
    for (uint32_t i = 0; i < value->count; i++) {
        const char *const *known = names;
        while (*known && strcmp(*known, value->items[i].name) != 0) {
            known++;
        }
        if (*known) {
            continue;
        }
        const char *near = name_find_near(value->items[i].name, names);
        return near ? JSON_FAIL(err, &value->items[i], "unknown member, did you mean %s?", near)
                    : JSON_FAIL(err, &value->items[i], "unknown member");
    }
    return TRACK_OK;
}

track_status json_get_text(const struct json *value, const char **out, track_error *err)
{
    TRY(json_expect(value, JSON_KIND_TEXT, err));
    *out = value->text;
    return TRACK_OK;
}

static struct bytes json_text_bytes(const struct json *value)
{
    return (struct bytes){(const unsigned char *)value->text, value->count};
}

track_status json_get_int(const struct json *value, int64_t *out, track_error *err)
{
    if (value->kind == JSON_KIND_TEXT) {
        if (!number_decode_int(json_text_bytes(value), out)) {
            return JSON_FAIL(err, value, "'%.40s', must be a whole number of 64 bits", value->text);
        }
        return TRACK_OK;
    }
    TRY(json_expect(value, JSON_KIND_NUMBER, err));
    double number = value->number;
    if (!(fabs(number) <= (double)JSON_INT_MAX)) {
        return JSON_FAIL(err, value, "%.17g, beyond 2^53 - 1 a whole number is written as a text",
                         number);
    }
    if (number != floor(number)) {
        return JSON_FAIL(err, value, "%.17g, must be a whole number", number);
    }
    *out = (int64_t)number;
    return TRACK_OK;
}

track_status json_get_double(const struct json *value, double *out, track_error *err)
{
    static const struct {
        const char *text;
        double value;
    } words[] = {{"NaN", NAN}, {"Infinity", INFINITY}, {"-Infinity", -INFINITY}};
    for (size_t i = 0; value->kind == JSON_KIND_TEXT && i < sizeof(words) / sizeof(*words); i++) {
        if (strcmp(value->text, words[i].text) == 0) {
            *out = words[i].value;
            return TRACK_OK;
        }
    }
    if (value->kind != JSON_KIND_NUMBER) {
        return JSON_FAIL(err, value, "%s, must be a number or \"NaN\", \"Infinity\", \"-Infinity\"",
                         json_kind_name(value));
    }
    *out = value->number;
    return TRACK_OK;
}

track_status json_get_bool(const struct json *value, bool *out, track_error *err)
{
    TRY(json_expect(value, JSON_KIND_BOOL, err));
    *out = value->truth;
    return TRACK_OK;
}

track_status json_get_array(const struct json *value, const struct json **out, track_error *err)
{
    TRY(json_expect(value, JSON_KIND_ARRAY, err));
    *out = value;
    return TRACK_OK;
}

track_status json_get_object(const struct json *value, const struct json **out, track_error *err)
{
    TRY(json_expect(value, JSON_KIND_OBJECT, err));
    *out = value;
    return TRACK_OK;
}

static track_status json_need(const struct json *object, const char *name, const struct json **out,
                              track_error *err)
{
    TRY(json_expect(object, JSON_KIND_OBJECT, err));
    *out = json_find(object, name);
    return *out ? TRACK_OK : JSON_FAIL(err, object, "the member %s is missing", name);
}

/* NULL for null too. */
static track_status json_may(const struct json *object, const char *name, const struct json **out,
                             track_error *err)
{
    TRY(json_expect(object, JSON_KIND_OBJECT, err));
    *out = json_find(object, name);
    if (*out && (*out)->kind == JSON_KIND_NULL) {
        *out = NULL;
    }
    return TRACK_OK;
}

/* The pair of member accessors for each kind. */
#define JSON_MEMBER(kind, type)                                                           \
    track_status json_need_##kind(const struct json *object, const char *name, type *out, \
                                  track_error *err)                                       \
    {                                                                                     \
        const struct json *value;                                                         \
        TRY(json_need(object, name, &value, err));                                        \
        return json_get_##kind(value, out, err);                                          \
    }                                                                                     \
    track_status json_may_##kind(const struct json *object, const char *name, type *out,  \
                                 track_error *err)                                        \
    {                                                                                     \
        const struct json *value;                                                         \
        TRY(json_may(object, name, &value, err));                                         \
        return value ? json_get_##kind(value, out, err) : TRACK_OK;                       \
    }
JSON_MEMBER(text, const char *)
JSON_MEMBER(int, int64_t)
JSON_MEMBER(double, double)
JSON_MEMBER(bool, bool)
JSON_MEMBER(array, const struct json *)
JSON_MEMBER(object, const struct json *)

static track_status json_get_int_in(const struct json *value, struct json_range range, int64_t *out,
                                    track_error *err)
{
    int64_t number;
    TRY(json_get_int(value, &number, err));
    if (number < range.min || number > range.max) {
        return JSON_FAIL(err, value, "%lld, must be %lld to %lld", (long long)number,
                         (long long)range.min, (long long)range.max);
    }
    *out = number;
    return TRACK_OK;
}

track_status json_need_int_in(const struct json *object, const char *name, struct json_range range,
                              int64_t *out, track_error *err)
{
    const struct json *value;
    TRY(json_need(object, name, &value, err));
    return json_get_int_in(value, range, out, err);
}

track_status json_may_int_in(const struct json *object, const char *name, struct json_range range,
                             int64_t *out, track_error *err)
{
    const struct json *value;
    TRY(json_may(object, name, &value, err));
    return value ? json_get_int_in(value, range, out, err) : TRACK_OK;
}
