#include "render.h"

#include "../core/name.h"
#include "store_branch.h"
#include "store_fact.h"

#include <string.h>

enum { HEX_BYTES_MAX = 4096 };

track_status render_begin(const struct request *rq, struct json_writer *out, track_error *err)
{
    struct buf *b = request_buf(rq, RENDER_BYTES_MAX);
    if (!b) {
        return FAIL(err, TRACK_NOMEM, "no room for an answer");
    }
    *out = (struct json_writer){.to = b};
    return TRACK_OK;
}

track_status render_end(struct json_writer *w, struct response *rs, track_error *err)
{
    buf_byte(w->to, '\n');
    TRY(json_end(w, &rs->body, err));
    rs->type = "application/json";
    return TRACK_OK;
}

track_status render_done(const struct request *rq, struct response *rs, track_error *err)
{
    struct json_writer w;
    TRY(render_begin(rq, &w, err));
    json_write_object(&w, NULL);
    json_write_bool(&w, "ok", true);
    json_write_close(&w);
    return render_end(&w, rs, err);
}

void render_us(struct json_writer *w, const char *name, int64_t us)
{
    if (us == 0) {
        json_write_null(w, name);
    } else {
        json_write_int(w, name, us);
    }
}

void render_hex(struct json_writer *w, const char *name, struct bytes bytes)
{
    static const char digits[] = "0123456789abcdef";
    char text[2 * HEX_BYTES_MAX + 1];
    size_t size = bytes.size < HEX_BYTES_MAX ? bytes.size : HEX_BYTES_MAX;
    for (size_t i = 0; i < size; i++) {
        text[2 * i] = digits[bytes.at[i] >> 4];
        text[2 * i + 1] = digits[bytes.at[i] & 15];
    }
    json_write_bytes(w, name, (struct bytes){(const unsigned char *)text, 2 * size});
}

void render_number(struct json_writer *w, const char *name, uint64_t number)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++) {
        bytes[i] = (unsigned char)(number >> (56 - 8 * i));
    }
    render_hex(w, name, (struct bytes){bytes, sizeof(bytes)});
}

track_status render_cursor(const struct request *rq, const char *place, const char **out,
                           track_error *err)
{
    static const char digits[] = "0123456789abcdef";
    size_t size = place ? strlen(place) : 0;
    char *text = ARENA_ARRAY(rq->arena, char, 2 * size + 1);
    if (!text) {
        return FAIL(err, TRACK_NOMEM, "no room for a cursor");
    }
    for (size_t i = 0; i < size; i++) {
        text[2 * i] = digits[(unsigned char)place[i] >> 4];
        text[2 * i + 1] = digits[(unsigned char)place[i] & 15];
    }
    *out = place ? text : NULL;
    return TRACK_OK;
}

void render_meaning(struct json_writer *w, const struct metric_def_list *defs, const char *key)
{
    static const char *const goals[] = {"none", "min", "max"};
    const struct metric_def *found = metric_def_find(defs, key);
    json_write_text(w, "goal", goals[found ? found->goal : 0]);
    json_write_text(w, "unit", found ? found->unit : "");
}

void render_next(struct json_writer *w, const char *place)
{
    if (place) {
        render_hex(w, "next", bytes_from(place));
    } else {
        json_write_null(w, "next");
    }
}

void render_project_ref(struct json_writer *w, const char *name, const char *project,
                        int64_t number)
{
    char ref[PROJECT_REF_SIZE];
    name_encode_project_ref(project, number, ref);
    json_write_text(w, name, ref);
}

void render_project(struct json_writer *w, const char *name, const struct project *project)
{
    json_write_object(w, name);
    json_write_text(w, "id", project->id);
    json_write_int(w, "number", project->number);
    json_write_text(w, "name", project->name);
    render_project_ref(w, "ref", project->name, project->number);
    json_write_text(w, "note", project->note);
    json_write_int(w, "runs", project->runs);
    json_write_int(w, "running", project->running);
    render_us(w, "last_us", project->last_us);
    json_write_int(w, "created_us", project->created_us);
    json_write_int(w, "updated_us", project->updated_us);
    json_write_close(w);
}

static void render_facts(struct json_writer *w, const char *name, const struct fact_list *facts)
{
    json_write_object(w, name);
    for (size_t i = 0; i < facts->count; i++) {
        json_write_text(w, facts->at[i].key, facts->at[i].value);
    }
    json_write_close(w);
}

