#include "api.h"

#include "../core/name.h"

#include "format.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct api {
    track_client *client;
};

static void close_client(void *data)
{
    struct api *api = data;
    track_close(&api->client);
}

track_status api_open(struct cmd *c, track_client **out, track_error *err)
{
    track_options options = track_options_default();
    int64_t timeout_us = 0;
    if (!c->api) {
        options.url = args_find(c->args, "url");
        options.project = args_find(c->args, "project");
        TRY(args_get_time(c->args, "timeout", &timeout_us, err));
        options.timeout_ms = c->timeout_ms ? c->timeout_ms : timeout_us / 1000;
        options.quiet = true;
        struct api *api = ARENA_NEW(c->arena, struct api);
        if (!api || !arena_defer(c->arena, close_client, api)) {
            return FAIL(err, TRACK_NOMEM, "a client");
        }
        TRY(track_init(&options, &api->client, err));
        c->api = api;
    }
    *out = c->api->client;
    return TRACK_OK;
}

struct setting_find {
    struct cmd *c;
    const char *name;
    const char *value;
};

static void find_setting(void *data, const track_setting *s)
{
    struct setting_find *f = data;
    if (strcmp(s->name, f->name) == 0) {
        f->value = arena_text(f->c->arena, s->value, strlen(s->value));
    }
}

track_status api_get_setting(struct cmd *c, const char *name, const char **out, track_error *err)
{
    track_client *client;
    struct setting_find f = {c, name, NULL};
    TRY(api_open(c, &client, err));
    TRY(track_get_settings(client, find_setting, &f, err));
    if (!f.value) {
        return FAIL(err, TRACK_NOT_FOUND, "no setting \"%.80s\"", name);
    }
    *out = f.value;
    return TRACK_OK;
}

const char *api_encode(struct cmd *c, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    char *out = arena_alloc(c->arena, 3 * strlen(text) + 1, 1);
    char *at = out;
    for (const char *p = text; out && *p; p++) {
        unsigned char byte = (unsigned char)*p;
        if (strchr(plain, *p)) {
            *at++ = *p;
        } else {
            *at++ = '%';
            *at++ = hex[byte >> 4];
            *at++ = hex[byte & 15];
        }
    }
    return out;
}

const char *api_path(struct cmd *c, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int size = vsnprintf(NULL, 0, format, args);
    char *out = size >= 0 ? arena_alloc(c->arena, (size_t)size + 1, 1) : NULL;
    if (out) {
        vsnprintf(out, (size_t)size + 1, format, again);
    }
    va_end(again);
    va_end(args);
    return out;
}

static void close_response(track_response *r)
{
    track_close_response(r);
}

/* Sends, keeps hint and ref of a refusal, reads the reply. */
track_status api_request(struct cmd *c, const track_request_options *options,
                         const struct json **out, track_error *err)
{
    track_response reply __attribute__((cleanup(close_response))) = {0};
    track_client *client;
    if (!options->path) {
        return FAIL(err, TRACK_NOMEM, "the path of a request");
    }
    TRY(api_open(c, &client, err));
    track_status status = track_request(client, options, &reply, err);
    if (status != TRACK_OK) {
        snprintf(c->hint, sizeof(c->hint), "%s", reply.hint);
        snprintf(c->ref, sizeof(c->ref), "%.31s", reply.ref);
        return status;
    }
    if (!out) {
        return TRACK_OK;
    }
    struct json_limits limits = {JSON_DEPTH_MAX, 16 << 20, 64 << 20};
    struct bytes body = {(const unsigned char *)reply.body, reply.body_size};
    track_error why = {0};
    if (json_read(body, &limits, c->arena, out, &why) != TRACK_OK) {
        return FAIL(err, why.status == TRACK_NOMEM ? TRACK_NOMEM : TRACK_CORRUPT,
                    "reply of the server: %.200s", why.message);
    }
    return TRACK_OK;
}

track_status api_get(struct cmd *c, const char *path, const struct json **out, track_error *err)
{
    track_request_options options = track_request_options_default();
    options.path = path;
    return api_request(c, &options, out, err);
}

void api_body_init(struct api_body *b)
{
    *b = (struct api_body){.buf = BUF(API_BODY_BYTES_MAX)};
    b->writer.to = &b->buf;
}

void api_body_release(struct api_body *b)
{
    buf_release(&b->buf);
}

