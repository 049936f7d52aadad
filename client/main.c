/* track: finds the command, parses its words, calls it, says how it went. */
#include "cmd.h"
#include "instant.h"

#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_BYTES_MAX = 1 << 30 };

/* What the user may do about an error that says nothing of it itself. */
static const char *hint_of(const struct cmd *c, const track_error *err)
{
    if (c->hint[0]) {
        return c->hint;
    }
    switch (err->status) {
    case TRACK_UNREACHABLE:
        return "is trackd running? `track status` says which server is meant; --url names another";
    case TRACK_INVALID:
        return c->args ? "" : "`track help` lists commands, `track help COMMAND` explains one";
    case TRACK_NOT_FOUND:
        return "`track ls` lists runs, `track ls projects` projects";
    default:
        return "";
    }
}

/* How many words an option of every command takes up: 1, 2 with its argument; 0: it is none. */
static int option_words(const char *word)
{
    const struct option_row *row = NULL;
    if (strncmp(word, "--", 2) == 0) {
        row = strchr(word, '=') ? NULL : option_find(NULL, word + 2);
        return row ? 1 + (row->argument != NULL) : strchr(word, '=') != NULL;
    }
    for (size_t i = 0; word[0] == '-' && word[1] && !word[2] && (row = option_at(NULL, i)); i++) {
        if (row->letter == word[1]) {
            return 1 + (row->argument != NULL);
        }
    }
    return 0;
}

/* Moves the command to the front of the options that stand before it. */
static void command_first(int argc, char **argv)
{
    int at = 1, words;
    while (at < argc && (words = option_words(argv[at])) > 0) {
        at += words;
    }
    if (at > 1 && at < argc && command_find(argv[at])) {
        char *name = argv[at];
        memmove(argv + 2, argv + 1, sizeof(*argv) * (size_t)(at - 1));
        argv[1] = name;
    }
}

static track_status call(struct cmd *c, int argc, char **argv, track_error *err)
{
    command_first(argc, argv);
    const char *name = argc > 1 ? argv[1] : "help";
    bool asked = strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0;
    name = asked ? "help" : strcmp(name, "--version") == 0 ? "version" : name;
    const struct command *command = command_find(name);
    if (!command) {
        const char *near = command_suggest(name);
        return near ? FAIL(err, TRACK_INVALID, "no command \"%.60s\"; did you mean %s?", name, near)
                    : FAIL(err, TRACK_INVALID, "no command \"%.60s\"; `track help` lists them",
                           name);
    }
    struct args *args = ARENA_NEW(c->arena, struct args);
    if (!args) {
        return FAIL(err, TRACK_NOMEM, "the command line");
    }
    int skip = argc > 1 ? 1 : 0;
    TRY(args_read(command, argc - skip, argv + skip, c->arena, args, err));
    struct print_env env = {getenv("NO_COLOR"), getenv("CLICOLOR_FORCE"), getenv("TERM"),
                            getenv("TRACK_PROGRESS_FPS")};
    c->args = args;
    print_init(c->print, args, &env, (FILE *[]){stdout, stderr});
    c->print->now_us = c->now_us;
    return args_has(args, "help") ? cmd_help(c, err) : command->call(c, err);
}

/* The words as they will be understood, before they are parsed: are errors to be JSON? */
static bool wants_json(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--json") == 0 || strcmp(argv[i], "--jsonl") == 0) {
            return true;
        }
    }
    return false;
}

/* Widths of characters need a locale of UTF-8; output is UTF-8 whatever the locale says. */
static void set_locale(void)
{
    if (!setlocale(LC_CTYPE, "") || strcmp(nl_langinfo(CODESET), "UTF-8") != 0) {
        setlocale(LC_CTYPE, "C.UTF-8");
    }
}

int main(int argc, char **argv)
{
    AUTO_ARENA arena = ARENA(ARENA_BYTES_MAX);
    struct print print;
    struct print_env env = {getenv("NO_COLOR"), NULL, getenv("TERM"), NULL};
    track_error err = {0};
    set_locale();
    signal(SIGPIPE, SIG_IGN);
    print_init(&print, NULL, &env, (FILE *[]){stdout, stderr});
    print.mode = wants_json(argc, argv) ? PRINT_JSON : print.mode;
    struct cmd c = {
        .arena = &arena, .print = &print, .program = argv[0], .now_us = instant_us(), .exit = -1};
    track_status status = call(&c, argc, argv, &err);
    if (status == TRACK_OK) {
        status = print_end(&print, &err);
    }
    print_progress_end(&print);
    if (status != TRACK_OK) {
        print_failure(&print, &err, hint_of(&c, &err), c.ref);
    }
    return c.exit >= 0 ? c.exit : status_exit(status);
}
