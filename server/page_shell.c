#include "page_shell.h"

#include "../core/name.h"
#include "assets.h"
#include "render.h"

#include <string.h>

enum { PAGE_BYTES_MAX = 8 << 20, HOME_PROJECTS_MAX = 1000 };

void page_escape(struct bytes json, struct buf *out)
{
    for (size_t i = 0; i < json.size; i++) {
        bool separator = i + 2 < json.size && json.at[i] == 0xe2 && json.at[i + 1] == 0x80 &&
                         (json.at[i + 2] == 0xa8 || json.at[i + 2] == 0xa9);
        if (json.at[i] == '<') {
            buf_text(out, "\\u003c");
        } else if (separator) {
            buf_text(out, json.at[i + 2] == 0xa8 ? "\\u2028" : "\\u2029");
            i += 2;
        } else {
            buf_byte(out, json.at[i]);
        }
    }
}

static const struct asset *asset_find(const char *path)
{
    for (const struct asset *a = assets; a->path; a++) {
        if (strcmp(a->path, path) == 0) {
            return a;
        }
    }
    return NULL;
}

/* Copies the shell, filling its places. */
static void fill_shell(const struct asset *shell, const char *base, struct bytes boot,
                       struct buf *out)
{
    static const char base_place[] = "{{base}}", boot_place[] = "{{boot}}";
    const size_t place = sizeof(base_place) - 1;
    for (size_t i = 0; i < shell->size;) {
        bool room = i + place <= shell->size;
        if (room && memcmp(shell->at + i, base_place, place) == 0) {
            buf_text(out, base);
            i += place;
        } else if (room && memcmp(shell->at + i, boot_place, place) == 0) {
            page_escape(boot, out);
            i += place;
        } else {
            buf_byte(out, shell->at[i++]);
        }
    }
}

static track_status page_answer(const struct request *rq, struct json_writer *boot,
                                struct response *rs, track_error *err)
{
    const struct asset *shell = asset_find("shell.html");
    struct buf *out = request_buf(rq, PAGE_BYTES_MAX);
    struct bytes json;
    if (!out) {
        return FAIL(err, TRACK_NOMEM, "no room for a page");
    }
    json_write_close(boot); /* have */
    json_write_close(boot);
    TRY(json_end(boot, &json, err));
    if (!shell) {
        shell = asset_find("index.html");
    }
    if (!shell) {
        return FAIL(err, TRACK_NOT_FOUND, "this trackd was built without pages");
    }
    fill_shell(shell, rq->base, json, out);
    TRY(buf_end(out, &rs->body, err));
    rs->type = "text/html; charset=utf-8";
    rs->kind = RESPONSE_PAGE;
    return TRACK_OK;
}

static track_status boot_begin(const struct request *rq, struct json_writer *w, track_error *err)
{
    TRY(render_begin(rq, w, err));
    json_write_object(w, NULL);
    json_write_text(w, "version", TRACK_VERSION);
    json_write_object(w, "have");
    return TRACK_OK;
}

track_status page_home(struct app *app, struct request *rq, struct response *rs, track_error *err)
{
    const struct project_page page = {.limit = HOME_PROJECTS_MAX};
    struct json_writer w;
    TRY(boot_begin(rq, &w, err));
    json_write_object(&w, "projects?limit=1000");
    TRY(render_projects(app, rq, &page, &w, err));
    json_write_close(&w);
    return page_answer(rq, &w, rs, err);
}

track_status page_trash(struct app *app, struct request *rq, struct response *rs, track_error *err)
{
    (void)app;
    struct json_writer w;
    TRY(boot_begin(rq, &w, err));
    return page_answer(rq, &w, rs, err);
}

track_status page_missing(struct app *app, struct request *rq, struct response *rs,
                          track_error *err)
{
    TRY(page_trash(app, rq, rs, err));
    rs->http = 404;
    return TRACK_OK;
}

/* "projects/REF"; what is not there is a page that says so. */
static track_status have_project(struct app *app, const struct request *rq, struct json_writer *w,
                                 struct response *rs, track_error *err)
{
    struct project project;
    AUTO_BUF member = BUF(1024);
    const char *ref = arena_text(rq->arena, (const char *)rq->param[0].at, rq->param[0].size);
    if (!ref) {
        return FAIL(err, TRACK_NOMEM, "no room for a page");
    }
    track_status status = store_project_get(app->store, ref, rq->arena, &project, err);
    if (status == TRACK_NOT_FOUND || status == TRACK_INVALID) {
        rs->http = 404;
        return TRACK_OK;
    }
    TRY(status);
    buf_text(&member, "projects/");
    url_encode(rq->param[0], &member);
    buf_byte(&member, '\0');
    if (member.status == TRACK_OK) {
        render_project(w, (const char *)member.at, &project);
    }
    return TRACK_OK;
}

/* "runs/ID", for a whole id; the page itself asks for what a shorter one means. */
static track_status have_run(struct app *app, const struct request *rq, struct json_writer *w,
                             struct response *rs, track_error *err)
{
    char member[sizeof("runs/") + UUID_TEXT_SIZE] = "runs/";
    if (rq->param[1].size != UUID_TEXT_SIZE - 1) {
        return TRACK_OK;
    }
    memcpy(member + 5, rq->param[1].at, rq->param[1].size);
    struct render_name what = {.id = member + 5, .member = member};
    track_status status = render_run_value(app, rq, &what, w, err);
    if (status == TRACK_NOT_FOUND || status == TRACK_INVALID) {
        rs->http = 404;
        return TRACK_OK;
    }
    return status;
}

track_status page_project(struct app *app, struct request *rq, struct response *rs,
                          track_error *err)
{
    struct json_writer w;
    TRY(boot_begin(rq, &w, err));
    TRY(have_project(app, rq, &w, rs, err));
    return page_answer(rq, &w, rs, err);
}

track_status page_run(struct app *app, struct request *rq, struct response *rs, track_error *err)
{
    struct json_writer w;
    TRY(boot_begin(rq, &w, err));
    TRY(have_project(app, rq, &w, rs, err));
    TRY(have_run(app, rq, &w, rs, err));
    return page_answer(rq, &w, rs, err);
}
