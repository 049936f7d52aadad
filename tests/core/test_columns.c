/* Shows the bytes of both answers, and that points come back bit for bit.
 * How: golden files, every cut, both limits. */
#include "../../core/columns.h"
#include "../fault.h"
#include "../harness.h"

#include <math.h>
#include <string.h>

#define TEXT(t)                                   \
    {                                             \
        (const unsigned char *)(t), sizeof(t) - 1 \
    }

static track_status encode_bins(struct buf *out)
{
    static const struct bin bins[] = {
        {.index = 0,
         .n = 2,
         .x_first = 0,
         .x_last = 1,
         .first = 1,
         .last = 0.1,
         .min = 0.1,
         .max = 1,
         .mean = 0.55},
        {.index = 3,
         .n = 1,
         .nan = 1,
         .x_first = 6,
         .x_last = 6,
         .first = NAN,
         .last = NAN,
         .min = NAN,
         .max = NAN,
         .mean = NAN},
    };
    struct bins_grid grid = {.width = 2, .from = 0, .to = 8, .count = 4};
    struct columns_series s = {
        {1, 2, 3}, 0x77, 0x1122334455667788, false, TEXT("loss"), TEXT("{\"rank\":1}"), bins, 2};
    struct columns c;
    columns_init(&c, BINS_STEP, &grid, COLUMNS_ALL, out);
    columns_add(&c, &s);
    s.unchanged = true;
    columns_add(&c, &s);
    return columns_end(&c, NULL);
}

TEST(columns, have_the_golden_bytes_of_bins)
{
    AUTO_BUF b = BUF(4096);
    CHECK(encode_bins(&b) == TRACK_OK);
    CHECK_GOLDEN("columns_bins", ((struct bytes){b.at, b.size}));
    CHECK(b.size % 8 == 0);
    AUTO_BUF exact = BUF(b.size);
    AUTO_BUF less = BUF(b.size - 1);
    CHECK(encode_bins(&exact) == TRACK_OK);
    CHECK(encode_bins(&less) == TRACK_TOO_LARGE);
}

static track_status encode_points(struct buf *out)
{
    static const int64_t steps[] = {-1, INT64_MAX}, times[] = {0, 5};
    static const double values[] = {-0.0, NAN};
    struct columns_points p = {TEXT("loss"), TEXT(""), steps, times, values, 2};
    return columns_encode_points(&p, out, NULL);
}

TEST(columns, give_points_back_bit_for_bit)
{
    AUTO_ARENA arena = ARENA(4096);
    AUTO_BUF b = BUF(4096);
    struct columns_points p;
    CHECK(encode_points(&b) == TRACK_OK);
    CHECK_GOLDEN("columns_points", ((struct bytes){b.at, b.size}));
    CHECK(columns_decode_points((struct bytes){b.at, b.size}, &arena, &p, NULL) == TRACK_OK);
    CHECK(p.count == 2 && p.key.size == 4 && p.context.size == 0);
    CHECK(p.steps[1] == INT64_MAX && p.times_us[1] == 5);
    CHECK(signbit(p.values[0]) && isnan(p.values[1]));
}

TEST(columns, refuse_every_cut_of_points)
{
    AUTO_ARENA arena = ARENA(4096);
    AUTO_BUF b = BUF(4096);
    struct columns_points p;
    CHECK(encode_points(&b) == TRACK_OK);
    for (size_t cut = 0; cut < b.size; cut++) {
        CHECK(columns_decode_points((struct bytes){b.at, cut}, &arena, &p, NULL) == TRACK_INVALID);
    }
    AUTO_ARENA small = ARENA(16);
    CHECK(columns_decode_points((struct bytes){b.at, b.size}, &small, &p, NULL) == TRACK_NOMEM);
    AUTO_BUF less = BUF(b.size - 1);
    CHECK(encode_points(&less) == TRACK_TOO_LARGE);
}

static track_status work(void)
{
    AUTO_ARENA arena = ARENA(4096);
    AUTO_BUF b = BUF(4096);
    AUTO_BUF points = BUF(4096);
    struct columns_points p;
    TRY(encode_bins(&b));
    TRY(encode_points(&points));
    return columns_decode_points((struct bytes){points.at, points.size}, &arena, &p, NULL);
}

TEST(columns, survive_each_allocation_failing)
{
    CHECK(fault_each(work) >= 3);
}
