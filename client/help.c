#include "help.h"

#include "format.h"

#include <stdio.h>
#include <string.h>

enum { OPTION_COLUMN = 26, WORD_MAX = 120 };

/* Columns of the first size bytes of UTF-8 text. */
static size_t columns_of(const char *text, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < size; i++) {
        n += ((unsigned char)text[i] & 0xc0) != 0x80;
    }
    return n;
}

static void put_blanks(struct buf *to, size_t n)
{
    while (n-- > 0) {
        buf_byte(to, ' ');
    }
}

/* Appends words of text, broken at HELP_WIDTH; later lines begin at `indent`.  `at` is the column
 * where the first word begins. */
static void wrap(struct buf *to, const char *text, size_t at, size_t indent)
{
    bool first = true;
    while (*(text += strspn(text, " "))) {
        size_t size = strcspn(text, " \n"), width = columns_of(text, size);
        bool paragraph = text[0] == '\n';
        if (paragraph) {
            buf_text(to, "\n\n");
            put_blanks(to, indent);
            text += strspn(text, "\n");
            at = indent;
            first = true;
            continue;
        }
        if (!first && at + 1 + width > HELP_WIDTH) {
            buf_byte(to, '\n');
            put_blanks(to, indent);
            at = indent;
        } else if (!first) {
            buf_byte(to, ' ');
            at++;
        }
        buf_put(to, text, size);
        at += width;
        text += size;
        first = false;
    }
    buf_byte(to, '\n');
}

static void put_option(struct buf *to, const struct option_row *row)
{
    char name[WORD_MAX], text[512];
    snprintf(name, sizeof(name), "  %s%c%s --%s%s%s", row->letter ? "-" : " ",
             row->letter ? row->letter : ' ', row->letter ? "," : " ", row->name,
             row->argument ? " " : "", row->argument ? row->argument : "");
    snprintf(text, sizeof(text), "%s%s%s%s", row->text, row->fallback ? " (default: " : "",
             row->fallback ? row->fallback : "", row->fallback ? ")" : "");
    buf_text(to, name);
    size_t width = columns_of(name, strlen(name));
    if (width + 2 > OPTION_COLUMN) {
        buf_byte(to, '\n');
        width = 0;
    }
    put_blanks(to, OPTION_COLUMN - width);
    wrap(to, text, OPTION_COLUMN, OPTION_COLUMN);
}

static const struct exit_row *exit_named(const char *name, size_t size)
{
    for (const struct exit_row *row = exit_table; row->name; row++) {
        if (strlen(row->name) == size && memcmp(row->name, name, size) == 0) {
            return row;
        }
    }
    return NULL;
}

/* The next code of a command's list; NULL at its end. */
static const struct exit_row *next_exit(const char **at)
{
    *at += strspn(*at, " ");
    size_t size = strcspn(*at, " ");
    const struct exit_row *row = size > 0 ? exit_named(*at, size) : NULL;
    *at += size;
    return row;
}

void help_write_list(struct buf *to)
{
    buf_text(to, "usage: track COMMAND [OPTION]... [OPERAND]...\n\n"
                 "Logs, keeps, watches and compares runs of programs.\n\nCommands:\n");
    for (const struct command *c = command_table; c->name; c++) {
        char line[WORD_MAX];
        if (!(c->flags & COMMAND_HIDDEN)) {
            snprintf(line, sizeof(line), "  %-12s%s\n", c->name, c->summary);
            buf_text(to, line);
        }
    }
    buf_text(to, "\n`track COMMAND --help` explains a command.  Options of every command:\n");
    for (const struct option_row *row = global_options; row->name; row++) {
        put_option(to, row);
    }
}

static void put_examples(struct buf *to, const struct command *command)
{
    buf_text(to, "\nExamples:\n");
    for (int i = 0; i < EXAMPLES_MAX && command->examples[i].line; i++) {
        buf_text(to, "  # ");
        buf_text(to, command->examples[i].text);
        buf_text(to, "\n  ");
        buf_text(to, command->examples[i].line);
        buf_byte(to, '\n');
    }
}

