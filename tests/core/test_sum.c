/* Shows that sums lose nothing to the order in which they are added, nor to large values.
 * How: values that cancel, values that overflow, parts added in every order. */
#include "../../core/sum.h"
#include "../harness.h"

#include <math.h>

TEST(sum, keeps_what_cancels)
{
    static const double values[] = {1e300, 1.0, NAN, -1e300, INFINITY, 3.0};
    struct sum s = {0};
    sum_add(&s, values, 6);
    CHECK(sum_mean(&s, 4) == 1.0 && s.scale == 0);
}

TEST(sum, goes_on_where_doubles_end)
{
    static const double values[] = {1.7e308, 1.7e308, 1.7e308, -1.7e308};
    struct sum s = {0}, other = {0};
    sum_add(&s, values, 4);
    CHECK(s.scale == SUM_SCALE_BITS && sum_mean(&s, 2) == 1.7e308);
    sum_add(&other, values, 1);
    CHECK(other.scale == 0);
    sum_merge(&other, &s); /* of both scales */
    CHECK(fabs(sum_mean(&other, 3) - 1.7e308) <= 1.7e308 * 0x1p-52);
    struct sum third = {0};
    sum_add(&third, values, 1);
    sum_merge(&third, &third); /* overflows only now */
    CHECK(third.scale == SUM_SCALE_BITS && sum_mean(&third, 2) == 1.7e308);
}

TEST(sum, does_not_show_the_order)
{
    double values[1000];
    uint64_t state = 7;
    for (size_t i = 0; i < 1000; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        values[i] = ldexp((double)(state >> 11), (int)(state % 40)) * (state >> 63 ? -1 : 1);
    }
    struct sum whole = {0};
    sum_add(&whole, values, 1000);
    for (size_t cut = 1; cut < 1000; cut += 37) {
        struct sum front = {0}, back = {0};
        sum_add(&front, values, cut);
        sum_add(&back, values + cut, 1000 - cut);
        sum_merge(&back, &front);
        CHECK(sum_mean(&back, 1000) == sum_mean(&whole, 1000));
    }
}
