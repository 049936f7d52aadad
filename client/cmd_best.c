/* track best: the runs with the best value of a metric. */
#include "runs.h"

#include <stdio.h>
#include <string.h>

enum { LIMIT_DEFAULT = 10 };

static track_status add_run(struct cmd *c, const struct json *run, void *data, track_error *err)
{
    struct table *t = data;
    const struct json *values = json_find(run, "values");
    const struct json *best = values && values->count > 0 ? &values->items[0] : NULL;
    if (!best || best->kind != JSON_KIND_OBJECT) {
        return TRACK_OK; /* sorted behind the runs that have the metric */
    }
    struct cell id = cell_member(run, "id", CELL_TEXT);
    id.shown = id.kind ? runs_short_id(id.text) : NULL;
    struct cell cells[] = {id,
                           cell_member(run, "name", CELL_TEXT),
                           cell_member(best, "value", CELL_REAL),
                           cell_member(best, "step", CELL_COUNT),
                           cell_member(best, "how", CELL_TEXT),
                           cell_member(run, "state", CELL_STATE),
                           cell_member(run, "ended_us", CELL_TIME),
                           cell_member(run, "project", CELL_TEXT)};
    (void)c;
    return table_add(t, cells, err);
}

/* A key as the filter language quotes it. */
static const char *quote(struct cmd *c, const char *key)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-";
    return strspn(key, plain) == strlen(key) ? key : api_path(c, "`%s`", key);
}

track_status cmd_best(struct cmd *c, track_error *err)
{
    static const struct column columns[] = {{"id", "RUN", COLUMN_ID},
                                            {"name", "NAME", COLUMN_CUT},
                                            {"value", "VALUE", COLUMN_RIGHT},
                                            {"step", "STEP", COLUMN_RIGHT},
                                            {"how", "BEST IS", 0},
                                            {"status", "STATUS", 0},
                                            {"ended_us", "ENDED", COLUMN_RIGHT | COLUMN_HIDDEN},
                                            {"project", "PROJECT", COLUMN_HIDDEN}};
    static const struct table_spec spec = {"best", "best_run", columns, 8};
    const char *key = c->args->operands[0];
    const char *filter = c->args->operand_count > 1 ? c->args->operands[1] : NULL;
    bool max = args_has(c->args, "max"), min = args_has(c->args, "min");
    struct runs_query q;
    struct table t;
    if (max && min) {
        return FAIL(err, TRACK_INVALID, "best: --max and --min exclude each other");
    }
    TRY(runs_fill(c, filter, &q, err));
    q.limit = LIMIT_DEFAULT;
    TRY(args_get_int(c->args, "limit", (int64_t[]){1, 1000000}, &q.limit, err));
    const char *word = max ? "max" : min ? "min" : "best", *quoted = quote(c, key);
    const char *column = quoted ? api_path(c, "%s(%s)", word, quoted) : NULL;
    q.order = column ? api_path(c, "%s%s", max ? "-" : "", column) : NULL;
    if (!q.order) {
        return FAIL(err, TRACK_NOMEM, "a query");
    }
    q.columns = &column;
    q.column_count = 1;
    TRY(table_init(&t, c->print, c->arena, &spec, err));
    TRY(runs_list(c, &q, add_run, &t, NULL, err));
    if (t.row_count == 0) {
        return FAIL(err, TRACK_NOT_FOUND, "no run%s has the metric \"%.120s\"",
                    filter ? " of the filter" : "", key);
    }
    return table_write(&t, err);
}