track_status api_send(struct cmd *c, const struct api_send *send, const struct json **out,
                      track_error *err)
{
    track_request_options options = track_request_options_default();
    struct bytes body = {0};
    options.method = send->method;
    options.path = send->path;
    if (send->body) {
        TRY(json_end(&send->body->writer, &body, err));
        options.body = body.at;
        options.body_size = body.size;
    }
    return api_request(c, &options, out, err);
}

/* The reference in the address of a run's page: what stands between /r/ and the next / ? or #. */
static track_status ref_of_address(struct cmd *c, const char *address, const char **out,
                                   track_error *err)
{
    const char *url, *at = strstr(address, "/r/");
    size_t size = at ? strcspn(at + 3, "/?#") : 0;
    if (size == 0) {
        return FAIL(err, TRACK_INVALID, "%.120s is not the address of a run", address);
    }
    TRY(api_get_setting(c, "url", &url, err));
    size_t server = strlen(url);
    server -= server > 0 && url[server - 1] == '/';
    if (strncmp(address, url, server) != 0 || (address[server] != '/')) {
        return FAIL(err, TRACK_INVALID, "%.100s is not on the server %.60s; name it with --url",
                    address, url);
    }
    *out = arena_text(c->arena, at + 3, size);
    return *out ? TRACK_OK : FAIL(err, TRACK_NOMEM, "an address");
}

track_status api_get_project_ref(struct cmd *c, const char **out, track_error *err)
{
    const char *name, *cursor = "";
    *out = NULL;
    if (args_has(c->args, "all-projects")) {
        return TRACK_OK;
    }
    TRY(api_get_setting(c, "project", &name, err));
    if (name_is_plain(name)) {
        *out = name;
        return TRACK_OK;
    }
    while (cursor) {
        const struct json *page, *list, *next;
        TRY(api_get(c,
                    api_path(c, "/api/v1/projects?limit=1000%s%s", *cursor ? "&cursor=" : "",
                             api_encode(c, cursor)),
                    &page, err));
        TRY(json_need_array(page, "projects", &list, err));
        for (uint32_t i = 0; i < list->count; i++) {
            const char *have = "";
            TRY(json_need_text(&list->items[i], "name", &have, err));
            if (strcmp(have, name) == 0) {
                return json_need_text(&list->items[i], "ref", out, err);
            }
        }
        next = json_find(page, "next");
        cursor = next && next->kind == JSON_KIND_TEXT ? next->text : NULL;
    }
    return FAIL(err, TRACK_NOT_FOUND, "no project \"%.120s\"", name);
}

track_status api_get_run(struct cmd *c, const char *ref, const struct json **out, const char **id,
                         track_error *err)
{
    const char *project = NULL;
    const struct json *run;
    if (strncmp(ref, "http://", 7) == 0 || strncmp(ref, "https://", 8) == 0) {
        TRY(ref_of_address(c, ref, &ref, err));
    }
    if (strncmp(ref, "latest", 6) == 0 || strncmp(ref, "best:", 5) == 0) {
        TRY(api_get_project_ref(c, &project, err));
    }
    const char *r = api_encode(c, ref), *p = project ? api_encode(c, project) : "";
    const char *path = !r || !p ? NULL
                       : *p     ? api_path(c, "/api/v1/resolve?ref=%s&project=%s", r, p)
                                : api_path(c, "/api/v1/resolve?ref=%s", r);
    TRY(api_get(c, path, &run, err));
    if (id) {
        TRY(json_need_text(run, "id", id, err));
    }
    *out = run;
    return TRACK_OK;
}

track_status api_each_operand(struct cmd *c, api_work *work, void *data, track_error *err)
{
    size_t failed = 0, count = c->args->operand_count;
    track_error one = {0};
    for (size_t i = 0; i < count; i++) {
        track_error now = {0};
        if (work(c, c->args->operands[i], data, &now) != TRACK_OK) {
            if (count > 1) {
                print_failure(c->print, &now, c->hint, c->ref);
            }
            one = now;
            failed++;
        }
    }
    if (failed == 0) {
        return TRACK_OK;
    }
    if (count == 1) {
        return FAIL(err, one.status, "%s", one.message);
    }
    c->exit = failed < count ? 3 : status_exit(one.status);
    c->hint[0] = c->ref[0] = '\0';
    return FAIL(err, one.status, "%zu of %zu failed", failed, count);
}
