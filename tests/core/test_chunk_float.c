/* Shows that floats are told from doubles, and that numbers sort as the floats they stand for.
 * How: borders of float, NaN payloads, neighbours along the line of numbers. */
#include "../../core/chunk_float.h"
#include "../harness.h"

#include <float.h>
#include <math.h>
#include <string.h>

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

static double from_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

TEST(chunk_float, gives_floats_back)
{
    double values[] = {0,
                       -0.0,
                       1,
                       -1,
                       (double)0.1F,
                       (double)FLT_MAX,
                       (double)FLT_MIN,
                       0x1p-149,
                       INFINITY,
                       -INFINITY,
                       (double)NAN,
                       from_bits(0x7ff8000020000000),
                       from_bits(0xfff8000000000000)};
    enum { COUNT = sizeof(values) / sizeof(values[0]) };
    uint64_t bits[COUNT];
    uint32_t narrow[COUNT];
    double back[COUNT];
    CHECK(chunk_float_fit(values, COUNT, bits));
    for (size_t i = 0; i < COUNT; i++) {
        narrow[i] = (uint32_t)bits[i];
    }
    chunk_float_fill(narrow, COUNT, back);
    CHECK(memcmp(values, back, sizeof(values)) == 0);
    CHECK(bits[2] == 0x3f800000 && bits[3] == 0xbf800000);
}

TEST(chunk_float, knows_what_no_float_holds)
{
    double none[] = {0.1,
                     (double)FLT_MAX * 2,
                     0x1p-150,
                     nextafter(1, 2),
                     16777217,
                     from_bits(0x7ff8000000000001),  /* payload beyond a float's */
                     from_bits(0x7ff0000020000000)}; /* signalling: would come back quiet */
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        uint64_t bits[2];
        double values[] = {1, none[i]};
        CHECK(!chunk_float_fit(values, 2, bits));
    }
}

TEST(chunk_float, orders_as_numbers_do)
{
    double line[] = {-INFINITY, -2, -1, -5e-324, -0.0, 0, 5e-324, 1, 2, INFINITY};
    for (size_t i = 0; i < sizeof(line) / sizeof(line[0]); i++) {
        uint64_t order = chunk_float_order(bits_of(line[i]), 8);
        CHECK(chunk_float_bits(order, 8) == bits_of(line[i]));
        CHECK(i == 0 || order > chunk_float_order(bits_of(line[i - 1]), 8));
    }
    CHECK(chunk_float_order(bits_of(0), 8) - chunk_float_order(bits_of(-0.0), 8) == 1);
    CHECK(chunk_float_order(0x3f800001, 4) - chunk_float_order(0x3f800000, 4) == 1);
    CHECK(chunk_float_order(0xff800000, 4) == 0x007fffff);
    CHECK(chunk_float_bits(0x007fffff, 4) == 0xff800000);
}
