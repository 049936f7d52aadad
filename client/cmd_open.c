/* track open, version: the address of a page; who is who. */
#include "runs.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

/* The address of a run's page, or of the project's. */
static track_status find_address(struct cmd *c, const char **id, const char **out, track_error *err)
{
    const struct json *run;
    const char *url, *project;
    TRY(api_get_setting(c, "url", &url, err));
    size_t size = strlen(url);
    size -= size > 0 && url[size - 1] == '/';
    *id = "";
    if (c->args->operand_count) {
        TRY(api_get_run(c, c->args->operands[0], &run, id, err));
        project = runs_text(run, "project_ref");
        *out = api_path(c, "%.*s/p/%s/r/%s", (int)size, url, project, runs_short_id(*id));
    } else {
        TRY(api_get_project_ref(c, &project, err));
        *out = api_path(c, "%.*s/p/%s", (int)size, url, project);
    }
    return *out ? TRACK_OK : FAIL(err, TRACK_NOMEM, "an address");
}

/* Starts the desktop's opener; it goes on without us. */
static track_status start_browser(const char *address, track_error *err)
{
    char program[] = "xdg-open", *argv[] = {program, (char *)(uintptr_t)address, NULL};
    posix_spawn_file_actions_t quiet;
    pid_t pid;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&quiet, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    int why = posix_spawnp(&pid, program, &quiet, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&quiet);
    return why == 0
               ? TRACK_OK
               : FAIL(err, TRACK_UNSUPPORTED, "xdg-open: %s; --print only prints", strerror(why));
}

track_status cmd_open(struct cmd *c, track_error *err)
{
    static const struct column columns[] = {{"url", "Address", COLUMN_ID}, {"id", "Run", 0}};
    static const struct table_spec spec = {"address", "address", columns, 2};
    const char *address, *id;
    TRY(find_address(c, &id, &address, err));
    struct cell cells[] = {CELL(CELL_TEXT, text, address), cell_text(id)};
    if (c->print->mode == PRINT_JSON || c->print->mode == PRINT_JSONL) {
        TRY(print_record(c->print, c->arena, &spec, cells, err));
    } else {
        print_line(c->print, "%s", address);
        if (c->print->mode == PRINT_IDS) {
            fprintf(c->print->out, "%s\n", address);
        }
    }
    bool show = c->print->terminal && !args_has(c->args, "print");
    return show ? start_browser(address, err) : print_end(c->print, err);
}

track_status cmd_version(struct cmd *c, track_error *err)
{
    static const struct column columns[] = {{"version", "track", COLUMN_ID},
                                            {"server", "trackd", 0}};
    static const struct table_spec spec = {"version", "version", columns, 2};
    const struct json *reply = NULL;
    if (c->print->verbose) {
        TRY(api_get(c, "/api/v1/version", &reply, err));
    }
    struct cell cells[] = {CELL(CELL_TEXT, text, TRACK_VERSION),
                           cell_text(reply ? runs_text(reply, "version") : NULL)};
    if (c->print->mode != PRINT_TABLE && c->print->mode != PRINT_TSV) {
        return print_record(c->print, c->arena, &spec, cells, err);
    }
    print_line(c->print, "track %s", TRACK_VERSION);
    if (reply) {
        print_line(c->print, "trackd %s", cells[1].text ? cells[1].text : "");
    }
    return print_end(c->print, err);
}
