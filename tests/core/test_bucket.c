/* Shows that buckets of stretches give the bucket of all of it.
 * How: random series cut anywhere, against a calculation point by point; both zeros. */
#include "../../core/bucket.h"
#include "../harness.h"
#include "many.h"

#include <string.h>

static struct many series;

static bool same(double a, double b)
{
    return memcmp(&a, &b, sizeof(a)) == 0;
}

static bool same_point(const struct point *a, const struct point *b)
{
    return a->step == b->step && a->time_us == b->time_us && same(a->value, b->value);
}

/* Whether b is the bucket of the series by definition, but for its sum. */
static bool by_definition(const struct bucket *b)
{
    struct stretch all = many_stretch(&series);
    struct point first = stretch_get(&all, 0), last = stretch_get(&all, all.count - 1);
    bool least = false, greatest = false, early = false, late = false;
    uint32_t nan = 0, pinf = 0, ninf = 0;
    for (size_t i = 0; i < all.count; i++) {
        double value = all.values[i];
        nan += isnan(value) != 0;
        pinf += value == INFINITY;
        ninf += value == -INFINITY;
        if (isfinite(value) && (value < b->values.min || value > b->values.max)) {
            return false;
        }
        if (all.times_us[i] < b->time_min_us || all.times_us[i] > b->time_max_us) {
            return false;
        }
        least = least || same(value, b->values.min);
        greatest = greatest || same(value, b->values.max);
        early = early || all.times_us[i] == b->time_min_us;
        late = late || all.times_us[i] == b->time_max_us;
    }
    return b->n == all.count && nan == b->values.nan && pinf == b->values.pinf &&
           ninf == b->values.ninf && least && greatest && early && late &&
           same_point(&b->first, &first) && same_point(&b->last, &last);
}

TEST(bucket, of_parts_is_that_of_all)
{
    uint64_t state = 11;
    for (int round = 0; round < 50; round++) {
        many_fill(&series, 500, round % 2, &state);
        struct bucket whole = {0}, joined = {0}, pieces = {0};
        struct stretch all = many_stretch(&series);
        bucket_add(&whole, &all);
        CHECK(by_definition(&whole));
        while (all.count) {
            struct stretch part = all;
            struct bucket b = {0};
            part.count = many_next(&state) % (all.count + 1);
            bucket_add(&b, &part);
            bucket_add(&pieces, &part);
            bucket_merge(&joined, &b);
            all = stretch_from(&all, part.count);
        }
        CHECK(by_definition(&joined) && by_definition(&pieces));
        CHECK(memcmp(&pieces.sum, &whole.sum, sizeof(whole.sum)) == 0);
        double mean = sum_mean(&whole.sum, bucket_finite(&whole));
        CHECK(fabs(sum_mean(&joined.sum, bucket_finite(&joined)) - mean) <= fabs(mean) * 0x1p-50);
    }
}

TEST(bucket, has_minus_0_below_0)
{
    static const double zeros[] = {0.0, -0.0, 0.0, -0.0};
    static const int64_t at[4] = {0, 1, 2, 3};
    for (size_t from = 0; from < 3; from++) {
        struct bucket b = {0}, one = {0}, other = {0};
        struct stretch two = {at + from, at, zeros + from, 2};
        bucket_add(&b, &two);
        CHECK(same(b.values.min, -0.0) && same(b.values.max, 0.0));
        two.count = 1;
        bucket_add(&one, &two);
        CHECK(same(one.values.min, zeros[from]) && same(one.values.max, zeros[from]));
        two = stretch_from(&two, 1);
        two.count = 1;
        bucket_add(&other, &two);
        bucket_merge(&one, &other);
        CHECK(same(one.values.min, -0.0) && same(one.values.max, 0.0));
    }
}
