#include "number.h"

#include "number_powers.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef __uint128_t wide;

enum {
    EXPONENT_MAX = 100000000, /* greater exponents say no more than this one */
    DIGITS_EXACT_MAX = 800,   /* more digits never decide between two doubles, but that there are */
};
#define INFINITY_BITS UINT64_C(0x7ff0000000000000)

/* floor(log2(10^e)) and floor(log10(2^q)), exact for |e| <= 1,233 and |q| <= 5,456. */
static int power_log2(int e)
{
    return (int)((e * INT64_C(913124641741)) >> 38);
}

static int power_log10(int q)
{
    return (int)((q * INT64_C(661971961083)) >> 41);
}

/* A decimal as it was read: +-digits x 10^exponent. */
struct decimal {
    uint64_t digits;      /* the first 19, without leading zeros */
    int exponent;         /* clamped to +-EXPONENT_MAX */
    unsigned digit_count; /* in digits */
    bool negative;
    bool cut; /* further digits were left out, at least one of them not zero */
};

static bool is_digit(struct bytes text, size_t i)
{
    return i < text.size && text.at[i] >= '0' && text.at[i] <= '9';
}

static bool is_sign(struct bytes text, size_t i)
{
    return i < text.size && (text.at[i] == '-' || text.at[i] == '+');
}

/* Takes the digits at i; those after the point lower the exponent.  Returns the first byte after.
 */
static size_t decimal_take(struct decimal *d, struct bytes text, size_t i, bool fraction)
{
    int exponent = d->exponent;
    for (; is_digit(text, i); i++) {
        unsigned digit = (unsigned)text.at[i] - '0';
        bool kept = d->digit_count < 19;
        if (kept && (digit || d->digit_count)) {
            d->digits = d->digits * 10 + digit;
            d->digit_count++;
        }
        d->cut |= !kept && digit;
        if (kept == fraction && abs(exponent) < EXPONENT_MAX) {
            exponent += kept ? -1 : 1;
        }
    }
    d->exponent = exponent;
    return i;
}

/* Takes the exponent after the e; 0 if there is none. */
static size_t decimal_take_exponent(struct decimal *d, struct bytes text, size_t i)
{
    bool negative = i < text.size && text.at[i] == '-';
    int exponent = 0;
    i += is_sign(text, i);
    if (!is_digit(text, i)) {
        return 0;
    }
    for (; is_digit(text, i); i++) {
        exponent = exponent < EXPONENT_MAX ? exponent * 10 + (text.at[i] - '0') : exponent;
    }
    d->exponent += negative ? -exponent : exponent;
    return i;
}

static bool decimal_read(struct bytes text, struct decimal *d)
{
    size_t start = is_sign(text, 0), i = decimal_take(d, text, start, false);
    bool any = i > start;
    d->negative = start && text.at[0] == '-';
    if (i < text.size && text.at[i] == '.') {
        start = i + 1;
        i = decimal_take(d, text, start, true);
        any |= i > start;
    }
    if (any && i < text.size && (text.at[i] | 32) == 'e') {
        i = decimal_take_exponent(d, text, i + 1);
    }
    return any && i == text.size;
}

/* The bits of the double nearest to m x 2^(e - 127), ties to even; the top bit of m is set. */
static uint64_t double_round(wide m, int e)
{
    int kept = e < -1022 ? 53 + 1022 + e : 53; /* bits; fewer below the normal numbers */
    if (e > 1023) {
        return INFINITY_BITS;
    }
    if (kept < 0) {
        return 0;
    }
    uint64_t head = kept ? (uint64_t)(m >> (128 - kept)) : 0;
    wide rest = m << kept, half = (wide)1 << 127;
    head += rest > half || (rest == half && head & 1);
    return e < -1022 ? head : head + ((uint64_t)(e + 1022) << 52);
}

/* Multiplies by a power of ten that is too small by less than one unit; false if that could matter.
 * Invariant: the product lies in [m, m + slack). */
