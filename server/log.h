/* log - one line for what an operator wants to know.
 *
 * A line is an event and its fields, as text or JSON.  Control bytes, quotes and what is not ASCII
 * are escaped, so no request can forge a line.  Lines are written whole, with one write each.
 * Never given to it: credentials, bodies, query values, parameter values.
 * Uses: bytes, fail, clock.  Any thread.
 */
#ifndef SERVER_LOG_H
#define SERVER_LOG_H
#include "../core/arena.h"
#include "../core/bytes.h"
#include "../core/fail.h"

#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

struct log;

/* One field.  A text is shown if it is not NULL, else the number. */
struct log_field {
    const char *name; /* static, [a-z_] */
    struct bytes text;
    int64_t number;
};

#define LOG_TEXT(field, value)           \
    {                                    \
        .name = (field), .text = (value) \
    }
#define LOG_NUMBER(field, value)           \
    {                                      \
        .name = (field), .number = (value) \
    }

/* Opens the log.
 *
 *   path   file to append to, created with mode 0600; NULL: standard error.
 *   json   one JSON object a line instead of text.
 *   least  lines below this level are not written.
 *   arena  holds it, and closes the file.
 *
 * TRACK_IO     the file cannot be opened; err names it.
 * TRACK_NOMEM  the arena's limit.
 *
 * Tests: tests/server/test_log.c
 */
track_status log_open(const char *path, bool json, enum log_level least, struct arena *arena,
                      struct log **out, track_error *err);

/* Opens the file again under its name, after somebody renamed it.
 *
 * TRACK_IO  it cannot be opened; the old one stays in use.
 */
track_status log_reopen(struct log *log, track_error *err);

/* Writes one line; a line over 4 KiB is cut inside its last field.
 *
 *   log     NULL: nothing is written.
 *   event   static, e.g. "request".
 *   fields  [count].
 *
 * Tests: tests/server/test_log.c
 */
void log_write(struct log *log, enum log_level level, const char *event,
               const struct log_field *fields, size_t count);

/* A line of one message, printf style. */
void log_note(struct log *log, enum log_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
#endif
