/* Fuzzes the decoder of points: what it accepts encodes to the same bytes, but for padding. */
#include "../../core/columns.h"
#include "fuzz.h"

#include <string.h>

FUZZ(columns)
{
    AUTO_ARENA arena = ARENA((size_t)1 << 26);
    AUTO_BUF again = BUF(in.size + 8);
    struct columns_points points, second;
    if (columns_decode_points(in, &arena, &points, NULL) != TRACK_OK) {
        return;
    }
    CHECK(columns_encode_points(&points, &again, NULL) == TRACK_OK);
    CHECK(again.size == in.size);
    struct bytes bytes = {again.at, again.size};
    CHECK(columns_decode_points(bytes, &arena, &second, NULL) == TRACK_OK);
    CHECK(second.count == points.count);
    CHECK(memcmp(second.values, points.values, points.count * sizeof(double)) == 0);
}
