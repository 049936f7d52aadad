/* track show: everything about one run. */
#include "runs.h"

#include <stdio.h>
#include <string.h>

/* What is shown of a run, from several requests. */
struct shown {
    const char *id;
    const struct json *run, *series, *files, *inputs, *alerts;
};

static track_status get_list(struct cmd *c, const char *id, const char *what,
                             const struct json **out, track_error *err)
{
    const struct json *page;
    const char *name = strncmp(what, "series", 6) == 0 ? "series" : what;
    bool paged = strcmp(what, "files") == 0;
    TRY(api_get(c, api_path(c, "/api/v1/runs/%s/%s%s", id, what, paged ? "?limit=1000" : ""), &page,
                err));
    return json_need_array(page, name, out, err);
}

static track_status get_all(struct cmd *c, struct shown *s, track_error *err)
{
    TRY(api_get_run(c, c->args->operands[0], &s->run, &s->id, err));
    TRY(get_list(c, s->id, "series?flat=1&limit=1000", &s->series, err));
    TRY(get_list(c, s->id, "files", &s->files, err));
    TRY(get_list(c, s->id, "inputs", &s->inputs, err));
    return get_list(c, s->id, "alerts", &s->alerts, err);
}

static track_status print_document(struct cmd *c, const struct shown *s, track_error *err)
{
    static const struct column columns[] = {{"id", "RUN", COLUMN_ID}, {"run", "", 0},
                                            {"series", "", 0},        {"files", "", 0},
                                            {"inputs", "", 0},        {"alerts", "", 0}};
    static const struct table_spec spec = {"run", "run", columns, 6};
    struct cell cells[] = {CELL(CELL_TEXT, text, s->id),     CELL(CELL_JSON, json, s->run),
                           CELL(CELL_JSON, json, s->series), CELL(CELL_JSON, json, s->files),
                           CELL(CELL_JSON, json, s->inputs), CELL(CELL_JSON, json, s->alerts)};
    return print_record(c->print, c->arena, &spec, cells, err);
}

/* What a run was forked from, as fork_from takes it; "" where it was not. */
static const char *fork_text(const struct json *run, struct arena *arena)
{
    const struct json *from = json_find(run, "forked_from");
    const char *id;
    int64_t step;
    char text[80];
    if (!from || from->kind != JSON_KIND_OBJECT || json_need_text(from, "run", &id, NULL) ||
        json_need_int(from, "step", &step, NULL)) {
        return "";
    }
    int size = snprintf(text, sizeof(text), "%.40s?step=%lld", id, (long long)step);
    const char *copy = arena_text(arena, text, (size_t)size);
    return copy ? copy : "";
}

/* The step of the newest rewind. */
static struct cell rewind_cell(const struct json *run)
{
    const struct json *rewinds = json_find(run, "rewinds");
    return rewinds && rewinds->kind == JSON_KIND_ARRAY && rewinds->count
               ? cell_member(&rewinds->items[0], "step", CELL_COUNT)
               : (struct cell){0};
}

static track_status print_attributes(struct cmd *c, const struct shown *s, track_error *err)
{
    static const struct column columns[] = {{"id", "Run", COLUMN_ID},
                                            {"name", "Name", 0},
                                            {"project", "Project", 0},
                                            {"status", "Status", 0},
                                            {"exit_code", "Exit code", 0},
                                            {"signal", "Signal", 0},
                                            {"started_us", "Started", 0},
                                            {"ended_us", "Ended", 0},
                                            {"duration_us", "Duration", 0},
                                            {"kind", "Kind", 0},
                                            {"user", "User", 0},
                                            {"host", "Host", 0},
                                            {"client", "Logged by", 0},
                                            {"parent", "Parent", 0},
                                            {"forked_from", "Forked from", 0},
                                            {"rewound_to", "Rewound to step", 0},
                                            {"deleted_us", "In the trash since", 0},
                                            {"note", "Notes", 0}};
    static const struct table_spec spec = {"run", "run", columns, 18};
    const struct json *r = s->run;
    int64_t took = runs_duration_us(r, c->now_us);
    struct cell cells[] = {
        CELL(CELL_TEXT, text, s->id),
        cell_member(r, "name", CELL_TEXT),
        cell_member(r, "project", CELL_TEXT),
        cell_member(r, "state", CELL_STATE),
        cell_member(r, "exit_code", CELL_INT),
        cell_member(r, "signal", CELL_INT),
        cell_member(r, "started_us", CELL_MOMENT),
        cell_member(r, "ended_us", CELL_MOMENT),
        took < 0 ? (struct cell){0} : CELL(CELL_DURATION, number, took),
        cell_text(runs_text(r, "kind")),
        cell_text(runs_text(r, "user")),
        cell_text(runs_text(r, "host")),
        cell_text(runs_text(r, "client")),
        cell_text(runs_text(r, "parent")),
        cell_text(fork_text(r, c->arena)),
        rewind_cell(r),
        cell_member(r, "deleted_us", CELL_MOMENT),
        cell_text(runs_text(r, "note")),
    };
    return print_record(c->print, c->arena, &spec, cells, err);
}

