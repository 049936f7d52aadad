/* Shows that the statistics of a bin are those of their definitions, and do not depend on the order
 * of the runs. */
#include "../../core/bands.h"
#include "../harness.h"
#include "many.h"

#include <math.h>
#include <string.h>

enum { ALL = (1 << BANDS_COUNT) - 1 };

TEST(bands, of_values_worked_out_by_hand)
{
    double values[] = {4, 1, 3, 2}, out[BANDS_COUNT];
    bands_fill(values, 4, ALL, out);
    CHECK(out[BANDS_MEAN] == 2.5 && out[BANDS_MIN] == 1 && out[BANDS_MAX] == 4);
    CHECK(fabs(out[BANDS_STD] - sqrt(5.0 / 3)) < 1e-15);
    CHECK(fabs(out[BANDS_STDERR] - sqrt(5.0 / 3) / 2) < 1e-15);
    CHECK(out[BANDS_P50] == 2.5 && fabs(out[BANDS_P10] - 1.3) < 1e-15 && out[BANDS_P75] == 3.25);
}

TEST(bands, of_one_run_are_its_value)
{
    double value = 7, out[BANDS_COUNT];
    bands_fill(&value, 1, ALL, out);
    CHECK(out[BANDS_MEAN] == 7 && out[BANDS_P05] == 7 && out[BANDS_MAX] == 7);
    CHECK(isnan(out[BANDS_STD]) && isnan(out[BANDS_STDERR]));
}

TEST(bands, fill_only_what_is_asked_for)
{
    double values[] = {1, 2}, out[BANDS_COUNT] = {[BANDS_P90] = -1};
    bands_fill(values, 2, BANDS_USUAL, out);
    CHECK(out[BANDS_P90] == -1 && out[BANDS_MEAN] == 1.5);
}

TEST(bands, do_not_leave_double)
{
    double values[] = {1.7e308, -1.7e308, 1.7e308}, out[BANDS_COUNT];
    bands_fill(values, 3, ALL & ~(1 << BANDS_STD), out);
    CHECK(fabs(out[BANDS_MEAN] - 1.7e308 / 3) < 1e294);
    CHECK(isfinite(out[BANDS_STDERR]) && isfinite(out[BANDS_P25]) && out[BANDS_P75] == 1.7e308);
}

TEST(bands, do_not_show_the_order_of_runs)
{
    uint64_t state = 11;
    double values[100], a[BANDS_COUNT], b[BANDS_COUNT];
    for (int round = 0; round < 50; round++) {
        for (size_t i = 0; i < 100; i++) {
            values[i] = i % 10 ? (double)(many_next(&state) % 1000) / 7 - 60 : i % 20 ? 0.0 : -0.0;
        }
        bands_fill(values, 100, ALL, a);
        for (size_t i = 99; i > 0; i--) {
            size_t j = many_next(&state) % (i + 1);
            double kept = values[i];
            values[i] = values[j];
            values[j] = kept;
        }
        bands_fill(values, 100, ALL, b);
        CHECK(memcmp(a, b, sizeof(a)) == 0);
    }
}
