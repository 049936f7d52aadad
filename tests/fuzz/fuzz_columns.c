/* Fuzzes the reader of points: what comes whole and what comes in parts are the same columns, and
 * those are the bytes that came. */
#include "../../core/columns.h"
#include "fuzz.h"

#include <string.h>

enum { ROOM = 4096 };

struct got {
    int64_t steps[ROOM], times_us[ROOM];
    double values[ROOM];
};

static track_status read_parts(struct bytes in, size_t part, struct got *to, size_t *count)
{
    struct columns_reader r = {to->steps, to->times_us, to->values, .room = ROOM};
    for (size_t at = 0; at < in.size; at += part) {
        size_t size = in.size - at < part ? in.size - at : part;
        TRY(columns_read_points(&r, (struct bytes){in.at + at, size}, NULL));
    }
    *count = r.count;
    return columns_read_end(&r, NULL);
}

FUZZ(columns)
{
    struct got whole = {.steps = {0}}, parts = {.steps = {0}};
    size_t count = 0, again = 0;
    track_status status = read_parts(in, in.size + 1, &whole, &count);
    CHECK(read_parts(in, 1 + in.size % 13, &parts, &again) == status);
    CHECK(memcmp(&whole, &parts, sizeof(whole)) == 0);
    if (status != TRACK_OK) {
        return;
    }
    size_t bytes = count * sizeof(double);
    CHECK(again == count && in.size >= 16 + 3 * bytes);
    CHECK(memcmp(whole.steps, in.at + in.size - 3 * bytes, bytes) == 0);
    CHECK(memcmp(whole.times_us, in.at + in.size - 2 * bytes, bytes) == 0);
    CHECK(memcmp(whole.values, in.at + in.size - bytes, bytes) == 0);
}
