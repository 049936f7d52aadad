/* Shows each form of output, byte for byte.
 * How: one table and one object into streams of memory; golden output at 80 columns. */
#include "../../client/format.h"
#include "../../client/print.h"
#include "../harness.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OUT_BYTES = 64 * 1024 };

/* Output of one command line. */
struct caught {
    char out[OUT_BYTES], talk[OUT_BYTES];
    FILE *streams[2];
    struct print print;
    struct args args;
};

static bool caught_open(struct caught *k, const char *words, struct arena *a)
{
    static const struct print_env env = {NULL, NULL, "xterm", NULL};
    char *argv[16] = {arena_text(a, "ls", 2)}, *at = arena_text(a, words, strlen(words));
    int argc = 1;
    memset(k->out, 0, sizeof(k->out));
    memset(k->talk, 0, sizeof(k->talk));
    for (char *save, *word = strtok_r(at, " ", &save); word && argc < 15;
         word = strtok_r(NULL, " ", &save)) {
        argv[argc++] = word;
    }
    k->streams[0] = fmemopen(k->out, sizeof(k->out), "w");
    k->streams[1] = fmemopen(k->talk, sizeof(k->talk), "w");
    if (!k->streams[0] || !k->streams[1] ||
        args_read(command_find("ls"), argc, argv, a, &k->args, NULL) != TRACK_OK) {
        return false;
    }
    print_init(&k->print, &k->args, &env, k->streams);
    k->print.now_us = 1764043938000000;
    setlocale(LC_CTYPE, "C.UTF-8");
    return true;
}

static void caught_close(struct caught *k)
{
    fclose(k->streams[0]);
    fclose(k->streams[1]);
}

static const struct column columns[] = {{"id", "RUN", COLUMN_ID},
                                        {"name", "NAME", COLUMN_CUT},
                                        {"status", "STATUS", 0},
                                        {"loss", "LOSS", COLUMN_RIGHT},
                                        {"started_us", "STARTED", COLUMN_RIGHT},
                                        {"size_bytes", "SIZE", COLUMN_RIGHT | COLUMN_HIDDEN}};
static const struct table_spec spec = {"runs", "run", columns, 6};

static track_status add_rows(struct table *t)
{
    struct cell rows[3][6] = {
        {CELL(CELL_TEXT, text, "0198c2f0a1b27c3d9e40518a6b7c8d9e"),
         CELL(CELL_TEXT, text, "brave-otter"), CELL(CELL_STATE, text, "running"),
         CELL(CELL_REAL, real, 0.29123456789), CELL(CELL_TIME, number, 1764036738000000),
         CELL(CELL_BYTES, number, 4402341478)},
        {CELL(CELL_TEXT, text, "0198c2f0a1b27c3d9e40518a04d1c9aa"),
         CELL(CELL_TEXT, text, "a name that is far too long for any column of a terminal 🦦 ok"),
         CELL(CELL_STATE, text, "failed"),
         CELL(CELL_REAL, real, (double)NAN),
         {0},
         {0}},
        {CELL(CELL_TEXT, text, "0198c2f0a1b27c3d9e40518aa0b398d4"),
         CELL(CELL_TEXT, text, "evil\x1b[31m\ttab\n\"quote\""),
         CELL(CELL_STATE, text, "finished"),
         {0},
         CELL(CELL_TIME, number, -1500000),
         CELL(CELL_BYTES, number, 0)}};
    for (int i = 0; i < 3; i++) {
        rows[i][0].shown = rows[i][0].text + 24;
        TRY(table_add(t, rows[i], NULL));
    }
    return TRACK_OK;
}

static track_status print_rows(struct caught *k, enum print_mode mode, struct arena *a,
                               track_error *err)
{
    struct table t;
    k->print.mode = mode;
    TRY(table_init(&t, &k->print, a, &spec, err));
    TRY(add_rows(&t));
    return table_write(&t, err);
}

static struct bytes text_of(const char *text)
{
    return (struct bytes){(const unsigned char *)text, strlen(text)};
}

