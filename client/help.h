/* help - the table of options.h as text: on a terminal, as manual pages, as Markdown.
 *
 * Uses: bytes, options.  Pure; any thread.
 */
#ifndef CLIENT_HELP_H
#define CLIENT_HELP_H
#include "../core/bytes.h"
#include "options.h"

enum { HELP_BYTES_MAX = 1 << 20, HELP_WIDTH = 80 };

/* Appends the list of commands. */
void help_write_list(struct buf *to);

/* Appends what --help prints for a command: synopsis, text, options, examples, exit codes; no line
 * is over HELP_WIDTH columns but those of examples. */
void help_write_command(const struct command *command, struct buf *to);

/* Appends a page of section 1 in mdoc(7), of a command or (NULL) of the whole program.
 *
 * Tests: tests/client/test_options.c, tests/e2e/test_cli.py (mandoc -Tlint)
 */
void help_write_man(const struct command *command, struct buf *to);

/* Appends docs/cli.md. */
void help_write_markdown(struct buf *to);
#endif
