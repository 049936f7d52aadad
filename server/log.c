#include "log.h"

#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 4096, LINE_TAIL_BYTES = 8 };

struct log {
    atomic_int fd;
    const char *path; /* NULL: standard error */
    bool json;
    enum log_level least;
};

/* A line in the making; what does not fit is left out. */
struct line {
    char text[LINE_MAX_BYTES];
    size_t size;
};

static const char *const level_names[] = {"debug", "info", "warning", "error"};

static void log_close(void *data)
{
    struct log *log = data;
    if (log->path) {
        close(atomic_load(&log->fd));
    }
}

static int file_open(const char *path)
{
    return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

track_status log_open(const char *path, bool json, enum log_level least, struct arena *arena,
                      struct log **out, track_error *err)
{
    struct log *log = ARENA_NEW(arena, struct log);
    if (!log || !arena_defer(arena, log_close, log)) {
        return FAIL(err, TRACK_NOMEM, "no room for the log");
    }
    int fd = path ? file_open(path) : STDERR_FILENO;
    if (fd < 0) {
        return FAIL(err, TRACK_IO, "cannot open the log file '%s': %s", path, strerror(errno));
    }
    log->path = path;
    log->json = json;
    log->least = least;
    atomic_init(&log->fd, fd);
    *out = log;
    return TRACK_OK;
}

track_status log_reopen(struct log *log, track_error *err)
{
    if (!log->path) {
        return TRACK_OK;
    }
    int fd = file_open(log->path);
    if (fd < 0) {
        return FAIL(err, TRACK_IO, "cannot open the log file '%s' again: %s", log->path,
                    strerror(errno));
    }
    /* The number stays, so a thread that is just writing hits either the old file or the new. */
    (void)dup3(fd, atomic_load(&log->fd), O_CLOEXEC);
    close(fd);
    return TRACK_OK;
}

static void line_put(struct line *line, const char *text, size_t size)
{
    if (line->size + size <= sizeof(line->text) - LINE_TAIL_BYTES) {
        memcpy(line->text + line->size, text, size);
        line->size += size;
    }
}

static void line_text(struct line *line, const char *text)
{
    line_put(line, text, strlen(text));
}

static void line_escaped(struct line *line, struct bytes text)
{
    line_text(line, "\"");
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = text.at[i];
        char escape[8];
        if (c == '"' || c == '\\') {
            line_put(line, (char[]){'\\', (char)c}, 2);
        } else if (c < 0x20 || c > 0x7e) {
            int size = snprintf(escape, sizeof(escape), "\\u%04x", c);
            line_put(line, escape, (size_t)size);
        } else {
            line_put(line, (const char *)&text.at[i], 1);
        }
    }
    line->text[line->size++] = '"'; /* the tail is kept free for this */
}

static void line_name(struct line *line, const char *name, bool json)
{
    if (line->size > 0) {
        line_text(line, json ? "," : " ");
    }
    line_text(line, json ? "\"" : "");
    line_text(line, name);
    line_text(line, json ? "\":" : "=");
}

static void line_field(struct line *line, const struct log_field *field, bool json)
{
    if (line->size + 64 > sizeof(line->text) - LINE_TAIL_BYTES) {
        return;
    }
    line_name(line, field->name, json);
    if (field->text.at) {
        line_escaped(line, field->text);
        return;
    }
    char number[24];
    int size = snprintf(number, sizeof(number), "%lld", (long long)field->number);
    line_put(line, number, (size_t)size);
}

static struct bytes as_bytes(const char *text)
{
    return (struct bytes){(const unsigned char *)text, strlen(text)};
}

void log_write(struct log *log, enum log_level level, const char *event,
               const struct log_field *fields, size_t count)
{
    if (!log || level < log->least) {
        return;
    }
    struct line line = {.size = 0};
    char now[CLOCK_TEXT_SIZE];
    clock_text(clock_wall_us(), now);
    if (log->json) {
        line_text(&line, "{\"time\":\"");
        line_text(&line, now);
        line_text(&line, "\"");
        line_field(&line, &(struct log_field)LOG_TEXT("level", as_bytes(level_names[level])), true);
        line_field(&line, &(struct log_field)LOG_TEXT("event", as_bytes(event)), true);
    } else {
        line_text(&line, now);
        line_text(&line, " ");
        line_text(&line, level_names[level]);
        line_text(&line, " ");
        line_text(&line, event);
    }
    for (size_t i = 0; i < count; i++) {
        line_field(&line, &fields[i], log->json);
    }
    if (log->json) {
        line.text[line.size++] = '}';
    }
    line.text[line.size++] = '\n';
    (void)!write(atomic_load(&log->fd), line.text, line.size);
}

void log_note(struct log *log, enum log_level level, const char *event, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    log_write(log, level, event, &(struct log_field)LOG_TEXT("message", as_bytes(text)), 1);
}
