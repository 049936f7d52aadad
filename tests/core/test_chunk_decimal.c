/* Shows that decimals are found with their least exponent and come back bit for bit, and that
 * nothing else passes for one.
 * How: every count of digits, the borders of size, values next to decimals. */
#include "../../core/chunk_decimal.h"
#include "../harness.h"

#include <math.h>
#include <string.h>

enum { VALUES = 300 };

static bool round_trip(const double *values, size_t count, unsigned most, unsigned want)
{
    int64_t k[VALUES];
    double back[VALUES];
    unsigned exponent = most;
    if (!chunk_decimal_fit(values, count, k, &exponent) || exponent != want) {
        return false;
    }
    chunk_decimal_fill(k, count, exponent, back);
    return memcmp(values, back, count * sizeof(*values)) == 0;
}

TEST(chunk_decimal, finds_the_least_exponent)
{
    static const double powers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8};
    for (unsigned e = 0; e <= CHUNK_EXPONENT_MAX; e++) {
        double values[VALUES];
        for (size_t i = 0; i < VALUES; i++) {
            values[i] = ((double)i - 100) / powers[e]; /* the first have fewer digits */
        }
        CHECK(round_trip(values, VALUES, CHUNK_EXPONENT_MAX, e));
        int64_t k[VALUES];
        unsigned less = e - 1;
        CHECK(e == 0 || !chunk_decimal_fit(values, VALUES, k, &less));
    }
}

TEST(chunk_decimal, goes_over_the_first_values_again)
{
    double late[] = {1, 2, 0.5, 3, 0.25, 4, 0.0001};
    CHECK(round_trip(late, sizeof(late) / sizeof(late[0]), CHUNK_EXPONENT_MAX, 4));
    double large[] = {1e11, 0.12345}; /* the first is too large once there are five digits */
    int64_t k[2];
    unsigned exponent = CHUNK_EXPONENT_MAX;
    CHECK(!chunk_decimal_fit(large, 2, k, &exponent));
}

TEST(chunk_decimal, holds_whole_numbers_below_2_to_the_51)
{
    double most = 2251799813685248.0, values[] = {most - 1, 1 - most, 0};
    CHECK(round_trip(values, 3, CHUNK_EXPONENT_MAX, 0));
    double beyond[] = {2251799813685248.0, -2251799813685248.0, 9007199254740992.0, 1e300, 5e-324};
    for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
        int64_t k;
        unsigned exponent = CHUNK_EXPONENT_MAX;
        CHECK(!chunk_decimal_fit(&beyond[i], 1, &k, &exponent));
    }
}

TEST(chunk_decimal, refuses_what_is_none)
{
    double none[] = {-0.0, (double)NAN, INFINITY, -INFINITY, 0.1 + 0.2, nextafter(0.25, 1), 1e-9};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        double values[] = {1, none[i]};
        int64_t k[2];
        unsigned exponent = CHUNK_EXPONENT_MAX;
        CHECK(!chunk_decimal_fit(values, 2, k, &exponent));
    }
}
