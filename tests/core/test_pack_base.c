/* Shows what the directory says about the points of a chunk.
 * How: points with every kind of value.  Levels and whole packs: test_pack_build.c. */
#include "../../core/pack_base.h"
#include "../harness.h"

TEST(pack_base, describes_the_points_of_a_chunk)
{
    static const int64_t steps[] = {1, 2, 3, 4, 5, 6, 7};
    static const double values[] = {NAN, 0.0, -0.0, 0.0, INFINITY, -INFINITY, -0.0};
    struct stretch in = {steps, steps, values, 7};
    struct pack_chunk row = {0};
    pack_base_describe(&in, &row);
    CHECK(row.sum.n == 7 && row.sum.values.nan == 1 && row.sum.values.pinf == 1 &&
          row.sum.values.ninf == 1);
    CHECK(row.min_step == 3 && row.max_step == 2); /* -0.0 is below 0.0 */
    CHECK(row.sum.first.step == 1 && row.sum.last.step == 7);
    struct pack_chunk none = {0};
    in.count = 1;
    pack_base_describe(&in, &none);
    CHECK(bucket_finite(&none.sum) == 0 && none.min_step == 0 && none.max_step == 0);
}
