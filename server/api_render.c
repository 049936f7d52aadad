#include "api_render.h"

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
