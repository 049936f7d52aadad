/* Shows how a command line is read, and how a wrong one is refused.
 * How: words against the rows of real commands. */
#include "../../client/args.h"
#include "../harness.h"

#include <stdio.h>
#include <string.h>

enum { WORDS_MAX = 16 };

/* Reads words (the first is the command's name). */
static track_status read_words(const char *const *words, struct arena *arena, struct args *out,
                               track_error *err)
{
    char *argv[WORDS_MAX + 1] = {0};
    int argc = 0;
    for (; words[argc] && argc < WORDS_MAX; argc++) {
        argv[argc] = arena_text(arena, words[argc], strlen(words[argc]));
    }
    const struct command *command = command_find(words[0]);
    return args_read(command, argc, argv, arena, out, err);
}

#define READ(...) read_words((const char *const[]){__VA_ARGS__, NULL}, &a, &args, &err)

TEST(args, takes_options_in_every_form_and_place)
{
    AUTO_ARENA a = ARENA(1 << 20);
    struct args args;
    track_error err = {0};
    CHECK(READ("ls", "-n", "5", "status:running", "--sort=best(loss)", "--json") == TRACK_OK);
    CHECK(strcmp(args_find(&args, "limit"), "5") == 0);
    CHECK(strcmp(args_find(&args, "sort"), "best(loss)") == 0);
    CHECK(args_has(&args, "json") && !args_has(&args, "jsonl"));
    CHECK_INT(args.operand_count, 1);
    CHECK(strcmp(args.operands[0], "status:running") == 0 && args.operands[1] == NULL);
    CHECK(READ("ls", "--so", "x") == TRACK_OK); /* an abbreviation */
    CHECK(strcmp(args_find(&args, "sort"), "x") == 0);
    CHECK(READ("ls", "-qn3") == TRACK_OK); /* a cluster */
    CHECK(args_has(&args, "quiet") && strcmp(args_find(&args, "limit"), "3") == 0);
    CHECK(READ("ls", "--", "--sort") == TRACK_OK);
    CHECK(args_find(&args, "sort") == NULL && strcmp(args.operands[0], "--sort") == 0);
    CHECK(READ("note", "latest", "-") == TRACK_OK);
    CHECK(strcmp(args.operands[1], "-") == 0);
}

TEST(args, leaves_another_programs_words_alone)
{
    AUTO_ARENA a = ARENA(1 << 20);
    struct args args;
    track_error err = {0};
    CHECK(READ("run", "--name", "n", "python", "x.py", "--name", "m", "-q") == TRACK_OK);
    CHECK(strcmp(args_find(&args, "name"), "n") == 0 && !args_has(&args, "quiet"));
    CHECK_INT(args.operand_count, 5);
    CHECK(READ("run", "--tag", "a", "--tag", "b=c", "--", "x", "--help") == TRACK_OK);
    CHECK(!args_has(&args, "help"));
    size_t at = 0;
    CHECK(strcmp(args_next(&args, "tag", &at), "a") == 0);
    CHECK(strcmp(args_next(&args, "tag", &at), "b=c") == 0);
    CHECK(args_next(&args, "tag", &at) == NULL);
}

TEST(args, takes_operands_with_a_minus_where_the_table_says_so)
{
    AUTO_ARENA a = ARENA(1 << 20);
    struct args args;
    track_error err = {0};
    CHECK(READ("tag", "--json", "latest", "x", "-baseline", "+y=1", "--fields", "key") == TRACK_OK);
    CHECK_INT(args.operand_count, 4);
    CHECK(strcmp(args.operands[2], "-baseline") == 0);
    CHECK(args_has(&args, "json") && args_has(&args, "fields"));
    CHECK(READ("tag", "-baseline") == TRACK_INVALID);
}

TEST(args, says_what_is_wrong_and_what_was_meant)
{
    AUTO_ARENA a = ARENA(1 << 20);
    struct args args;
    track_error err = {0};
    CHECK(READ("ls", "--sotr", "x") == TRACK_INVALID);
    CHECK(strcmp(err.message, "ls: no option --sotr; did you mean --sort?") == 0);
    CHECK(READ("ls", "--xyzzy") == TRACK_INVALID);
    CHECK(strcmp(err.message, "ls: no option --xyzzy") == 0);
    CHECK(READ("ls", "-Z") == TRACK_INVALID);
    CHECK(strcmp(err.message, "ls: no option -Z") == 0);
    CHECK(READ("ls", "--js=1") == TRACK_INVALID);
    CHECK(READ("ls", "--json=1") == TRACK_INVALID);
    CHECK(strcmp(err.message, "ls: --json takes no argument") == 0);
    CHECK(READ("ls", "--sort") == TRACK_INVALID);
    CHECK(strcmp(err.message, "ls: --sort needs KEY[:asc|:desc]") == 0);
    CHECK(READ("ls", "--color", "blue") == TRACK_INVALID);
    CHECK(strcmp(err.message, "ls: --color is one of auto|always|never, not \"blue\"") == 0);
    CHECK(READ("show") == TRACK_INVALID);
    CHECK(strcmp(err.message, "show: an operand is expected: track show RUN") == 0);
    CHECK(READ("show", "a", "b") == TRACK_INVALID);
    CHECK(strcmp(err.message, "show: \"b\" is one operand too many: track show RUN") == 0);
    CHECK(READ("show", "--help") == TRACK_OK);
}

TEST(args, reads_numbers_within_their_range)
{
    static const int64_t range[2] = {1, 10};
    static const char *const good[] = {"1", "10"},
                             *const bad[] = {
                                 "0", "11", "", "x", "1x", "1.5", "99999999999999999999", " 1"};
    AUTO_ARENA a = ARENA(1 << 20);
    struct args args;
    track_error err = {0};
    for (size_t i = 0; i < 2; i++) {
        int64_t n = -1;
        CHECK(READ("ls", "-n", good[i]) == TRACK_OK);
        CHECK(args_get_int(&args, "limit", range, &n, &err) == TRACK_OK && n > 0);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int64_t n = -1;
        CHECK(READ("ls", "-n", bad[i]) == TRACK_OK);
        CHECK(args_get_int(&args, "limit", range, &n, &err) == TRACK_INVALID && n == -1);
    }
}

TEST(args, reads_times_with_their_unit)
{
    static const struct {
        const char *text;
        int64_t us;
    } rows[] = {{"90", 90000000},
                {"1.5s", 1500000},
                {"250ms", 250000},
                {"5m", 300000000},
                {"2h", 7200000000},
                {"1d", 86400000000},
                {"0", 0},
                {"-1", -1},
                {"1y", -1},
                {"", -1},
                {"s", -1},
                {"nan", -1},
                {"99999999999999", -1}};
    AUTO_ARENA a = ARENA(1 << 20);
    struct args args;
    track_error err = {0};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t us = -1;
        char word[64];
        snprintf(word, sizeof(word), "--since=%s", rows[i].text);
        CHECK(READ("logs", word, "latest") == TRACK_OK);
        track_status want = rows[i].us < 0 ? TRACK_INVALID : TRACK_OK;
        CHECK(args_get_time(&args, "since", &us, &err) == want);
        CHECK_INT(us, rows[i].us);
    }
}
