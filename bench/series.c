/* Reading back: bins of a series of 10 M points, from the journal and from packs, and a run of
 * 5,000 names; the store itself, no HTTP. */
#include "../server/series.h"
#include "data.h"

#include <math.h>

enum { POINTS = 10 * 1000 * 1000, BATCH = 32768, NAMES = 5000, ROWS = 100, ROUNDS = 15 };

static const char run_long[] = "0190a0b0c0d0700080000000000000aa";
static const char run_wide[] = "0190a0b0c0d0700080000000000000bb";

/* The server's data, and what is asked. */
struct bench {
    struct data data;
    struct tail *tail;
    enum bins_x x;
    uint32_t bins;
    struct history_ask history;
};

static void fill_long(struct bench *b)
{
    static struct blocks_point points[BATCH];
    struct frame_key key = {{(const unsigned char *)"loss", 4}, {NULL, 0}};
    uint64_t noise = 1;
    data_run(&b->data, run_long);
    for (int64_t i = 0; i < POINTS;) {
        size_t count = 0;
        for (; count < BATCH && i < POINTS; count++, i++) {
            noise = noise * 6364136223846793005u + 1442695040888963407u;
            double value = exp(-(double)i / 1e6) + (double)(noise >> 44) / (1 << 22);
            points[count] = (struct blocks_point){i, i * 1000 + (int64_t)(noise >> 62), 0, 0};
            points[count].value = (double)(float)value;
        }
        data_add(&b->data, &(struct blocks_in){points, count, NULL, 0}, &key, 1);
    }
}

static void fill_wide(struct bench *b)
{
    static struct blocks_point points[NAMES];
    static struct frame_key keys[NAMES];
    static char names[NAMES][24];
    data_run(&b->data, run_wide);
    for (size_t i = 0; i < NAMES; i++) {
        int size = snprintf(names[i], sizeof(names[i]), "layer%zu/norm%zu", i / 10, i % 10);
        keys[i].name = (struct bytes){(unsigned char *)names[i], (size_t)size};
    }
    for (int64_t row = 0; row < ROWS; row++) {
        for (size_t i = 0; i < NAMES; i++) {
            points[i] = (struct blocks_point){row, row * 1000, (double)(row % 7), (uint32_t)i};
        }
        data_add(&b->data, &(struct blocks_in){points, NAMES, NULL, 0}, keys, NAMES);
    }
}

/* Milliseconds of one request for bins. */
static double bins_once(void *data)
{
    struct bench *b = data;
    AUTO_ARENA arena = ARENA(64 << 20);
    track_error err;
    const char *run = run_long;
    struct series_ref key = {"loss", NULL};
    struct bins_ask ask = {.runs = &run, .run_count = 1, .keys = &key, .key_count = 1};
    struct bins_answer answer;
    ask.bins = b->bins;
    ask.x = b->x;
    double start = bench_seconds();
    data_need(series_bins(b->tail, &ask, &arena, &answer, &err), &err);
    return (bench_seconds() - start) * 1e3;
}

/* The same after a restart. */
static double bins_cold(void *data)
{
    struct bench *b = data;
    track_error err;
    struct tail_options tail = {.store = b->data.store};
    tail_close(b->tail);
    data_need(tail_open(&tail, &b->tail, &err), &err);
    return bins_once(b);
}

/* Milliseconds of reading 1 M points from the middle. */
static double points_once(void *data)
{
    struct bench *b = data;
    AUTO_ARENA arena = ARENA(64 << 20);
    track_error err;
    struct points_ask ask = {.run = run_long,
                             .key = {"loss", NULL},
                             .from = POINTS / 2,
                             .to = INT64_MAX,
                             .limit = SERIES_POINTS_MAX};
    struct points_page page;
    double start = bench_seconds();
    data_need(series_points(b->tail, &ask, &arena, &page, &err), &err);
    return (bench_seconds() - start) * 1e3;
}

/* Milliseconds of a question of any(). */
static double history_once(void *data)
{
    struct bench *b = data;
    track_error err;
    bool found;
    double start = bench_seconds();
    data_need(series_history(b->tail, &b->history, &found, &err), &err);
    return (bench_seconds() - start) * 1e3;
}

