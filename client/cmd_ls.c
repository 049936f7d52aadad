/* track ls: runs, projects, metrics. */
#include "runs.h"

#include <stdio.h>
#include <string.h>

enum { LIMIT_DEFAULT = 50, ASKED_MAX = 100 };

/* An attribute of a run, as --cols names it, and where the reply has it. */
struct attribute {
    const char *name;
    struct column column;
    const char *member;
    enum cell_kind kind;
};

static const struct attribute attributes[] = {
    {"id", {"id", "RUN", COLUMN_ID}, "id", CELL_TEXT},
    {"name", {"name", "NAME", COLUMN_CUT}, "name", CELL_TEXT},
    {"status", {"status", "STATUS", 0}, "state", CELL_STATE},
    {"started", {"started_us", "STARTED", COLUMN_RIGHT}, "started_us", CELL_TIME},
    {"duration", {"duration_us", "DURATION", COLUMN_RIGHT}, NULL, CELL_DURATION},
    {"project", {"project", "PROJECT", COLUMN_CUT}, "project", CELL_TEXT},
    {"ended", {"ended_us", "ENDED", COLUMN_RIGHT}, "ended_us", CELL_TIME},
    {"created", {"created_us", "CREATED", COLUMN_RIGHT}, "created_us", CELL_TIME},
    {"seen", {"seen_us", "SEEN", COLUMN_RIGHT}, "seen_us", CELL_TIME},
    {"deleted", {"deleted_us", "DELETED", COLUMN_RIGHT}, "deleted_us", CELL_TIME},
    {"kind", {"kind", "KIND", 0}, "kind", CELL_TEXT},
    {"user", {"user", "USER", 0}, "user", CELL_TEXT},
    {"host", {"host", "HOST", COLUMN_CUT}, "host", CELL_TEXT},
    {"tags", {"tags", "TAGS", COLUMN_CUT}, "labels", CELL_JSON},
    {NULL, {0}, NULL, CELL_NONE},
};

/* What is shown of a run: attributes, and values that are asked for. */
struct list {
    struct table table;
    const struct attribute *shown[TABLE_COLUMNS_MAX]; /* [count]; NULL: a value */
    size_t first_asked[TABLE_COLUMNS_MAX];            /* of a value: its places in asked */
    size_t last_asked[TABLE_COLUMNS_MAX];
    struct column columns[TABLE_COLUMNS_MAX];
    size_t count;
    const char *asked[ASKED_MAX];
    size_t asked_count;
};

static const struct attribute *attribute_named(const char *name)
{
    for (const struct attribute *a = attributes; a->name; a++) {
        if (strcmp(a->name, name) == 0) {
            return a;
        }
    }
    return NULL;
}

static track_status add_attribute(struct list *l, const struct attribute *a, unsigned flags,
                                  track_error *err)
{
    if (l->count == TABLE_COLUMNS_MAX) {
        return FAIL(err, TRACK_TOO_LARGE, "over %d columns", TABLE_COLUMNS_MAX);
    }
    l->shown[l->count] = a;
    l->columns[l->count] = a->column;
    l->columns[l->count++].flags |= flags;
    return TRACK_OK;
}

/* Asks the server for one more value of each run. */
static track_status ask(struct cmd *c, struct list *l, const char *format, const char *a,
                        const char *b, track_error *err)
{
    size_t size = strlen(a) + strlen(b) + 16;
    char *text = arena_alloc(c->arena, size, 1);
    if (!text || l->asked_count == ASKED_MAX) {
        return FAIL(err, text ? TRACK_TOO_LARGE : TRACK_NOMEM, "over %d columns", ASKED_MAX);
    }
    snprintf(text, size, "%s%s%s%s", a, format[0] ? "(" : "", b, format[0] ? ")" : "");
    l->asked[l->asked_count++] = text;
    return TRACK_OK;
}

/* The part behind the last colon, if it is a function of metrics. */
static const char *function_of(const char *name)
{
    static const char *const functions[] = {"best", "min", "max", "first", "last", "mean", "count"};
    const char *colon = strrchr(name, ':');
    for (size_t i = 0; colon && i < sizeof(functions) / sizeof(functions[0]); i++) {
        if (strcmp(colon + 1, functions[i]) == 0) {
            return functions[i];
        }
    }
    return NULL;
}

