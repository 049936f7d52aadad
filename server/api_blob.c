#include "api_blob.h"

#include "../core/hash.h"
#include "api_parse.h"
#include "render.h"

#include <string.h>

/* A digest of the path or of a document. */
static track_status digest_parse(const struct request *rq, const char *text, struct bytes *out,
                                 track_error *err)
{
    *out = parse_hex(rq, text, DIGEST_BYTES);
    return out->at
               ? TRACK_OK
               : FAIL(err, TRACK_INVALID, "'%.70s' is no digest: 64 lower-case hex digits", text);
}

static track_status missing_parse(const struct request *rq, struct bytes **out, size_t *count,
                                  track_error *err)
{
    static const char *const names[] = {"blobs", NULL}, *const item_names[] = {"digest", "size",
                                                                               NULL};
    const struct json *body, *list;
    int64_t size;
    TRY(parse_body(rq, names, &body, err));
    TRY(json_need_array(body, "blobs", &list, err));
    struct bytes *digests = ARENA_ARRAY(rq->arena, struct bytes, list->count);
    if (!digests) {
        return FAIL(err, TRACK_NOMEM, "no room for %u digests", list->count);
    }
    if (list->count > BLOB_LIST_MAX) {
        return JSON_FAIL(err, list, "%u blobs, at most %d at once", list->count, BLOB_LIST_MAX);
    }
    for (size_t i = 0; i < list->count; i++) {
        const char *text;
        const struct json *item = &list->items[i];
        TRY(json_check_object(item, item_names, err));
        TRY(json_need_text(item, "digest", &text, err));
        TRY(json_need_int_in(item, "size", (struct json_range){0, BLOB_BYTES_MAX}, &size, err));
        TRY(digest_parse(rq, text, &digests[i], err));
    }
    *out = digests;
    *count = list->count;
    return TRACK_OK;
}

track_status api_blob_missing(struct app *app, struct request *rq, struct response *rs,
                              track_error *err)
{
    struct bytes *digests = NULL;
    size_t count = 0, found = 0;
    struct json_writer w;
    TRY(missing_parse(rq, &digests, &count, err));
    size_t *at = ARENA_ARRAY(rq->arena, size_t, count);
    if (!at) {
        return FAIL(err, TRACK_NOMEM, "no room for %zu digests", count);
    }
    if (count > 0) {
        TRY(store_blob_missing(app->store, digests, count, at, &found, err));
    }
    TRY(render_begin(rq, &w, err));
    json_write_object(&w, NULL);
    json_write_array(&w, "missing");
    for (size_t i = 0; i < found; i++) {
        render_hex(&w, NULL, digests[at[i]]);
    }
    json_write_close(&w);
    json_write_close(&w);
    return render_end(&w, rs, err);
}

/* An upload on its way; kept in rq->upload. */
struct sending {
    struct upload *upload;
    struct bytes digest;
};

static void sending_release(void *data)
{
    struct sending *s = data;
    store_upload_release(s->upload);
}

static track_status receive_begin(struct app *app, struct request *rq, track_error *err)
{
    const char *text;
    struct upload_want want = {.size = (int64_t)rq->length_bytes, .now_us = rq->now_us};
    struct sending *s = ARENA_NEW(rq->arena, struct sending);
    if (!s || !arena_defer(rq->arena, sending_release, s)) {
        return FAIL(err, TRACK_NOMEM, "no room for an upload");
    }
    TRY(parse_param(rq, 0, &text, err));
    TRY(digest_parse(rq, text, &want.digest, err));
    TRY(store_upload_begin(app->store, &want, &s->upload, err));
    s->digest = want.digest;
    rq->upload = s;
    return TRACK_OK;
}

track_status api_blob_receive(struct app *app, struct request *rq, struct bytes part,
                              track_error *err)
{
    struct sending *s = rq->upload;
    return s ? store_upload_part(s->upload, part, err) : receive_begin(app, rq, err);
}

track_status api_blob_put(struct app *app, struct request *rq, struct response *rs,
                          track_error *err)
{
    (void)app;
    struct sending *s = rq->upload;
    struct upload_end *call = CALL_NEW(rq, rs, struct upload_end);
    if (!call) {
        return FAIL(err, TRACK_NOMEM, "no room for an upload");
    }
    return store_upload_end(s->upload, call, err);
}

track_status api_blob_stored(struct app *app, const struct request *rq, const struct ticket *ticket,
                             struct response *rs, track_error *err)
{
    (void)app, (void)ticket;
    const struct sending *s = rq->upload;
    struct json_writer w;
    TRY(render_begin(rq, &w, err));
    json_write_object(&w, NULL);
    render_hex(&w, "digest", s->digest);
    json_write_int(&w, "size", (int64_t)rq->length_bytes);
    json_write_close(&w);
    return render_end(&w, rs, err);
}

track_status api_blob_get(struct app *app, struct request *rq, struct response *rs,
                          track_error *err)
{
    const char *text;
    struct bytes digest;
    struct blob blob;
    TRY(parse_param(rq, 0, &text, err));
    TRY(digest_parse(rq, text, &digest, err));
    TRY(store_blob_get(app->store, digest, rq->arena, &blob, err));
    return blob_answer(app, rq, &blob, NULL, rs, err);
}