/* No point is such a one: from where the curve is low all chunks say so; or most have to be read.
 */
static void measure_history(struct bench *b)
{
    b->history = (struct history_ask){.run = run_long,
                                      .key = {"loss", NULL},
                                      .op = FILTER_GT,
                                      .number = 0.5,
                                      .from = POINTS / 5 + 3,
                                      .to = INT64_MAX};
    bench_row("10 M points in packs: any(loss > 0.5, 2000003), by chunks",
              bench_median(history_once, b, ROUNDS), "ms", "2");
    b->history.op = FILTER_EQ;
    b->history.number = 0.1234567;
    bench_row("10 M points in packs: any(loss = 0.1234567), 8 M points read",
              bench_median(history_once, b, ROUNDS), "ms", "");
}

/* Packs become fewer, as while a run goes on. */
static void merge_levels(struct bench *b)
{
    track_error err;
    struct merge_ask merge = {
        .store = b->data.store, .run_node = b->data.run_node, .now_us = DATA_NOW};
    size_t merged = 1;
    while (merged) {
        data_need(merge_level(&merge, &merged, &err), &err);
    }
}

/* Charts from packs. */
static void measure_packs(struct bench *b)
{
    struct tail_counts counts;
    data_seal(&b->data);
    merge_levels(b);
    b->x = BINS_STEP;
    b->bins = 2000;
    bench_row("10 M points in packs: 2,000 bins by step, after a restart",
              bench_median(bins_cold, b, ROUNDS), "ms", "25");
    bench_row("10 M points in packs: 2,000 bins by step", bench_median(bins_once, b, ROUNDS), "ms",
              "2");
    b->x = BINS_TIME;
    bench_row("10 M points in packs: 2,000 bins by time", bench_median(bins_once, b, ROUNDS), "ms",
              "120");
    bench_row("10 M points in packs: 1 M points", bench_median(points_once, b, ROUNDS), "ms", "30");
    measure_history(b);
    tail_count(b->tail, &counts);
    bench_row("10 M points in packs: memory", (double)counts.bytes / 1e6, "MB", "");
}

static double tree_once(void *data)
{
    struct bench *b = data;
    AUTO_ARENA arena = ARENA(64 << 20);
    track_error err;
    struct tree_ask ask = {.run = run_wide, .limit = 1000};
    struct tree_page page;
    double start = bench_seconds();
    data_need(series_tree(b->tail, &ask, &arena, &page, &err), &err);
    return (bench_seconds() - start) * 1e3;
}

static double flush_once(void *data)
{
    struct bench *b = data;
    track_error err;
    double start = bench_seconds();
    data_need(series_flush(b->tail, 0, &err), &err);
    return (bench_seconds() - start) * 1e3;
}

int main(void)
{
    struct bench b = {.bins = 1000};
    struct tail_counts counts;
    track_error err;
    data_open(&b.data);
    struct tail_options tail = {.store = b.data.store};
    data_need(tail_open(&tail, &b.tail, &err), &err);
    double start = bench_seconds();
    fill_long(&b);
    double took = bench_seconds() - start;
    bench_row("series of 10 M points: encode and append, durable", POINTS / took / 1e6,
              "M points/s", "5");
    bench_row("series of 10 M points: first 1,000 bins", bins_once(&b), "ms", "1000");
    bench_row("series of 10 M points: bins by step, kept", bench_median(bins_once, &b, ROUNDS),
              "ms", "");
    b.x = BINS_TIME;
    bench_row("series of 10 M points: bins by time, kept", bench_median(bins_once, &b, ROUNDS),
              "ms", "");
    tail_count(b.tail, &counts);
    bench_row("series of 10 M points: memory", (double)counts.bytes / POINTS, "B/point", "");
    measure_packs(&b);
    fill_wide(&b);
    bench_row("5,000 names x 100 rows: first list", tree_once(&b), "ms", "");
    bench_row("5,000 names x 100 rows: list, kept", bench_median(tree_once, &b, ROUNDS), "ms", "");
    bench_row("5,000 names x 100 rows: summaries for search", flush_once(&b), "ms", "");
    tail_close(b.tail);
    store_close(b.data.store);
    data_remove(b.data.dir);
    return 0;
}
