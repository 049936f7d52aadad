#include "api_project.h"

#include "api_parse.h"
#include "render.h"

track_status api_project_list(struct app *app, struct request *rq, struct response *rs,
                              track_error *err)
{
    struct project_page page = {.limit = 0};
    struct json_writer w;
    TRY(parse_limit(rq, &page.limit, err));
    TRY(parse_cursor(rq, &page.after, err));
    TRY(render_begin(rq, &w, err));
    json_write_object(&w, NULL);
    TRY(render_projects(app, rq, &page, &w, err));
    json_write_close(&w);
    return render_end(&w, rs, err);
}

track_status api_project_create(struct app *app, struct request *rq, struct response *rs,
                                track_error *err)
{
    static const char *const names[] = {"name", "note", NULL};
    const struct json *body;
    struct project_set *call = CALL_NEW(rq, rs, struct project_set);
    if (!call) {
        return FAIL(err, TRACK_NOMEM, "no room for a project");
    }
    TRY(parse_body(rq, names, &body, err));
    TRY(json_need_text(body, "name", &call->ref, err));
    TRY(json_may_text(body, "note", &call->note, err));
    call->create = true;
    call->now_us = rq->now_us;
    return store_project_set(app->store, call, err);
}

static track_status project_answer(const struct request *rq, const struct project *project,
                                   struct response *rs, track_error *err)
{
    struct json_writer w;
    TRY(render_begin(rq, &w, err));
    render_project(&w, NULL, project);
    return render_end(&w, rs, err);
}

track_status api_project_get(struct app *app, struct request *rq, struct response *rs,
                             track_error *err)
{
    const char *ref;
    struct project project;
    TRY(parse_param(rq, 0, &ref, err));
    TRY(store_project_get(app->store, ref, rq->arena, &project, err));
    return project_answer(rq, &project, rs, err);
}

track_status api_project_update(struct app *app, struct request *rq, struct response *rs,
                                track_error *err)
{
    static const char *const names[] = {"note", NULL};
    const struct json *body;
    struct project_set *call = CALL_NEW(rq, rs, struct project_set);
    if (!call) {
        return FAIL(err, TRACK_NOMEM, "no room for a project");
    }
    TRY(parse_param(rq, 0, &call->ref, err));
    TRY(parse_body(rq, names, &body, err));
    TRY(json_may_text(body, "note", &call->note, err));
    call->now_us = rq->now_us;
    return store_project_set(app->store, call, err);
}

track_status api_project_done(struct app *app, const struct request *rq,
                              const struct ticket *ticket, struct response *rs, track_error *err)
{
    (void)app;
    return project_answer(rq, &((const struct project_set *)ticket)->project, rs, err);
}
