/* Charts that are calculated from all points: smoothed, over another metric, of groups of runs; and
 * that a spike of one point in 10 M is in them at every width.  The store itself, no HTTP; points
 * in packs. */
#include "../server/series.h"
#include "data.h"

#include <math.h>

enum { POINTS = 10 * 1000 * 1000, JOINED = 2 * 1000 * 1000, BATCH = 32768, RUNS = 1000 };
enum { RUN_POINTS = 1000, ROUNDS = 9, SPIKE = 6543210 };

static const char run_long[] = "0190a0b0c0d0700080000000000000aa";
static const char run_joined[] = "0190a0b0c0d0700080000000000000bb";

/* The server's data, and what is asked. */
struct bench {
    struct data data;
    struct tail *tail;
    struct bins_ask ask;
    const char *run;
    struct series_ref key;
    char ids[RUNS][33];
    const char *runs[RUNS];
    size_t all[RUNS];
    struct group_ask group;
};

/* Points of so many series at the same steps. */
static void fill(struct bench *b, const char *run, size_t count, size_t series)
{
    static struct blocks_point points[BATCH];
    struct frame_key keys[] = {{{(const unsigned char *)"loss", 4}, {NULL, 0}},
                               {{(const unsigned char *)"tokens", 6}, {NULL, 0}}};
    uint64_t noise = count;
    data_run(&b->data, run);
    for (size_t i = 0; i < count;) {
        size_t filled = 0;
        for (; filled + series <= BATCH && i < count; i++) {
            noise = noise * 6364136223846793005u + 1442695040888963407u;
            double values[] = {exp(-(double)i / 1e6) + (double)(noise >> 44) / (1 << 22),
                               (double)i * 512};
            values[0] = i == SPIKE ? 1e6 : (double)(float)values[0];
            for (size_t s = 0; s < series; s++) {
                points[filled++] = (struct blocks_point){
                    (int64_t)i, (int64_t)i * 1000 + (int64_t)(noise >> 62), values[s], (uint32_t)s};
            }
        }
        data_add(&b->data, &(struct blocks_in){points, filled, NULL, 0}, keys, series);
    }
    data_seal(&b->data);
}

static double ask_once(void *data)
{
    struct bench *b = data;
    AUTO_ARENA arena = ARENA(256 << 20);
    track_error err;
    struct bins_answer answer;
    double start = bench_seconds();
    data_need(series_bins(b->tail, &b->ask, &arena, &answer, &err), &err);
    return (bench_seconds() - start) * 1e3;
}

/* The same when nothing is in memory. */
static double ask_cold(void *data)
{
    struct bench *b = data;
    track_error err;
    struct tail_options tail = {.store = b->data.store};
    tail_close(b->tail);
    data_need(tail_open(&tail, &b->tail, &err), &err);
    return ask_once(b);
}

static void measure_smooth(struct bench *b)
{
    b->ask.smooth = (struct smooth_ask){SMOOTH_EMA, SMOOTH_BY_STEP, log2(0.999), 0};
    bench_row("10 M points smoothed: 2,000 bins, for the first time",
              bench_median(ask_cold, b, ROUNDS), "ms", "");
    bench_row("10 M points smoothed: 2,000 bins, again", bench_median(ask_once, b, ROUNDS), "ms",
              "");
    b->ask.has_from = b->ask.has_to = true;
    b->ask.from = 8000000;
    b->ask.to = 8010000;
    bench_row("10 M points smoothed: a zoom to 10,000", bench_median(ask_once, b, ROUNDS), "ms",
              "");
    b->ask.has_from = b->ask.has_to = false;
    b->ask.smooth = (struct smooth_ask){SMOOTH_MEDIAN, SMOOTH_BY_POINT, 0, 1001};
    bench_row("10 M points, median of 1,001: 2,000 bins", bench_median(ask_once, b, 3), "ms", "");
    b->ask.smooth = (struct smooth_ask){.kind = SMOOTH_NONE};
}

/* Widths at which the spike is not seen. */
static void measure_spike(struct bench *b)
{
    int hidden = 0, charts = 0;
    for (enum bins_x x = BINS_STEP; x <= BINS_RELATIVE; x++) {
        for (uint32_t bins = 1; bins <= BINS_MAX; bins *= 2, charts++) {
            AUTO_ARENA arena = ARENA(256 << 20);
            track_error err;
            struct bins_answer answer;
            double most = 0;
            b->ask.x = x;
            b->ask.bins = bins;
            data_need(series_bins(b->tail, &b->ask, &arena, &answer, &err), &err);
            for (size_t i = 0; i < answer.series[0].count; i++) {
                most = fmax(most, answer.series[0].bins[i].max);
            }
            hidden += most != 1e6;
        }
    }
    b->ask.x = BINS_STEP;
    b->ask.bins = 2000;
    bench_row("a spike of one in 10 M points: charts that were looked at", charts, "", "");
    bench_row("a spike of one in 10 M points: charts that lack it", hidden, "", "0");
}

static void measure_join(struct bench *b)
{
    b->run = run_joined;
    b->ask.x = BINS_METRIC;
    b->ask.x_key = (struct series_ref){"tokens", NULL};
    bench_row("2 M points over another metric: 2,000 bins", bench_median(ask_once, b, ROUNDS), "ms",
              "");
    b->ask.x = BINS_STEP;
}

static void measure_groups(struct bench *b)
{
    static const unsigned stats = 1 << BANDS_MEAN | 1 << BANDS_P10 | 1 << BANDS_P90;
    for (size_t i = 0; i < RUNS; i++) {
        snprintf(b->ids[i], sizeof(b->ids[i]), "0190a0b0c0d07000800000000001%04zx", i);
        b->runs[i] = b->ids[i];
        b->all[i] = i;
        fill(b, b->ids[i], RUN_POINTS, 1);
    }
    b->group = (struct group_ask){"all", false, b->all, RUNS};
    b->ask.runs = b->runs;
    b->ask.run_count = RUNS;
    b->ask.groups = &b->group;
    b->ask.group_count = 1;
    b->ask.stats = stats;
    b->ask.bins = 500;
    bench_row("a group of 1,000 runs of 1,000 points: mean and band, for the first time",
              bench_median(ask_cold, b, 3), "ms", "");
    bench_row("a group of 1,000 runs of 1,000 points: mean and band",
              bench_median(ask_once, b, ROUNDS), "ms", "");
}

int main(void)
{
    static struct bench b;
    track_error err;
    struct tail_options tail = {0};
    data_open(&b.data);
    tail.store = b.data.store;
    data_need(tail_open(&tail, &b.tail, &err), &err);
    b.run = run_long;
    b.key = (struct series_ref){"loss", NULL};
    b.ask = (struct bins_ask){
        .runs = &b.run, .run_count = 1, .keys = &b.key, .key_count = 1, .bins = 2000};
    fill(&b, run_long, POINTS, 1);
    measure_smooth(&b);
    measure_spike(&b);
    fill(&b, run_joined, JOINED, 2);
    measure_join(&b);
    measure_groups(&b);
    tail_close(b.tail);
    store_close(b.data.store);
    data_remove(b.data.dir);
    return 0;
}
