/* Shows which dates and numbers there are.
 * How: each form with the span it names, against the calendar; what is none. */
#include "../../core/filter_value.h"
#include "../harness.h"

#include <string.h>
#include <time.h>

static struct bytes text_of(const char *text)
{
    return (struct bytes){(const unsigned char *)text, strlen(text)};
}

TEST(filter_value, reads_each_form_of_a_date_as_a_span)
{
    static const struct {
        const char *text;
        int64_t from_us, to_us; /* by date -u -d ... +%s */
    } rows[] = {
        {"1970", 0, INT64_C(31536000000000)},
        {"1970-01-01", 0, INT64_C(86400000000)},
        {"2024-02", INT64_C(1706745600000000), INT64_C(1709251200000000)},
        {"2024-12", INT64_C(1733011200000000), INT64_C(1735689600000000)},
        {"2024-02-29", INT64_C(1709164800000000), INT64_C(1709251200000000)},
        {"2026-11-01T12:30", INT64_C(1793536200000000), INT64_C(1793536260000000)},
        {"2026-11-01 12:30:05", INT64_C(1793536205000000), INT64_C(1793536206000000)},
        {"2026-11-01T12:30:05.25Z", INT64_C(1793536205250000), INT64_C(1793536205260000)},
        {"2026-11-01T12:30:05.123456", INT64_C(1793536205123456), INT64_C(1793536205123457)},
        {"2026-11-01T13:30+01:00", INT64_C(1793536200000000), INT64_C(1793536260000000)},
        {"2026-11-01T09:00-0330", INT64_C(1793536200000000), INT64_C(1793536260000000)},
        {"9999-12-31", INT64_C(253402214400000000), INT64_C(253402300800000000)},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t from_us = 0, to_us = 0;
        CHECK(filter_decode_date(text_of(rows[i].text), &from_us, &to_us));
        CHECK_INT(from_us, rows[i].from_us);
        CHECK_INT(to_us, rows[i].to_us);
    }
}

TEST(filter_value, agrees_with_the_calendar_of_the_system)
{
    for (time_t day = 0; day < 80 * 366; day++) {
        time_t at = day * 86400;
        struct tm tm;
        char text[32];
        int64_t from_us = 0, to_us;
        CHECK(gmtime_r(&at, &tm) && strftime(text, sizeof(text), "%Y-%m-%d", &tm));
        CHECK(filter_decode_date(text_of(text), &from_us, &to_us));
        CHECK_INT(from_us, at * 1000000);
        CHECK_INT(to_us, (at + 86400) * 1000000);
    }
}

TEST(filter_value, refuses_what_is_no_date)
{
    static const char *const bad[] = {
        "",
        "1969",
        "202",
        "20260",
        "2026-",
        "2026-1",
        "2026-13",
        "2026-00",
        "2026-02-29",
        "2026-04-31",
        "2026-11-01T",
        "2026-11-01T12",
        "2026-11-01T24:00",
        "2026-11-01T12:60",
        "2026-11-01T12:30:61",
        "2026-11-01T12:30:05.",
        "2026-11-01T12:30:05.1234567",
        "2026-11-01T12:30+15:00",
        "2026-11-01T12:30ZZ",
        "2026-11-01x",
        "2026/11/01",
        "-2026",
    };
    int64_t from_us = 42, to_us = 42;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (filter_decode_date(text_of(bad[i]), &from_us, &to_us)) {
            test_fail(__FILE__, __LINE__, "%s", bad[i]);
        }
    }
    CHECK(from_us == 42 && to_us == 42);
}

TEST(filter_value, reads_numbers_with_their_unit)
{
    static const struct {
        const char *text;
        double value;
        char unit;
    } rows[] = {
        {"3", 3, 0},           {"-1e-4", -1e-4, 0},   {"90s", 90, 's'},
        {"1.5m", 90, 's'},     {"2h", 7200, 's'},     {"-7d", -604800, 's'},
        {"1w", 604800, 's'},   {"5B", 5, 'B'},        {"2KB", 2000, 'B'},
        {"2MB", 2e6, 'B'},     {"2GB", 2e9, 'B'},     {"2TB", 2e12, 'B'},
        {"2KiB", 2048, 'B'},   {"1MiB", 0x1p20, 'B'}, {"1.5GiB", 1.5 * 0x1p30, 'B'},
        {"1TiB", 0x1p40, 'B'},
    };
    double value = 0;
    char unit = 'x';
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CHECK(filter_decode_quantity(text_of(rows[i].text), &value, &unit));
        CHECK(value == rows[i].value && unit == rows[i].unit);
    }
    static const char *const bad[] = {"", "s", "3 s", "3x", "3kb", "3mb", "1e308TiB", "nan", "3ss"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK(!filter_decode_quantity(text_of(bad[i]), &value, &unit));
    }
}