static track_status heading(struct cmd *c, const char *text, uint32_t count)
{
    const char *on = c->print->colour ? "\033[1m" : "", *off = c->print->colour ? "\033[0m" : "";
    if (c->print->mode == PRINT_TABLE) {
        print_line(c->print, "\n%s%s%s (%u)", on, text, off, (unsigned)count);
    }
    return TRACK_OK;
}

/* Prints the members of an object, as "param lr 3e-4" in tab-separated output. */
static track_status print_members(struct cmd *c, const struct json *object, const char *title,
                                  const char *noun, track_error *err)
{
    const struct column columns[] = {{"kind", "KIND", COLUMN_HIDDEN},
                                     {"key", "KEY", COLUMN_ID | COLUMN_CUT},
                                     {"value", "VALUE", COLUMN_CUT}};
    const struct table_spec spec = {noun, noun, columns, 3};
    struct table t;
    if (!object || object->count == 0) {
        return TRACK_OK;
    }
    TRY(heading(c, title, object->count));
    TRY(table_init(&t, c->print, c->arena, &spec, err));
    for (uint32_t i = 0; i < object->count; i++) {
        const struct json *v = &object->items[i];
        struct cell cells[] = {CELL(CELL_TEXT, text, noun), CELL(CELL_TEXT, text, v->name),
                               cell_text(v->kind == JSON_KIND_TEXT ? v->text : "")};
        TRY(table_add(&t, cells, err));
    }
    return table_write(&t, err);
}

/* Prints columns of a list of objects. */
static track_status print_list(struct cmd *c, const struct json *list, const char *title,
                               const struct table_spec *spec, const enum cell_kind *kinds,
                               track_error *err)
{
    struct table t;
    if (list->count == 0) {
        return TRACK_OK;
    }
    TRY(heading(c, title, list->count));
    TRY(table_init(&t, c->print, c->arena, spec, err));
    for (uint32_t i = 0; i < list->count; i++) {
        struct cell cells[8];
        for (size_t j = 0; j < spec->count && j < 8; j++) {
            cells[j] = cell_member(&list->items[i], spec->columns[j].name, kinds[j]);
        }
        TRY(table_add(&t, cells, err));
    }
    return table_write(&t, err);
}

static track_status print_lists(struct cmd *c, const struct shown *s, track_error *err)
{
    static const struct column series[] = {{"key", "METRIC", COLUMN_ID | COLUMN_CUT},
                                           {"n", "POINTS", COLUMN_RIGHT},
                                           {"last", "LAST", COLUMN_RIGHT},
                                           {"last_step", "STEP", COLUMN_RIGHT},
                                           {"min", "MIN", COLUMN_RIGHT},
                                           {"max", "MAX", COLUMN_RIGHT}};
    static const enum cell_kind series_kinds[] = {CELL_TEXT,  CELL_COUNT, CELL_REAL,
                                                  CELL_COUNT, CELL_REAL,  CELL_REAL};
    static const struct column files[] = {{"path", "FILE", COLUMN_ID | COLUMN_CUT},
                                          {"size", "SIZE", COLUMN_RIGHT},
                                          {"digest", "SHA-256", COLUMN_CUT}};
    static const struct column inputs[] = {{"name", "INPUT", COLUMN_ID | COLUMN_CUT},
                                           {"size", "SIZE", COLUMN_RIGHT},
                                           {"digest", "SHA-256", COLUMN_CUT}};
    static const enum cell_kind file_kinds[] = {CELL_TEXT, CELL_BYTES, CELL_TEXT};
    static const struct column alerts[] = {{"level", "LEVEL", 0},
                                           {"title", "ALERT", COLUMN_ID | COLUMN_CUT},
                                           {"count", "TIMES", COLUMN_RIGHT},
                                           {"last_us", "LAST", COLUMN_RIGHT}};
    static const enum cell_kind alert_kinds[] = {CELL_TEXT, CELL_TEXT, CELL_COUNT, CELL_TIME};
    static const struct table_spec specs[] = {{"series", "series", series, 6},
                                              {"files", "file", files, 3},
                                              {"inputs", "input", inputs, 3},
                                              {"alerts", "alert", alerts, 4}};
    TRY(print_list(c, s->series, "Metrics", &specs[0], series_kinds, err));
    TRY(print_list(c, s->files, "Files", &specs[1], file_kinds, err));
    TRY(print_list(c, s->inputs, "Inputs", &specs[2], file_kinds, err));
    return print_list(c, s->alerts, "Alerts", &specs[3], alert_kinds, err);
}

track_status cmd_show(struct cmd *c, track_error *err)
{
    struct shown s = {0};
    TRY(get_all(c, &s, err));
    if (c->print->mode != PRINT_TABLE && c->print->mode != PRINT_TSV) {
        return print_document(c, &s, err);
    }
    TRY(print_attributes(c, &s, err));
    if (c->print->fields) {
        return TRACK_OK;
    }
    TRY(print_members(c, json_find(s.run, "params"), "Parameters", "param", err));
    TRY(print_members(c, json_find(s.run, "tags"), "Tags", "tag", err));
    return print_lists(c, &s, err);
}