static bool decimal_scale(const struct decimal *d, uint64_t *bits)
{
    const struct power *p = &powers[d->exponent - POWER_MIN];
    int zeros = __builtin_clzll(d->digits), e = 64 - zeros + power_log2(d->exponent);
    uint64_t digits = d->digits << zeros;
    wide low = (wide)digits * p->low, m = (wide)digits * p->high + (uint64_t)(low >> 64);
    wide slack = d->cut ? ((wide)2 << (64 + zeros)) : 2;
    if (!(m >> 127)) {
        m <<= 1;
        slack <<= 1;
        e--;
    }
    *bits = double_round(m, e);
    return m + slack > m && *bits == double_round(m + slack, e);
}

/* The exact way, for the few numbers near the middle of two doubles. */
static double decimal_exact(struct bytes text)
{
    char copy[DIGITS_EXACT_MAX + 32];
    size_t size = 0;
    int64_t exponent = 0;
    bool point = false, cut = false;
    struct decimal tail = {0};
    size_t i = is_sign(text, 0);
    for (; i < text.size && (text.at[i] | 32) != 'e'; i++) {
        point |= text.at[i] == '.';
        if (text.at[i] == '.') {
            continue;
        }
        bool kept = size < DIGITS_EXACT_MAX;
        exponent += kept ? (point ? -1 : 0) : (point ? 0 : 1);
        cut |= !kept && text.at[i] != '0';
        if (kept && (size || text.at[i] != '0')) {
            copy[size++] = (char)text.at[i];
        }
    }
    if (i < text.size) {
        decimal_take_exponent(&tail, text, i + 1);
    }
    size -= cut; /* the last digit gives way to a 1 that says: more to come */
    snprintf(copy + size, sizeof(copy) - size, "%se%lld", cut ? "1" : "",
             (long long)exponent + tail.exponent);
    return strtod_l(copy, NULL, newlocale(LC_ALL_MASK, "C", (locale_t)0));
}

static double double_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

