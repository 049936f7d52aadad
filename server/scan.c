#include "scan.h"

#include "../core/number.h"

#include <math.h>
#include <string.h>

enum {
    DIGITS_MAX = 16, /* of a whole number */
    NUMBER_MAX = 40, /* characters of a number */
};

/* Greatest whole number that core/json takes as a number. */
static const int64_t whole_max = (INT64_C(1) << 53) - 1;

/* What is left of the body. */
struct scan {
    const unsigned char *at, *end;
};

static void skip_blanks(struct scan *s)
{
    while (s->at < s->end &&
           (*s->at == ' ' || *s->at == '\n' || *s->at == '\t' || *s->at == '\r')) {
        s->at++;
    }
}

/* Passes over blanks and this byte; false if it is not there. */
static bool take(struct scan *s, unsigned char byte)
{
    skip_blanks(s);
    if (s->at == s->end || *s->at != byte) {
        return false;
    }
    s->at++;
    return true;
}

/* A text of printable ASCII without escapes. */
static bool take_text(struct scan *s, struct bytes *out)
{
    if (!take(s, '"')) {
        return false;
    }
    const unsigned char *from = s->at;
    while (s->at < s->end && *s->at >= 0x20 && *s->at < 0x80 && *s->at != '"' && *s->at != '\\') {
        s->at++;
    }
    *out = (struct bytes){from, (size_t)(s->at - from)};
    if (s->at == s->end || *s->at != '"') {
        return false;
    }
    s->at++;
    return true;
}

static size_t digits(const struct scan *s, size_t from)
{
    size_t count = 0;
    while (s->at + from + count < s->end && s->at[from + count] >= '0' &&
           s->at[from + count] <= '9') {
        count++;
    }
    return count;
}

static unsigned char peek(const struct scan *s, size_t ahead)
{
    return s->at + ahead < s->end ? s->at[ahead] : 0;
}

/* The size of the JSON number that begins here, 0 if none does; *whole: it has digits only. */
static size_t number_size(const struct scan *s, bool *whole)
{
    size_t size = peek(s, 0) == '-', count = digits(s, size);
    if (count == 0 || (count > 1 && s->at[size] == '0')) {
        return 0;
    }
    size += count;
    *whole = true;
    if (peek(s, size) == '.') {
        count = digits(s, size + 1);
        size = count ? size + 1 + count : 0;
        *whole = false;
    }
    if (size && (peek(s, size) | 0x20) == 'e') {
        size_t sign = peek(s, size + 1) == '-' || peek(s, size + 1) == '+';
        count = digits(s, size + 1 + sign);
        size = count ? size + 1 + sign + count : 0;
        *whole = false;
    }
    return size;
}

/* A whole number that is exact as a double; "-0" is for others. */
static bool take_int(struct scan *s, int64_t *out)
{
    bool whole;
    skip_blanks(s);
    size_t size = number_size(s, &whole);
    bool minus = size && s->at[0] == '-';
    if (size == 0 || !whole || size - minus > DIGITS_MAX || (minus && s->at[1] == '0')) {
        return false;
    }
    int64_t value = 0;
    for (size_t i = minus; i < size; i++) {
        value = value * 10 + (s->at[i] - '0');
    }
    *out = minus ? -value : value;
    s->at += size;
    return value <= whole_max;
}

static bool is_text(struct bytes text, const char *what)
{
    return text.size == strlen(what) && memcmp(text.at, what, text.size) == 0;
}

/* A finite number, or one of the three texts.  What rounds to 0 is for others. */
static bool take_real(struct scan *s, double *out)
{
    bool whole;
    struct bytes text;
    skip_blanks(s);
    if (peek(s, 0) == '"') {
        bool taken = take_text(s, &text);
        *out = taken && is_text(text, "NaN") ? (double)NAN : (double)INFINITY;
        *out = taken && is_text(text, "-Infinity") ? -*out : *out;
        return taken && (isnan(*out) || is_text(text, "Infinity") || is_text(text, "-Infinity"));
    }
    size_t size = number_size(s, &whole);
    text = (struct bytes){s->at, size};
    if (size == 0 || size > NUMBER_MAX || (whole && size >= DIGITS_MAX) ||
        !number_decode(text, out)) {
        return false;
    }
    s->at += size;
    return *out != 0 || is_text(text, "0") || is_text(text, "0.0");
}

enum { SEEN_KEY = 1, SEEN_STEP = 2, SEEN_TIME = 4, SEEN_VALUE = 8 };

/* One member; *seen gets its bit, and may not have it. */
static bool take_member(struct scan *s, struct scan_point *out, unsigned *seen)
{
    struct bytes name;
    if (!take_text(s, &name) || !take(s, ':')) {
        return false;
    }
    unsigned bit = is_text(name, "key")       ? SEEN_KEY
                   : is_text(name, "value")   ? SEEN_VALUE
                   : is_text(name, "step")    ? SEEN_STEP
                   : is_text(name, "time_us") ? SEEN_TIME
                                              : 0;
    if (bit == 0 || (*seen & bit)) {
        return false;
    }
    *seen |= bit;
    switch (bit) {
    case SEEN_KEY:
        return take_text(s, &out->key);
    case SEEN_VALUE:
        return take_real(s, &out->value);
    case SEEN_STEP:
        return take_int(s, &out->step);
    default:
        return take_int(s, &out->time_us) && out->time_us >= 0;
    }
}

static bool take_point(struct scan *s, struct scan_point *out)
{
    unsigned seen = 0;
    out->step = SCAN_NO_STEP;
    out->time_us = SCAN_NO_TIME;
    if (!take(s, '{')) {
        return false;
    }
    do {
        if (!take_member(s, out, &seen)) {
            return false;
        }
    } while (take(s, ','));
    return take(s, '}') && (seen & SEEN_KEY) && (seen & SEEN_VALUE);
}

size_t scan_points(struct bytes body, struct scan_point *out, size_t room)
{
    struct scan s = {body.at, body.at + body.size};
    struct bytes name;
    size_t count = 0;
    if (!take(&s, '{') || !take_text(&s, &name) || !is_text(name, "points") || !take(&s, ':') ||
        !take(&s, '[')) {
        return 0;
    }
    do {
        if (count == room || !take_point(&s, &out[count])) {
            return 0;
        }
        count++;
    } while (take(&s, ','));
    if (!take(&s, ']') || !take(&s, '}')) {
        return 0;
    }
    skip_blanks(&s);
    return s.at == s.end ? count : 0;
}
