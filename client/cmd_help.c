/* track help, man, version. */
#include "cmd.h"
#include "help.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static track_status write_out(struct cmd *c, const struct buf *text, track_error *err)
{
    struct bytes out;
    TRY(buf_end(text, &out, err));
    fwrite(out.at, 1, out.size, c->print->out);
    return print_end(c->print, err);
}

/* The command that help is wanted of; NULL for the list. */
static track_status find_topic(const struct cmd *c, const struct command **out, track_error *err)
{
    const struct args *args = c->args;
    bool after = args_has(args, "help"); /* track NAME --help */
    const char *name = after ? args->command->name : args->operand_count ? args->operands[0] : NULL;
    *out = name ? command_find(name) : NULL;
    if (name && !*out) {
        const char *near = command_suggest(name);
        return FAIL(err, TRACK_INVALID, "no command \"%.60s\"%s%s%s", name,
                    near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    }
    return TRACK_OK;
}

static void add_json_options(struct json_writer *w, const struct command *command)
{
    json_write_array(w, "options");
    for (size_t i = 0; i < OPTIONS_MAX && command->options[i].name; i++) {
        const struct option_row *row = &command->options[i];
        json_write_object(w, NULL);
        json_write_text(w, "name", row->name);
        json_write_text(w, "argument", row->argument);
        json_write_text(w, "default", row->fallback);
        json_write_text(w, "text", row->text);
        json_write_close(w);
    }
    json_write_close(w);
}

static void add_json_command(struct json_writer *w, const struct command *command)
{
    json_write_object(w, NULL);
    json_write_text(w, "name", command->name);
    json_write_text(w, "synopsis", command->synopsis);
    json_write_text(w, "summary", command->summary);
    json_write_text(w, "text", command->text);
    add_json_options(w, command);
    json_write_close(w);
}

static track_status write_json(struct cmd *c, const struct command *topic, track_error *err)
{
    AUTO_BUF text = BUF(HELP_BYTES_MAX);
    struct json_writer w = {.to = &text};
    json_write_object(&w, NULL);
    json_write_text(&w, "schema", "track.help/1");
    json_write_array(&w, "commands");
    for (const struct command *row = command_table; row->name; row++) {
        if (topic ? row == topic : !(row->flags & COMMAND_HIDDEN)) {
            add_json_command(&w, row);
        }
    }
    json_write_close(&w);
    json_write_close(&w);
    buf_byte(&text, '\n');
    TRY(json_end(&w, &(struct bytes){0}, err));
    return write_out(c, &text, err);
}

track_status cmd_help(struct cmd *c, track_error *err)
{
    AUTO_BUF text = BUF(HELP_BYTES_MAX);
    const struct command *topic;
    TRY(find_topic(c, &topic, err));
    if (c->print->mode == PRINT_JSON || c->print->mode == PRINT_JSONL) {
        return write_json(c, topic, err);
    }
    if (topic) {
        help_write_command(topic, &text);
    } else {
        help_write_list(&text);
    }
    return write_out(c, &text, err);
}

static track_status write_page(int dir, const struct command *command, track_error *err)
{
    AUTO_BUF text = BUF(HELP_BYTES_MAX);
    struct bytes out;
    char name[64];
    help_write_man(command, &text);
    TRY(buf_end(&text, &out, err));
    snprintf(name, sizeof(name), "track%s%s.1", command ? "-" : "", command ? command->name : "");
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) {
        return FAIL(err, TRACK_IO, "%s: %s", name, strerror(errno));
    }
    bool whole = write(fd, out.at, out.size) == (ssize_t)out.size;
    int why = errno;
    if (close(fd) != 0 || !whole) {
        return FAIL(err, why == ENOSPC ? TRACK_FULL : TRACK_IO, "%s: %s", name, strerror(why));
    }
    return TRACK_OK;
}

static track_status write_pages(struct cmd *c, const char *path, track_error *err)
{
    static const struct column columns[] = {{"path", "PATH", COLUMN_ID}, {"pages", "PAGES", 0}};
    static const struct table_spec spec = {"manual", "manual", columns, 2};
    int64_t pages = 1;
    if (mkdir(path, 0777) != 0 && errno != EEXIST) {
        return FAIL(err, TRACK_IO, "%.120s: %s", path, strerror(errno));
    }
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0) {
        return FAIL(err, TRACK_IO, "%.120s: %s", path, strerror(errno));
    }
    track_status status = write_page(dir, NULL, err);
    for (const struct command *row = command_table; status == TRACK_OK && row->name; row++) {
        if (!(row->flags & COMMAND_HIDDEN)) {
            status = write_page(dir, row, err);
            pages++;
        }
    }
    close(dir);
    TRY(status);
    struct cell cells[] = {cell_text(path), CELL(CELL_INT, number, pages)};
    return print_record(c->print, c->arena, &spec, cells, err);
}

track_status cmd_man(struct cmd *c, track_error *err)
{
    if (args_has(c->args, "markdown")) {
        AUTO_BUF text = BUF(HELP_BYTES_MAX);
        help_write_markdown(&text);
        return write_out(c, &text, err);
    }
    if (c->args->operand_count == 0) {
        return FAIL(err, TRACK_INVALID, "man: a directory is expected: track man DIR");
    }
    return write_pages(c, c->args->operands[0], err);
}
