#include "api_run.h"

#include "api_facts.h"
#include "api_parse.h"
#include "journal.h"
#include "render.h"
#include "series.h"
#include "store_branch.h"

#include <string.h>

static const struct json_range any_step = {INT64_MIN + 1, INT64_MAX};

/* The rest of the members of RunCreate: what is said of the run from its start. */
static track_status create_facts(const struct request *rq, const struct json *body,
                                 struct run_put *call, track_error *err)
{
    const struct json *params = NULL, *tags = NULL;
    TRY(json_may_object(body, "params", &params, err));
    TRY(json_may_object(body, "tags", &tags, err));
    struct facts_in in;
    TRY(facts_parse(rq, params, true, &in, err));
    call->params = in.at;
    call->param_count = in.count;
    TRY(facts_parse(rq, tags, false, &in, err));
    call->tags = in.at;
    call->tag_count = in.count;
    return TRACK_OK;
}

/* Member fork_from. */
static track_status create_fork(const struct json *body, struct run_put *call, track_error *err)
{
    static const char *const names[] = {"run", "step", NULL};
    const struct json *from = NULL;
    TRY(json_may_object(body, "fork_from", &from, err));
    if (!from) {
        return TRACK_OK;
    }
    TRY(json_check_object(from, names, err));
    TRY(json_need_text(from, "run", &call->fork_parent, err));
    return json_need_int_in(from, "step", any_step, &call->fork_step, err);
}

static track_status create_parse(const struct request *rq, struct run_put *call, track_error *err)
{
    static const char *const names[] = {
        "project", "name",         "note",   "kind",       "state", "parent",    "client", "user",
        "host",    "capture_mode", "params", "started_us", "tags",  "fork_from", NULL};
    const struct json *body;
    TRY(parse_body(rq, names, &body, err));
    TRY(json_need_text(body, "project", &call->project, err));
    TRY(json_may_text(body, "name", &call->name, err));
    TRY(json_may_text(body, "note", &call->note, err));
    TRY(json_may_text(body, "kind", &call->kind, err));
    TRY(json_may_text(body, "state", &call->state, err));
    TRY(json_may_text(body, "parent", &call->parent, err));
    TRY(json_may_text(body, "client", &call->client, err));
    TRY(json_may_text(body, "user", &call->user, err));
    TRY(json_may_text(body, "host", &call->host, err));
    TRY(json_may_text(body, "capture_mode", &call->capture_mode, err));
    TRY(json_may_int_in(body, "started_us", (struct json_range){0, INT64_MAX}, &call->started_us,
                        err));
    TRY(create_fork(body, call, err));
    return create_facts(rq, body, call, err);
}

track_status api_run_create(struct app *app, struct request *rq, struct response *rs,
                            track_error *err)
{
    struct run_put *call = CALL_NEW(rq, rs, struct run_put);
    if (!call) {
        return FAIL(err, TRACK_NOMEM, "no room for a run");
    }
    call->capture_mode = "api";
    TRY(parse_param(rq, 0, &call->id, err));
    TRY(create_parse(rq, call, err));
    call->now_us = rq->now_us;
    return store_run_put(app->store, call, err);
}

track_status api_run_created(struct app *app, const struct request *rq, const struct ticket *ticket,
                             struct response *rs, track_error *err)
{
    return render_run(app, rq, ((const struct run_put *)ticket)->id, rs, err);
}

track_status api_run_get(struct app *app, struct request *rq, struct response *rs, track_error *err)
{
    const char *id;
    TRY(parse_run(app, rq, &id, err));
    return render_run(app, rq, id, rs, err);
}

track_status api_resolve_get(struct app *app, struct request *rq, struct response *rs,
                             track_error *err)
{
    const char *ref = NULL, *project = NULL;
    char id[RUN_ID_SIZE];
    TRY(parse_query_text(rq, "ref", &ref, err));
    TRY(parse_query_text(rq, "project", &project, err));
    if (!ref) {
        return FAIL(err, TRACK_INVALID, "query parameter ref is missing");
    }
    if (strncmp(ref, "best:", 5) == 0) {
        TRY(series_flush(app->tail, 0, err)); /* best reads table series */
    }
    TRY(store_run_resolve(app->store, project, ref, id, err));
    return render_run(app, rq, id, rs, err);
}

