#include "chunk_decimal.h"

#include <string.h>

static const double powers[CHUNK_EXPONENT_MAX + 1] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8};

/* Added to a double below 2^51 in size, this leaves no bits behind the point, rounded to nearest;
 * the low bits are then the whole number. */
static const double rounder = 6755399441055744.0; /* 1.5 * 2^52 */
static const double most = 2251799813685248.0;    /* 2^51 */

static bool bits_equal(double a, double b)
{
    uint64_t x, y;
    memcpy(&x, &a, sizeof(x));
    memcpy(&y, &b, sizeof(y));
    return x == y;
}

/* value * power is off by less than 1/2 below 2^51, so that only the nearest whole number can do.
 */
static bool value_fits(double value, double power, int64_t *k)
{
    double scaled = value * power;
    if (!(scaled > -most && scaled < most)) {
        return false;
    }
    double whole = (scaled + rounder) - rounder;
    *k = (int64_t)whole;
    return bits_equal(whole / power, value);
}

bool chunk_decimal_fit(const double *values, size_t count, int64_t *k, unsigned *exponent)
{
    unsigned e = 0;
    size_t ahead = 0, behind = 0; /* values before ahead fit; those before behind with a lesser e */
    while (ahead < count) {
        if (value_fits(values[ahead], powers[e], &k[ahead])) {
            ahead++;
        } else if (++e > *exponent) {
            return false;
        } else {
            behind = ahead;
        }
    }
    for (size_t i = 0; i < behind; i++) {
        if (!value_fits(values[i], powers[e], &k[i])) {
            return false;
        }
    }
    *exponent = e;
    return true;
}

void chunk_decimal_fill(const int64_t *k, size_t count, unsigned exponent, double *out)
{
    double power = powers[exponent];
    for (size_t i = 0; i < count; i++) {
        out[i] = (double)k[i] / power;
    }
}
