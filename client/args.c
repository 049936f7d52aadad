#include "args.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LETTERS_MAX = 3 + 2 * 32,
    LONGS_MAX = OPTIONS_MAX + 16,
    LONG_BASE = 256, /* getopt's number of row 0 */
    WORD_MAX = 64,
};

/* The rows as getopt wants them. */
struct getopt_table {
    struct option longs[LONGS_MAX + 1];
    char letters[LETTERS_MAX + 1];
};

static track_status fill_getopt(const struct command *command, struct getopt_table *t,
                                track_error *err)
{
    size_t letters = 0;
    /* '-': operands come in order, as option 1; ':': a missing argument is told apart. */
    t->letters[letters++] = command->flags & COMMAND_FOREIGN ? '+' : '-';
    t->letters[letters++] = ':';
    const struct option_row *row;
    for (size_t i = 0; (row = option_at(command, i)); i++) {
        if (i == LONGS_MAX || letters + 2 > LETTERS_MAX) {
            return BROKEN(err, "%s has over %d options", command->name, LONGS_MAX);
        }
        t->longs[i] = (struct option){row->name, row->argument ? required_argument : no_argument,
                                      NULL, LONG_BASE + (int)i};
        if (row->letter) {
            t->letters[letters++] = row->letter;
            if (row->argument) {
                t->letters[letters++] = ':';
            }
        }
    }
    return TRACK_OK;
}

static const struct option_row *row_of(const struct command *command, int code)
{
    if (code >= LONG_BASE) {
        return option_at(command, (size_t)(code - LONG_BASE));
    }
    const struct option_row *row;
    for (size_t i = 0; (row = option_at(command, i)); i++) {
        if (row->letter == code) {
            return row;
        }
    }
    return NULL;
}

static const char *option_beginning(const struct command *command, const char *word, size_t size,
                                    size_t *at)
{
    const struct option_row *row;
    while ((row = option_at(command, *at))) {
        ++*at;
        if (strncmp(row->name, word, size) == 0) {
            return row->name;
        }
    }
    return NULL;
}

/* getopt refused `word`: an unknown letter, an unknown or ambiguous long name, or an argument that
 * a switch does not take. */
static track_status refuse(const struct command *command, const char *word, int letter,
                           track_error *err)
{
    if (letter > 0 && letter < LONG_BASE) {
        return FAIL(err, TRACK_INVALID, "%s: no option -%c", command->name, letter);
    }
    char name[WORD_MAX] = "";
    size_t size = strcspn(word + 2, "=");
    snprintf(name, sizeof(name), "%.*s", (int)size, word + 2);
    if (option_find(command, name)) {
        return FAIL(err, TRACK_INVALID, "%s: --%s takes no argument", command->name, name);
    }
    size_t at = 0;
    const char *first = option_beginning(command, name, strlen(name), &at);
    const char *second = first ? option_beginning(command, name, strlen(name), &at) : NULL;
    if (second) {
        return FAIL(err, TRACK_INVALID, "%s: --%s may be --%s or --%s", command->name, name, first,
                    second);
    }
    const char *near = option_suggest(command, name);
    if (near) {
        return FAIL(err, TRACK_INVALID, "%s: no option --%s; did you mean --%s?", command->name,
                    name, near);
    }
    return FAIL(err, TRACK_INVALID, "%s: no option --%s", command->name, name);
}

/* True if value is one of the words of "a|b|c". */
static bool among(const char *values, const char *value)
{
    size_t size = strlen(value);
    for (const char *at = values; *at; at += strspn(at, "|")) {
        size_t word = strcspn(at, "|");
        if (word == size && memcmp(at, value, size) == 0) {
            return true;
        }
        at += word;
    }
    return false;
}

static track_status check_value(const struct command *command, const struct option_row *row,
                                const char *value, track_error *err)
{
    bool listed = row->values && strchr(row->values, '|');
    if (listed && !among(row->values, value)) {
        return FAIL(err, TRACK_INVALID, "%s: --%s is one of %s, not \"%.80s\"", command->name,
                    row->name, row->values, value);
    }
    return TRACK_OK;
}

/* True for an operand as "-label" of a command that takes such. */
static bool is_minus_operand(const struct args *args, const char *word)
{
    return (args->command->flags & COMMAND_MINUS) && args->operand_count > 0 && word[0] == '-' &&
           word[1] != '-' && word[1] != '\0';
}

/* Lists being filled. */
struct parse {
    struct args *args;
    struct arg *list;
    char **argv;
    int argc;
};