/* The call that all changes share; NULL in *out: no room. */
static track_status change_begin(struct app *app, const struct request *rq,
                                 enum run_change_kind change, struct response *rs,
                                 struct run_change **out, track_error *err)
{
    struct run_change *call = CALL_NEW(rq, rs, struct run_change);
    if (!call) {
        return FAIL(err, TRACK_NOMEM, "no room for a change");
    }
    TRY(parse_run(app, rq, &call->id, err));
    call->change = change;
    call->now_us = rq->now_us;
    call->exit_code = RUN_NO_CODE;
    *out = call;
    return TRACK_OK;
}

/* A change that says no more than its path. */
static track_status change_run(struct app *app, const struct request *rq,
                               enum run_change_kind change, struct response *rs, track_error *err)
{
    static const char *const names[] = {NULL};
    const struct json *body;
    struct run_change *call;
    TRY(parse_body(rq, names, &body, err));
    TRY(change_begin(app, rq, change, rs, &call, err));
    return store_run_change(app->store, call, err);
}

track_status api_run_update(struct app *app, struct request *rq, struct response *rs,
                            track_error *err)
{
    static const char *const names[] = {"name", "note", NULL};
    const struct json *body;
    struct run_change *call;
    TRY(parse_body(rq, names, &body, err));
    TRY(change_begin(app, rq, RUN_PATCH, rs, &call, err));
    TRY(json_may_text(body, "name", &call->name, err));
    TRY(json_may_text(body, "note", &call->note, err));
    return store_run_change(app->store, call, err);
}

track_status api_run_delete(struct app *app, struct request *rq, struct response *rs,
                            track_error *err)
{
    return change_run(app, rq, RUN_DELETE, rs, err);
}

track_status api_run_restore(struct app *app, struct request *rq, struct response *rs,
                             track_error *err)
{
    return change_run(app, rq, RUN_RESTORE, rs, err);
}

track_status api_run_stop(struct app *app, struct request *rq, struct response *rs,
                          track_error *err)
{
    return change_run(app, rq, RUN_STOP, rs, err);
}

track_status api_run_reopen(struct app *app, struct request *rq, struct response *rs,
                            track_error *err)
{
    static const char *const names[] = {"late", NULL};
    const struct json *body;
    struct run_change *call;
    bool late = false;
    TRY(parse_body(rq, names, &body, err));
    TRY(json_may_bool(body, "late", &late, err));
    TRY(change_begin(app, rq, late ? RUN_REOPEN_LATE : RUN_REOPEN, rs, &call, err));
    return store_run_change(app->store, call, err);
}

track_status api_run_rewind(struct app *app, struct request *rq, struct response *rs,
                            track_error *err)
{
    static const char *const names[] = {"step", "epoch", "writer", NULL};
    const char *writer = NULL;
    const struct json *body;
    struct run_rewind *call = CALL_NEW(rq, rs, struct run_rewind);
    if (!call) {
        return FAIL(err, TRACK_NOMEM, "no room for a rewind");
    }
    call->epoch = -1;
    call->now_us = rq->now_us;
    TRY(parse_run(app, rq, &call->id, err));
    TRY(parse_body(rq, names, &body, err));
    TRY(json_need_int_in(body, "step", any_step, &call->step, err));
    TRY(json_may_int_in(body, "epoch", (struct json_range){0, INT32_MAX}, &call->epoch, err));
    TRY(json_may_text(body, "writer", &writer, err));
    if (writer) {
        call->writer = parse_hex(rq, writer, JOURNAL_WRITER_BYTES);
    }
    if (writer && !call->writer.at) {
        return FAIL(err, TRACK_INVALID, "writer '%.40s': must be 32 lower-case hex digits", writer);
    }
    return store_run_rewind(app->store, call, err);
}

