/* Shows the bytes of groups in an answer. */
#include "../../core/columns_group.h"
#include "../fault.h"
#include "../harness.h"

#include <math.h>
#include <string.h>

#define TEXT(t)                                   \
    {                                             \
        (const unsigned char *)(t), sizeof(t) - 1 \
    }

static track_status encode(struct buf *out)
{
    static const struct group_bin bins[] = {
        {0, 3, {[BANDS_MEAN] = 0.5, [BANDS_STD] = 0.1, [BANDS_P90] = 1}},
        {2, 1, {[BANDS_MEAN] = 0.25, [BANDS_STD] = NAN, [BANDS_P90] = 0.25}},
    };
    struct bins_grid grid = {.width = 2, .from = 0, .to = 8, .count = 4};
    struct columns_group g = {.number = 1,
                              .id = 0x99,
                              .version = 0x1122334455667788,
                              .asked = 5,
                              .runs = 3,
                              .name = TEXT("resnet"),
                              .key = TEXT("loss"),
                              .context = TEXT(""),
                              .bins = bins,
                              .count = 2};
    struct columns c;
    columns_init(&c, &(struct columns_grid){BINS_STEP, &grid, NULL}, 0, out);
    columns_add_group(&c, &g, 1 << BANDS_MEAN | 1 << BANDS_STD | 1 << BANDS_P90);
    g.unchanged = g.without = true;
    columns_add_group(&c, &g, 1 << BANDS_MEAN);
    return columns_end(&c, NULL);
}

TEST(columns_group, have_the_golden_bytes)
{
    AUTO_BUF b = BUF(4096);
    CHECK(encode(&b) == TRACK_OK);
    CHECK_GOLDEN("columns_group", ((struct bytes){b.at, b.size}));
    CHECK(b.size % 8 == 0);
    AUTO_BUF less = BUF(b.size - 1);
    CHECK(encode(&less) == TRACK_TOO_LARGE);
}

static track_status work(void)
{
    AUTO_BUF b = BUF(4096);
    return encode(&b);
}

TEST(columns_group, survive_each_allocation_failing)
{
    CHECK(fault_each(work) >= 1);
}