void help_write_command(const struct command *command, struct buf *to)
{
    char usage[WORD_MAX];
    snprintf(usage, sizeof(usage), "usage: track %s [OPTION]...%s", command->name,
             *command->synopsis ? " " : "");
    buf_text(to, usage);
    wrap(to, command->synopsis, strlen(usage), 8);
    buf_byte(to, '\n');
    wrap(to, command->text, 0, 0);
    if (command->options[0].name) {
        buf_text(to, "\nOptions:\n");
    }
    for (size_t i = 0; i < OPTIONS_MAX && command->options[i].name; i++) {
        put_option(to, &command->options[i]);
    }
    buf_text(to, "\nOptions of every command:\n");
    for (const struct option_row *row = global_options; row->name; row++) {
        put_option(to, row);
    }
    put_examples(to, command);
    buf_text(to, "\nExit codes:\n");
    const char *at = command->exits;
    const struct exit_row *row;
    while ((row = next_exit(&at))) {
        char code[16];
        snprintf(code, sizeof(code), "  %3d  ", row->code);
        buf_text(to, code);
        wrap(to, row->text, strlen(code), strlen(code));
    }
}

/* Appends text as mdoc takes it: backslashes escaped, no line that begins with a control character,
 * a new line after each sentence. */
static void put_roff(struct buf *to, const char *text)
{
    bool start = true;
    for (const char *p = text; *p; p++) {
        bool sentence = p > text && p[-1] == '.' && p[0] == ' ' && p[1] >= 'A' && p[1] <= 'Z';
        if (start && (*p == '.' || *p == '\'')) {
            buf_text(to, "\\&");
        }
        start = sentence || *p == '\n';
        if (sentence) {
            buf_byte(to, '\n');
        } else if (*p == '\\') {
            buf_text(to, "\\e");
        } else if (*p == '\n' && p[1] == '\n') {
            buf_text(to, "\n.Pp\n");
            p++;
        } else if (*p == '`' || *p == '\'') {
            buf_text(to, *p == '`' ? "\\(ga" : "\\(aq");
        } else if (*p == '~') {
            buf_text(to, "\\(ti");
        } else if ((unsigned char)*p == 0xe2 && (unsigned char)p[1] == 0x80) {
            buf_text(to, "..."); /* an ellipsis, the only such character of the table */
            p += 2;
        } else {
            buf_byte(to, (unsigned char)*p);
        }
    }
    buf_byte(to, '\n');
}

/* The same for a macro's argument: quoted. */
static void put_quoted(struct buf *to, const char *text)
{
    buf_byte(to, '"');
    for (const char *p = text; *p; p++) {
        if (*p == '"') {
            buf_text(to, "\\(dq");
        } else if (*p == '\\') {
            buf_text(to, "\\e");
        } else {
            buf_byte(to, (unsigned char)*p);
        }
    }
    buf_byte(to, '"');
}

static void put_man_option(struct buf *to, const struct option_row *row)
{
    buf_text(to, ".It ");
    if (row->letter) {
        buf_text(to, "Fl ");
        buf_byte(to, (unsigned char)row->letter);
        buf_text(to, " , ");
    }
    buf_text(to, "Fl \\-");
    buf_text(to, row->name);
    if (row->argument) {
        buf_text(to, " Ar ");
        put_quoted(to, row->argument);
    }
    buf_byte(to, '\n');
    put_roff(to, row->text);
    if (row->fallback) {
        char text[256];
        snprintf(text, sizeof(text), "Default: %s.", row->fallback);
        put_roff(to, text);
    }
}

