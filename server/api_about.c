#include "api_about.h"

#include "render.h"

track_status api_health_get(struct app *app, struct request *rq, struct response *rs,
                            track_error *err)
{
    (void)app;
    struct json_writer w;
    TRY(render_begin(rq, &w, err));
    json_write_object(&w, NULL);
    json_write_text(&w, "status", "ok");
    json_write_text(&w, "version", TRACK_VERSION);
    json_write_int(&w, "now_us", rq->now_us);
    json_write_close(&w);
    return render_end(&w, rs, err);
}

track_status api_version_get(struct app *app, struct request *rq, struct response *rs,
                             track_error *err)
{
    (void)app;
    struct json_writer w;
    TRY(render_begin(rq, &w, err));
    json_write_object(&w, NULL);
    json_write_text(&w, "product", "track");
    json_write_text(&w, "version", TRACK_VERSION);
    json_write_int(&w, "api", 1);
    json_write_close(&w);
    return render_end(&w, rs, err);
}
