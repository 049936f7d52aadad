#include "format.h"

#include "../core/number.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

const char *format_count(int64_t value, char *out)
{
    char digits[24];
    int n = snprintf(digits, sizeof(digits), "%lld", (long long)value);
    int first = value < 0;
    char *at = out;
    for (int i = 0; i < n; i++) {
        if (i > first && (n - i) % 3 == 0) {
            *at++ = ' ';
        }
        *at++ = digits[i];
    }
    *at = '\0';
    return out;
}

const char *format_bytes(int64_t bytes, char *out)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = (double)bytes;
    size_t unit = 0;
    while (fabs(value) >= 1023.95 && unit + 1 < sizeof(units) / sizeof(units[0])) {
        value /= 1024;
        unit++;
    }
    snprintf(out, FORMAT_TEXT_MAX, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
    return out;
}

const char *format_duration(int64_t time_us, char *out)
{
    long long s = time_us / 1000000;
    if (time_us < 0) {
        snprintf(out, FORMAT_TEXT_MAX, "0 s");
    } else if (time_us < 1000000) {
        snprintf(out, FORMAT_TEXT_MAX, "%lld ms", (long long)time_us / 1000);
    } else if (s < 60) {
        snprintf(out, FORMAT_TEXT_MAX, "%.1f s",
                 (double)time_us / 1e6 - 0.05 < 0 ? 0.0 : floor((double)time_us / 1e5) / 10);
    } else if (s < 3600) {
        snprintf(out, FORMAT_TEXT_MAX, "%lld m %lld s", s / 60, s % 60);
    } else if (s < 86400) {
        snprintf(out, FORMAT_TEXT_MAX, "%lld h %lld m", s / 3600, s / 60 % 60);
    } else {
        snprintf(out, FORMAT_TEXT_MAX, "%lld d %lld h", s / 86400, s / 3600 % 24);
    }
    return out;
}

const char *format_real(double value, char *out)
{
    if (!isfinite(value)) {
        return format_exact(value, out);
    }
    snprintf(out, FORMAT_TEXT_MAX, "%.5g", value);
    return out;
}

const char *format_exact(double value, char *out)
{
    out[number_encode(value, out)] = '\0';
    return out;
}

const char *format_since(int64_t from_us, int64_t now_us, char *out)
{
    static const struct {
        int64_t s;
        const char *unit;
    } units[] = {{86400, "d"}, {3600, "h"}, {60, "m"}, {1, "s"}};
    int64_t s = (now_us - from_us) / 1000000;
    bool ahead = s < 0;
    s = ahead ? -s : s;
    size_t i = 0;
    while (i < 3 && s < 2 * units[i].s) {
        i++;
    }
    long long n = s / units[i].s;
    snprintf(out, FORMAT_TEXT_MAX, ahead ? "in %lld %s" : "%lld %s ago", n, units[i].unit);
    return out;
}

const char *format_time(int64_t time_us, char *out)
{
    time_t s = (time_t)(time_us / 1000000 - (time_us % 1000000 < 0));
    struct tm tm;
    if (!localtime_r(&s, &tm) || !strftime(out, FORMAT_TEXT_MAX, "%Y-%m-%d %H:%M:%S", &tm)) {
        snprintf(out, FORMAT_TEXT_MAX, "%lld s", (long long)s);
    }
    return out;
}

size_t format_decode(struct bytes text, int32_t *code)
{
    static const int32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = text.at[0];
    size_t size = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    int32_t value = size <= 1 ? first : first & (0x7f >> size);
    bool good = size > 0 && size <= text.size && first < 0xf5;
    for (size_t i = 1; good && i < size; i++) {
        good = (text.at[i] & 0xc0) == 0x80;
        value = value << 6 | (text.at[i] & 0x3f);
    }
    good = good && value >= least[size] && value <= 0x10ffff && (value & ~0x7ff) != 0xd800;
    *code = good ? value : -1;
    return good ? size : 1;
}

/* Controls, marks that reorder text, and line separators. */
static bool is_harmful(int32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x200e && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
           code == 0x061c || code == 0xfeff;
}

static void put_escaped(struct buf *to, unsigned char byte, int32_t code)
{
    static const char letters[] = {['\t'] = 't', ['\n'] = 'n', ['\r'] = 'r', ['\x1b'] = 'e'};
    char out[16];
    if (code >= 0 && code < (int32_t)sizeof(letters) && letters[code]) {
        snprintf(out, sizeof(out), "\\%c", letters[code]);
    } else if (code >= 0) {
        snprintf(out, sizeof(out), "\\u%04x", (unsigned)code);
    } else {
        snprintf(out, sizeof(out), "\\%03o", byte);
    }
    buf_text(to, out);
}

void format_escape(struct buf *to, struct bytes text, enum format_escape how)
{
    while (text.size > 0) {
        int32_t code;
        size_t size = format_decode(text, &code);
        bool layout = code == '\t' || code == '\n';
        bool escape = how == FORMAT_TSV     ? layout || code == '\r' || code == '\\'
                      : how == FORMAT_LINES ? is_harmful(code) && !layout
                                            : is_harmful(code);
        if (how == FORMAT_TSV && code == '\\') {
            buf_text(to, "\\\\");
        } else if (escape) {
            put_escaped(to, text.at[0], code);
        } else {
            buf_put(to, text.at, size);
        }
        text.at += size;
        text.size -= size;
    }
}