static bool has_prefix(const char *name)
{
    return strncmp(name, "params.", 7) == 0 || strncmp(name, "tags.", 5) == 0 ||
           strncmp(name, "metrics.", 8) == 0;
}

/* A column that is no attribute: with a function a metric, else what the prefix says, else a
 * parameter or a metric, whichever the run has. */
static track_status add_value(struct cmd *c, struct list *l, const char *name, track_error *err)
{
    const char *function = function_of(name);
    size_t at = l->count, size = strlen(name);
    if (at == TABLE_COLUMNS_MAX) {
        return FAIL(err, TRACK_TOO_LARGE, "over %d columns", TABLE_COLUMNS_MAX);
    }
    l->first_asked[at] = l->asked_count;
    if (function) {
        const char *key = arena_text(c->arena, name, size - strlen(function) - 1);
        TRY(ask(c, l, "()", function, key ? key : "", err));
    } else if (has_prefix(name)) {
        TRY(ask(c, l, "", name, "", err));
    } else {
        TRY(ask(c, l, "", "params.", name, err));
        TRY(ask(c, l, "", "metrics.", name, err));
    }
    l->last_asked[at] = l->asked_count - 1;
    char *title = arena_text(c->arena, name, size);
    if (!title) {
        return FAIL(err, TRACK_NOMEM, "a column");
    }
    for (char *p = title; *p; p++) {
        *p = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
    }
    l->columns[at] = (struct column){name, title, COLUMN_RIGHT};
    l->count++;
    return TRACK_OK;
}

static track_status add_columns(struct cmd *c, struct list *l, const char *cols, track_error *err)
{
    TRY(add_attribute(l, &attributes[0], 0, err));
    while (*cols) {
        size_t size = strcspn(cols, ",");
        const char *name = arena_text(c->arena, cols, size);
        const struct attribute *a = name ? attribute_named(name) : NULL;
        if (!name || size == 0) {
            return FAIL(err, TRACK_INVALID, "ls: --cols has an empty name: \"%.80s\"", cols);
        }
        if (a != &attributes[0]) {
            TRY(a ? add_attribute(l, a, 0, err) : add_value(c, l, name, err));
        }
        cols += size + (cols[size] == ',');
    }
    return TRACK_OK;
}

/* The other attributes: in JSON always, in a table when --fields names them. */
static track_status add_hidden(struct list *l, track_error *err)
{
    size_t chosen = l->count;
    for (const struct attribute *a = attributes; a->name; a++) {
        bool shown = false;
        for (size_t i = 0; i < chosen; i++) {
            shown = shown || l->shown[i] == a;
        }
        if (!shown) {
            TRY(add_attribute(l, a, COLUMN_HIDDEN, err));
        }
    }
    return TRACK_OK;
}

/* Tags without a value, joined for people. */
static struct cell labels_cell(struct cmd *c, const struct json *run)
{
    struct cell cell = cell_member(run, "labels", CELL_JSON);
    AUTO_BUF text = BUF(64 * 1024);
    struct bytes out;
    for (uint32_t i = 0; cell.kind && i < cell.json->count; i++) {
        buf_text(&text, i ? " " : "");
        buf_text(&text, cell.json->items[i].kind == JSON_KIND_TEXT ? cell.json->items[i].text : "");
    }
    if (buf_end(&text, &out, NULL) == TRACK_OK) {
        cell.shown = arena_text(c->arena, (const char *)out.at, out.size);
    }
    return cell;
}

static struct cell attribute_cell(struct cmd *c, const struct json *run, const struct attribute *a)
{
    if (!a->member) {
        int64_t us = runs_duration_us(run, c->now_us);
        return us < 0 ? (struct cell){0} : CELL(CELL_DURATION, number, us);
    }
    if (a->kind == CELL_JSON) {
        return labels_cell(c, run);
    }
    struct cell cell = cell_member(run, a->member, a->kind);
    if (a == &attributes[0] && cell.kind == CELL_TEXT) {
        cell.shown = runs_short_id(cell.text);
    }
    return cell;
}

