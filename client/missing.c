#include "missing.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool missing_add(struct missing *m, const char *what, const char *format, ...)
{
    for (size_t i = 0; i < m->count; i++) {
        if (strcmp(m->rows[i].what, what) == 0) {
            return false;
        }
    }
    if (m->count == MISSING_MAX) {
        return false;
    }
    va_list args;
    snprintf(m->rows[m->count].what, sizeof m->rows[0].what, "%s", what);
    va_start(args, format);
    vsnprintf(m->rows[m->count].why, sizeof m->rows[0].why, format, args);
    va_end(args);
    m->count++;
    return true;
}

void missing_write(const struct missing *m, struct json_writer *w, const char *name)
{
    json_write_array(w, name);
    for (size_t i = 0; i < m->count; i++) {
        json_write_object(w, NULL);
        json_write_text(w, "what", m->rows[i].what);
        json_write_text(w, "why", m->rows[i].why);
        json_write_close(w);
    }
    json_write_close(w);
}
