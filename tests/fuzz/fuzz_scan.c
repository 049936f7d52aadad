/* Fuzzes the scanner of points against core/json: what it takes, the other reads as the same. */
#include "../../core/json.h"
#include "../../server/scan.h"
#include "fuzz.h"

#include <string.h>

enum { ROOM = 64 };

static bool same_int(const struct json *item, const char *name, int64_t got)
{
    int64_t want = INT64_MIN;
    return json_may_int(item, name, &want, NULL) == TRACK_OK && want == got;
}

static bool same_point(const struct json *item, const struct scan_point *got)
{
    static const char *const names[] = {"key", "step", "time_us", "value", NULL};
    const char *key;
    double value;
    return json_check_object(item, names, NULL) == TRACK_OK &&
           json_need_text(item, "key", &key, NULL) == TRACK_OK && strlen(key) == got->key.size &&
           memcmp(key, got->key.at, got->key.size) == 0 &&
           json_need_double(item, "value", &value, NULL) == TRACK_OK &&
           memcmp(&value, &got->value, sizeof(value)) == 0 && same_int(item, "step", got->step) &&
           same_int(item, "time_us", got->time_us);
}

FUZZ(scan)
{
    AUTO_ARENA arena = ARENA(16 << 20);
    static const char *const names[] = {"points", NULL};
    struct scan_point got[ROOM];
    const struct json *body, *list;
    size_t count = scan_points(in, got, ROOM);
    if (count == 0) {
        return;
    }
    CHECK(json_read(in, NULL, &arena, &body, NULL) == TRACK_OK);
    CHECK(json_check_object(body, names, NULL) == TRACK_OK);
    CHECK(json_need_array(body, "points", &list, NULL) == TRACK_OK && list->count == count);
    for (size_t i = 0; i < count; i++) {
        CHECK(same_point(&list->items[i], &got[i]));
    }
}
