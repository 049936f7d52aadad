/* Shows where settings come from and which one wins, and what is refused.
 * How: argument lists, a file, variables. */
#include "../../server/config.h"
#include "../fault.h"
#include "../harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORDS_MAX = 32 };

/* Reads "a b c" as arguments. */
static track_status read_words(const char *words, struct arena *arena, struct config *out,
                               track_error *err)
{
    char program[] = "trackd";
    char *argv[WORDS_MAX + 1] = {program};
    int argc = 1;
    while (*words && argc < WORDS_MAX) {
        size_t size = strcspn(words, " ");
        argv[argc] = arena_text(arena, words, size);
        if (!argv[argc++]) {
            return TRACK_NOMEM;
        }
        words += size + (words[size] == ' ');
    }
    return config_read(argc, argv, arena, out, err);
}

TEST(config, has_defaults)
{
    AUTO_ARENA arena = ARENA(1 << 16);
    struct config c;
    CHECK(read_words("", &arena, &c, NULL) == TRACK_OK);
    CHECK(c.command == CONFIG_SERVE && c.listen.count == 1);
    CHECK(strcmp(c.listen.at[0], "127.0.0.1:8080") == 0 && strcmp(c.data, "track-data") == 0);
    CHECK(c.threads == 2 && c.max_body_bytes == 32 << 20 && c.drain_s == 20);
    CHECK(strcmp(c.sync, "full") == 0 && !c.behind_proxy && config_level(&c) == LOG_INFO);
    CHECK(c.seal && c.journal_max_bytes == INT64_C(4) << 30);
}

TEST(config, turns_a_flag_off)
{
    AUTO_ARENA arena = ARENA(1 << 16);
    AUTO_BUF help = BUF(1 << 16);
    struct config c;
    CHECK(read_words("--no-seal", &arena, &c, NULL) == TRACK_OK && !c.seal);
    CHECK(read_words("--seal=no --no-behind-proxy", &arena, &c, NULL) == TRACK_OK && !c.seal);
    CHECK(read_words("--no-seal --seal", &arena, &c, NULL) == TRACK_OK && c.seal);
    setenv("TRACKD_SEAL", "no", 1);
    track_status status = read_words("", &arena, &c, NULL);
    unsetenv("TRACKD_SEAL");
    CHECK(status == TRACK_OK && !c.seal);
    config_help(&help);
    buf_byte(&help, 0);
    CHECK(strstr((const char *)help.at, "  --no-seal\n"));
    CHECK(strstr((const char *)help.at, "  --behind-proxy\n"));
}

TEST(config, reads_flags_in_both_forms)
{
    AUTO_ARENA arena = ARENA(1 << 16);
    struct config c;
    CHECK(
        read_words("check --data x --threads=64 --max-body 64KiB --behind-proxy --log-level=error "
                   "--listen unix:/a --listen [::1]:9 --base-path x/y/ --quick",
                   &arena, &c, NULL) == TRACK_OK);
    CHECK(c.command == CONFIG_CHECK && strcmp(c.data, "x") == 0 && c.threads == 64 && c.quick);
    CHECK(c.max_body_bytes == 65536 && c.behind_proxy && config_level(&c) == LOG_ERROR);
    CHECK(c.listen.count == 2 && strcmp(c.listen.at[1], "[::1]:9") == 0);
    CHECK(strcmp(c.base_path, "/x/y") == 0);
    CHECK(read_words("--help", &arena, &c, NULL) == TRACK_OK && c.command == CONFIG_HELP);
    CHECK(read_words("--version", &arena, &c, NULL) == TRACK_OK && c.command == CONFIG_VERSION);
    CHECK(read_words("--print-config", &arena, &c, NULL) == TRACK_OK && c.command == CONFIG_PRINT);
}

TEST(config, refuses_what_it_does_not_know)
{
    static const char *const bad[] = {
        "fly",
        "--nope x",
        "--data",
        "serve now",
        "--threads 1",
        "--threads 65",
        "--threads x",
        "--threads 2x",
        "--max-body 64KB",
        "--max-body 65535",
        "--max-body 2GiB",
        "--sync maybe",
        "--drain -1",
        "--drain 601",
        "--log-level loud",
        "--behind-proxy=x",
        "--no-seal=yes",
        "--no-data x",
        "--no-",
        "--base-path a?b",
        "--sync |",
        "--max-body 9999999999999999999",
    };
    AUTO_ARENA arena = ARENA(1 << 20);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct config c = {.threads = 42};
        if (read_words(bad[i], &arena, &c, NULL) != TRACK_INVALID || c.threads != 42) {
            test_fail(__FILE__, __LINE__, "%s", bad[i]);
            return;
        }
    }
    track_error err = {0};
    struct config c;
    CHECK(read_words("--lisen x", &arena, &c, &err) == TRACK_INVALID);
    CHECK(strstr(err.message, "did you mean '--listen'?"));
}

TEST(config, takes_a_list_at_its_limit)
{
    AUTO_ARENA arena = ARENA(1 << 16);
    struct config c;
    char words[1024] = "";
    for (int i = 0; i < CONFIG_LIST_MAX; i++) {
        strncat(words, "--allow-host=a ", sizeof(words) - strlen(words) - 1);
    }
    CHECK(read_words(words, &arena, &c, NULL) == TRACK_OK && c.hosts.count == CONFIG_LIST_MAX);
    strncat(words, "--allow-host=a", sizeof(words) - strlen(words) - 1);
    CHECK(read_words(words, &arena, &c, NULL) == TRACK_INVALID);
}

TEST(config, prefers_flag_then_variable_then_file)
{
    AUTO_ARENA arena = ARENA(1 << 16);
    struct config c;
    char path[] = "/tmp/track-config-XXXXXX", words[64];
    int fd = mkstemp(path);
    CHECK(fd >= 0);
    dprintf(fd, "# settings\nthreads = 3\ndrain = 7\nallow-host = a,b\nsync = normal\n");
    close(fd);
    snprintf(words, sizeof(words), "--config %s --threads 5", path);
    setenv("TRACKD_THREADS", "4", 1);
    setenv("TRACKD_DRAIN", "8", 1);
    track_status status = read_words(words, &arena, &c, NULL);
    unsetenv("TRACKD_THREADS");
    unsetenv("TRACKD_DRAIN");
    unlink(path);
    CHECK(status == TRACK_OK);
    CHECK(c.threads == 5 && c.drain_s == 8 && c.hosts.count == 2 && strcmp(c.sync, "normal") == 0);
    CHECK(read_words(words, &arena, &c, NULL) == TRACK_NOT_FOUND);
}

TEST(config, prints_what_it_reads)
{
    AUTO_ARENA arena = ARENA(1 << 16);
    AUTO_BUF text = BUF(1 << 16);
    struct config c;
    CHECK(read_words("--threads 9 --base-path /b", &arena, &c, NULL) == TRACK_OK);
    config_print(&c, &text);
    buf_byte(&text, 0);
    CHECK(strstr((const char *)text.at, "threads = 9\n"));
    CHECK(strstr((const char *)text.at, "base-path = /b\n"));
    CHECK(strstr((const char *)text.at, "behind-proxy = no\n"));
}

static track_status read_all(void)
{
    AUTO_ARENA arena = ARENA(1 << 16);
    struct config c;
    return read_words("--threads 3 --base-path /b", &arena, &c, NULL);
}

TEST(config, survives_each_allocation_failing)
{
    CHECK(fault_each(read_all) >= 1);
}
