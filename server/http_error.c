#include "http_error.h"

#include "../core/json.h"

#include <string.h>

enum { ERROR_BYTES_MAX = 4096, ANY = -1 };

/* The first row that fits is taken.  `place` is a prefix of the pattern or part of it. */
static const struct hint {
    int http;
    int status; /* or ANY */
    const char *place;
    const char *text;
} hints[] = {
    {411, ANY, "", "send Content-Length"},
    {414, ANY, "", "use POST where a list of names does not fit a URL"},
    {415, ANY, "",
     "set Content-Type as the message says (curl: --json), send the body plain or as zstd"},
    {431, ANY, "", "send fewer or shorter headers"},
    {405, ANY, "", "the header Allow lists the methods of this path"},
    {404, ANY, "/api/v1/runs/:run/docs",
     "GET api/v1/runs/{run}/docs lists the documents of the run"},
    {404, ANY, "/api/v1/runs/:run/points", "GET api/v1/runs/{run}/series lists the series"},
    {404, ANY, "/api/v1/runs/:run/files", "GET api/v1/runs/{run}/files lists the files of the run"},
    {404, ANY, "/api/v1/runs/:run/series", "GET api/v1/runs/{run}/series lists the series"},
    {404, ANY, "/api/v1/runs",
     "POST api/v1/runs/search lists runs; a run in the trash is found too"},
    {404, ANY, "/api/v1/projects", "GET api/v1/projects lists the projects"},
    {404, ANY, "/api/v1/blobs", "POST api/v1/blobs/missing says which blobs are not here"},
    {404, ANY, "", "check the path; schema/openapi.yaml lists them all"},
    {409, ANY, "/frames",
     "reopen: POST api/v1/runs/{run}/reopen, then send again; where a sequence "
     "number is missing, continue from the writer's next_seq"},
    {409, ANY, "/points", "reopen: POST api/v1/runs/{run}/reopen, then send again"},
    {409, ANY, "/rewind", "reopen: POST api/v1/runs/{run}/reopen, then send again"},
    {409, ANY, "/files", "send the bytes first: PUT api/v1/blobs/{digest}"},
    {409, ANY, "/finish",
     "reopen the run first (POST api/v1/runs/{run}/reopen), or leave its state"},
    {409, ANY, "/close", "send what is missing, from next_seq on, then close"},
    {409, ANY, "/params", "use a tag for what changes; nothing of this request was stored"},
    {409, ANY, "", "read what is stored now, decide, and send again"},
    {403, ANY, "",
     "use the address that trackd printed at its start, or start it with --allow-host "
     "NAME"},
    {413, ANY, "/frames", "cut the frames smaller"},
    {413, ANY, "/points", "send fewer points at once"},
    {413, ANY, "", "send less at once"},
    {416, ANY, "", "ask for a part that exists; Content-Range says how many bytes there are"},
    {429, ANY, "", "wait as long as Retry-After says and send again"},
    {507, ANY, "", "free space on the server's disk; nothing was lost, send again later"},
    {500, TRACK_IO, "", "see the server's log and its disk; nothing was stored, send again later"},
    {500, ANY, "", "stop trackd and run `trackd check`; ref stands in the server's log"},
    {501, ANY, "", "this build of trackd cannot do it"},
    {503, ANY, "", "send again later"},
    {504, ANY, "", "send the same again: what is stored already is not stored twice"},
    {400, ANY, "/frames",
     "send what frame_encode of libtrack makes; schema/formats.md has the layout"},
    {0, ANY, "",
     "correct what the message names and send again; schema/openapi.yaml says what is "
     "expected"},
};

const char *http_error_hint(const char *place, track_status status, int http)
{
    for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
        const struct hint *h = &hints[i];
        if ((h->http == 0 || h->http == http) && (h->status == ANY || h->status == (int)status) &&
            strstr(place ? place : "", h->place)) {
            return h->text;
        }
    }
    return hints[sizeof(hints) / sizeof(hints[0]) - 1].text; /* the last row fits all */
}

static track_status error_write(struct json_writer *w, const struct http_failure *failure,
                                const track_error *err, struct bytes *out)
{
    json_write_object(w, NULL);
    json_write_object(w, "error");
    json_write_text(w, "code", status_wire(err->status));
    json_write_text(w, "message", err->message);
    json_write_text(w, "hint", http_error_hint(failure->place, err->status, failure->http));
    json_write_text(w, "ref", failure->ref);
    if (failure->offset) {
        json_write_int(w, "offset", *failure->offset);
    }
    json_write_close(w);
    if (failure->next_seq && err->status == TRACK_CONFLICT) {
        json_write_int(w, "next_seq", *failure->next_seq);
    }
    json_write_close(w);
    buf_text(w->to, "\n");
    return json_end(w, out, NULL);
}

void http_error_fill(const struct request *rq, const struct http_failure *failure,
                     const track_error *err, struct response *rs)
{
    static const char none[] = "{\"error\":{\"code\":\"nomem\",\"message\":\"no memory for the "
                               "answer\",\"hint\":\"send again later\",\"ref\":\"\"}}\n";
    struct http_failure full = *failure;
    full.next_seq = rs->next_seq;
    full.offset = rs->offset;
    full.http = full.http ? full.http : status_http(err->status);
    struct response answer = {
        .http = full.http, .type = "application/json", .allow = rs->allow, .range = rs->range};
    answer.retry_s = status_retry(err->status) && answer.http != 500 ? 1 : 0;
    struct buf *b = request_buf(rq, ERROR_BYTES_MAX);
    struct json_writer w = {.to = b};
    if (!b || error_write(&w, &full, err, &answer.body) != TRACK_OK) {
        answer.body = (struct bytes){(const unsigned char *)none, sizeof(none) - 1};
    }
    *rs = answer;
}
