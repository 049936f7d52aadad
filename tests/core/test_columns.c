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
    struct columns_series s = {.run = {1, 2, 3},
                               .id = 0x77,
                               .version = 0x1122334455667788,
                               .key = TEXT("loss"),
                               .context = TEXT("{\"rank\":1}"),
                               .bins = bins,
                               .count = 2};
    struct columns c;
    columns_init(&c, &(struct columns_grid){BINS_STEP, &grid, NULL}, COLUMNS_ALL, out);
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

/* x is another metric, and there is a column of smoothed values. */
static track_status encode_real(struct buf *out)
{
    static const struct bin bins[] = {{.index = 1,
                                       .n = 1,
                                       .real_first = 0.25,
                                       .real_last = 0.3,
                                       .smooth = 2,
                                       .first = 1,
                                       .last = 1}};
    struct real_grid grid = {.width = 0.2, .number = -1, .from = -0.2, .to = 0.4, .count = 3};
    struct columns_series s = {.id = 5, .key = TEXT("y"), .bins = bins, .count = 1, .unplaced = 7};
    struct columns c;
    unsigned mask = 1 << COLUMN_X_FIRST | 1 << COLUMN_X_LAST | 1 << COLUMN_SMOOTH;
    columns_init(&c, &(struct columns_grid){BINS_METRIC, NULL, &grid}, mask, out);
    columns_add(&c, &s);
    return columns_end(&c, NULL);
}

TEST(columns, have_the_golden_bytes_of_bins_over_a_metric)
{
    AUTO_BUF b = BUF(4096);
    CHECK(encode_real(&b) == TRACK_OK);
    CHECK_GOLDEN("columns_real", ((struct bytes){b.at, b.size}));
}

static track_status encode_points(struct buf *out)
{
    static struct {
        unsigned char head[COLUMNS_POINTS_HEAD_MAX];
        int64_t steps[2], times[2];
        double values[2];
    } page = {.steps = {-1, INT64_MAX}, .times = {0, 5}, .values = {-0.0, NAN}};
    struct columns_points p = {TEXT("loss"), TEXT(""), page.steps, page.times, page.values, 2};
    struct bytes all, ignored;
    TRY(columns_encode_points(&p, &all, NULL));
    buf_put(out, all.at, all.size);
    return buf_end(out, &ignored, NULL);
}

/* What a reader makes of bytes [size] that come in parts of so many. */
static track_status read_points(struct columns_reader *r, struct bytes in, size_t part)
{
    for (size_t at = 0; at < in.size; at += part) {
        size_t size = in.size - at < part ? in.size - at : part;
        TRY(columns_read_points(r, (struct bytes){in.at + at, size}, NULL));
    }
    return columns_read_end(r, NULL);
}

TEST(columns, give_points_back_bit_for_bit)
{
    AUTO_BUF b = BUF(4096);
    CHECK(encode_points(&b) == TRACK_OK);
    CHECK_GOLDEN("columns_points", ((struct bytes){b.at, b.size}));
    for (size_t part = 1; part <= b.size; part++) {
        int64_t steps[2], times[2];
        double values[2];
        struct columns_reader r = {steps, times, values, .room = 2};
        CHECK(read_points(&r, (struct bytes){b.at, b.size}, part) == TRACK_OK);
        CHECK(r.count == 2 && steps[0] == -1 && steps[1] == INT64_MAX);
        CHECK(times[0] == 0 && times[1] == 5);
        CHECK(signbit(values[0]) && values[0] == 0 && isnan(values[1]));
        struct columns_reader only = {NULL, times, NULL, .room = 3};
        times[1] = 0;
        CHECK(read_points(&only, (struct bytes){b.at, b.size}, part) == TRACK_OK);
        CHECK(only.count == 2 && times[1] == 5);
    }
}

TEST(columns, refuse_names_that_have_no_room)
{
    static unsigned char name[COLUMNS_POINTS_HEAD_MAX], page[COLUMNS_POINTS_HEAD_MAX + 8];
    struct columns_points p = {.key = {name, sizeof(name) - 16}, .context = {name, 8}};
    struct bytes all;
    p.steps = (int64_t *)(void *)(page + COLUMNS_POINTS_HEAD_MAX);
    CHECK(columns_encode_points(&p, &all, NULL) == TRACK_TOO_LARGE);
    p.context.size = 0;
    CHECK(columns_encode_points(&p, &all, NULL) == TRACK_OK && all.at == page);
    CHECK_INT(all.size, sizeof(name));
}

TEST(columns, refuse_points_of_another_size)
{
    AUTO_BUF b = BUF(4096);
    double values[2];
    CHECK(encode_points(&b) == TRACK_OK);
    for (size_t cut = 0; cut < b.size; cut++) {
        struct columns_reader r = {.values = values, .room = 2};
        CHECK(read_points(&r, (struct bytes){b.at, cut}, 7) == TRACK_INVALID);
    }
    struct columns_reader small = {.values = values, .room = 1};
    CHECK(read_points(&small, (struct bytes){b.at, b.size}, 5) == TRACK_TOO_LARGE);
    AUTO_BUF exact = BUF(b.size);
    AUTO_BUF less = BUF(b.size - 1);
    CHECK(encode_points(&exact) == TRACK_OK);
    CHECK(encode_points(&less) == TRACK_TOO_LARGE);
    buf_byte(&b, 0);
    struct columns_reader more = {.values = values, .room = 2};
    CHECK(read_points(&more, (struct bytes){b.at, b.size}, 64) == TRACK_INVALID);
    b.at[4] = 2;
    struct columns_reader other = {.values = values, .room = 2};
    CHECK(read_points(&other, (struct bytes){b.at, b.size - 1}, 64) == TRACK_INVALID);
}

static track_status work(void)
{
    AUTO_BUF b = BUF(4096);
    AUTO_BUF points = BUF(4096);
    TRY(encode_bins(&b));
    return encode_points(&points);
}

TEST(columns, survive_each_allocation_failing)
{
    CHECK(fault_each(work) >= 2);
}