TEST(print, a_table_for_people_at_80_columns)
{
    AUTO_ARENA a = ARENA(1 << 20);
    static struct caught k;
    CHECK(caught_open(&k, "", &a));
    track_status status = print_rows(&k, PRINT_TABLE, &a, NULL);
    caught_close(&k);
    CHECK(status == TRACK_OK);
    for (const char *line = k.out; *line; line = strchr(line, '\n') + 1) {
        CHECK(strcspn(line, "\n") <= 90); /* bytes; 80 columns */
    }
    CHECK(!strchr(k.out, '\x1b'));
    CHECK_GOLDEN("print_table", text_of(k.out));
}

TEST(print, states_in_colour_when_asked)
{
    AUTO_ARENA a = ARENA(1 << 20);
    static struct caught k;
    CHECK(caught_open(&k, "--color always", &a));
    track_status status = print_rows(&k, PRINT_TABLE, &a, NULL);
    caught_close(&k);
    CHECK(status == TRACK_OK && strstr(k.out, "\033[34mrunning"));
    CHECK(!strstr(k.out, "\033[31m\ttab")); /* a name brings no colour of its own */
}

TEST(print, tab_separated_values_for_programs)
{
    AUTO_ARENA a = ARENA(1 << 20);
    static struct caught k;
    CHECK(caught_open(&k, "", &a));
    CHECK(k.print.mode == PRINT_TSV); /* no terminal */
    track_status status = print_rows(&k, k.print.mode, &a, NULL);
    caught_close(&k);
    CHECK(status == TRACK_OK);
    CHECK(strcmp(k.out,
                 "0198c2f0a1b27c3d9e40518a6b7c8d9e\tbrave-otter\trunning\t0.29123456789\t"
                 "1764036738.000000\n"
                 "0198c2f0a1b27c3d9e40518a04d1c9aa\ta name that is far too long for any column of "
                 "a terminal 🦦 ok\tfailed\tNaN\t\n"
                 "0198c2f0a1b27c3d9e40518aa0b398d4\tevil\x1b[31m\\ttab\\n\"quote\"\tfinished\t\t"
                 "-1.500000\n") == 0);
}

TEST(print, one_json_document)
{
    AUTO_ARENA a = ARENA(1 << 20);
    static struct caught k;
    const struct json *root;
    CHECK(caught_open(&k, "--json", &a));
    CHECK(k.print.mode == PRINT_JSON);
    track_status status = print_rows(&k, k.print.mode, &a, NULL);
    caught_close(&k);
    CHECK(status == TRACK_OK);
    CHECK_GOLDEN("print_json", text_of(k.out));
    CHECK(json_read(text_of(k.out), NULL, &a, &root, NULL) == TRACK_OK);
    const struct json *runs = json_find(root, "runs");
    CHECK(runs && runs->count == 3);
    CHECK(strcmp(json_find(&runs->items[1], "loss")->text, "NaN") == 0);
}

TEST(print, one_json_document_a_line)
{
    AUTO_ARENA a = ARENA(1 << 20);
    static struct caught k;
    CHECK(caught_open(&k, "--jsonl --fields id,size", &a));
    track_status status = print_rows(&k, k.print.mode, &a, NULL);
    caught_close(&k);
    CHECK(status == TRACK_OK);
    static const char first[] =
        "{\"schema\":\"track.run/1\",\"id\":\"0198c2f0a1b27c3d9e40518a6b7c8d9e\","
        "\"size_bytes\":4402341478}\n";
    CHECK(strncmp(k.out, first, strlen(first)) == 0);
}

TEST(print, ids_alone)
{
    AUTO_ARENA a = ARENA(1 << 20);
    static struct caught k;
    CHECK(caught_open(&k, "-q", &a));
    track_status status = print_rows(&k, k.print.mode, &a, NULL);
    caught_close(&k);
    CHECK(status == TRACK_OK);
    CHECK(strcmp(k.out, "0198c2f0a1b27c3d9e40518a6b7c8d9e\n0198c2f0a1b27c3d9e40518a04d1c9aa\n"
                        "0198c2f0a1b27c3d9e40518aa0b398d4\n") == 0);
}

TEST(print, an_unknown_field_is_named_with_those_there_are)
{
    AUTO_ARENA a = ARENA(1 << 20);
    static struct caught k;
    track_error err = {0};
    CHECK(caught_open(&k, "--fields id,nope", &a));
    track_status status = print_rows(&k, k.print.mode, &a, &err);
    caught_close(&k);
    CHECK(status == TRACK_INVALID && k.out[0] == '\0');
    CHECK(strstr(err.message, "no field \"nope\" of run; there are id, name, status, loss"));
}

