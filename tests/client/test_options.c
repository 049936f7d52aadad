/* Shows that no command of the table lacks what help, manual and completion need, and that
 * docs/cli.md is what the table says.
 * How: walks the table. */
#include "../../client/help.h"
#include "../harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TEST(options, every_command_is_described)
{
    for (const struct command *c = command_table; c->name; c++) {
        CHECK(c->call && c->synopsis && c->operands && c->exits);
        CHECK(c->summary && *c->summary && c->summary[strlen(c->summary) - 1] != '.');
        CHECK(strlen(c->summary) <= 64);
        CHECK(c->text && strlen(c->text) >= 30);
        CHECK(c->examples[0].line && c->examples[1].line);
        CHECK(command_find(c->name) == c);
        for (int i = 0; i < EXAMPLES_MAX && c->examples[i].line; i++) {
            CHECK(strstr(c->examples[i].line, "track") && *c->examples[i].text);
        }
    }
}

TEST(options, every_option_is_described_once)
{
    for (const struct command *c = command_table; c->name; c++) {
        const struct option_row *row, *other;
        for (size_t i = 0; (row = option_at(c, i)); i++) {
            CHECK(row->text && *row->text && row->text[strlen(row->text) - 1] != '.');
            CHECK(!row->fallback || row->argument);
            CHECK(option_find(c, row->name) == row);
            for (size_t j = i + 1; (other = option_at(c, j)); j++) {
                CHECK(!row->letter || row->letter != other->letter);
            }
        }
    }
}

TEST(options, every_exit_code_is_in_the_closed_set)
{
    for (const struct command *c = command_table; c->name; c++) {
        for (const char *at = c->exits; *at; at += strspn(at, " ")) {
            size_t size = strcspn(at, " ");
            bool known = false;
            for (const struct exit_row *row = exit_table; row->name; row++) {
                known = known || (strlen(row->name) == size && memcmp(row->name, at, size) == 0);
            }
            CHECK(known);
            at += size;
        }
        CHECK(strncmp(c->exits, "ok", 2) == 0);
    }
}

TEST(options, suggests_what_was_meant)
{
    CHECK(strcmp(command_suggest("shwo"), "show") == 0);
    CHECK(strcmp(command_suggest("exprot"), "export") == 0);
    CHECK(command_suggest("xyzzy") == NULL);
    CHECK(strcmp(option_suggest(command_find("ls"), "limti"), "limit") == 0);
}

/* Help is for a terminal of 80 columns; examples stand in one line each. */
TEST(options, help_fits_80_columns)
{
    for (const struct command *c = command_table; c->name; c++) {
        AUTO_BUF text = BUF(HELP_BYTES_MAX);
        struct bytes all;
        help_write_command(c, &text);
        buf_byte(&text, '\0');
        CHECK(buf_end(&text, &all, NULL) == TRACK_OK);
        const char *help = (const char *)all.at, *examples = strstr(help, "\nExamples:\n");
        CHECK(examples && strstr(help, "\nExit codes:\n"));
        for (const char *line = help; line < examples; line = strchr(line, '\n') + 1) {
            size_t columns = 0;
            for (const char *p = line; *p != '\n'; p++) {
                columns += ((unsigned char)*p & 0xc0) != 0x80;
            }
            CHECK(columns <= HELP_WIDTH);
        }
    }
}

TEST(options, the_manual_names_every_option)
{
    for (const struct command *c = command_table; c->name; c++) {
        AUTO_BUF text = BUF(HELP_BYTES_MAX);
        struct bytes all;
        help_write_man(c, &text);
        buf_byte(&text, '\0');
        CHECK(buf_end(&text, &all, NULL) == TRACK_OK);
        const struct option_row *row;
        for (size_t i = 0; (row = option_at(c, i)); i++) {
            char name[64];
            snprintf(name, sizeof(name), "Fl \\-%s", row->name);
            CHECK(strstr((const char *)all.at, name));
        }
    }
}

/* `make docs` writes the file again. */
TEST(options, the_reference_page_is_up_to_date)
{
    AUTO_BUF text = BUF(HELP_BYTES_MAX);
    struct bytes all;
    help_write_markdown(&text);
    CHECK(buf_end(&text, &all, NULL) == TRACK_OK);
    FILE *file = fopen("docs/cli.md", "rb");
    CHECK(file);
    bool same = true;
    for (size_t i = 0; same && i < all.size; i++) {
        same = getc(file) == all.at[i];
    }
    same = same && getc(file) == EOF;
    CHECK(fclose(file) == 0 && same);
}
