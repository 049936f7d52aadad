/* Shows what is drawn for curves, and what cannot be drawn.
 * How: golden pictures without colour, limits plus and minus one. */
#include "../../client/chart.h"
#include "../harness.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *label(double x, char *out)
{
    snprintf(out, 40, "%g", x);
    return out;
}

static struct chart chart_of(const struct chart_curve *curves, size_t count)
{
    return (struct chart){40, 6, false, false, label, curves, count};
}

TEST(chart, draws_a_falling_curve)
{
    AUTO_ARENA a = ARENA(1 << 20);
    AUTO_BUF b = BUF(1 << 16);
    struct bytes out;
    double x[60], y[60];
    for (int i = 0; i < 60; i++) {
        x[i] = i;
        y[i] = 2 * exp(-i / 20.0);
    }
    struct chart_curve curve = {"loss", x, y, 60};
    struct chart chart = chart_of(&curve, 1);
    CHECK(chart_write(&chart, &a, &b, NULL) == TRACK_OK);
    CHECK(buf_end(&b, &out, NULL) == TRACK_OK);
    CHECK_GOLDEN("chart_falling", out);
}

TEST(chart, ends_a_line_at_a_point_that_is_not_finite)
{
    AUTO_ARENA a = ARENA(1 << 20);
    AUTO_BUF b = BUF(1 << 16);
    struct bytes out;
    const double x[] = {0, 1, 2, 3, 4}, y[] = {1, 1, (double)NAN, 3, 3};
    struct chart_curve curve = {"gap", x, y, 5};
    struct chart chart = chart_of(&curve, 1);
    CHECK(chart_write(&chart, &a, &b, NULL) == TRACK_OK);
    CHECK(buf_end(&b, &out, NULL) == TRACK_OK);
    CHECK_GOLDEN("chart_gap", out);
}

TEST(chart, draws_one_point_and_flat_curves)
{
    AUTO_ARENA a = ARENA(1 << 20);
    const double zero[] = {0}, five[] = {5};
    struct chart_curve one = {"one", five, five, 1}, flat = {"flat", zero, zero, 1};
    AUTO_BUF b = BUF(1 << 16);
    struct chart chart = chart_of(&one, 1);
    CHECK(chart_write(&chart, &a, &b, NULL) == TRACK_OK);
    chart = chart_of(&flat, 1);
    CHECK(chart_write(&chart, &a, &b, NULL) == TRACK_OK);
}

TEST(chart, takes_any_doubles)
{
    AUTO_ARENA a = ARENA(1 << 20);
    AUTO_BUF b = BUF(1 << 20);
    const double x[] = {-9e18, 0, 9e18}, y[] = {-1.7e308, 0, 1.7e308};
    struct chart_curve curve = {"wide", x, y, 3};
    struct chart chart = chart_of(&curve, 1);
    CHECK(chart_write(&chart, &a, &b, NULL) == TRACK_OK);
}

TEST(chart, refuses_what_cannot_be_drawn)
{
    AUTO_ARENA a = ARENA(1 << 20);
    AUTO_BUF b = BUF(1 << 20);
    const double x[] = {1, 2}, y[] = {-1, 0}, bad[] = {(double)NAN, (double)INFINITY};
    struct chart_curve curve = {"c", x, y, 2}, none = {"n", x, bad, 2};
    struct chart chart = chart_of(&none, 1);
    CHECK(chart_write(&chart, &a, &b, NULL) == TRACK_NOT_FOUND);
    chart = chart_of(&curve, 1);
    chart.log_y = true;
    CHECK(chart_write(&chart, &a, &b, NULL) == TRACK_NOT_FOUND);
    chart.log_y = false;
    chart.columns = 19;
    CHECK(chart_write(&chart, &a, &b, NULL) == TRACK_INVALID);
    chart.columns = CHART_COLUMNS_MAX;
    CHECK(chart_write(&chart, &a, &b, NULL) == TRACK_OK);
    chart.columns = CHART_COLUMNS_MAX + 1;
    CHECK(chart_write(&chart, &a, &b, NULL) == TRACK_INVALID);
    chart.columns = 40;
    chart.rows = 2;
    CHECK(chart_write(&chart, &a, &b, NULL) == TRACK_INVALID);
}
