#include "scan.h"

#include "scan_part.h"

enum member { KEY, STEP, TIME, VALUE, MEMBERS };

static const struct scan_name members[MEMBERS] = {
    [KEY] = SCAN_NAME("key"),
    [STEP] = SCAN_NAME("step"),
    [TIME] = SCAN_NAME("time_us"),
    [VALUE] = SCAN_NAME("value"),
};

SCAN_INLINE bool take_value(struct scan *s, enum member what, struct scan_point *out)
{
    switch (what) {
    case KEY:
        return scan_text(s, &out->key);
    case STEP:
        return scan_int(s, &out->step) && out->step != SCAN_NO_STEP;
    case TIME:
        return scan_int(s, &out->time_us) && out->time_us >= 0;
    case VALUE:
        return scan_real(s, &out->value);
    default:
        return false;
    }
}

SCAN_INLINE bool take_point(struct scan *s, struct scan_names *names, struct scan_point *out)
{
    unsigned seen = 0, member;
    out->step = SCAN_NO_STEP;
    out->time_us = SCAN_NO_TIME;
    if (!scan_take(s, '{')) {
        return false;
    }
    do {
        if (!scan_member(s, names, &seen, &member) || !take_value(s, member, out)) {
            return false;
        }
    } while (scan_take(s, ','));
    return scan_take(s, '}') && (seen >> KEY & 1) && (seen >> VALUE & 1);
}

size_t scan_points(struct bytes body, struct scan_point *out, size_t room)
{
    struct scan s = {body.at, body.at + body.size};
    struct scan_names names = {members, MEMBERS, .guess = KEY};
    struct bytes name;
    size_t count = 0;
    if (!scan_take(&s, '{') || !scan_text(&s, &name) || !SCAN_IS(name, "points") ||
        !scan_take(&s, ':') || !scan_take(&s, '[')) {
        return 0;
    }
    do {
        if (count == room || !take_point(&s, &names, &out[count])) {
            return 0;
        }
        count++;
    } while (scan_take(&s, ','));
    return scan_take(&s, ']') && scan_take(&s, '}') && scan_end(&s) ? count : 0;
}
