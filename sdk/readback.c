#include "../core/columns.h"
#include "../core/fail.h"
#include "../core/json.h"
#include "../core/name.h"
#include "request.h"
#include "run.h"

#include <stdio.h>
#include <string.h>

enum {
    READBACK_ARENA_BYTES = 1 << 30,
    READBACK_PAGE = 500,
    READBACK_POINTS_MAX = 131072, /* a page of points: 3 MB */
};

track_runs_options track_runs_options_default(void)
{
    return (track_runs_options){.size = sizeof(track_runs_options)};
}

/* Reads the JSON of a reply, which may have many values. */
static track_status readback_json(const track_response *r, struct arena *arena,
                                  const struct json **out, track_error *err)
{
    struct json_limits limits = {JSON_DEPTH_MAX, 4 * 1000 * 1000, 16 << 20};
    track_error why = {0};
    struct bytes text = {(const unsigned char *)r->body, r->body_size};
    track_status status = json_read(text, &limits, arena, out, &why);
    return status == TRACK_OK || status == TRACK_NOMEM
               ? status
               : FAIL(err, TRACK_UNREACHABLE, "the server's reply is no JSON: %.150s", why.message);
}

static track_state readback_state(const char *word)
{
    static const struct {
        const char *word;
        track_state state;
    } states[] = {{"finished", TRACK_FINISHED},
                  {"failed", TRACK_FAILED},
                  {"stopped", TRACK_STOPPED},
                  {"preempted", TRACK_PREEMPTED},
                  {"unconfirmed", TRACK_UNCONFIRMED}};
    for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
        if (strcmp(states[i].word, word) == 0) {
            return states[i].state;
        }
    }
    return TRACK_RUNNING;
}

/* One row of a search, given to the caller; *go_on is false once it has enough. */
struct readback_rows {
    track_run_sink *sink;
    void *data;
    size_t left;
};

static track_status readback_row(const struct json *row, struct readback_rows *rows, bool *go_on,
                                 track_error *err)
{
    AUTO_BUF text = BUF(64 << 20);
    struct json_writer w = {.to = &text};
    track_run_info info = {0};
    const char *state = "";
    TRY(json_need_text(row, "id", &info.id, err));
    TRY(json_need_text(row, "project", &info.project, err));
    TRY(json_need_text(row, "name", &info.name, err));
    TRY(json_need_text(row, "state", &state, err));
    TRY(json_may_int(row, "started_us", &info.started_us, err));
    TRY(json_may_int(row, "ended_us", &info.ended_us, err));
    info.state = readback_state(state);
    json_write_value(&w, NULL, row);
    buf_byte(&text, 0);
    struct bytes all;
    TRY(json_end(&w, &all, err));
    info.json = (const char *)all.at;
    *go_on = rows->sink(rows->data, &info) && --rows->left > 0;
    return TRACK_OK;
}

/* Number of the project with this name, as "~N", where the name does not fit a reference. */
static track_status readback_project_ref(track_client *c, const char *name, struct buf *out,
                                         track_error *err)
{
    if (name_is_plain(name)) {
        buf_text(out, name);
        return TRACK_OK;
    }
    AUTO_ARENA arena = ARENA(READBACK_ARENA_BYTES);
    track_request_options o = track_request_options_default();
    track_response r = {0};
    const struct json *root = NULL, *list = NULL;
    o.path = "/api/v1/projects?limit=1000";
    track_status status = track_request(c, &o, &r, err);
    status = status == TRACK_OK ? readback_json(&r, &arena, &root, err) : status;
    status = status == TRACK_OK ? json_need_array(root, "projects", &list, err) : status;
    track_close_response(&r);
    TRY(status);
    for (uint32_t i = 0; i < list->count; i++) {
        const char *found = "", *ref = "";
        TRY(json_need_text(&list->items[i], "name", &found, err));
        TRY(json_need_text(&list->items[i], "ref", &ref, err));
        if (strcmp(found, name) == 0) {
            buf_text(out, ref);
            return TRACK_OK;
        }
    }
    return FAIL(err, TRACK_NOT_FOUND, "there is no project '%.100s'", name);
}

static track_status readback_search_body(const track_runs_options *o, const char *project,
                                         const char *cursor, struct buf *out, struct bytes *body,
                                         track_error *err)
{
    struct json_writer w = {.to = out};
    json_write_object(&w, NULL);
    if (*project) {
        json_write_text(&w, "project", project);
    }
    if (o->filter) {
        json_write_text(&w, "filter", o->filter);
    }
    if (o->order) {
        json_write_text(&w, "order", o->order);
    }
    if (cursor) {
        json_write_text(&w, "cursor", cursor);
    }
    size_t limit = o->count_max && o->count_max < READBACK_PAGE ? o->count_max : READBACK_PAGE;
    json_write_int(&w, "limit", (int64_t)limit);
    json_write_close(&w);
    return json_end(&w, body, err);
}

