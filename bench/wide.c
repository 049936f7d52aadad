/* What is wide or long and no chart: a run of 10,000 series and one of a million console lines,
 * both at rest; the store itself, no HTTP. */
#include "../server/series.h"
#include "data.h"

enum { NAMES = 10000, ROWS = 100, LINES = 1000000, BATCH = 1000, PAGE = 1000, ROUNDS = 15 };

static const char run_wide[] = "0190a0b0c0d0700080000000000000ba";
static const char run_long[] = "0190a0b0c0d0700080000000000000bb";

struct bench {
    struct data data;
    struct tail *tail;
};

static void fill_wide(struct data *d)
{
    static struct blocks_point points[NAMES];
    static struct frame_key keys[NAMES];
    static char names[NAMES][24];
    data_run(d, run_wide);
    for (size_t i = 0; i < NAMES; i++) {
        int size = snprintf(names[i], sizeof(names[i]), "layer%zu/norm%zu", i / 10, i % 10);
        keys[i].name = (struct bytes){(unsigned char *)names[i], (size_t)size};
    }
    for (int64_t row = 0; row < ROWS; row++) {
        for (size_t i = 0; i < NAMES; i++) {
            double value = (double)(row % 7) + (double)i;
            points[i] = (struct blocks_point){row, DATA_NOW + row * 1000, value, (uint32_t)i};
        }
        data_add(d, &(struct blocks_in){points, NAMES, NULL, 0}, keys, NAMES);
    }
    data_rest(d);
}

static void append_lines(struct data *d, const struct frame_line *lines, size_t count)
{
    struct frame f = {.head = {.kind = FRAME_LINES}, .line_count = count};
    f.lines = lines;
    data_send(d, &f);
}

static void fill_long(struct data *d)
{
    static struct frame_line lines[BATCH];
    static char texts[BATCH][96];
    data_run(d, run_long);
    for (int64_t n = 0; n < LINES;) {
        for (size_t i = 0; i < BATCH; i++, n++) {
            int size =
                snprintf(texts[i], sizeof(texts[i]), "step %lld loss %.4f lr 3e-4 %lld tok/s",
                         (long long)n, 1.0 / (double)(n % 1013 + 1), (long long)(n * 7919 % 10007));
            lines[i] = (struct frame_line){n, DATA_NOW + n * 1000, FRAME_STDOUT, {NULL, 0}};
            lines[i].text = (struct bytes){(unsigned char *)texts[i], (size_t)size};
        }
        append_lines(d, lines, BATCH);
    }
    data_rest(d);
}

/* Forgets what was read, as a restart does. */
static void restart(struct bench *b)
{
    track_error err = {0};
    struct tail_options options = {.store = b->data.store};
    tail_close(b->tail);
    data_need(tail_open(&options, &b->tail, &err), &err);
}

static double tree_once(void *data)
{
    struct bench *b = data;
    AUTO_ARENA arena = ARENA(64 << 20);
    track_error err = {0};
    struct tree_ask ask = {.run = run_wide, .limit = PAGE, .flat = true};
    struct tree_page page;
    double start = bench_seconds();
    data_need(series_tree(b->tail, &ask, &arena, &page, &err), &err);
    return (bench_seconds() - start) * 1e3;
}

static double tree_cold(void *data)
{
    restart(data);
    return tree_once(data);
}

static double lines_once(void *data)
{
    struct bench *b = data;
    AUTO_ARENA arena = ARENA(64 << 20);
    track_error err = {0};
    struct lines_ask ask = {
        .run = run_long, .from = -PAGE, .limit = PAGE, .stream = -1, .rank = -1};
    struct lines_page page;
    ask.since_us = INT64_MIN;
    double start = bench_seconds();
    data_need(series_lines(b->tail, &ask, &arena, &page, &err), &err);
    return (bench_seconds() - start) * 1e3;
}

static double lines_cold(void *data)
{
    restart(data);
    return lines_once(data);
}

static double flush_once(struct bench *b)
{
    track_error err = {0};
    restart(b);
    double start = bench_seconds();
    data_need(series_flush(b->tail, 0, &err), &err);
    return (bench_seconds() - start) * 1e3;
}

int main(void)
{
    struct bench b = {.tail = NULL};
    data_open(&b.data);
    fill_wide(&b.data);
    bench_row("10,000 series at rest: first list, after a restart",
              bench_median(tree_cold, &b, ROUNDS), "ms", "50");
    bench_row("10,000 series at rest: first list", bench_median(tree_once, &b, ROUNDS), "ms", "10");
    bench_row("10,000 series at rest: summaries for search", flush_once(&b), "ms", "");
    fill_long(&b.data);
    bench_row("1 M lines at rest: bytes a line", data_point_bytes(&b.data), "B", "");
    bench_row("1 M lines at rest: the last 1,000, after a restart",
              bench_median(lines_cold, &b, ROUNDS), "ms", "");
    bench_row("1 M lines at rest: the last 1,000", bench_median(lines_once, &b, ROUNDS), "ms", "");
    tail_close(b.tail);
    store_close(b.data.store);
    data_remove(b.data.dir);
    return 0;
}
