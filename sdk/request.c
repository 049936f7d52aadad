#include "request.h"

#include "../core/fail.h"
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REQUEST_REPLY_BYTES = 64 << 20, REQUEST_URL_BYTES = 64 * 1024 };

track_request_options track_request_options_default(void)
{
    return (track_request_options){.size = sizeof(track_request_options)};
}

track_status request_client(track_client *client, track_client **use, track_client **own,
                            track_error *err)
{
    *own = NULL;
    if (!client) {
        TRY(track_init(NULL, own, err));
    }
    *use = client ? client : *own;
    return TRACK_OK;
}

void request_close_client(track_client **own)
{
    if (*own) {
        client_close(*own);
        *own = NULL;
    }
}

static track_status request_check(const track_request_options *o, track_error *err)
{
    if (!o->path || o->path[0] != '/') {
        return FAIL(err, TRACK_INVALID, "path '%.100s': must begin with '/'",
                    o->path ? o->path : "");
    }
    for (const char *c = o->path; *c; c++) {
        if ((unsigned char)*c <= 0x20 || (unsigned char)*c >= 0x7f) {
            return FAIL(err, TRACK_INVALID, "path '%.100s': byte 0x%02x must be percent-encoded",
                        o->path, (unsigned)(unsigned char)*c);
        }
    }
    if (o->source && o->body) {
        return FAIL(err, TRACK_INVALID, "a request with both body and source");
    }
    return TRACK_OK;
}

/* Gives the body to the caller, NUL-terminated. */
static track_status request_take_reply(struct transport_reply *reply, track_response *out,
                                       track_error *err)
{
    char *body = malloc(reply->body.size + 1);
    if (!body) {
        return FAIL(err, TRACK_NOMEM, "no memory for a reply");
    }
    if (reply->body.size > 0) {
        memcpy(body, reply->body.at, reply->body.size);
    }
    body[reply->body.size] = '\0';
    out->body = body;
    out->body_size = reply->body.size;
    out->http = reply->http;
    memcpy(out->type, reply->type, sizeof(out->type));
    memcpy(out->etag, reply->etag, sizeof(out->etag));
    memcpy(out->next, reply->next, sizeof(out->next));
    return TRACK_OK;
}

static track_status request_send(track_client *c, const track_request_options *o,
                                 track_response *out, track_error *err)
{
    AUTO_BUF url = BUF(REQUEST_URL_BYTES);
    AUTO_REPLY reply = {.body = BUF(REQUEST_REPLY_BYTES)};
    struct bytes text;
    buf_text(&url, c->settings.url);
    buf_text(&url, o->path);
    buf_byte(&url, 0);
    TRY(buf_end(&url, &text, err));
    bool has_body = o->body || o->source;
    struct transport_request rq = {.method = o->method ? o->method : "GET",
                                   .url = (const char *)text.at,
                                   .body = {o->body, o->body_size},
                                   .source = o->source,
                                   .source_data = o->source_data,
                                   .source_bytes = o->source_bytes,
                                   .content_type = o->content_type ? o->content_type
                                                   : has_body      ? "application/json"
                                                                   : NULL,
                                   .accept = o->accept,
                                   .headers = o->headers,
                                   .sink = o->sink,
                                   .sink_data = o->sink_data,
                                   .timeout_ms =
                                       o->timeout_ms ? o->timeout_ms : c->settings.timeout_ms};
    struct transport *t = NULL;
    TRY(transport_open(NULL, &t, err));
    track_status status = transport_send(t, &rq, &reply, err);
    transport_close(t);
    TRY(status);
    TRY(request_take_reply(&reply, out, err));
    struct answer_error answer;
    status = answer_check(&reply, &answer, err);
    memcpy(out->hint, answer.hint, sizeof(out->hint));
    memcpy(out->ref, answer.ref, sizeof(out->ref));
    return status;
}

track_status track_request(track_client *client, const track_request_options *options,
                           track_response *response, track_error *err)
{
    track_request_options o;
    track_response out = {0};
    track_client *use = NULL, *own = NULL;
    if (!options) {
        return FAIL(err, TRACK_INVALID, "options is NULL, so there is no path");
    }
    o = track_request_options_default();
    TRY(client_take_options(options, sizeof(o), &o, err));
    TRY(request_check(&o, err));
    TRY(request_client(client, &use, &own, err));
    track_status status = request_send(use, &o, &out, err);
    request_close_client(&own);
    if (response) {
        *response = out;
    } else {
        track_close_response(&out);
    }
    return status;
}

void track_close_response(track_response *response)
{
    if (response) {
        free(response->body);
        *response = (track_response){0};
    }
}

track_status track_get_settings(track_client *client, track_setting_sink *sink, void *data,
                                track_error *err)
{
    track_client *use = NULL, *own = NULL;
    if (!sink) {
        return FAIL(err, TRACK_INVALID, "sink is NULL");
    }
    TRY(request_client(client, &use, &own, err));
    for (int i = 0; i < SETTING_COUNT; i++) {
        track_setting setting = {settings_name((enum setting)i),
                                 settings_variable_name((enum setting)i), use->settings.value[i],
                                 use->settings.origin[i]};
        sink(data, &setting);
    }
    request_close_client(&own);
    return TRACK_OK;
}