/* Takes the next word.  *done: there is none, or the rest are operands from optind on. */
static track_status take_word(struct parse *p, const struct getopt_table *t, bool *done,
                              track_error *err)
{
    struct args *args = p->args;
    if (optind > 0 && optind < p->argc && is_minus_operand(args, p->argv[optind])) {
        args->operands[args->operand_count++] = p->argv[optind++];
        return TRACK_OK;
    }
    const char *word = optind > 0 && optind < p->argc ? p->argv[optind] : p->argv[1];
    int code = getopt_long(p->argc, p->argv, t->letters, t->longs, NULL);
    *done = code == -1;
    if (code == -1) {
        return TRACK_OK;
    }
    if (code == 1) {
        args->operands[args->operand_count++] = optarg;
        return TRACK_OK;
    }
    if (code == '?') {
        return refuse(args->command, word, optopt, err);
    }
    const struct option_row *row = row_of(args->command, code == ':' ? optopt : code);
    if (!row) {
        return BROKEN(err, "getopt gave %d", code);
    }
    if (code == ':') {
        return FAIL(err, TRACK_INVALID, "%s: --%s needs %s", args->command->name, row->name,
                    row->argument);
    }
    p->list[args->count++] = (struct arg){row, optarg ? optarg : ""};
    return check_value(args->command, row, optarg ? optarg : "", err);
}

static track_status check_count(const struct args *args, track_error *err)
{
    const struct command *c = args->command;
    size_t n = args->operand_count;
    if (args_has(args, "help")) {
        return TRACK_OK;
    }
    if (n < (size_t)c->operands_min) {
        return FAIL(err, TRACK_INVALID, "%s: %s expected: track %s %s", c->name,
                    n == 0 ? "an operand is" : "one more operand is", c->name, c->synopsis);
    }
    if (c->operands_max >= 0 && n > (size_t)c->operands_max) {
        return FAIL(err, TRACK_INVALID, "%s: \"%.80s\" is one operand too many: track %s %s",
                    c->name, args->operands[c->operands_max], c->name, c->synopsis);
    }
    return TRACK_OK;
}

track_status args_read(const struct command *command, int argc, char **argv, struct arena *arena,
                       struct args *out, track_error *err)
{
    struct args args = {.command = command};
    struct getopt_table t = {0};
    TRY(fill_getopt(command, &t, err));
    struct arg *list = ARENA_ARRAY(arena, struct arg, (size_t)argc + 1);
    args.operands = ARENA_ARRAY(arena, const char *, (size_t)argc + 1);
    if (!list || !args.operands) {
        return FAIL(err, TRACK_NOMEM, "%d words", argc);
    }
    args.list = list;
    struct parse p = {&args, list, argv, argc};
    bool done = argc < 2;
    optind = 0; /* start anew */
    opterr = 0;
    while (!done) {
        TRY(take_word(&p, &t, &done, err));
    }
    for (int i = optind; argc >= 2 && i < argc; i++) {
        args.operands[args.operand_count++] = argv[i];
    }
    TRY(check_count(&args, err));
    *out = args;
    return TRACK_OK;
}

const char *args_find(const struct args *args, const char *name)
{
    for (size_t i = args->count; i-- > 0;) {
        if (strcmp(args->list[i].row->name, name) == 0) {
            return args->list[i].value;
        }
    }
    return NULL;
}

bool args_has(const struct args *args, const char *name)
{
    return args_find(args, name) != NULL;
}

const char *args_next(const struct args *args, const char *name, size_t *at)
{
    while (*at < args->count) {
        const struct arg *a = &args->list[(*at)++];
        if (strcmp(a->row->name, name) == 0) {
            return a->value;
        }
    }
    return NULL;
}

track_status args_get_int(const struct args *args, const char *name, const int64_t range[2],
                          int64_t *out, track_error *err)
{
    const char *text = args_find(args, name);
    if (!text) {
        return TRACK_OK;
    }
    char *end = NULL;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    bool digits = isdigit((unsigned char)*text) || (*text == '-' && text[1]);
    if (!digits || *end || errno || value < range[0] || value > range[1]) {
        return FAIL(err, TRACK_INVALID,
                    "%s: --%s is a whole number from %lld to %lld, not \"%.80s\"",
                    args->command->name, name, (long long)range[0], (long long)range[1], text);
    }
    *out = value;
    return TRACK_OK;
}

track_status args_get_time(const struct args *args, const char *name, int64_t *out,
                           track_error *err)
{
    static const struct {
        const char *suffix;
        double us;
    } units[] = {{"", 1e6},   {"us", 1},     {"ms", 1e3},    {"s", 1e6},
                 {"m", 60e6}, {"h", 3600e6}, {"d", 86400e6}, {"w", 7 * 86400e6}};
    const char *text = args_find(args, name);
    if (!text) {
        return TRACK_OK;
    }
    char *end = NULL;
    double value = strtod(text, &end);
    double us = -1;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        us = strcmp(end, units[i].suffix) == 0 ? value * units[i].us : us;
    }
    bool number = isdigit((unsigned char)*text) || *text == '.';
    if (!number || end == text || !(us >= 0 && us <= 100 * 366 * 86400e6)) {
        return FAIL(err, TRACK_INVALID,
                    "%s: --%s is a time as 90, 90s, 5m, 2h or 1d, not \"%.80s\"",
                    args->command->name, name, text);
    }
    *out = (int64_t)us;
    return TRACK_OK;
}
