/* args - the words of a command line, parsed by the table of options.h.
 *
 * getopt_long does the work (abbreviations, --name=value, clusters of letters); what it cannot say
 * well, an unknown word with the one that was probably meant, is said here.
 * Uses: arena, options.  Not thread-safe: getopt keeps its place in variables of its own.
 */
#ifndef CLIENT_ARGS_H
#define CLIENT_ARGS_H
#include "../core/arena.h"
#include "options.h"

#include <stdbool.h>
#include <stdint.h>

/* One option as given.  `value` is "" for a switch. */
struct arg {
    const struct option_row *row;
    const char *value;
};

struct args {
    const struct command *command;
    const struct arg *list; /* [count], in the order given */
    size_t count;
    const char **operands; /* [operand_count + 1], NULL at the end; borrowed from argv */
    size_t operand_count;
};

/* Parses the words after the command's name.
 *
 *   argv   [argc], argv[0] is the command's name.  Kept: values and operands point into it.
 *   arena  holds the lists.
 *   out    filled only on TRACK_OK.
 *
 * With --help among the options the numbers of operands are not checked.
 *
 * TRACK_INVALID  an unknown or ambiguous option, an argument that is missing, not wanted or none of
 *                the listed values, too few or too many operands; err names it and, if one is near,
 *                the word that was probably meant.
 * TRACK_NOMEM    the arena's limit.
 *
 * Tests: tests/client/test_args.c
 */
track_status args_read(const struct command *command, int argc, char **argv, struct arena *arena,
                       struct args *out, track_error *err);

/* The last value of the option; NULL if it was not given. */
const char *args_find(const struct args *args, const char *name);

/* True if the option was given. */
bool args_has(const struct args *args, const char *name);

/* The next value of an option that may be given often; *at starts at 0.  NULL at the end. */
const char *args_next(const struct args *args, const char *name, size_t *at);

/* A whole number given as the option's value.
 *
 *   range  least and greatest value allowed.
 *   out    the number; untouched when the option was not given.
 *
 * TRACK_INVALID  not a whole number, or out of range.
 *
 * Tests: tests/client/test_args.c
 */
track_status args_get_int(const struct args *args, const char *name, const int64_t range[2],
                          int64_t *out, track_error *err);

/* A length of time given as the option's value: "90", "90s", "5m", "2h", "1d", also with a
 * fraction.
 *
 *   out  microseconds; untouched when the option was not given.
 *
 * TRACK_INVALID  not such a text, negative, or over 100 years.
 *
 * Tests: tests/client/test_args.c
 */
track_status args_get_time(const struct args *args, const char *name, int64_t *out,
                           track_error *err);

#endif
