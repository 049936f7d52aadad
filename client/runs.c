#include "runs.h"

#include <string.h>

enum { PAGE_COUNT = 1000, SHORT_SIZE = 8 };

track_status runs_fill(struct cmd *c, const char *filter, struct runs_query *out, track_error *err)
{
    *out = (struct runs_query){.filter = filter && *filter ? filter : NULL,
                               .deleted = args_has(c->args, "deleted")};
    return api_get_project_ref(c, &out->project, err);
}

static void write_query(struct json_writer *w, const struct runs_query *q, const char *cursor,
                        int64_t count)
{
    json_write_object(w, NULL);
    if (q->project) {
        json_write_text(w, "project", q->project);
    }
    if (q->filter) {
        json_write_text(w, "filter", q->filter);
    }
    if (q->order) {
        json_write_text(w, "order", q->order);
    }
    json_write_array(w, "columns");
    for (size_t i = 0; i < q->column_count; i++) {
        json_write_text(w, NULL, q->columns[i]);
    }
    json_write_close(w);
    json_write_int(w, "limit", count);
    if (*cursor) {
        json_write_text(w, "cursor", cursor);
    }
    json_write_bool(w, "total", count == 0);
    json_write_bool(w, "deleted", q->deleted);
    json_write_close(w);
}

static track_status get_page(struct cmd *c, const struct runs_query *q, const char *cursor,
                             int64_t count, const struct json **out, track_error *err)
{
    AUTO_BODY body;
    api_body_init(&body);
    write_query(&body.writer, q, cursor, count);
    struct api_send send = {"POST", "/api/v1/runs/search", &body};
    return api_send(c, &send, out, err);
}

track_status runs_list(struct cmd *c, const struct runs_query *q, runs_row *row, void *data,
                       bool *more, track_error *err)
{
    const char *cursor = "";
    int64_t left = q->limit ? q->limit : INT64_MAX;
    while (cursor && left > 0) {
        const struct json *page, *list;
        TRY(get_page(c, q, cursor, left < PAGE_COUNT ? left : PAGE_COUNT, &page, err));
        TRY(json_need_array(page, "runs", &list, err));
        for (uint32_t i = 0; i < list->count && left > 0; i++, left--) {
            TRY(row(c, &list->items[i], data, err));
        }
        cursor = NULL;
        TRY(json_may_text(page, "next", &cursor, err));
    }
    if (more) {
        *more = cursor != NULL;
    }
    return TRACK_OK;
}

track_status runs_count(struct cmd *c, const struct runs_query *q, int64_t *out, track_error *err)
{
    const struct json *page;
    TRY(get_page(c, q, "", 0, &page, err));
    return json_need_int(page, "total", out, err);
}

const char *runs_short_id(const char *id)
{
    size_t size = strlen(id);
    return size > SHORT_SIZE ? id + size - SHORT_SIZE : id;
}

const char *runs_text(const struct json *object, const char *name)
{
    const struct json *v = json_find(object, name);
    return v && v->kind == JSON_KIND_TEXT ? v->text : "";
}

int64_t runs_int(const struct json *object, const char *name, int64_t otherwise)
{
    int64_t value = otherwise;
    return json_may_int(object, name, &value, NULL) == TRACK_OK ? value : otherwise;
}

int64_t runs_duration_us(const struct json *run, int64_t now_us)
{
    int64_t started = runs_int(run, "started_us", -1), ended = runs_int(run, "ended_us", -1);
    bool running = strcmp(runs_text(run, "state"), "running") == 0;
    if (started < 0) {
        return -1;
    }
    int64_t end = ended >= 0 ? ended : running ? now_us : runs_int(run, "seen_us", now_us);
    return end > started ? end - started : 0;
}