static struct cell value_cell(const struct list *l, const struct json *run, size_t column)
{
    const struct json *values = json_find(run, "values");
    for (size_t i = l->first_asked[column]; values && i <= l->last_asked[column]; i++) {
        const struct json *v = i < values->count ? &values->items[i] : NULL;
        if (v && v->kind == JSON_KIND_TEXT) {
            return CELL(CELL_TEXT, text, v->text);
        }
        if (v && v->kind == JSON_KIND_OBJECT) {
            return CELL(CELL_METRIC, json, v);
        }
    }
    return (struct cell){0};
}

static track_status add_run(struct cmd *c, const struct json *run, void *data, track_error *err)
{
    struct list *l = data;
    struct cell cells[TABLE_COLUMNS_MAX];
    for (size_t i = 0; i < l->count; i++) {
        cells[i] = l->shown[i] ? attribute_cell(c, run, l->shown[i]) : value_cell(l, run, i);
    }
    return table_add(&l->table, cells, err);
}

/* --sort KEY[:asc|:desc] as the API wants it: -KEY descends. */
static track_status order_of(struct cmd *c, const char **out, track_error *err)
{
    const char *sort = args_find(c->args, "sort");
    const char *colon = sort ? strrchr(sort, ':') : NULL;
    *out = sort;
    if (colon && strcmp(colon, ":asc") == 0) {
        *out = api_path(c, "%.*s", (int)(colon - sort), sort);
    } else if (colon && strcmp(colon, ":desc") == 0) {
        *out = api_path(c, "-%.*s", (int)(colon - sort), sort);
    }
    return sort && !*out ? FAIL(err, TRACK_NOMEM, "--sort") : TRACK_OK;
}

static track_status list_runs(struct cmd *c, const char *filter, track_error *err)
{
    const char *cols = args_find(c->args, "cols");
    struct list *l = ARENA_NEW(c->arena, struct list);
    struct runs_query q;
    bool more = false;
    if (!l) {
        return FAIL(err, TRACK_NOMEM, "a list");
    }
    TRY(runs_fill(c, filter, &q, err));
    q.limit = LIMIT_DEFAULT;
    TRY(args_get_int(c->args, "limit", (int64_t[]){0, 1000000}, &q.limit, err));
    TRY(order_of(c, &q.order, err));
    TRY(add_columns(c, l, cols ? cols : "name,status,started,duration", err));
    TRY(add_hidden(l, err));
    q.columns = l->asked;
    q.column_count = l->asked_count;
    struct table_spec spec = {"runs", "run", l->columns, l->count};
    TRY(table_init(&l->table, c->print, c->arena, &spec, err));
    TRY(runs_list(c, &q, add_run, l, &more, err));
    TRY(table_write(&l->table, err));
    if (c->print->mode == PRINT_TABLE) {
        int64_t total = (int64_t)l->table.row_count; /* counted when the rows are out */
        TRY(more ? runs_count(c, &q, &total, err) : TRACK_OK);
        print_say(c->print, "%zu of %lld runs", l->table.row_count, (long long)total);
    }
    return TRACK_OK;
}

/* The next page's cursor, percent-encoded; NULL at the end. */
static const char *cursor_of(struct cmd *c, const struct json *page)
{
    const char *next = runs_text(page, "next");
    return *next ? api_encode(c, next) : NULL;
}

static track_status list_projects(struct cmd *c, track_error *err)
{
    static const struct column columns[] = {{"name", "PROJECT", COLUMN_ID | COLUMN_CUT},
                                            {"runs", "RUNS", COLUMN_RIGHT},
                                            {"running", "RUNNING", COLUMN_RIGHT},
                                            {"last_us", "LAST ACTIVITY", COLUMN_RIGHT},
                                            {"ref", "REF", COLUMN_HIDDEN},
                                            {"created_us", "CREATED", COLUMN_HIDDEN},
                                            {"note", "NOTE", COLUMN_HIDDEN | COLUMN_CUT}};
    static const struct table_spec spec = {"projects", "project", columns, 7};
    struct table t;
    const char *cursor = "";
    TRY(table_init(&t, c->print, c->arena, &spec, err));
    while (cursor) {
        const struct json *page, *list;
        TRY(api_get(
            c, api_path(c, "/api/v1/projects?limit=1000%s%s", *cursor ? "&cursor=" : "", cursor),
            &page, err));
        TRY(json_need_array(page, "projects", &list, err));
        for (uint32_t i = 0; i < list->count; i++) {
            const struct json *p = &list->items[i];
            struct cell cells[] = {
                cell_member(p, "name", CELL_TEXT),     cell_member(p, "runs", CELL_COUNT),
                cell_member(p, "running", CELL_COUNT), cell_member(p, "last_us", CELL_TIME),
                cell_member(p, "ref", CELL_TEXT),      cell_member(p, "created_us", CELL_MOMENT),
                cell_member(p, "note", CELL_TEXT)};
            TRY(table_add(&t, cells, err));
        }
        cursor = cursor_of(c, page);
    }
    return table_write(&t, err);
}

