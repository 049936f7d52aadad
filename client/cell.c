#include "cell.h"

#include "format.h"

#include <stdio.h>
#include <string.h>

struct cell cell_text(const char *text)
{
    return text && *text ? CELL(CELL_TEXT, text, text) : (struct cell){0};
}

static struct cell cell_real(const struct json *v)
{
    struct cell c = {.kind = CELL_REAL};
    return json_get_double(v, &c.real, NULL) == TRACK_OK ? c : (struct cell){0};
}

struct cell cell_member(const struct json *object, const char *name, enum cell_kind kind)
{
    struct cell c = {.kind = kind};
    const struct json *v = json_find(object, name);
    if (!v || v->kind == JSON_KIND_NULL) {
        return (struct cell){0};
    }
    track_status status = TRACK_OK;
    switch (kind) {
    case CELL_TEXT:
    case CELL_STATE:
        status = json_get_text(v, &c.text, NULL);
        break;
    case CELL_REAL:
        return cell_real(v);
    case CELL_BOOL:
        status = json_get_bool(v, &c.truth, NULL);
        break;
    case CELL_METRIC:
    case CELL_JSON:
        c.json = v;
        break;
    case CELL_NONE:
    case CELL_RAW:
        return (struct cell){0};
    case CELL_INT:
    case CELL_COUNT:
    case CELL_BYTES:
    case CELL_TIME:
    case CELL_MOMENT:
    case CELL_DURATION:
        status = json_get_int(v, &c.number, NULL);
        break;
    }
    return status == TRACK_OK ? c : (struct cell){0};
}

/* What people see of a value that is no text. */
static void show_number(const struct cell *c, int64_t now_us, char *out)
{
    switch (c->kind) {
    case CELL_INT:
        snprintf(out, FORMAT_TEXT_MAX, "%lld", (long long)c->number);
        break;
    case CELL_COUNT:
        format_count(c->number, out);
        break;
    case CELL_BYTES:
        format_bytes(c->number, out);
        break;
    case CELL_REAL:
        format_real(c->real, out);
        break;
    case CELL_TIME:
        format_since(c->number, now_us, out);
        break;
    case CELL_MOMENT:
        format_time(c->number, out);
        break;
    case CELL_DURATION:
        format_duration(c->number, out);
        break;
    case CELL_BOOL:
        snprintf(out, FORMAT_TEXT_MAX, "%s", c->truth ? "yes" : "no");
        break;
    case CELL_NONE:
    case CELL_TEXT:
    case CELL_STATE:
    case CELL_METRIC:
    case CELL_JSON:
    case CELL_RAW:
        break;
    }
}

/* "0.2912 @ 12 400": a best value with its step, any other alone. */
static void show_metric(const struct json *m, struct buf *to)
{
    double value = 0;
    int64_t step = 0;
    const char *how = "";
    char out[FORMAT_TEXT_MAX];
    if (json_need_double(m, "value", &value, NULL) != TRACK_OK) {
        return;
    }
    buf_text(to, format_real(value, out));
    bool extreme = json_may_text(m, "how", &how, NULL) == TRACK_OK &&
                   (strcmp(how, "min") == 0 || strcmp(how, "max") == 0);
    if (extreme && json_may_int(m, "step", &step, NULL) == TRACK_OK) {
        buf_text(to, " @ ");
        buf_text(to, format_count(step, out));
    }
}

static struct bytes bytes_of(const char *text)
{
    return (struct bytes){(const unsigned char *)text, strlen(text)};
}

void cell_show(const struct cell *c, int64_t now_us, struct buf *to)
{
    char number[FORMAT_TEXT_MAX] = "";
    const char *text = c->shown;
    if (!text && c->kind == CELL_METRIC) {
        show_metric(c->json, to);
        return;
    }
    if (!text && (c->kind == CELL_TEXT || c->kind == CELL_STATE)) {
        text = c->text;
    }
    if (!text) {
        show_number(c, now_us, number);
        text = number;
    }
    format_escape(to, bytes_of(text), FORMAT_SCREEN);
}

/* Seconds with as many digits as there are. */
static void put_seconds(int64_t time_us, struct buf *to)
{
    char out[FORMAT_TEXT_MAX];
    unsigned long long size =
        time_us < 0 ? -(unsigned long long)time_us : (unsigned long long)time_us;
    snprintf(out, sizeof(out), "%s%llu.%06llu", time_us < 0 ? "-" : "", size / 1000000,
             size % 1000000);
    buf_text(to, out);
}

void cell_write_tsv(const struct cell *c, struct buf *to)
{
    char out[FORMAT_TEXT_MAX];
    double value = 0;
    switch (c->kind) {
    case CELL_METRIC:
        if (json_need_double(c->json, "value", &value, NULL) == TRACK_OK) {
            buf_text(to, format_exact(value, out));
        }
        break;
    case CELL_NONE:
        break;
    case CELL_TEXT:
    case CELL_STATE:
        format_escape(to, bytes_of(c->text), FORMAT_TSV);
        break;
    case CELL_JSON:
    case CELL_RAW:
        format_escape(to, bytes_of(c->shown ? c->shown : ""), FORMAT_TSV);
        break;
    case CELL_INT:
    case CELL_COUNT:
    case CELL_BYTES:
        snprintf(out, sizeof(out), "%lld", (long long)c->number);
        buf_text(to, out);
        break;
    case CELL_REAL:
        buf_text(to, format_exact(c->real, out));
        break;
    case CELL_TIME:
    case CELL_MOMENT:
    case CELL_DURATION:
        put_seconds(c->number, to);
        break;
    case CELL_BOOL:
        buf_text(to, c->truth ? "true" : "false");
        break;
    }
}

void cell_write_json(const struct cell *c, const char *name, struct json_writer *w)
{
    switch (c->kind) {
    case CELL_NONE:
        json_write_null(w, name);
        break;
    case CELL_TEXT:
    case CELL_STATE:
        json_write_text(w, name, c->text);
        break;
    case CELL_INT:
    case CELL_COUNT:
    case CELL_BYTES:
    case CELL_TIME:
    case CELL_MOMENT:
    case CELL_DURATION:
        json_write_int(w, name, c->number);
        break;
    case CELL_REAL:
        json_write_double(w, name, c->real);
        break;
    case CELL_BOOL:
        json_write_bool(w, name, c->truth);
        break;
    case CELL_METRIC:
    case CELL_JSON:
        json_write_value(w, name, c->json);
        break;
    case CELL_RAW:
        json_write_raw(w, name, c->raw);
        break;
    }
}

const char *cell_colour(const struct cell *c)
{
    static const struct {
        const char *state, *colour;
    } colours[] = {
        {"running", "\033[34m"},     {"queued", "\033[36m"},     {"finished", "\033[32m"},
        {"failed", "\033[31m"},      {"stopped", "\033[33m"},    {"preempted", "\033[33m"},
        {"unconfirmed", "\033[35m"}, {"preempting", "\033[33m"},
    };
    for (size_t i = 0; c->kind == CELL_STATE && i < sizeof(colours) / sizeof(colours[0]); i++) {
        if (strcmp(c->text, colours[i].state) == 0) {
            return colours[i].colour;
        }
    }
    return NULL;
}
