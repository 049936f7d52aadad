/* Shows that axes and masks come back, and that a series finds its rows on an axis.
 * How: rows logged together, series that lack some of them, every cut, golden bytes. */
#include "../../core/axis_rows.h"
#include "../fault.h"
#include "../harness.h"

#include <string.h>

enum { ROWS = 1000 };

struct rows {
    int64_t steps[ROWS], times_us[ROWS];
};

static void fill(struct rows *r)
{
    for (size_t i = 0; i < ROWS; i++) {
        r->steps[i] = (int64_t)(i / 2 * 10); /* two points a step */
        r->times_us[i] = 1700000000000000 + (int64_t)i * 250000 + (int64_t)(i * i % 17) * 1000;
    }
    r->steps[999] = r->steps[998];
    r->times_us[999] = r->times_us[998]; /* the same row twice */
}

/* Every n-th row from the first. */
static struct axis_rows thin_out(const struct rows *all, size_t n, struct rows *out)
{
    size_t count = 0;
    for (size_t i = 0; i < ROWS; i += n, count++) {
        out->steps[count] = all->steps[i];
        out->times_us[count] = all->times_us[i];
    }
    return (struct axis_rows){out->steps, out->times_us, count};
}

static struct zstream *zstream_in(struct arena *arena)
{
    struct zstream *z;
    return zstream_open(arena, &z, NULL) == TRACK_OK ? z : NULL;
}

TEST(axis_rows, come_back_and_have_the_golden_bytes)
{
    AUTO_ARENA arena = ARENA(4096);
    AUTO_BUF b = BUF(AXIS_ROWS_BYTES_MAX);
    struct zstream *z = zstream_in(&arena);
    struct rows all, got;
    fill(&all);
    struct axis_rows in = {all.steps, all.times_us, ROWS};
    CHECK(z && axis_rows_encode(z, &in, 0, &b, NULL) == TRACK_OK);
    CHECK_GOLDEN("axis_rows", ((struct bytes){b.at, b.size}));
    for (size_t cut = 0; cut < b.size; cut++) {
        CHECK(axis_rows_decode(z, (struct bytes){b.at, cut}, got.steps, got.times_us, ROWS, NULL) ==
              TRACK_INVALID);
    }
    struct bytes bytes = {b.at, b.size};
    CHECK(axis_rows_decode(z, bytes, got.steps, got.times_us, ROWS, NULL) == TRACK_OK);
    CHECK(memcmp(&got, &all, sizeof(got)) == 0);
    CHECK(axis_rows_decode(z, bytes, got.steps, got.times_us, ROWS - 1, NULL) == TRACK_INVALID);
    buf_byte(&b, 0);
    bytes = (struct bytes){b.at, b.size};
    CHECK(axis_rows_decode(z, bytes, got.steps, got.times_us, ROWS, NULL) == TRACK_INVALID);
}

TEST(axis_rows, keep_their_limits)
{
    AUTO_ARENA arena = ARENA(4096);
    AUTO_BUF b = BUF(AXIS_ROWS_BYTES_MAX);
    AUTO_BUF small = BUF(10);
    struct zstream *z = zstream_in(&arena);
    static int64_t wild[AXIS_ROWS_MAX + 1];
    for (size_t i = 0; i < AXIS_ROWS_MAX; i++) {
        wild[i] = i % 2 ? INT64_MIN : INT64_MAX - (int64_t)i; /* numbers of 10 bytes each */
    }
    struct axis_rows in = {wild, wild, AXIS_ROWS_MAX}, none = {wild, wild, 0};
    struct axis_rows more = {wild, wild, AXIS_ROWS_MAX + 1};
    CHECK(z && axis_rows_encode(z, &in, 0, &b, NULL) == TRACK_OK);
    CHECK(axis_rows_encode(z, &in, 0, &small, NULL) == TRACK_TOO_LARGE);
    CHECK(axis_rows_encode(z, &none, 0, &b, NULL) == TRACK_INVALID);
    CHECK(axis_rows_encode(z, &more, 0, &b, NULL) == TRACK_INVALID);
}

