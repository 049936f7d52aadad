/* render - what handlers answer: JSON of the nouns in schema/openapi.yaml.
 *
 * Uses: json, route, store.
 */
#ifndef SERVER_RENDER_H
#define SERVER_RENDER_H
#include "../core/json.h"
#include "app.h"
#include "store_run.h"

enum { RENDER_BYTES_MAX = 64 << 20 };

/* Begins a document of at most RENDER_BYTES_MAX bytes that lives as long as the request.
 *
 * TRACK_NOMEM  the arena's limit.
 */
track_status render_begin(const struct request *rq, struct json_writer *out, track_error *err);

/* Ends it and makes it the body.
 *
 * The statuses of json_end.
 */
track_status render_end(struct json_writer *w, struct response *rs, track_error *err);

/* {"ok": true} */
track_status render_done(const struct request *rq, struct response *rs, track_error *err);

/* Members that may be unset: 0 is null. */
void render_us(struct json_writer *w, const char *name, int64_t us);

/* Members created_us to deleted_us of a run. */
void render_times(struct json_writer *w, const struct run *run);

/* Bytes as hex digits. */
void render_hex(struct json_writer *w, const char *name, struct bytes bytes);

/* A number as 16 hex digits: series ids and versions. */
void render_number(struct json_writer *w, const char *name, uint64_t number);

/* The cursor of the next page: `place` as parse_cursor gives it back; NULL: the last page. */
void render_next(struct json_writer *w, const char *place);

/* The same as text for a header; *out is NULL on the last page. */
track_status render_cursor(const struct request *rq, const char *place, const char **out,
                           track_error *err);

/* Members goal and unit of a metric, by its definition or the first glob that fits. */
struct metric_def_list;
void render_meaning(struct json_writer *w, const struct metric_def_list *defs, const char *key);

/* How URLs spell a project. */
void render_project_ref(struct json_writer *w, const char *name, const char *project,
                        int64_t number);

/* A project, as one value. */
void render_project(struct json_writer *w, const char *name, const struct project *project);

/* Members projects and next of a page of projects. */
track_status render_projects(struct app *app, const struct request *rq,
                             const struct project_page *page, struct json_writer *w,
                             track_error *err);

/* A run with its params and tags, read from the store, as one value. */
struct render_name {
    const char *id;     /* of the run */
    const char *member; /* name of the value in an object; NULL elsewhere */
};
track_status render_run_value(struct app *app, const struct request *rq,
                              const struct render_name *what, struct json_writer *w,
                              track_error *err);

/* The same as the whole answer.
 *
 * The statuses of store_run_get and render_end.
 */
track_status render_run(struct app *app, const struct request *rq, const char *id,
                        struct response *rs, track_error *err);
#endif
