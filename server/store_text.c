#include "store_text.h"

#include "../core/limits.h"
#include "../core/name.h"

#include <stdio.h>
#include <string.h>

enum { WORD_BYTES_MAX = 32 };

struct bytes text_bytes(const char *text)
{
    return (struct bytes){(const unsigned char *)text, strlen(text)};
}

static track_status check_size(const char *what, const char *text, size_t max, track_error *err)
{
    size_t size = strlen(text);
    return size <= max
               ? TRACK_OK
               : FAIL(err, TRACK_INVALID, "%s has at most %zu bytes, not %zu", what, max, size);
}

track_status text_check_line(const char *what, const char *text, size_t max, track_error *err)
{
    if (!text) {
        return TRACK_OK;
    }
    TRY(check_size(what, text, max, err));
    return name_check_line(text_bytes(text), err);
}

track_status text_check_note(const char *what, const char *text, size_t max, track_error *err)
{
    if (!text) {
        return TRACK_OK;
    }
    TRY(check_size(what, text, max, err));
    return name_check_text(text_bytes(text), err);
}

track_status text_check_word(const char *what, const char *text, track_error *err)
{
    if (!text) {
        return TRACK_OK;
    }
    size_t size = strlen(text);
    if (size == 0 || size > WORD_BYTES_MAX ||
        strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-") != size) {
        return FAIL(err, TRACK_INVALID, "%s is a word of a-z, 0-9, _ and -, not '%.80s'", what,
                    text);
    }
    return TRACK_OK;
}

track_status text_check_one(const char *what, const char *text, const char *const *words,
                            track_error *err)
{
    char list[160] = "";
    for (size_t i = 0, at = 0; words[i] && text; i++) {
        if (strcmp(text, words[i]) == 0) {
            return TRACK_OK;
        }
        at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s", i ? ", " : "", words[i]);
        at = at < sizeof(list) ? at : sizeof(list) - 1;
    }
    return text ? FAIL(err, TRACK_INVALID, "%s '%.80s', must be one of %s", what, text, list)
                : TRACK_OK;
}

track_status text_check_key(const char *what, const char *text, track_error *err)
{
    if (!text) {
        return FAIL(err, TRACK_INVALID, "%s has no name", what);
    }
    return name_check_key(text_bytes(text), err);
}