/* What whole numbers of doubles decide: a product or quotient of two exact ones, rounded once. */
static bool decimal_whole(const struct decimal *d, double *out)
{
    static const double exact[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (d->digits >= UINT64_C(1) << 53 || d->exponent < -22 || d->exponent > 22 || d->cut) {
        return false;
    }
    double whole = (double)d->digits;
    *out = d->exponent < 0 ? whole / exact[-d->exponent] : whole * exact[d->exponent];
    return true;
}

bool number_scale(uint64_t digits, int exponent, double *out)
{
    struct decimal d = {.digits = digits, .exponent = exponent};
    uint64_t bits;
    if (decimal_whole(&d, out)) {
        return true;
    }
    if (digits == 0 || exponent > 308 || exponent < POWER_MIN || !decimal_scale(&d, &bits) ||
        bits == INFINITY_BITS) {
        return false;
    }
    *out = double_of(bits);
    return true;
}

bool number_decode(struct bytes text, double *out)
{
    struct decimal d = {0};
    uint64_t bits;
    double value = 0;
    if (!decimal_read(text, &d)) {
        return false;
    }
    bool decided = decimal_whole(&d, &value) || d.digits == 0;
    if (!decided && d.exponent > 308) {
        return false;
    }
    if (!decided && d.exponent >= POWER_MIN) {
        value = decimal_scale(&d, &bits) ? double_of(bits) : fabs(decimal_exact(text));
    }
    if (isinf(value)) {
        return false;
    }
    *out = d.negative ? -value : value;
    return true;
}

bool number_decode_int(struct bytes text, int64_t *out)
{
    bool negative = text.size && text.at[0] == '-';
    size_t i = is_sign(text, 0);
    uint64_t value = 0, max = (uint64_t)INT64_MAX + negative;
    if (i == text.size) {
        return false;
    }
    for (; i < text.size; i++) {
        unsigned digit = (unsigned)text.at[i] - '0';
        if (digit > 9 || value > (max - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    *out = (int64_t)(negative ? 0 - value : value);
    return true;
}

/* g x c / 2^127, rounded down, with the last bit set if anything was cut off that counts. */
static uint64_t scale_odd(wide g, uint64_t c)
{
    uint64_t g1 = (uint64_t)(g >> 63), g0 = (uint64_t)g & INT64_MAX;
    uint64_t x1 = (uint64_t)(((wide)g0 * c) >> 64);
    wide y = (wide)g1 * c;
    uint64_t z = ((uint64_t)y >> 1) + x1;
    uint64_t w = (uint64_t)(y >> 64) + (z >> 63);
    return w | ((z & INT64_MAX) != 0);
}

/* The shortest decimal within the rounding interval of c x 2^q, the nearest of these; c > 0. */
static struct decimal decimal_shortest(uint64_t c, int q)
{
    bool uneven = c == UINT64_C(1) << 52 && q > -1074; /* the lower neighbour is nearer */
    uint64_t odd = c & 1, middle = c << 2;
    int k =
        uneven ? (int)((q * INT64_C(661971961083) - INT64_C(274743187321)) >> 41) : power_log10(q);
    int shift = q + power_log2(-k) + 2;
    const struct power *p = &powers[-k - POWER_MIN];
    wide g = ((((wide)p->high << 64) | p->low) >> 2) + 1;
    uint64_t value = scale_odd(g, middle << shift);
    uint64_t low = scale_odd(g, (middle - (uneven ? 1 : 2)) << shift) + odd;
    uint64_t high = scale_odd(g, (middle + 2) << shift);
    uint64_t s = value >> 2;
    if (s >= 10) {
        uint64_t down = s / 10 * 10, up = down + 10;
        bool down_in = low <= down << 2, up_in = (up << 2) + odd <= high;
        if (down_in != up_in) {
            return (struct decimal){.digits = down_in ? down : up, .exponent = k};
        }
    }
    bool s_in = low <= s << 2, t_in = ((s + 1) << 2) + odd <= high;
    uint64_t twice = (s << 1) + 1;
    bool above = s_in != t_in ? t_in : value > twice << 1 || (value == twice << 1 && s & 1);
    return (struct decimal){.digits = s + above, .exponent = k};
}

static struct decimal decimal_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    uint64_t fraction = bits & ((UINT64_C(1) << 52) - 1);
    int exponent = (int)(bits >> 52 & 2047);
    struct decimal d = {0};
    if (value < 9007199254740992.0 && value == floor(value)) {
        d.digits = (uint64_t)value;
    } else {
        d = exponent ? decimal_shortest(fraction | UINT64_C(1) << 52, exponent - 1075)
                     : decimal_shortest(fraction, -1074);
    }
    while (d.digits && d.digits % 10 == 0) {
        d.digits /= 10;
        d.exponent++;
    }
    return d;
}

/* Writes digits, count of them, with a point after the first `whole` (none if that is all). */
static size_t put_digits(uint64_t digits, int count, int whole, char *out)
{
    bool point = whole < count;
    for (int i = count + point; i-- > 0;) {
        if (point && i == whole) {
            out[i] = '.';
            continue;
        }
        out[i] = (char)('0' + digits % 10);
        digits /= 10;
    }
    return (size_t)(count + point);
}

static size_t put_zeros(size_t count, char *out)
{
    memset(out, '0', count);
    return count;
}

static size_t put_word(const char *word, char *out)
{
    size_t size = strlen(word);
    memcpy(out, word, size);
    return size;
}

/* As JavaScript's Number.prototype.toString: plain from 1e-6 to below 1e21. */
static size_t decimal_put(struct decimal d, char *out)
{
    char exponent[16];
    int count = 1;
    for (uint64_t rest = d.digits; rest >= 10; rest /= 10) {
        count++;
    }
    int whole = count + d.exponent; /* digits before the point */
    if (d.exponent >= 0 && whole <= 21) {
        size_t size = put_digits(d.digits, count, count, out);
        return size + put_zeros((size_t)d.exponent, out + size);
    }
    if (whole > 0 && whole <= 21) {
        return put_digits(d.digits, count, whole, out);
    }
    if (whole > -6 && whole <= 0) {
        size_t size = put_word("0.", out);
        size += put_zeros((size_t)-whole, out + size);
        return size + put_digits(d.digits, count, count, out + size);
    }
    size_t size = put_digits(d.digits, count, 1, out);
    snprintf(exponent, sizeof(exponent), "e%+d", whole - 1);
    return size + put_word(exponent, out + size);
}

size_t number_encode(double value, char *out)
{
    if (isnan(value)) {
        return put_word("NaN", out);
    }
    size_t size = signbit(value) ? put_word("-", out) : 0;
    if (isinf(value)) {
        return size + put_word("Infinity", out + size);
    }
    return size + decimal_put(decimal_of(fabs(value)), out + size);
}
