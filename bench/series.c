/* Reading back: bins of a series of 10 M points, from the journal and from packs, and a run of
 * 5,000 names; the store itself, no HTTP. */
#include "../server/series.h"
#include "../core/blocks.h"
#include "../server/journal.h"
#include "../server/seal_merge.h"
#include "../server/seal_run.h"
#include "bench.h"

#include <ftw.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

enum { POINTS = 10 * 1000 * 1000, BATCH = 32768, NAMES = 5000, ROWS = 100, ROUNDS = 15 };

static const char run_long[] = "0190a0b0c0d0700080000000000000aa";
static const char run_wide[] = "0190a0b0c0d0700080000000000000bb";

/* The server's data, and who writes. */
struct bench {
    struct store *store;
    struct tail *tail;
    char dir[64];
    const char *run;
    unsigned char writer;
    uint64_t seq;
    enum bins_x x;
    uint32_t bins;
    int64_t run_node; /* of the run that was appended to last */
};

static void need(track_status status, const track_error *err)
{
    if (status != TRACK_OK) {
        fprintf(stderr, "%s\n", err->message);
        exit(1);
    }
}

static void run_make(struct bench *b, const char *id)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    track_error err;
    struct run_put put = {.id = id, .project = "bench", .now_us = 1, .started_us = 1};
    put.ticket.arena = &arena;
    need(store_run_put(b->store, &put, &err), &err);
    need(ticket_wait(store_writer(b->store), &put.ticket, 0, &err), &err);
    b->run = id;
    b->writer++;
    b->seq = 0;
}

/* Appends one frame; keys are defined in the first. */
static void append(struct bench *b, const struct blocks_in *in, const struct frame_key *keys,
                   size_t key_count)
{
    AUTO_ARENA arena = ARENA(2 * (size_t)FRAME_ARENA_BYTES);
    AUTO_BUF body = BUF(FRAME_BYTES_MAX);
    track_error err;
    struct frame f = {.head = {.kind = FRAME_POINTS, .seq = b->seq++}};
    f.keys = keys;
    f.key_count = f.head.seq ? 0 : key_count;
    memset(f.head.writer, b->writer, sizeof(f.head.writer));
    need(blocks_fill(in, &arena, &f, &err), &err);
    need(frame_encode(&f, 1, &arena, &body, &err), &err);
    struct journal_append call = {.run = b->run, .body = {body.at, body.size}, .now_us = 1};
    call.ticket.arena = &arena;
    need(journal_append(b->store, &call, &err), &err);
    need(ticket_wait(store_writer(b->store), &call.ticket, 0, &err), &err);
    b->run_node = call.run_node;
}

static void fill_long(struct bench *b)
{
    static struct blocks_point points[BATCH];
    struct frame_key key = {{(const unsigned char *)"loss", 4}, {NULL, 0}};
    uint64_t noise = 1;
    run_make(b, run_long);
    for (int64_t i = 0; i < POINTS;) {
        size_t count = 0;
        for (; count < BATCH && i < POINTS; count++, i++) {
            noise = noise * 6364136223846793005u + 1442695040888963407u;
            double value = exp(-(double)i / 1e6) + (double)(noise >> 44) / (1 << 22);
            points[count] = (struct blocks_point){i, i * 1000 + (int64_t)(noise >> 62), 0, 0};
            points[count].value = (double)(float)value;
        }
        append(b, &(struct blocks_in){points, count, NULL, 0}, &key, 1);
    }
}

static void fill_wide(struct bench *b)
{
    static struct blocks_point points[NAMES];
    static struct frame_key keys[NAMES];
    static char names[NAMES][24];
    run_make(b, run_wide);
    for (size_t i = 0; i < NAMES; i++) {
        int size = snprintf(names[i], sizeof(names[i]), "layer%zu/norm%zu", i / 10, i % 10);
        keys[i].name = (struct bytes){(unsigned char *)names[i], (size_t)size};
    }
    for (int64_t row = 0; row < ROWS; row++) {
        for (size_t i = 0; i < NAMES; i++) {
            points[i] = (struct blocks_point){row, row * 1000, (double)(row % 7), (uint32_t)i};
        }
        append(b, &(struct blocks_in){points, NAMES, NULL, 0}, keys, NAMES);
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
    need(series_bins(b->tail, &ask, &arena, &answer, &err), &err);
    return (bench_seconds() - start) * 1e3;
}

/* The same after a restart. */
static double bins_cold(void *data)
{
    struct bench *b = data;
    track_error err;
    struct tail_options tail = {.store = b->store};
    tail_close(b->tail);
    need(tail_open(&tail, &b->tail, &err), &err);
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
    need(series_points(b->tail, &ask, &arena, &page, &err), &err);
    return (bench_seconds() - start) * 1e3;
}

/* What is in the journal becomes packs, and these become fewer. */
static void seal_long(struct bench *b)
{
    track_error err;
    struct seal_marks marks = {.room = 0};
    struct seal_did did = {.more = true};
    struct seal_ask ask = {
        .store = b->store, .marks = &marks, .run_node = b->run_node, .now_us = 1};
    struct merge_ask merge = {.store = b->store, .run_node = b->run_node, .now_us = 1};
    size_t merged = 1;
    while (did.more) {
        need(seal_run(&ask, &did, &err), &err);
    }
    while (merged) {
        need(merge_level(&merge, &merged, &err), &err);
    }
    seal_marks_release(&marks);
}

/* Charts from packs. */
static void measure_packs(struct bench *b)
{
    struct tail_counts counts;
    seal_long(b);
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
    need(series_tree(b->tail, &ask, &arena, &page, &err), &err);
    return (bench_seconds() - start) * 1e3;
}

static double flush_once(void *data)
{
    struct bench *b = data;
    track_error err;
    double start = bench_seconds();
    need(series_flush(b->tail, 0, &err), &err);
    return (bench_seconds() - start) * 1e3;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

static void bench_open(struct bench *b)
{
    track_error err;
    snprintf(b->dir, sizeof(b->dir), "/var/tmp/track-bench.XXXXXX");
    if (!mkdtemp(b->dir)) {
        perror(b->dir);
        exit(1);
    }
    struct store_options options = {.data = b->dir, .free_bytes_min = 1};
    need(store_open(&options, &b->store, &err), &err);
    struct tail_options tail = {.store = b->store};
    need(tail_open(&tail, &b->tail, &err), &err);
}

int main(void)
{
    struct bench b = {.bins = 1000};
    struct tail_counts counts;
    bench_open(&b);
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
    store_close(b.store);
    nftw(b.dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}
