/* runs - a search for runs, page after page.
 *
 * Uses: api.
 */
#ifndef CLIENT_RUNS_H
#define CLIENT_RUNS_H
#include "api.h"

struct runs_query {
    const char *project;        /* ref; NULL for every project */
    const char *filter;         /* NULL for every run */
    const char *order;          /* as the API wants it; NULL: newest first */
    const char *const *columns; /* [column_count], as the API wants them */
    size_t column_count;
    int64_t limit; /* 0: all */
    bool deleted;  /* the trash instead */
};

typedef track_status runs_row(struct cmd *c, const struct json *run, void *data, track_error *err);

/* Fills project, filter and the trash from the command's options.
 *
 *   filter  NULL or "" for every run.
 *
 * As api_get_project_ref.
 */
track_status runs_fill(struct cmd *c, const char *filter, struct runs_query *out, track_error *err);

/* Calls row for each run of the search, in order, until the limit.
 *
 *   more  there are others behind the limit; may be NULL.
 *
 * TRACK_INVALID  a faulty filter or order; err shows it with a caret.  Others as api_send, and what
 *                row returns.
 */
track_status runs_list(struct cmd *c, const struct runs_query *q, runs_row *row, void *data,
                       bool *more, track_error *err);

/* How many runs there are without the limit.  Statuses as runs_list. */
track_status runs_count(struct cmd *c, const struct runs_query *q, int64_t *out, track_error *err);

/* The last eight digits of an id, as the command and the pages show it. */
const char *runs_short_id(const char *id);

/* A member of a reply; "" or `otherwise` when it is absent, null or of another kind. */
const char *runs_text(const struct json *object, const char *name);
int64_t runs_int(const struct json *object, const char *name, int64_t otherwise);

/* How long the run took or has been running, in us; -1 when it has not started. */
int64_t runs_duration_us(const struct json *run, int64_t now_us);
#endif