TEST(axis_rows, are_found_by_series_that_lack_some)
{
    AUTO_ARENA arena = ARENA(4096);
    struct zstream *z = zstream_in(&arena);
    struct rows all, thin;
    fill(&all);
    struct axis_rows axis = {all.steps, all.times_us, ROWS};
    CHECK(z != NULL);
    for (size_t n = 1; n <= 4; n++) {
        AUTO_BUF b = BUF(AXIS_MASK_BYTES_MAX);
        unsigned char mask[AXIS_MASK_BYTES], got[AXIS_MASK_BYTES];
        struct axis_rows points = thin_out(&all, n, &thin);
        CHECK(axis_rows_match(&axis, &points, mask));
        CHECK(axis_mask_encode(z, mask, ROWS, 1, &b, NULL) == TRACK_OK);
        CHECK(b.size <= 30); /* regular ones are small */
        struct reader r = {{b.at, b.size}, false};
        CHECK(axis_mask_decode(z, &r, got, ROWS, points.count, NULL) == TRACK_OK);
        CHECK(reader_end(&r, NULL) == TRACK_OK && memcmp(mask, got, sizeof(got)) == 0);
        int64_t picked[ROWS];
        axis_mask_pick(got, all.steps, ROWS, picked);
        CHECK(memcmp(picked, thin.steps, points.count * sizeof(*picked)) == 0);
        axis_mask_pick(got, all.times_us, ROWS, picked);
        CHECK(memcmp(picked, thin.times_us, points.count * sizeof(*picked)) == 0);
    }
}

TEST(axis_rows, are_not_found_where_they_are_not)
{
    struct rows all, thin;
    unsigned char mask[AXIS_MASK_BYTES];
    fill(&all);
    struct axis_rows axis = {all.steps, all.times_us, ROWS};
    struct axis_rows few = thin_out(&all, 5, &thin);
    CHECK(!axis_rows_match(&axis, &few, mask)); /* less than a quarter */
    struct axis_rows half = thin_out(&all, 2, &thin);
    thin.times_us[7]++;
    CHECK(!axis_rows_match(&axis, &half, mask));
    thin.times_us[7]--;
    thin.steps[499]++;
    CHECK(!axis_rows_match(&axis, &half, mask));
    struct axis_rows twice = {all.steps + 1, all.times_us + 1, ROWS - 1};
    CHECK(axis_rows_match(&axis, &twice, mask));
    struct rows thrice = all;
    thrice.steps[997] = thrice.steps[998];
    thrice.times_us[997] = thrice.times_us[998]; /* a row that is there twice, three times */
    struct axis_rows more = {thrice.steps, thrice.times_us, ROWS};
    CHECK(!axis_rows_match(&axis, &more, mask));
}

TEST(axis_rows, refuse_masks_that_do_not_fit)
{
    AUTO_ARENA arena = ARENA(4096);
    AUTO_BUF b = BUF(AXIS_MASK_BYTES_MAX);
    struct zstream *z = zstream_in(&arena);
    unsigned char mask[AXIS_MASK_BYTES] = {0x05, 0x80, 0x10};
    CHECK(z && axis_mask_encode(z, mask, 21, 1, &b, NULL) == TRACK_OK);
    for (size_t cut = 0; cut < b.size; cut++) {
        struct reader r = {{b.at, cut}, false};
        CHECK(axis_mask_decode(z, &r, mask, 21, 4, NULL) == TRACK_INVALID);
    }
    struct reader right = {{b.at, b.size}, false}, wrong = right, behind = right, none = right;
    CHECK(axis_mask_decode(z, &right, mask, 21, 4, NULL) == TRACK_OK);
    CHECK(axis_mask_decode(z, &wrong, mask, 21, 3, NULL) == TRACK_INVALID);
    CHECK(axis_mask_decode(z, &behind, mask, 20, 4, NULL) == TRACK_INVALID);
    CHECK(axis_mask_decode(z, &none, mask, 0, 0, NULL) == TRACK_INVALID);
}

static track_status work(void)
{
    AUTO_ARENA arena = ARENA(4096);
    AUTO_BUF b = BUF(AXIS_ROWS_BYTES_MAX);
    struct zstream *z;
    struct rows all, got;
    fill(&all);
    struct axis_rows in = {all.steps, all.times_us, ROWS};
    TRY(zstream_open(&arena, &z, NULL));
    TRY(axis_rows_encode(z, &in, 1, &b, NULL));
    return axis_rows_decode(z, (struct bytes){b.at, b.size}, got.steps, got.times_us, ROWS, NULL);
}

TEST(axis_rows, survive_each_allocation_failing)
{
    CHECK(fault_each(work) >= 3);
}