static void put_man_head(struct buf *to, const char *title, const char *name, const char *summary)
{
    buf_text(to, ".Dd November 25, 2026\n.Dt ");
    buf_text(to, title);
    buf_text(to, " 1\n.Os\n.Sh NAME\n.Nm ");
    buf_text(to, name);
    buf_text(to, "\n.Nd ");
    buf_text(to, summary);
    buf_byte(to, '\n');
}

static void put_man_globals(struct buf *to)
{
    buf_text(to, "Options of every command:\n.Bl -tag -width Ds\n");
    for (const struct option_row *row = global_options; row->name; row++) {
        put_man_option(to, row);
    }
    buf_text(to, ".El\n");
}

static void put_man_variables(struct buf *to)
{
    buf_text(to, ".Sh ENVIRONMENT\n.Bl -tag -width Ds\n");
    for (const struct variable_row *row = variable_table; row->name; row++) {
        buf_text(to, ".It Ev ");
        buf_text(to, row->name);
        buf_byte(to, '\n');
        put_roff(to, row->text);
    }
    buf_text(to, ".El\n");
}

static void put_man_exits(struct buf *to, const char *exits)
{
    const struct exit_row *row;
    buf_text(to, ".Sh EXIT STATUS\n.Bl -tag -width Ds\n");
    while ((row = next_exit(&exits))) {
        char code[32];
        snprintf(code, sizeof(code), ".It %d\n", row->code);
        buf_text(to, code);
        put_roff(to, row->text);
    }
    buf_text(to, ".El\n");
}

static void put_man_program(struct buf *to)
{
    put_man_head(to, "TRACK", "track", "log, keep, watch and compare runs of programs");
    buf_text(to, ".Sh SYNOPSIS\n.Nm\n.Ar command\n.Op Ar option ...\n.Op Ar operand ...\n"
                 ".Sh DESCRIPTION\nThe commands are:\n.Bl -tag -width completion\n");
    for (const struct command *c = command_table; c->name; c++) {
        if (!(c->flags & COMMAND_HIDDEN)) {
            buf_text(to, ".It Xr track-");
            buf_text(to, c->name);
            buf_text(to, " 1\n");
            put_roff(to, c->summary);
        }
    }
    buf_text(to, ".El\n.Pp\n");
    put_man_globals(to);
    put_man_variables(to);
    put_man_exits(to, "ok fail usage partly denied missing conflict network damaged full unbuilt");
}

void help_write_man(const struct command *command, struct buf *to)
{
    char name[64], title[64];
    if (!command) {
        put_man_program(to);
        return;
    }
    snprintf(name, sizeof(name), "track-%s", command->name);
    snprintf(title, sizeof(title), "TRACK-%s", command->name);
    for (char *p = title; *p; p++) {
        *p = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
    }
    put_man_head(to, title, name, command->summary);
    buf_text(to, ".Sh SYNOPSIS\n.Nm track\n.Cm ");
    buf_text(to, command->name);
    buf_text(to, "\n.Op Ar option ...\n");
    if (*command->synopsis) {
        buf_text(to, ".Ar ");
        put_quoted(to, command->synopsis);
        buf_byte(to, '\n');
    }
    buf_text(to, ".Sh DESCRIPTION\n");
    put_roff(to, command->text);
    buf_text(to, ".Pp\n");
    if (command->options[0].name) {
        buf_text(to, "Options:\n.Bl -tag -width Ds\n");
        for (size_t i = 0; i < OPTIONS_MAX && command->options[i].name; i++) {
            put_man_option(to, &command->options[i]);
        }
        buf_text(to, ".El\n.Pp\n");
    }
    put_man_globals(to);
    put_man_exits(to, command->exits);
    buf_text(to, ".Sh EXAMPLES\n");
    for (int i = 0; i < EXAMPLES_MAX && command->examples[i].line; i++) {
        buf_text(to, i ? ".Pp\n" : "");
        put_roff(to, command->examples[i].text);
        buf_text(to, ".Dl ");
        put_quoted(to, command->examples[i].line);
        buf_byte(to, '\n');
    }
    buf_text(to, ".Sh SEE ALSO\n.Xr track 1\n");
}

