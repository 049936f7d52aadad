/* scan_part - pieces of JSON, taken from the front of what is left of a body.
 *
 * What scan.h, scan_mlflow.h and scan_wandb.h are made of.  Everything here takes plain JSON only
 * and answers false for whatever else there is: a text with an escape or beyond ASCII, a number
 * that needs more care.  False does not mean that it is wrong: core/json is asked then.
 * All of it is inline, so that what is left of the body stays in registers: 60 instead of 100 ns a
 * point.
 * Uses: bytes, number.  Pure; any thread.
 * Tests: tests/server/test_scan.c, tests/fuzz/fuzz_scan.c
 */
#ifndef SERVER_SCAN_PART_H
#define SERVER_SCAN_PART_H
#include "../core/bytes.h"
#include "../core/number.h"

#include <endian.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#define SCAN_INLINE static inline __attribute__((always_inline))

/* What is left of the body. */
struct scan {
    const unsigned char *at, *end;
};

enum {
    SCAN_WORD = 8,
    SCAN_TEXT_DIGITS_MAX = 18, /* of a whole number in a text */
    SCAN_NUMBER_MAX = 40,      /* characters of a number */
};
#define SCAN_ONES  UINT64_C(0x0101010101010101)
#define SCAN_HIGHS UINT64_C(0x8080808080808080)

/* Greatest whole number that core/json takes as a number. */
#define SCAN_WHOLE_MAX ((INT64_C(1) << 53) - 1)

/* The next eight bytes, the first one lowest. */
SCAN_INLINE uint64_t scan_word_at(const unsigned char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof(word));
    return le64toh(word);
}

SCAN_INLINE void scan_skip_blanks(struct scan *s)
{
    while (s->at < s->end &&
           (*s->at == ' ' || *s->at == '\n' || *s->at == '\t' || *s->at == '\r')) {
        s->at++;
    }
}

/* Passes over blanks and then this byte; false if it is not there. */
SCAN_INLINE bool scan_take(struct scan *s, unsigned char byte)
{
    if (s->at < s->end && *s->at != byte) {
        scan_skip_blanks(s);
    }
    if (s->at == s->end || *s->at != byte) {
        return false;
    }
    s->at++;
    return true;
}

/* The byte behind the blanks, 0 at the end; it stays. */
SCAN_INLINE unsigned char scan_peek(struct scan *s)
{
    scan_skip_blanks(s);
    return s->at < s->end ? *s->at : 0;
}

/* True if there are only blanks left. */
SCAN_INLINE bool scan_end(struct scan *s)
{
    scan_skip_blanks(s);
    return s->at == s->end;
}

/* A high bit for each byte that ends a plain text: a quote, a backslash, a control byte, or one
 * beyond ASCII.  Behind the first such byte the bits mean nothing. */
SCAN_INLINE uint64_t scan_text_ends(uint64_t word)
{
    uint64_t quote = word ^ SCAN_ONES * '"', escape = word ^ SCAN_ONES * '\\';
    return ((word - SCAN_ONES * 0x20) | (quote - SCAN_ONES) | (escape - SCAN_ONES) | word) &
           SCAN_HIGHS;
}

/* A text of printable ASCII without escapes: what is between its quotes. */
SCAN_INLINE bool scan_text(struct scan *s, struct bytes *out)
{
    if (!scan_take(s, '"')) {
        return false;
    }
    const unsigned char *at = s->at;
    uint64_t ends = 0;
    while (s->end - at >= SCAN_WORD && !(ends = scan_text_ends(scan_word_at(at)))) {
        at += SCAN_WORD;
    }
    if (ends) {
        at += __builtin_ctzll(ends) / 8;
    }
    while (!ends && at < s->end && *at >= 0x20 && *at < 0x80 && *at != '"' && *at != '\\') {
        at++;
    }
    *out = (struct bytes){s->at, (size_t)(at - s->at)};
    if (at == s->end || *at != '"') {
        return false;
    }
    s->at = at + 1;
    return true;
}

/* How many of the eight bytes, from the first on, are digits. */
SCAN_INLINE unsigned scan_digits_size(uint64_t word)
{
    uint64_t value = word ^ SCAN_ONES * '0',
             above = ((value + SCAN_ONES * (128 - 10)) | value) & SCAN_HIGHS;
    return above ? (unsigned)__builtin_ctzll(above) / 8 : SCAN_WORD;
}