track_status api_run_rewound(struct app *app, const struct request *rq, const struct ticket *ticket,
                             struct response *rs, track_error *err)
{
    (void)app;
    const struct run_rewind *call = (const struct run_rewind *)ticket;
    struct json_writer w;
    TRY(render_begin(rq, &w, err));
    json_write_object(&w, NULL);
    json_write_int(&w, "epoch", call->new_epoch);
    json_write_int(&w, "step", call->step);
    json_write_bool(&w, "again", call->again);
    json_write_close(&w);
    return render_end(&w, rs, err);
}

track_status api_run_changed(struct app *app, const struct request *rq, const struct ticket *ticket,
                             struct response *rs, track_error *err)
{
    return render_run(app, rq, ((const struct run_change *)ticket)->id, rs, err);
}

track_status api_run_finish(struct app *app, struct request *rq, struct response *rs,
                            track_error *err)
{
    static const char *const names[] = {"state", "exit_code", "signal", "ended_us", NULL};
    const struct json *body;
    struct run_change *call;
    TRY(parse_body(rq, names, &body, err));
    TRY(change_begin(app, rq, RUN_FINISH, rs, &call, err));
    TRY(json_need_text(body, "state", &call->state, err));
    TRY(json_may_int_in(body, "exit_code", (struct json_range){-255, 255}, &call->exit_code, err));
    TRY(json_may_int_in(body, "signal", (struct json_range){0, 64}, &call->signal, err));
    TRY(json_may_int_in(body, "ended_us", (struct json_range){0, INT64_MAX}, &call->ended_us, err));
    return store_run_change(app->store, call, err);
}

track_status api_run_finished(struct app *app, const struct request *rq,
                              const struct ticket *ticket, struct response *rs, track_error *err)
{
    (void)app;
    const struct run_change *call = (const struct run_change *)ticket;
    struct json_writer w;
    TRY(render_begin(rq, &w, err));
    json_write_object(&w, NULL);
    json_write_text(&w, "state", call->run.state);
    json_write_array(&w, "open");
    for (size_t i = 0; i < call->open_count; i++) {
        render_hex(&w, NULL, call->open[i].id);
    }
    json_write_close(&w);
    json_write_close(&w);
    rs->http = call->open_count ? 202 : 200;
    return render_end(&w, rs, err);
}

static void render_writer(struct json_writer *w, const struct run_writer *writer)
{
    json_write_object(w, NULL);
    render_hex(w, "writer", writer->id);
    json_write_text(w, "name", writer->name);
    if (writer->rank < 0) {
        json_write_null(w, "rank");
    } else {
        json_write_int(w, "rank", writer->rank);
    }
    json_write_text(w, "host", writer->host);
    json_write_int(w, "pid", writer->pid);
    json_write_int(w, "next_seq", writer->next_seq);
    json_write_int(w, "last_seq", writer->next_seq - 1);
    json_write_bool(w, "closed", writer->closed_us != 0);
    json_write_int(w, "seen_us", writer->seen_us);
    json_write_int(w, "lost", writer->lost);
    json_write_close(w);
}

track_status api_run_receipt(struct app *app, struct request *rq, struct response *rs,
                             track_error *err)
{
    const char *id;
    struct run_receipt receipt;
    struct json_writer w;
    TRY(parse_run(app, rq, &id, err));
    TRY(store_run_receipt(app->store, id, rq->arena, &receipt, err));
    TRY(render_begin(rq, &w, err));
    json_write_object(&w, NULL);
    json_write_text(&w, "run", receipt.run.id);
    json_write_text(&w, "state", receipt.run.state);
    json_write_array(&w, "writers");
    for (size_t i = 0; i < receipt.count; i++) {
        render_writer(&w, &receipt.writers[i]);
    }
    json_write_close(&w);
    json_write_close(&w);
    return render_end(&w, rs, err);
}
