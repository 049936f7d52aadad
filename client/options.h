/* options - the one table of the `track` command.
 *
 * Each command with its synopsis, operands, options, examples and exit codes.  Parsing, --help, the
 * manual, completion and docs/cli.md are all read from here; nothing about a command is said twice.
 * Uses: fail.
 */
#ifndef CLIENT_OPTIONS_H
#define CLIENT_OPTIONS_H
#include "../core/fail.h"

#include <stddef.h>

struct cmd; /* cmd.h */

/* One option.  `values` says what may stand in its argument: NULL anything, "a|b|c" one of these
 * (checked when parsing), "@run", "@metric", "@project", "@file", "@dir", "@filter" what completion
 * offers. */
struct option_row {
    const char *name;     /* long name, without the dashes */
    char letter;          /* short name, 0 for none */
    const char *argument; /* word for it in help; NULL for a switch */
    const char *values;
    const char *fallback; /* what holds without it, in words; NULL if that goes without saying */
    const char *key;      /* configuration key that says the same; NULL for none */
    const char *text;     /* one sentence, no capital, no full stop */
};

struct example {
    const char *line;
    const char *text;
};

enum { EXAMPLES_MAX = 4, OPTIONS_MAX = 24 };

/* One command. */
struct command {
    const char *name;
    const char *synopsis; /* what follows the options */
    const char *summary;  /* one line, no full stop */
    const char *text;     /* paragraphs, parted by an empty line */
    const char *operands; /* `values` of each operand, blank-separated; the last one repeats */
    int operands_min;
    int operands_max;                       /* -1 for no limit */
    unsigned flags;                         /* COMMAND_... */
    struct option_row options[OPTIONS_MAX]; /* up to the first without a name */
    struct example examples[EXAMPLES_MAX];  /* up to the first without a line; at least two */
    const char *exits;                      /* codes of exit_table, blank-separated */
    track_status (*call)(struct cmd *c, track_error *err);
};

enum {
    COMMAND_HIDDEN = 1,  /* not listed */
    COMMAND_FOREIGN = 2, /* everything from the first operand on is another program's */
    COMMAND_MINUS = 4,   /* operands after the first may begin with a minus */
};

/* A code of the closed set of exit codes. */
struct exit_row {
    int code;
    const char *name; /* as it stands in `exits` */
    const char *text;
};

/* A variable of the environment that every command reads. */
struct variable_row {
    const char *name;
    const char *text;
};

extern const struct command command_table[]; /* ends with a row without a name */
extern const struct option_row global_options[];
extern const struct exit_row exit_table[];
extern const struct variable_row variable_table[];

/* The command of this name, or NULL. */
const struct command *command_find(const char *name);

/* The command, or long option of a command, that was probably meant by an unknown name; NULL if
 * none is near. */
const char *command_suggest(const char *name);
const char *option_suggest(const struct command *command, const char *name);

/* The option of this long name among those of the command and the global ones, or NULL.
 *
 *   command  may be NULL: global ones only.
 */
const struct option_row *option_find(const struct command *command, const char *name);

/* Row number i of the command's options, then of the global ones; NULL past the end. */
const struct option_row *option_at(const struct command *command, size_t i);
#endif