/* Appends text with the characters that Markdown would take for itself escaped. */
static void put_markdown(struct buf *to, const char *text)
{
    bool code = false;
    for (const char *p = text; *p; p++) {
        code = *p == '`' ? !code : code;
        if (!code && strchr("|<>*_[]", *p)) {
            buf_byte(to, '\\');
        }
        buf_byte(to, (unsigned char)*p);
    }
}

static void put_markdown_options(struct buf *to, const struct option_row *rows, size_t max)
{
    if (!rows[0].name) {
        return;
    }
    buf_text(to, "\n| Option | | Default |\n|---|---|---|\n");
    for (size_t i = 0; i < max && rows[i].name; i++) {
        char name[WORD_MAX];
        const struct option_row *row = &rows[i];
        char letter[8] = "";
        if (row->letter) {
            snprintf(letter, sizeof(letter), "-%c, ", row->letter);
        }
        snprintf(name, sizeof(name), "| `%s--%s%s", letter, row->name, row->argument ? " " : "");
        buf_text(to, name);
        for (const char *p = row->argument; p && *p; p++) {
            buf_text(to, *p == '|' ? "\\" : "");
            buf_byte(to, (unsigned char)*p);
        }
        buf_text(to, "` | ");
        put_markdown(to, row->text);
        buf_text(to, " | ");
        put_markdown(to, row->fallback ? row->fallback : "");
        buf_text(to, " |\n");
    }
}

static void put_markdown_command(struct buf *to, const struct command *c)
{
    buf_text(to, "\n## track ");
    buf_text(to, c->name);
    buf_text(to, "\n`track ");
    buf_text(to, c->name);
    buf_text(to, *c->synopsis ? " " : "");
    buf_text(to, c->synopsis);
    buf_text(to, "`: ");
    put_markdown(to, c->summary);
    buf_text(to, ".\n\n");
    put_markdown(to, c->text);
    buf_byte(to, '\n');
    put_markdown_options(to, c->options, OPTIONS_MAX);
    buf_text(to, "\n```sh\n");
    for (int i = 0; i < EXAMPLES_MAX && c->examples[i].line; i++) {
        buf_text(to, c->examples[i].line);
        buf_text(to, "   # ");
        buf_text(to, c->examples[i].text);
        buf_byte(to, '\n');
    }
    buf_text(to, "```\nExit codes:");
    const char *at = c->exits;
    const struct exit_row *row;
    for (bool first = true; (row = next_exit(&at)); first = false) {
        char code[16];
        snprintf(code, sizeof(code), "%s %d", first ? "" : ",", row->code);
        buf_text(to, code);
    }
    buf_text(to, ".\n");
}

void help_write_markdown(struct buf *to)
{
    buf_text(to, "# The `track` command\n\nWritten by `track man --markdown` from the table in "
                 "`client/options.c`; `make docs` writes it again.\n\n"
                 "## Options of every command\n");
    put_markdown_options(to, global_options, OPTIONS_MAX);
    buf_text(to, "\n## Environment\n\n| Variable | |\n|---|---|\n");
    for (const struct variable_row *row = variable_table; row->name; row++) {
        buf_text(to, "| `");
        buf_text(to, row->name);
        buf_text(to, "` | ");
        put_markdown(to, row->text);
        buf_text(to, " |\n");
    }
    buf_text(to, "\n## Exit codes\n\n| Code | |\n|---|---|\n");
    for (const struct exit_row *row = exit_table; row->name; row++) {
        char code[16];
        snprintf(code, sizeof(code), "| %d | ", row->code);
        buf_text(to, code);
        put_markdown(to, row->text);
        buf_text(to, " |\n");
    }
    for (const struct command *c = command_table; c->name; c++) {
        if (!(c->flags & COMMAND_HIDDEN)) {
            put_markdown_command(to, c);
        }
    }
}