void render_times(struct json_writer *w, const struct run *run)
{
    json_write_int(w, "created_us", run->created_us);
    render_us(w, "started_us", run->started_us);
    render_us(w, "ended_us", run->ended_us);
    json_write_int(w, "seen_us", run->seen_us);
    render_us(w, "deleted_us", run->deleted_us);
}

static void render_end_of_run(struct json_writer *w, const struct run *run)
{
    if (run->exit_code == RUN_NO_CODE) {
        json_write_null(w, "exit_code");
    } else {
        json_write_int(w, "exit_code", run->exit_code);
    }
    if (run->signal == 0) {
        json_write_null(w, "signal");
    } else {
        json_write_int(w, "signal", run->signal);
    }
    json_write_bool(w, "stop", run->stop);
    json_write_int(w, "lost", run->lost);
}

static void render_run_members(struct json_writer *w, const struct run *run)
{
    json_write_text(w, "id", run->id);
    json_write_text(w, "project", run->project_name);
    json_write_int(w, "project_number", run->project_number);
    render_project_ref(w, "project_ref", run->project_name, run->project_number);
    json_write_text(w, "name", run->name);
    json_write_text(w, "note", run->note);
    json_write_text(w, "kind", run->kind);
    json_write_text(w, "state", run->state);
    json_write_text(w, "capture_mode", run->capture_mode);
    json_write_text(w, "client", run->client);
    json_write_text(w, "user", run->user);
    json_write_text(w, "host", run->host);
    json_write_text(w, "parent", *run->parent ? run->parent : NULL);
    json_write_int(w, "epoch", run->epoch);
    render_times(w, run);
    render_end_of_run(w, run);
}

/* Members forked_from, rewinds and forks. */
static void render_branch(struct json_writer *w, const struct run_branch *b, int64_t now_us)
{
    if (b->parent) {
        json_write_object(w, "forked_from");
        json_write_text(w, "run", b->parent);
        json_write_text(w, "name", b->parent_name);
        json_write_text(w, "state", b->parent_state);
        json_write_bool(w, "deleted", b->parent_deleted);
        json_write_text(w, "project", b->parent_project);
        render_project_ref(w, "project_ref", b->parent_project, b->parent_project_number);
        json_write_int(w, "step", b->step);
        json_write_close(w);
    } else {
        json_write_null(w, "forked_from");
    }
    json_write_int(w, "forks", b->forks);
    json_write_array(w, "rewinds");
    for (size_t i = 0; i < b->rewind_count; i++) {
        json_write_object(w, NULL);
        json_write_int(w, "epoch", b->rewinds[i].epoch);
        json_write_int(w, "step", b->rewinds[i].step);
        json_write_int(w, "at_us", b->rewinds[i].at_us);
        json_write_int(w, "ago_us", now_us - b->rewinds[i].at_us);
        json_write_close(w);
    }
    json_write_close(w);
}

track_status render_run_value(struct app *app, const struct request *rq,
                              const struct render_name *what, struct json_writer *w,
                              track_error *err)
{
    struct run run;
    struct run_branch branch;
    struct fact_list params, tags;
    TRY(store_run_get(app->store, what->id, rq->arena, &run, err));
    TRY(store_param_list(app->store, what->id, rq->arena, &params, err));
    TRY(store_tag_list(app->store, what->id, rq->arena, &tags, err));
    TRY(store_run_branch(app->store, what->id, rq->arena, &branch, err));
    json_write_object(w, what->member);
    render_run_members(w, &run);
    render_branch(w, &branch, rq->now_us);
    render_facts(w, "params", &params);
    render_facts(w, "tags", &tags);
    json_write_close(w);
    return TRACK_OK;
}

track_status render_run(struct app *app, const struct request *rq, const char *id,
                        struct response *rs, track_error *err)
{
    struct json_writer w;
    TRY(render_begin(rq, &w, err));
    TRY(render_run_value(app, rq, &(struct render_name){.id = id}, &w, err));
    return render_end(&w, rs, err);
}

track_status render_projects(struct app *app, const struct request *rq,
                             const struct project_page *page, struct json_writer *w,
                             track_error *err)
{
    struct project_list list;
    TRY(store_project_list(app->store, page, rq->arena, &list, err));
    json_write_array(w, "projects");
    for (size_t i = 0; i < list.count; i++) {
        render_project(w, NULL, &list.at[i]);
    }
    json_write_close(w);
    render_next(w, list.next);
    return TRACK_OK;
}
