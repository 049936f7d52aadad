/* Shows bins over another metric: what has a place, what has none and is counted, and limits.
 * That they are those of all points, sealed or not, is shown by test_tail_pack.c (readers_smooth).
 */
#include "../../server/series_join.h"
#include "../harness.h"
#include "points.h"

#include <math.h>
#include <string.h>

static struct series_ref key = {"loss", NULL};
static const char *run = RUN_A;

static struct bins_ask ask_over(const char *metric)
{
    struct bins_ask ask = {.runs = &run, .run_count = 1, .keys = &key, .key_count = 1, .bins = 100};
    ask.x = BINS_METRIC;
    ask.x_key = (struct series_ref){metric, NULL};
    return ask;
}

static track_status send(struct points *p)
{
    static const char *const names[] = {"loss", "tokens"};
    static const struct blocks_point in[] = {
        {1, NOW_US, 5, 0},      {2, NOW_US, 4, 0},      {3, NOW_US, 3, 0},
        {4, NOW_US, NAN, 0},    {1, NOW_US + 9, 10, 1}, {2, NOW_US, 30.5, 1},
        {2, NOW_US + 1, 99, 1}, {3, NOW_US, NAN, 1},    {4, NOW_US, -20, 1}};
    struct points_batch b = {.names = names, .name_count = 2, .in = {in, 9, NULL, 0}};
    return points_add(p, &b);
}

TEST(series_join, puts_points_at_the_number_of_their_row_or_step)
{
    POINTS(p);
    AUTO_ARENA arena = ARENA(16 << 20);
    struct bins_ask ask = ask_over("tokens");
    struct bins_answer a;
    CHECK(send(&p) == TRACK_OK);
    CHECK(series_bins(p.tail, &ask, &arena, &a, NULL) == TRACK_OK);
    const struct series_bins *s = &a.series[0];
    CHECK(a.real.width == 2 && a.real.number == -10); /* from the least to the greatest number */
    CHECK(s->count == 3 && s->unplaced == 1 && s->exact);
    CHECK(s->bins[0].real_first == -20 && s->bins[0].nan == 1 && isnan(s->bins[0].mean));
    CHECK(s->bins[1].real_first == 10 && s->bins[1].mean == 5);  /* of the step */
    CHECK(s->bins[2].real_last == 30.5 && s->bins[2].last == 4); /* of the row */
}

TEST(series_join, is_smoothed_in_the_order_of_steps)
{
    POINTS(p);
    AUTO_ARENA arena = ARENA(16 << 20);
    struct bins_ask ask = ask_over("tokens");
    struct bins_answer a;
    ask.smooth = (struct smooth_ask){SMOOTH_EMA, SMOOTH_BY_STEP, -1, 0};
    CHECK(send(&p) == TRACK_OK);
    CHECK(series_bins(p.tail, &ask, &arena, &a, NULL) == TRACK_OK);
    const struct series_bins *s = &a.series[0];
    CHECK(isnan(s->bins[0].smooth) && s->bins[1].smooth == 5);
    CHECK(fabs(s->bins[2].smooth - (4 + 5 / 2.0) / 1.5) < 1e-12);
}

TEST(series_join, counts_all_points_where_a_run_lacks_the_metric)
{
    POINTS(p);
    AUTO_ARENA arena = ARENA(16 << 20);
    struct bins_ask ask = ask_over("absent");
    struct bins_answer a;
    CHECK(send(&p) == TRACK_OK);
    CHECK(series_bins(p.tail, &ask, &arena, &a, NULL) == TRACK_OK);
    CHECK(a.count == 1 && a.series[0].count == 0 && a.real.count == 0);
    ask.has_from = ask.has_to = true;
    ask.real_from = 2;
    ask.real_to = 1;
    CHECK(series_bins(p.tail, &ask, &arena, &a, NULL) == TRACK_INVALID);
}

TEST(series_join, is_part_of_the_version)
{
    POINTS(p);
    AUTO_ARENA arena = ARENA(16 << 20);
    struct bins_ask ask = ask_over("tokens");
    struct bins_answer a, b;
    CHECK(send(&p) == TRACK_OK);
    CHECK(series_bins(p.tail, &ask, &arena, &a, NULL) == TRACK_OK);
    CHECK(points_add_one(&p, "tokens", 1, 11) == TRACK_OK); /* within the range: the same grid */
    CHECK(series_bins(p.tail, &ask, &arena, &b, NULL) == TRACK_OK);
    CHECK(a.series[0].version != b.series[0].version);
}