/* One page; *cursor becomes that of the next, or "". */
static track_status readback_runs_page(track_client *c, struct bytes body,
                                       struct readback_rows *rows, char cursor[1024],
                                       track_error *err)
{
    AUTO_ARENA arena = ARENA(READBACK_ARENA_BYTES);
    track_request_options o = track_request_options_default();
    track_response r = {0};
    const struct json *root = NULL, *list = NULL;
    const char *next = "";
    o.method = "POST";
    o.path = "/api/v1/runs/search";
    o.body = body.at;
    o.body_size = body.size;
    track_status status = track_request(c, &o, &r, err);
    status = status == TRACK_OK ? readback_json(&r, &arena, &root, err) : status;
    track_close_response(&r);
    TRY(status);
    TRY(json_need_array(root, "runs", &list, err));
    TRY(json_may_text(root, "next", &next, err));
    snprintf(cursor, 1024, "%s", next);
    bool go_on = true;
    for (uint32_t i = 0; i < list->count && go_on; i++) {
        TRY(readback_row(&list->items[i], rows, &go_on, err));
    }
    cursor[0] = go_on ? cursor[0] : '\0';
    return TRACK_OK;
}

static track_status readback_runs(track_client *c, const track_runs_options *o,
                                  struct readback_rows *rows, track_error *err)
{
    AUTO_BUF project = BUF(1024);
    char cursor[1024] = "";
    const char *name = o->project ? o->project : c->settings.value[SETTING_PROJECT];
    if (strcmp(name, "*") != 0) {
        TRY(readback_project_ref(c, name, &project, err));
    }
    buf_byte(&project, 0);
    struct bytes ref;
    TRY(buf_end(&project, &ref, err));
    do {
        AUTO_BUF text = BUF(64 * 1024);
        struct bytes body;
        TRY(readback_search_body(o, (const char *)ref.at, *cursor ? cursor : NULL, &text, &body,
                                 err));
        TRY(readback_runs_page(c, body, rows, cursor, err));
    } while (*cursor);
    return TRACK_OK;
}

track_status track_get_runs(track_client *client, const track_runs_options *options,
                            track_run_sink *sink, void *data, track_error *err)
{
    track_runs_options o = track_runs_options_default();
    track_client *use = NULL, *own = NULL;
    if (!sink) {
        return FAIL(err, TRACK_INVALID, "sink is NULL");
    }
    if (options) {
        TRY(client_take_options(options, sizeof(o), &o, err));
    }
    TRY(request_client(client, &use, &own, err));
    struct readback_rows rows = {sink, data, o.count_max ? o.count_max : SIZE_MAX};
    track_status status = readback_runs(use, &o, &rows, err);
    request_close_client(&own);
    return status;
}

/* A page of points that goes into the caller's columns as it comes. */
struct readback_page {
    struct columns_reader reader;
    track_status status;
    track_error err;
};

static bool readback_take(void *data, const void *bytes, size_t size)
{
    struct readback_page *page = data;
    struct bytes part = {bytes, size};
    page->status = columns_read_points(&page->reader, part, &page->err);
    return page->status == TRACK_OK;
}

static track_status readback_points(track_client *c, const char *path, size_t limit,
                                    track_points *p, track_error *err)
{
    struct readback_page page = {.reader = {p->steps, p->times_us, p->values, .room = limit}};
    track_request_options o = track_request_options_default();
    track_response r = {0};
    o.path = path;
    o.accept = "application/x-track-points";
    o.sink = readback_take;
    o.sink_data = &page;
    track_status status = track_request(c, &o, &r, err);
    if (status == TRACK_OK) {
        page.status = columns_read_end(&page.reader, &page.err);
    }
    if (page.status != TRACK_OK) {
        status = FAIL(err, TRACK_UNREACHABLE, "the server's reply: %.150s", page.err.message);
    }
    if (status == TRACK_OK) {
        p->count = page.reader.count;
        p->more = *r.next != '\0';
        snprintf(p->cursor, sizeof(p->cursor), "%s", r.next);
    }
    track_close_response(&r);
    return status;
}

track_status track_get_points(track_client *client, const char *run_id, const char *key,
                              track_points *points, track_error *err)
{
    track_client *use = NULL, *own = NULL;
    if (!run_id || !key || !points || points->room == 0) {
        return FAIL(err, TRACK_INVALID, "no run, no key, or no room for points");
    }
    char run[SPOOL_HEX_BYTES];
    TRY(run_read_id(run_id, run, err));
    AUTO_BUF path = BUF(64 * 1024);
    size_t limit = points->room < READBACK_POINTS_MAX ? points->room : READBACK_POINTS_MAX;
    char number[32];
    snprintf(number, sizeof(number), "&limit=%zu", limit);
    buf_text(&path, "/api/v1/runs/");
    buf_text(&path, run);
    buf_text(&path, "/points?key=");
    transport_put_escaped(&path, key, "");
    buf_text(&path, number);
    if (points->cursor[0]) {
        buf_text(&path, "&cursor=");
        transport_put_escaped(&path, points->cursor, "");
    }
    buf_byte(&path, 0);
    struct bytes text;
    TRY(buf_end(&path, &text, err));
    TRY(request_client(client, &use, &own, err));
    track_status status = readback_points(use, (const char *)text.at, limit, points, err);
    request_close_client(&own);
    return status;
}
