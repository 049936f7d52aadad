#include "filter_value.h"

#include "name.h"
#include "number.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SECOND_US INT64_C(1000000)

/* Days since 1970-01-01 of a day of the Gregorian calendar.
 * Source: Hinnant, chrono-Compatible Low-Level Date Algorithms, days_from_civil. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400, of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* Reads text from the left; a failed step leaves it failed. */
struct date_reader {
    struct bytes left;
    bool failed;
};

static bool date_next_is(struct date_reader *r, const char *any)
{
    if (r->failed || !r->left.size || !r->left.at[0] || !strchr(any, r->left.at[0])) {
        return false;
    }
    r->left = (struct bytes){r->left.at + 1, r->left.size - 1};
    return true;
}

/* Exactly `digits` digits with a value of min..max. */
static int64_t date_number(struct date_reader *r, size_t digits, int64_t min, int64_t max)
{
    int64_t value = 0;
    if (r->left.size < digits) {
        r->failed = true;
        return min;
    }
    for (size_t i = 0; i < digits; i++) {
        r->failed |= r->left.at[i] < '0' || r->left.at[i] > '9';
        value = value * 10 + (r->left.at[i] - '0');
    }
    r->left = (struct bytes){r->left.at + digits, r->left.size - digits};
    r->failed |= value < min || value > max;
    return r->failed ? min : value;
}

/* Up to six digits behind the point, in us; *span_us is what the last of them counts. */
static int64_t date_fraction(struct date_reader *r, int64_t *span_us)
{
    int64_t value = 0;
    *span_us = SECOND_US;
    while (*span_us > 1 && r->left.size && r->left.at[0] >= '0' && r->left.at[0] <= '9') {
        value = value * 10 + (r->left.at[0] - '0');
        *span_us /= 10;
        r->left = (struct bytes){r->left.at + 1, r->left.size - 1};
    }
    r->failed |= *span_us == SECOND_US;
    return value * *span_us;
}

/* hh:mm[:ss[.f]][Z|+hh[:]mm] since midnight UTC. */
static int64_t date_time_of_day(struct date_reader *r, int64_t *span_us)
{
    int64_t at_us = date_number(r, 2, 0, 23) * 3600 * SECOND_US;
    r->failed |= !date_next_is(r, ":");
    at_us += date_number(r, 2, 0, 59) * 60 * SECOND_US;
    *span_us = 60 * SECOND_US;
    if (date_next_is(r, ":")) {
        at_us += date_number(r, 2, 0, 60) * SECOND_US;
        *span_us = SECOND_US;
        if (date_next_is(r, ".")) {
            at_us += date_fraction(r, span_us);
        }
    }
    bool west = r->left.size && r->left.at[0] == '-';
    if (date_next_is(r, "+-")) {
        int64_t offset_us = date_number(r, 2, 0, 14) * 3600 * SECOND_US;
        date_next_is(r, ":");
        offset_us += date_number(r, 2, 0, 59) * 60 * SECOND_US;
        at_us -= west ? -offset_us : offset_us;
    } else {
        date_next_is(r, "Zz");
    }
    return at_us;
}

static int64_t days_in(int64_t year, int64_t month)
{
    return days_of(year + month / 12, month % 12 + 1, 1) - days_of(year, month, 1);
}

bool filter_decode_date(struct bytes text, int64_t *from_us, int64_t *to_us)
{
    const int64_t day_us = 24 * 3600 * SECOND_US;
    struct date_reader r = {text, false};
    int64_t year = date_number(&r, 4, 1970, 9999), month = 1, day = 1, at_us = 0, span_us;
    span_us = (days_of(year + 1, 1, 1) - days_of(year, 1, 1)) * day_us;
    if (date_next_is(&r, "-")) {
        month = date_number(&r, 2, 1, 12);
        span_us = days_in(year, month) * day_us;
        if (date_next_is(&r, "-")) {
            day = date_number(&r, 2, 1, days_in(year, month));
            span_us = day_us;
            if (date_next_is(&r, "Tt ")) {
                at_us = date_time_of_day(&r, &span_us);
            }
        }
    }
    if (r.failed || r.left.size) {
        return false;
    }
    *from_us = days_of(year, month, day) * day_us + at_us;
    *to_us = *from_us + span_us;
    return true;
}

bool filter_decode_quantity(struct bytes text, double *out, char *unit)
{
    static const struct {
        const char *text;
        char unit;
        double factor;
    } units[] = {
        {"", 0, 1},           {"s", 's', 1},         {"m", 's', 60},       {"h", 's', 3600},
        {"d", 's', 86400},    {"w", 's', 7 * 86400}, {"B", 'B', 1},        {"KB", 'B', 1e3},
        {"MB", 'B', 1e6},     {"GB", 'B', 1e9},      {"TB", 'B', 1e12},    {"KiB", 'B', 0x1p10},
        {"MiB", 'B', 0x1p20}, {"GiB", 'B', 0x1p30},  {"TiB", 'B', 0x1p40},
    };
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        size_t size = strlen(units[i].text);
        struct bytes number = {text.at, text.size - size};
        double value;
        if (text.size > size && memcmp(text.at + number.size, units[i].text, size) == 0 &&
            number_decode(number, &value) && isfinite(value * units[i].factor)) {
            *out = value * units[i].factor;
            *unit = units[i].unit;
            return true;
        }
    }
    return false;
}

