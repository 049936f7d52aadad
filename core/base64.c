#include "base64.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_put(struct buf *out, struct bytes in)
{
    for (size_t i = 0; i < in.size; i += 3) {
        size_t n = in.size - i < 3 ? in.size - i : 3;
        unsigned bits = (unsigned)in.at[i] << 16;
        bits |= n > 1 ? (unsigned)in.at[i + 1] << 8 : 0;
        bits |= n > 2 ? in.at[i + 2] : 0;
        buf_byte(out, (unsigned char)digits[bits >> 18]);
        buf_byte(out, (unsigned char)digits[bits >> 12 & 63]);
        buf_byte(out, n > 1 ? (unsigned char)digits[bits >> 6 & 63] : '=');
        buf_byte(out, n > 2 ? (unsigned char)digits[bits & 63] : '=');
    }
}

/* 0..63, or 64 for what is no digit. */
static unsigned digit_value(unsigned char c)
{
    return c >= 'A' && c <= 'Z'   ? c - (unsigned)'A'
           : c >= 'a' && c <= 'z' ? c - (unsigned)'a' + 26
           : c >= '0' && c <= '9' ? c - (unsigned)'0' + 52
           : c == '+'             ? 62
           : c == '/'             ? 63
                                  : 64;
}

/* Takes 4 characters, of which the last `padding` are '='. */
static bool take_group(struct buf *out, const unsigned char *at, size_t padding)
{
    unsigned bits = 0;
    for (size_t i = 0; i < 4; i++) {
        unsigned value = i < 4 - padding ? digit_value(at[i]) : at[i] == '=' ? 0 : 64;
        if (value == 64) {
            return false;
        }
        bits = bits << 6 | value;
    }
    if (bits & ((1U << 8 * padding) - 1)) {
        return false;
    }
    for (size_t i = 0; i < 3 - padding; i++) {
        buf_byte(out, bits >> (16 - 8 * i));
    }
    return true;
}

track_status base64_take(struct buf *out, struct bytes text, track_error *err)
{
    struct bytes none;
    if (text.size % 4) {
        return FAIL(err, TRACK_INVALID, "base64 of %zu characters, not of a multiple of 4",
                    text.size);
    }
    for (size_t i = 0; i < text.size; i += 4) {
        const unsigned char *at = text.at + i;
        bool last = i + 4 == text.size;
        size_t padding = !last || at[3] != '=' ? 0 : at[2] == '=' ? 2 : 1;
        if (!take_group(out, at, padding)) {
            return FAIL(err, TRACK_INVALID, "no base64 at character %zu", i);
        }
    }
    return buf_end(out, &none, err);
}
