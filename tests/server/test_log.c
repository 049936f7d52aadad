/* Shows what a line looks like, that nothing in it can start another line, and that a renamed file
 * is left when asked.
 * How: a log in a temporary file. */
#include "../../server/log.h"
#include "../harness.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Writes one line and reads it back. */
static bool line_of(bool json, struct bytes value, char *out, size_t size)
{
    char path[] = "/tmp/track-log-XXXXXX";
    int fd = mkstemp(path);
    AUTO_ARENA arena = ARENA(1 << 16);
    struct log *log = NULL;
    if (fd < 0 || log_open(path, json, LOG_INFO, &arena, &log, NULL) != TRACK_OK) {
        return false;
    }
    struct log_field fields[] = {LOG_TEXT("path", value), LOG_NUMBER("status", 200)};
    log_write(log, LOG_DEBUG, "hidden", fields, 2);
    log_write(log, LOG_INFO, "request", fields, 2);
    ssize_t got = read(fd, out, size - 1);
    out[got > 0 ? got : 0] = '\0';
    close(fd);
    unlink(path);
    return got > 0;
}

#define BYTES(text) ((struct bytes){(const unsigned char *)(text), sizeof(text) - 1})

TEST(log, writes_text)
{
    char line[512];
    CHECK(line_of(false, BYTES("/a b"), line, sizeof(line)));
    CHECK(strcmp(line + 27, " info request path=\"/a b\" status=200\n") == 0);
}

TEST(log, writes_json)
{
    char line[512];
    CHECK(line_of(true, BYTES("/a"), line, sizeof(line)));
    CHECK(strncmp(line, "{\"time\":\"2", 10) == 0);
    CHECK(strstr(line,
                 "\",\"level\":\"info\",\"event\":\"request\",\"path\":\"/a\",\"status\":200}\n"));
}

TEST(log, escapes_what_could_forge_a_line)
{
    char line[512];
    CHECK(line_of(false, BYTES("a\nb\"c\\\x1b\xc3\xbc"), line, sizeof(line)));
    CHECK(strstr(line, "path=\"a\\u000ab\\\"c\\\\\\u001b\\u00c3\\u00bc\" status=200\n"));
}

TEST(log, cuts_a_line_that_is_too_long)
{
    static unsigned char many[9000];
    static char line[9000];
    memset(many, 'x', sizeof(many));
    CHECK(line_of(true, (struct bytes){many, sizeof(many)}, line, sizeof(line)));
    CHECK(strlen(line) <= 4096 && strstr(line, "x\"}\n"));
}

TEST(log, names_a_file_that_cannot_be_opened)
{
    AUTO_ARENA arena = ARENA(1 << 16);
    struct log *log = NULL;
    track_error err = {0};
    CHECK(log_open("/nonexistent/x", false, LOG_INFO, &arena, &log, &err) == TRACK_IO);
    CHECK(strstr(err.message, "'/nonexistent/x'"));
}

TEST(log, leaves_a_renamed_file_when_asked)
{
    char path[] = "/tmp/track-log-XXXXXX", old[64], text[512];
    int fd = mkstemp(path);
    CHECK(fd >= 0);
    close(fd);
    (void)snprintf(old, sizeof(old), "%s.1", path);
    AUTO_ARENA arena = ARENA(1 << 16);
    struct log *log = NULL;
    CHECK(log_open(path, false, LOG_INFO, &arena, &log, NULL) == TRACK_OK);
    CHECK(rename(path, old) == 0);
    CHECK(log_reopen(log, NULL) == TRACK_OK);
    log_note(log, LOG_WARNING, "note", "%d", 7);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = read(fd, text, sizeof(text) - 1);
    close(fd);
    unlink(path);
    unlink(old);
    CHECK(got > 0);
    text[got] = '\0';
    CHECK(strstr(text, " warning note message=\"7\"\n"));
}
