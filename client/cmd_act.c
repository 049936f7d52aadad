/* track finish, stop, rm, restore: one request for each run that is named. */
#include "runs.h"

#include <stdio.h>
#include <string.h>

/* Rows of what was done. */
struct act {
    struct table table;
    const char *method, *verb; /* verb: end of the path, "" for none */
    const char *state;         /* of a body; NULL for no body */
    bool dry_run;
};

static track_status act_init(struct act *a, struct cmd *c, track_error *err)
{
    static const struct column columns[] = {{"id", "RUN", COLUMN_ID},
                                            {"name", "NAME", COLUMN_CUT},
                                            {"status", "STATUS", 0},
                                            {"open_writers", "OPEN WRITERS", COLUMN_RIGHT}};
    static const struct table_spec spec = {"runs", "run", columns, 4};
    return table_init(&a->table, c->print, c->arena, &spec, err);
}

static track_status act_one(struct cmd *c, const char *ref, void *data, track_error *err)
{
    struct act *a = data;
    const struct json *run, *reply = NULL;
    const char *id;
    AUTO_BODY body;
    api_body_init(&body);
    TRY(api_get_run(c, ref, &run, &id, err));
    if (a->state) {
        json_write_object(&body.writer, NULL);
        json_write_text(&body.writer, "state", a->state);
        json_write_close(&body.writer);
    }
    struct api_send send = {a->method, api_path(c, "/api/v1/runs/%s%s", id, a->verb),
                            a->state ? &body : NULL};
    if (!a->dry_run) {
        TRY(api_send(c, &send, &reply, err));
    }
    const struct json *open = json_find(reply, "open");
    struct cell cells[] = {CELL(CELL_TEXT, text, id), cell_member(run, "name", CELL_TEXT),
                           cell_member(reply ? reply : run, "state", CELL_STATE),
                           open && open->count ? CELL(CELL_COUNT, number, open->count)
                                               : (struct cell){0}};
    cells[0].shown = runs_short_id(id);
    return table_add(&a->table, cells, err);
}

static track_status act_all(struct cmd *c, struct act *a, track_error *err)
{
    TRY(act_init(a, c, err));
    track_status status = api_each_operand(c, act_one, a, err);
    if (a->table.row_count == 0 && status != TRACK_OK) {
        return status;
    }
    track_error why = {0};
    if (table_write(&a->table, &why) != TRACK_OK && status == TRACK_OK) {
        return FAIL(err, why.status, "%s", why.message);
    }
    return status;
}

track_status cmd_finish(struct cmd *c, track_error *err)
{
    const char *state = args_find(c->args, "state");
    struct act a = {.method = "POST", .verb = "/finish", .state = state ? state : "finished"};
    return act_all(c, &a, err);
}

track_status cmd_stop(struct cmd *c, track_error *err)
{
    struct act a = {.method = "POST", .verb = "/stop"};
    return act_all(c, &a, err);
}

track_status cmd_restore(struct cmd *c, track_error *err)
{
    struct act a = {.method = "POST", .verb = "/restore"};
    return act_all(c, &a, err);
}

track_status cmd_rm(struct cmd *c, track_error *err)
{
    struct act a = {.method = "DELETE", .verb = "", .dry_run = args_has(c->args, "dry-run")};
    size_t count = c->args->operand_count;
    char question[64];
    snprintf(question, sizeof(question), "Move %zu run%s to the trash?", count,
             count == 1 ? "" : "s");
    if (!a.dry_run && !args_has(c->args, "yes") && !print_ask(c->print, question)) {
        return FAIL(err, TRACK_INVALID, "rm: not confirmed, nothing was moved; --yes does not ask");
    }
    return act_all(c, &a, err);
}
