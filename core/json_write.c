/* The writer of json.h. */
#include "json.h"
#include "name.h"
#include "number.h"

#include <stdio.h>
#include <string.h>

static void json_put_escape(struct buf *to, unsigned char c)
{
    static const char from[] = "\"\\\b\f\n\r\t", into[] = "\"\\bfnrt";
    const char *at = c ? strchr(from, c) : NULL;
    char code[8];
    if (at) {
        buf_byte(to, '\\');
        buf_byte(to, (unsigned char)into[at - from]);
        return;
    }
    snprintf(code, sizeof(code), "\\u%04x", c);
    buf_text(to, code);
}

static void json_put_text(struct buf *to, struct bytes text)
{
    size_t from = 0; /* what lies between here and i goes as it is */
    buf_byte(to, '"');
    for (size_t i = 0, size = 1; i < text.size; i += size) {
        unsigned char c = text.at[i];
        size = c < 0x80 ? 1 : name_char_size((struct bytes){text.at + i, text.size - i});
        if (size && c >= 0x20 && c != '"' && c != '\\') {
            continue;
        }
        buf_put(to, text.at + from, i - from);
        if (size) {
            json_put_escape(to, c);
        } else {
            buf_text(to, "\xef\xbf\xbd");
            size = 1;
        }
        from = i + size;
    }
    buf_put(to, text.size ? text.at + from : NULL, text.size - from);
    buf_byte(to, '"');
}

/* What stands before a value: a comma, a name. */
static void json_begin(struct json_writer *w, const char *name)
{
    uint64_t here = w->depth ? UINT64_C(1) << (w->depth - 1) : 0;
    bool in_object = w->objects & here;
    if (in_object != (name != NULL)) {
        w->broken = true;
    }
    if (w->filled & here) {
        buf_byte(w->to, ',');
    }
    w->filled |= here;
    if (name) {
        json_put_text(w->to, (struct bytes){(const unsigned char *)name, strlen(name)});
        buf_byte(w->to, ':');
    }
}

static void json_open(struct json_writer *w, const char *name, bool object)
{
    json_begin(w, name);
    buf_byte(w->to, object ? '{' : '[');
    if (w->depth >= JSON_WRITER_DEPTH_MAX) {
        w->broken = true;
        return;
    }
    uint64_t bit = UINT64_C(1) << w->depth++;
    w->filled &= ~bit;
    w->objects = object ? w->objects | bit : w->objects & ~bit;
}

void json_write_object(struct json_writer *w, const char *name)
{
    json_open(w, name, true);
}

void json_write_array(struct json_writer *w, const char *name)
{
    json_open(w, name, false);
}

void json_write_close(struct json_writer *w)
{
    if (w->depth == 0) {
        w->broken = true;
        return;
    }
    w->depth--;
    buf_byte(w->to, w->objects >> w->depth & 1 ? '}' : ']');
}

void json_write_bytes(struct json_writer *w, const char *name, struct bytes text)
{
    json_begin(w, name);
    json_put_text(w->to, text);
}

void json_write_text(struct json_writer *w, const char *name, const char *text)
{
    if (text) {
        json_write_bytes(w, name, (struct bytes){(const unsigned char *)text, strlen(text)});
    } else {
        json_write_null(w, name);
    }
}

void json_write_int(struct json_writer *w, const char *name, int64_t value)
{
    bool small = value >= -JSON_INT_MAX && value <= JSON_INT_MAX;
    char text[32];
    snprintf(text, sizeof(text), "%s%lld%s", small ? "" : "\"", (long long)value,
             small ? "" : "\"");
    json_begin(w, name);
    buf_text(w->to, text);
}

void json_write_double(struct json_writer *w, const char *name, double value)
{
    char text[NUMBER_TEXT_MAX];
    size_t size = number_encode(value, text);
    bool word = text[size - 1] > '9'; /* NaN, Infinity */
    json_begin(w, name);
    buf_put(w->to, "\"", word);
    buf_put(w->to, text, size);
    buf_text(w->to, size == 2 && text[1] == '0' ? ".0" : ""); /* "-0" is a whole number to some */
    buf_put(w->to, "\"", word);
}

void json_write_bool(struct json_writer *w, const char *name, bool value)
{
    json_begin(w, name);
    buf_text(w->to, value ? "true" : "false");
}

void json_write_null(struct json_writer *w, const char *name)
{
    json_begin(w, name);
    buf_text(w->to, "null");
}

void json_write_raw(struct json_writer *w, const char *name, struct bytes raw)
{
    json_begin(w, name);
    buf_put(w->to, raw.at, raw.size);
}

void json_write_value(struct json_writer *w, const char *name, const struct json *value)
{
    switch (value->kind) {
    case JSON_KIND_NULL:
        json_write_null(w, name);
        return;
    case JSON_KIND_BOOL:
        json_write_bool(w, name, value->truth);
        return;
    case JSON_KIND_NUMBER:
        json_write_double(w, name, value->number);
        return;
    case JSON_KIND_TEXT:
        json_write_text(w, name, value->text);
        return;
    default:
        json_open(w, name, value->kind == JSON_KIND_OBJECT);
        for (uint32_t i = 0; i < value->count && !w->broken; i++) {
            json_write_value(w, value->items[i].name, &value->items[i]);
        }
        json_write_close(w);
        return;
    }
}

track_status json_end(const struct json_writer *w, struct bytes *out, track_error *err)
{
    if (w->broken || w->depth) {
        return BROKEN(err, "JSON %s, %u arrays or objects open",
                      w->broken ? "not well nested" : "not at its end", w->depth);
    }
    return buf_end(w->to, out, err);
}