static track_status add_series(struct table *t, const struct json *s, track_error *err)
{
    struct cell cells[] = {
        cell_member(s, "key", CELL_TEXT),      cell_member(s, "n", CELL_COUNT),
        cell_member(s, "last", CELL_REAL),     cell_member(s, "min", CELL_REAL),
        cell_member(s, "max", CELL_REAL),      cell_member(s, "last_step", CELL_COUNT),
        cell_member(s, "goal", CELL_TEXT),     cell_member(s, "unit", CELL_TEXT),
        cell_member(s, "context", CELL_TEXT),  cell_member(s, "bad", CELL_COUNT),
        cell_member(s, "min_step", CELL_INT),  cell_member(s, "max_step", CELL_INT),
        cell_member(s, "first_step", CELL_INT)};
    return table_add(t, cells, err);
}

static track_status list_metrics(struct cmd *c, const char *ref, track_error *err)
{
    static const struct column columns[] = {{"key", "METRIC", COLUMN_ID | COLUMN_CUT},
                                            {"points", "POINTS", COLUMN_RIGHT},
                                            {"last", "LAST", COLUMN_RIGHT},
                                            {"min", "MIN", COLUMN_RIGHT},
                                            {"max", "MAX", COLUMN_RIGHT},
                                            {"last_step", "LAST STEP", COLUMN_RIGHT},
                                            {"goal", "GOAL", COLUMN_HIDDEN},
                                            {"unit", "UNIT", COLUMN_HIDDEN},
                                            {"context", "CONTEXT", COLUMN_HIDDEN},
                                            {"bad", "NAN/INF", COLUMN_HIDDEN},
                                            {"min_step", "MIN STEP", COLUMN_HIDDEN},
                                            {"max_step", "MAX STEP", COLUMN_HIDDEN},
                                            {"first_step", "FIRST STEP", COLUMN_HIDDEN}};
    static const struct table_spec spec = {"metrics", "metric", columns, 13};
    struct table t;
    const struct json *run, *page, *list;
    const char *id, *cursor = "";
    TRY(api_get_run(c, ref, &run, &id, err));
    TRY(table_init(&t, c->print, c->arena, &spec, err));
    while (cursor) {
        TRY(api_get(c,
                    api_path(c, "/api/v1/runs/%s/series?flat=1&limit=1000%s%s", id,
                             *cursor ? "&cursor=" : "", cursor),
                    &page, err));
        TRY(json_need_array(page, "series", &list, err));
        for (uint32_t i = 0; i < list->count; i++) {
            TRY(add_series(&t, &list->items[i], err));
        }
        cursor = cursor_of(c, page);
    }
    return table_write(&t, err);
}

track_status cmd_ls(struct cmd *c, track_error *err)
{
    const char *const *words = c->args->operands;
    size_t count = c->args->operand_count;
    bool projects = count > 0 && strcmp(words[0], "projects") == 0;
    bool metrics = count > 0 && strcmp(words[0], "metrics") == 0;
    bool runs = count > 0 && strcmp(words[0], "runs") == 0;
    if (projects && count == 1) {
        return list_projects(c, err);
    }
    if (metrics && count == 2) {
        return list_metrics(c, words[1], err);
    }
    if (metrics || projects || (count == 2 && !runs)) {
        return FAIL(err, TRACK_INVALID,
                    "ls: expected: ls [runs] [FILTER], ls projects, "
                    "ls metrics RUN; a filter with blanks needs quotes");
    }
    return list_runs(c, count > 0 ? words[runs ? 1 : 0] : NULL, err);
}