TEST(print, an_object)
{
    static const enum print_mode modes[] = {PRINT_TABLE, PRINT_TSV, PRINT_JSON, PRINT_IDS};
    static const char *const want[] = {
        "RUN      x1\nSTATUS   running\nSTARTED  2025-11-25 02:12:18\n",
        "id\tx1\nname\t\nstatus\trunning\nloss\t\nstarted_us\t1764036738.000000\n",
        "{\"schema\":\"track.run/"
        "1\",\"id\":\"x1\",\"name\":null,\"status\":\"running\",\"loss\":null,"
        "\"started_us\":1764036738000000,\"size_bytes\":null}\n",
        "x1\n"};
    const struct cell cells[] = {CELL(CELL_TEXT, text, "x1"),
                                 {0},
                                 CELL(CELL_STATE, text, "running"),
                                 {0},
                                 CELL(CELL_MOMENT, number, 1764036738000000),
                                 {0}};
    setenv("TZ", "UTC", 1);
    for (size_t i = 0; i < 4; i++) {
        AUTO_ARENA a = ARENA(1 << 20);
        static struct caught k;
        CHECK(caught_open(&k, "", &a));
        k.print.mode = modes[i];
        track_status status = print_record(&k.print, &a, &spec, cells, NULL);
        caught_close(&k);
        CHECK(status == TRACK_OK);
        CHECK(strcmp(k.out, want[i]) == 0);
    }
}

TEST(print, errors_for_people_and_for_programs)
{
    AUTO_ARENA a = ARENA(1 << 20);
    static struct caught k;
    track_error err = {.status = TRACK_NOT_FOUND, .message = "no run \x1b[2J"};
    CHECK(caught_open(&k, "", &a));
    print_failure(&k.print, &err, "`track ls` lists runs", "7f3a");
    caught_close(&k);
    CHECK(strcmp(k.talk, "track: no run \\e[2J\n"
                         "       `track ls` lists runs  (server log: 7f3a)\n") == 0);
    CHECK(k.out[0] == '\0');
    CHECK(caught_open(&k, "--json", &a));
    print_failure(&k.print, &err, "h", "7f3a");
    caught_close(&k);
    CHECK(strcmp(k.talk, "{\"error\":{\"code\":\"not_found\",\"message\":\"no run \\u001b[2J\","
                         "\"hint\":\"h\",\"ref\":\"7f3a\"}}\n") == 0);
}

TEST(print, colour_follows_its_rules)
{
    static const struct {
        const char *option;
        struct print_env env;
        bool colour;
    } rows[] = {
        {"", {NULL, NULL, "xterm", NULL}, false}, /* no terminal */
        {"", {NULL, "1", "xterm", NULL}, true},
        {"", {NULL, "0", "xterm", NULL}, false},
        {"", {"1", "1", "xterm", NULL}, false},
        {"", {"", "1", "xterm", NULL}, true}, /* NO_COLOR counts when it is not empty */
        {"", {NULL, "1", "dumb", NULL}, false},
        {"--color always", {"1", NULL, "dumb", NULL}, true},
        {"--color never", {NULL, "1", "xterm", NULL}, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        AUTO_ARENA a = ARENA(1 << 20);
        static struct caught k;
        struct print p;
        CHECK(caught_open(&k, rows[i].option, &a));
        print_init(&p, &k.args, &rows[i].env, k.streams);
        caught_close(&k);
        CHECK_INT(p.colour, rows[i].colour);
    }
}

TEST(print, progress_only_on_a_terminal_and_not_too_often)
{
    AUTO_ARENA a = ARENA(1 << 20);
    static struct caught k;
    CHECK(caught_open(&k, "", &a));
    print_progress(&k.print, 1000000, "half");
    fflush(k.streams[1]);
    bool silent = k.talk[0] == '\0';
    k.print.progress = true;
    print_progress(&k.print, 1000000, "one");
    print_progress(&k.print, 1050000, "two");
    print_progress(&k.print, 1100001, "three");
    print_progress_end(&k.print);
    caught_close(&k);
    CHECK(silent);
    CHECK(strcmp(k.talk, "\r\033[Kone\r\033[Kthree\r\033[K") == 0);
}