/* The number that eight digits write. */
SCAN_INLINE uint64_t scan_digits_value(uint64_t word)
{
    word -= SCAN_ONES * '0';
    word = word * 10 + (word >> 8); /* pairs, in every second byte */
    uint64_t low = (word & UINT64_C(0x000000ff000000ff)) * (100 + (UINT64_C(1000000) << 32));
    uint64_t high = (word >> 16 & UINT64_C(0x000000ff000000ff)) * (1 + (UINT64_C(10000) << 32));
    return (low + high) >> 32;
}

/* Takes digits into *value, which is right for up to 19 of them together; returns how many. */
SCAN_INLINE size_t scan_take_digits(struct scan *s, uint64_t *value)
{
    static const uint64_t powers[SCAN_WORD + 1] = {1,      10,      100,      1000,     10000,
                                                   100000, 1000000, 10000000, 100000000};
    const unsigned char *from = s->at;
    unsigned size = SCAN_WORD;
    while (s->end - s->at >= SCAN_WORD && size == SCAN_WORD) {
        uint64_t word = scan_word_at(s->at);
        size = scan_digits_size(word);
        if (size > 0) { /* zeros in front */
            unsigned gap = (SCAN_WORD - size) * 8;
            word = gap ? word << gap | SCAN_ONES * '0' >> (64 - gap) : word;
            *value = *value * powers[size] + scan_digits_value(word);
            s->at += size;
        }
    }
    for (; size == SCAN_WORD && s->at < s->end && *s->at >= '0' && *s->at <= '9'; s->at++) {
        *value = *value * 10 + (*s->at - '0');
    }
    return (size_t)(s->at - from);
}

SCAN_INLINE bool scan_is_at(const struct scan *s, unsigned char byte)
{
    return s->at < s->end && *s->at == byte;
}

/* Digits of a whole number with its sign; not "-0", "00" and the like. */
SCAN_INLINE bool scan_take_whole(struct scan *s, size_t digits_max, int64_t *out)
{
    bool minus = scan_is_at(s, '-');
    uint64_t value = 0;
    s->at += minus;
    bool zero = scan_is_at(s, '0');
    size_t count = scan_take_digits(s, &value);
    if (count == 0 || count > digits_max || (zero && (count > 1 || minus))) {
        return false;
    }
    *out = minus ? -(int64_t)value : (int64_t)value;
    return true;
}

/* A whole number of at most 2^53 - 1, as a number or as a text; of up to 18 digits as a text.  "-0"
 * is for others. */
SCAN_INLINE bool scan_int(struct scan *s, int64_t *out)
{
    if (scan_peek(s) == '"') {
        s->at++;
        return scan_take_whole(s, SCAN_TEXT_DIGITS_MAX, out) && scan_is_at(s, '"') && s->at++;
    }
    if (!scan_take_whole(s, SCAN_TEXT_DIGITS_MAX, out) || scan_is_at(s, '.') ||
        scan_is_at(s, 'e') || scan_is_at(s, 'E')) {
        return false;
    }
    return *out <= SCAN_WHOLE_MAX && *out >= -SCAN_WHOLE_MAX;
}

/* The exponent, if there is one. */
SCAN_INLINE bool scan_take_exponent(struct scan *s, int *out)
{
    uint64_t value = 0;
    if (!scan_is_at(s, 'e') && !scan_is_at(s, 'E')) {
        return true;
    }
    s->at++;
    bool minus = scan_is_at(s, '-');
    s->at += minus || scan_is_at(s, '+');
    size_t count = scan_take_digits(s, &value);
    if (count == 0 || count > 4) {
        return false;
    }
    *out += minus ? -(int)value : (int)value;
    return true;
}

/* A finite number, the nearest double. */
SCAN_INLINE bool scan_number(struct scan *s, double *out)
{
    const unsigned char *from = s->at;
    uint64_t digits = 0;
    int exponent = 0;
    bool minus = scan_is_at(s, '-');
    s->at += minus;
    bool zero = scan_is_at(s, '0');
    size_t whole = scan_take_digits(s, &digits), part = 0;
    if (whole == 0 || (zero && whole > 1)) {
        return false;
    }
    if (scan_is_at(s, '.')) {
        s->at++;
        part = scan_take_digits(s, &digits);
        exponent = -(int)part;
        if (part == 0) {
            return false;
        }
    }
    if (!scan_take_exponent(s, &exponent) || s->at - from > SCAN_NUMBER_MAX) {
        return false;
    }
    if (whole + part > 19 || !number_scale(digits, exponent, out)) {
        return number_decode((struct bytes){from, (size_t)(s->at - from)}, out);
    }
    *out = minus ? -*out : *out;
    return true;
}