/* A parameter compares as a number with a bare number alone. */
static void value_as_text(struct filter_value *v, struct bytes text)
{
    char unit;
    if (v->kind == FILTER_WORD && filter_decode_quantity(text, &v->number, &unit) && !unit) {
        v->kind = FILTER_NUMBER;
    }
}

static track_status value_as_state(const struct scan *s, struct filter_value *v, size_t offset,
                                   track_error *err)
{
    char *lower = arena_text(s->arena, v->text, strlen(v->text));
    if (!lower) {
        return scan_no_memory(s, err);
    }
    for (char *c = lower; *c; c++) {
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c | 32 : *c);
    }
    for (const char *const *state = filter_states(); *state; state++) {
        if (strcmp(*state, lower) == 0) {
            v->text = lower;
            v->kind = FILTER_WORD;
            return TRACK_OK;
        }
    }
    const char *near = name_find_near(lower, filter_states());
    return near ? scan_fail(s, offset, err, "no such status, did you mean %s?", near)
                : scan_fail(s, offset, err,
                            "no such status; one of queued running preempting finished "
                            "failed stopped preempted unconfirmed");
}

static track_status value_as_time(const struct scan *s, struct filter_value *v, size_t offset,
                                  track_error *err)
{
    struct bytes text = {(const unsigned char *)v->text, strlen(v->text)};
    char unit;
    if (filter_decode_date(text, &v->from_us, &v->to_us)) {
        v->kind = FILTER_TIME;
        return TRACK_OK;
    }
    if (v->text[0] == '-' && filter_decode_quantity(text, &v->number, &unit) && unit == 's' &&
        v->number > -1e11) {
        v->kind = FILTER_AGO;
        v->number = -v->number;
        return TRACK_OK;
    }
    return scan_fail(s, offset, err,
                     "expected a date such as 2026-11-01 or '2026-11-01 12:30', or "
                     "an age such as -7d");
}

static track_status value_as_number(const struct scan *s, struct filter_value *v,
                                    enum filter_type type, size_t offset, track_error *err)
{
    struct bytes text = {(const unsigned char *)v->text, strlen(v->text)};
    char unit = 0;
    bool good = filter_decode_quantity(text, &v->number, &unit);
    if (type == FILTER_IS_SECONDS && (!good || unit == 'B')) {
        return scan_fail(s, offset, err, "expected a number of seconds, or a duration such as 2h");
    }
    if (type == FILTER_IS_BYTES && (!good || unit == 's')) {
        return scan_fail(s, offset, err, "expected a number of bytes, or a size such as 20MB");
    }
    if (!good) {
        return scan_fail(s, offset, err, "expected a number");
    }
    v->kind = FILTER_NUMBER;
    return TRACK_OK;
}

bool filter_compares(enum filter_op op, double a, double b)
{
    switch (op) {
    case FILTER_EQ:
        return a == b;
    case FILTER_NE:
        return a < b || a > b; /* a NaN compares with nothing */
    case FILTER_LT:
        return a < b;
    case FILTER_LE:
        return a <= b;
    case FILTER_GT:
        return a > b;
    default:
        return a >= b;
    }
}

track_status filter_take_value(struct scan *s, enum filter_type type, struct filter_value **out,
                               track_error *err)
{
    struct token t = token_peek(s, true);
    bool quoted = t.kind == TOKEN_QUOTED || (t.kind == TOKEN_NAME && s->text.at[t.from] == '"');
    if (t.kind != TOKEN_WORD && !quoted) {
        return scan_fail(s, t.from, err, "expected a value%s",
                         t.kind == TOKEN_END ? "" : ", 'quoted' if it is not a plain word");
    }
    if (++s->value_count > FILTER_VALUE_COUNT_MAX) {
        return scan_fail(s, t.from, err, "more than %d values", FILTER_VALUE_COUNT_MAX);
    }
    struct filter_value *v = ARENA_NEW(s->arena, struct filter_value);
    if (!v || !(v->text = token_text(s, &t))) {
        return scan_no_memory(s, err);
    }
    v->kind = t.kind == TOKEN_WORD ? FILTER_WORD : FILTER_QUOTED;
    token_take(s, &t);
    *out = v;
    switch (type) {
    case FILTER_IS_STATE:
        return value_as_state(s, v, t.from, err);
    case FILTER_IS_TIME:
        return value_as_time(s, v, t.from, err);
    case FILTER_IS_TEXT:
        value_as_text(v, t.text);
        return TRACK_OK;
    default:
        return value_as_number(s, v, type, t.from, err);
    }
}
