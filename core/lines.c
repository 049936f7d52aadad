#include "lines.h"

#include <string.h>

enum { STATES_US = 1000000 };

static void lines_keep(struct lines *l)
{
    l->sink(l->data, (struct bytes){l->text, l->size});
    l->size = 0;
    l->pending = 0;
}

/* The text so far is about to be rewritten. */
static void lines_rewind(struct lines *l, int64_t now_us)
{
    if (l->size > 0 && (l->raw || now_us - l->kept_us >= STATES_US)) {
        lines_keep(l);
        l->kept_us = now_us;
    }
    l->size = 0;
    l->pending = 0;
    l->rewind = false;
}

/* Takes what comes before the next end of line, as far as there is room; returns its size. */
static size_t lines_take_text(struct lines *l, struct bytes bytes, int64_t now_us)
{
    size_t size = 0;
    while (size < bytes.size && bytes.at[size] != '\n' && bytes.at[size] != '\r') {
        size++;
    }
    if (size > 0 && l->rewind) {
        lines_rewind(l, now_us);
    }
    size_t room = LINES_BYTES_MAX - l->size;
    size = size < room ? size : room;
    memcpy(l->text + l->size, bytes.at, size);
    l->size += size;
    l->pending += size;
    return size;
}

void lines_add(struct lines *l, struct bytes bytes, int64_t now_us)
{
    while (bytes.size > 0) {
        size_t size = lines_take_text(l, bytes, now_us);
        bytes.at += size;
        bytes.size -= size;
        if (bytes.size == 0) {
            return;
        }
        if (*bytes.at == '\r') {
            l->rewind = true; /* unless \n follows, which ends the line */
            l->pending++;
        } else {
            lines_keep(l);
            if (*bytes.at != '\n') {
                continue; /* there was no room */
            }
            l->rewind = false;
        }
        bytes.at++;
        bytes.size--;
    }
}

void lines_end(struct lines *l)
{
    if (l->size > 0) {
        lines_keep(l);
    }
    l->rewind = false;
    l->pending = 0;
}