SCAN_INLINE bool scan_is(struct bytes text, const char *what, size_t size)
{
    return text.size == size && memcmp(text.at, what, size) == 0;
}
#define SCAN_IS(text, what) scan_is((text), (what), sizeof(what) - 1)

/* A finite number, or one of the texts "NaN", "Infinity" and "-Infinity". */
SCAN_INLINE bool scan_real(struct scan *s, double *out)
{
    struct bytes text;
    if (scan_peek(s) != '"') {
        return scan_number(s, out);
    }
    if (!scan_text(s, &text)) {
        return false;
    }
    bool nan = SCAN_IS(text, "NaN"), less = SCAN_IS(text, "-Infinity");
    *out = nan ? (double)NAN : less ? -(double)INFINITY : (double)INFINITY;
    return nan || less || SCAN_IS(text, "Infinity");
}

SCAN_INLINE bool scan_take_word(struct scan *s, const char *word, size_t size)
{
    if ((size_t)(s->end - s->at) < size || memcmp(s->at, word, size) != 0) {
        return false;
    }
    s->at += size;
    return true;
}

/* Any value but a text with escapes and an array or object that has something in it. */
SCAN_INLINE bool scan_skip(struct scan *s)
{
    struct bytes text;
    double number;
    switch (scan_peek(s)) {
    case '"':
        return scan_text(s, &text);
    case '[':
        return scan_take(s, '[') && scan_take(s, ']');
    case '{':
        return scan_take(s, '{') && scan_take(s, '}');
    case 't':
        return scan_take_word(s, "true", 4);
    case 'f':
        return scan_take_word(s, "false", 5);
    case 'n':
        return scan_take_word(s, "null", 4);
    default:
        return scan_number(s, &number);
    }
}

/* Names of members, at most 16; `size` counts the closing quote, which text has. */
struct scan_name {
    char text[16];
    unsigned size;
};
#define SCAN_NAME(name)         \
    {                           \
        name "\"", sizeof(name) \
    }

/* True if this name stands here, closing quote and all. */
SCAN_INLINE bool scan_is_name(const struct scan *s, const struct scan_name *name)
{
    size_t left = (size_t)(s->end - s->at);
    if (left < sizeof(name->text)) {
        return left >= name->size && memcmp(s->at, name->text, name->size) == 0;
    }
    uint64_t wrong[2];
    for (size_t i = 0; i < 2; i++) {
        wrong[i] = scan_word_at(s->at + i * SCAN_WORD) ^
                   scan_word_at((const unsigned char *)name->text + i * SCAN_WORD);
    }
    unsigned bits = name->size * 8;
    return bits <= 64 ? wrong[0] << (64 - bits) == 0
                      : (wrong[0] | (bits < 128 ? wrong[1] << (128 - bits) : wrong[1])) == 0;
}

/* A name and its colon.
 *
 *   names  [count].
 *   guess  the index to try first; becomes that of the next name.  Programs write members in the
 *          same order every time.
 *   seen   gets the bit of the name, which it may not have yet.
 *   out    its index; count: none of these, and none that was there before in this object.
 */
enum { SCAN_OTHERS_MAX = 4 };
struct scan_names {
    const struct scan_name *at;
    unsigned count, guess;
    unsigned other_count; /* of an object: the caller sets it to 0 at its start */
    struct bytes others[SCAN_OTHERS_MAX];
};
SCAN_INLINE bool scan_member(struct scan *s, struct scan_names *names, unsigned *seen,
                             unsigned *out)
{
    struct bytes other;
    unsigned index = names->guess;
    if (!scan_take(s, '"')) {
        return false;
    }
    for (unsigned i = 0; i < names->count && !scan_is_name(s, &names->at[index]); i++) {
        index = i;
    }
    if (scan_is_name(s, &names->at[index])) {
        s->at += names->at[index].size;
        names->guess = index + 1 < names->count ? index + 1 : 0;
        *out = index;
        bool again = *seen >> index & 1;
        *seen |= 1u << index;
        return !again && scan_take(s, ':');
    }
    s->at--;
    *out = names->count;
    if (names->other_count == SCAN_OTHERS_MAX || !scan_text(s, &other)) {
        return false;
    }
    for (unsigned i = 0; i < names->other_count; i++) {
        if (scan_is(names->others[i], (const char *)other.at, other.size)) {
            return false;
        }
    }
    names->others[names->other_count++] = other;
    return scan_take(s, ':');
}
#endif
