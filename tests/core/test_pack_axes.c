/* Shows that series of the same rows find each other's axes, and others do not.
 * How: all rows, some, few, rows beside them; more axes than are kept decoded; the next pack. */
#include "../../core/pack_axes.h"
#include "../harness.h"

#include <string.h>

enum { ROWS = 30000 };

static int64_t steps[ROWS], times[ROWS];

/* Rows: every stride-th one from first on, times offset by shift. */
static struct axis_rows rows_make(size_t first, size_t stride, int64_t shift)
{
    size_t count = 0;
    for (size_t i = first; i < ROWS; i += stride, count++) {
        steps[count] = (int64_t)i * 10;
        times[count] = (int64_t)i * 1000 + (int64_t)(i * i % 7) + shift;
    }
    return (struct axis_rows){steps, times, count};
}

/* Puts all rows; how many chunks they make, and how many axes are new. */
struct put {
    size_t chunks, made, masked;
};

static track_status rows_put(struct pack_axes *a, struct axis_rows rows, struct put *out)
{
    uint32_t last = UINT32_MAX;
    *out = (struct put){0};
    while (rows.count) {
        struct pack_axes_use use;
        struct axis_rows part = rows, back;
        size_t before = pack_axes_count(a);
        part.count = part.count < AXIS_ROWS_MAX ? part.count : AXIS_ROWS_MAX;
        TRY(pack_axes_find(a, &part, last, &use, NULL));
        TRY(pack_axes_get(a, use.axis, &back, NULL));
        if (use.count == 0 || back.count != use.rows ||
            (!use.masked && memcmp(back.steps, rows.steps, 8 * use.count) != 0)) {
            return TRACK_CORRUPT;
        }
        out->chunks++;
        out->made += pack_axes_count(a) - before;
        out->masked += use.masked;
        last = use.axis;
        rows.steps += use.count;
        rows.times_us += use.count;
        rows.count -= use.count;
    }
    return TRACK_OK;
}

static track_status open_axes(struct arena *arena, struct pack_axes **out)
{
    struct zstream *z;
    TRY(zstream_open(arena, &z, NULL));
    return pack_axes_open(arena, z, out, NULL);
}

TEST(pack_axes, are_shared_by_the_same_rows)
{
    AUTO_ARENA arena = ARENA(4 << 20);
    struct pack_axes *a;
    struct put put;
    CHECK(open_axes(&arena, &a) == TRACK_OK);
    CHECK(rows_put(a, rows_make(0, 1, 0), &put) == TRACK_OK);
    CHECK(put.chunks == 8 && put.made == 8 && put.masked == 0);
    CHECK(rows_put(a, rows_make(0, 1, 0), &put) == TRACK_OK);
    CHECK(put.chunks == 8 && put.made == 0 && put.masked == 0);
    CHECK(rows_put(a, rows_make(0, 4, 0), &put) == TRACK_OK);
    CHECK(put.chunks == 8 && put.made == 0 && put.masked == 8);
    CHECK(rows_put(a, rows_make(5000, 2, 0), &put) == TRACK_OK); /* begins within an axis */
    CHECK(put.made == 0 && put.masked == 7);
    CHECK(rows_put(a, rows_make(0, 5, 0), &put) == TRACK_OK); /* too few of them */
    CHECK(put.chunks == 2 && put.made == 2);
    CHECK(rows_put(a, rows_make(0, 1, 3), &put) == TRACK_OK); /* at other times */
    CHECK(put.chunks == 8 && put.made == 8);
    CHECK(rows_put(a, rows_make(0, 1, 0), &put) == TRACK_OK && put.made == 0);
}

TEST(pack_axes, begin_anew_for_the_next_pack)
{
    AUTO_ARENA arena = ARENA(4 << 20);
    struct pack_axes *a;
    struct put put;
    CHECK(open_axes(&arena, &a) == TRACK_OK);
    CHECK(rows_put(a, rows_make(0, 1, 0), &put) == TRACK_OK && pack_axes_size(a) > 0);
    pack_axes_clear(a);
    CHECK(pack_axes_size(a) == 0 && pack_axes_count(a) == 0);
    CHECK(rows_put(a, rows_make(0, 1, 0), &put) == TRACK_OK && put.made == 8);
}
