#include "api_file.h"

#include "../core/hash.h"
#include "api_blob.h"
#include "api_parse.h"
#include "render.h"
#include "store_file.h"

#include <string.h>

static void put_file(struct json_writer *w, const struct run_file *file)
{
    json_write_object(w, NULL);
    json_write_text(w, "path", file->path);
    render_hex(w, "digest", file->digest);
    json_write_int(w, "size", file->size);
    json_write_text(w, "media", file->media);
    json_write_int(w, "at_us", file->at_us);
    json_write_close(w);
}

track_status api_file_list(struct app *app, struct request *rq, struct response *rs,
                           track_error *err)
{
    struct file_page page = {.run = NULL};
    struct run_file_list list;
    struct json_writer w;
    TRY(parse_run(app, rq, &page.run, err));
    TRY(parse_limit(rq, &page.limit, err));
    TRY(parse_cursor(rq, &page.after, err));
    TRY(store_file_list(app->store, &page, rq->arena, &list, err));
    TRY(render_begin(rq, &w, err));
    json_write_object(&w, NULL);
    json_write_array(&w, "files");
    for (size_t i = 0; i < list.count; i++) {
        put_file(&w, &list.at[i]);
    }
    json_write_close(&w);
    render_next(&w, list.more ? list.at[list.count - 1].path : NULL);
    json_write_close(&w);
    return render_end(&w, rs, err);
}

/* A member that must be a digest. */
static track_status need_digest(const struct request *rq, const struct json *body,
                                struct bytes *out, track_error *err)
{
    const char *text;
    TRY(json_need_text(body, "digest", &text, err));
    *out = parse_hex(rq, text, DIGEST_BYTES);
    return out->at ? TRACK_OK
                   : JSON_FAIL(err, json_find(body, "digest"),
                               "'%.70s', must be 64 lower-case hex digits (SHA-256)", text);
}

track_status api_file_set(struct app *app, struct request *rq, struct response *rs,
                          track_error *err)
{
    static const char *const names[] = {"path", "digest", "media", NULL};
    const struct json *body;
    struct file_put *call = CALL_NEW(rq, rs, struct file_put);
    struct run_file *file = ARENA_NEW(rq->arena, struct run_file);
    if (!call || !file) {
        return FAIL(err, TRACK_NOMEM, "no room for a file");
    }
    file->media = "";
    TRY(parse_run(app, rq, &call->run, err));
    TRY(parse_body(rq, names, &body, err));
    TRY(json_need_text(body, "path", &file->path, err));
    TRY(need_digest(rq, body, &file->digest, err));
    TRY(json_may_text(body, "media", &file->media, err));
    file->at_us = rq->now_us;
    call->files = file;
    call->count = 1;
    call->now_us = rq->now_us;
    return store_file_put(app->store, call, err);
}

track_status api_file_done(struct app *app, const struct request *rq, const struct ticket *ticket,
                           struct response *rs, track_error *err)
{
    const struct file_put *call = (const struct file_put *)ticket;
    struct run_file file;
    struct json_writer w;
    TRY(store_file_get(app->store, call->run, call->files->path, rq->arena, &file, err));
    TRY(render_begin(rq, &w, err));
    put_file(&w, &file);
    return render_end(&w, rs, err);
}

track_status api_file_get(struct app *app, struct request *rq, struct response *rs,
                          track_error *err)
{
    const char *run, *path = NULL;
    struct run_file file;
    struct blob blob;
    TRY(parse_run(app, rq, &run, err));
    TRY(parse_query_text(rq, "path", &path, err));
    if (!path) {
        return FAIL(err, TRACK_INVALID, "query parameter path is missing");
    }
    TRY(store_file_get(app->store, run, path, rq->arena, &file, err));
    TRY(store_blob_get(app->store, file.digest, rq->arena, &blob, err));
    return blob_answer(app, rq, &blob, path, rs, err);
}

static void put_input(struct json_writer *w, const struct run_input *input)
{
    json_write_object(w, NULL);
    json_write_text(w, "name", input->name);
    render_hex(w, "digest", input->digest);
    json_write_int(w, "size", input->size);
    json_write_text(w, "uri", input->uri);
    json_write_text(w, "role", input->role);
    json_write_int(w, "at_us", input->at_us);
    json_write_bool(w, "stored", input->stored);
    json_write_close(w);
}

track_status api_input_list(struct app *app, struct request *rq, struct response *rs,
                            track_error *err)
{
    const char *run;
    struct run_input_list list;
    struct json_writer w;
    TRY(parse_run(app, rq, &run, err));
    TRY(store_input_list(app->store, run, rq->arena, &list, err));
    TRY(render_begin(rq, &w, err));
    json_write_object(&w, NULL);
    json_write_array(&w, "inputs");
    for (size_t i = 0; i < list.count; i++) {
        put_input(&w, &list.at[i]);
    }
    json_write_close(&w);
    json_write_close(&w);
    return render_end(&w, rs, err);
}

track_status api_input_set(struct app *app, struct request *rq, struct response *rs,
                           track_error *err)
{
    static const char *const names[] = {"name", "digest", "size", "uri", "role", NULL};
    const struct json *body;
    struct input_add *call = CALL_NEW(rq, rs, struct input_add);
    struct run_input *input = ARENA_NEW(rq->arena, struct run_input);
    if (!call || !input) {
        return FAIL(err, TRACK_NOMEM, "no room for an input");
    }
    *input = (struct run_input){.kind = "dataset", .uri = "", .role = "", .at_us = rq->now_us};
    TRY(parse_run(app, rq, &call->run, err));
    TRY(parse_body(rq, names, &body, err));
    TRY(json_need_text(body, "name", &input->name, err));
    TRY(need_digest(rq, body, &input->digest, err));
    TRY(json_need_int_in(body, "size", (struct json_range){0, INT64_MAX}, &input->size, err));
    TRY(json_may_text(body, "uri", &input->uri, err));
    TRY(json_may_text(body, "role", &input->role, err));
    call->inputs = input;
    call->count = 1;
    call->now_us = rq->now_us;
    return store_input_add(app->store, call, err);
}

/* The row as it is stored: the first of the run with this name, digest and role. */
track_status api_input_done(struct app *app, const struct request *rq, const struct ticket *ticket,
                            struct response *rs, track_error *err)
{
    const struct input_add *call = (const struct input_add *)ticket;
    const struct run_input *input = call->inputs;
    struct run_input_list list;
    struct json_writer w;
    TRY(store_input_list(app->store, call->run, rq->arena, &list, err));
    for (size_t i = 0; i < list.count; i++) {
        bool same = strcmp(list.at[i].name, input->name) == 0 &&
                    strcmp(list.at[i].role, input->role) == 0 &&
                    memcmp(list.at[i].digest.at, input->digest.at, DIGEST_BYTES) == 0;
        input = same ? &list.at[i] : input;
    }
    TRY(render_begin(rq, &w, err));
    put_input(&w, input);
    return render_end(&w, rs, err);
}
