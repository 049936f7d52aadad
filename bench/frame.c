/* What encoding and decoding of frames costs, and how many bytes a point takes. */
#include "../core/blocks.h"
#include "bench.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { POINTS_MAX = 1 << 15, ROUNDS = 41 };

/* A batch, its frame as blocks and as bytes. */
struct batch {
    const char *what;
    size_t keys, rows;
    int level, kind; /* kind of values: 0 float-like, 1 doubles, 2 schedules and counters */
    struct blocks_point points[POINTS_MAX];
    struct buf bytes;
};

static double value_of(int kind, size_t key, size_t row, uint64_t noise)
{
    double x = (double)row + (double)key / 7, u = (double)(noise >> 40) / (1 << 24);
    if (kind == 0) {
        return (double)(float)(2.0 * exp(-x / 3000) + 0.05 * u);
    }
    return kind == 1 ? 2.0 * exp(-x / 3000) + 0.05 * u
                     : (double)(float)(0.001 * (1 + cos(x / 4000)));
}

static void batch_fill(struct batch *b)
{
    uint64_t noise = 1;
    for (size_t i = 0; i < b->keys * b->rows; i++) {
        size_t row = i / b->keys, key = i % b->keys;
        noise = noise * 6364136223846793005u + 1442695040888963407u;
        int64_t time_us = (int64_t)row * 51000 + (int64_t)(row * row % 4000);
        b->points[i] = (struct blocks_point){(int64_t)row, time_us / 1000 * 1000,
                                             value_of(b->kind, key, row, noise), (uint32_t)key};
    }
}

static double encode_once(void *data)
{
    struct batch *b = data;
    AUTO_ARENA arena = ARENA(2 * (size_t)FRAME_ARENA_BYTES);
    struct frame f = {.head = {.kind = FRAME_POINTS}};
    struct blocks_in in = {b->points, b->keys * b->rows, NULL, 0};
    track_error err;
    double start = bench_seconds();
    buf_release(&b->bytes);
    if (blocks_fill(&in, &arena, &f, &err) != TRACK_OK ||
        frame_encode(&f, b->level, &arena, &b->bytes, &err) != TRACK_OK) {
        fprintf(stderr, "%s\n", err.message);
        exit(1);
    }
    return (bench_seconds() - start) * 1e9 / (double)in.point_count;
}

static double decode_once(void *data)
{
    struct batch *b = data;
    AUTO_ARENA arena = ARENA(FRAME_ARENA_BYTES);
    struct frame f;
    double start = bench_seconds();
    if (frame_decode((struct bytes){b->bytes.at, b->bytes.size}, &arena, &f, NULL) != TRACK_OK) {
        exit(1);
    }
    return (bench_seconds() - start) * 1e9 / (double)(b->keys * b->rows);
}

static void batch_run(struct batch *b)
{
    char what[128];
    batch_fill(b);
    b->bytes = (struct buf)BUF(FRAME_BYTES_MAX);
    snprintf(what, sizeof(what), "frame, %s: encode", b->what);
    bench_row(what, bench_median(encode_once, b, ROUNDS), "ns/point", "8-35");
    snprintf(what, sizeof(what), "frame, %s: decode", b->what);
    bench_row(what, bench_median(decode_once, b, ROUNDS), "ns/point", "");
    snprintf(what, sizeof(what), "frame, %s: size", b->what);
    bench_row(what, (double)b->bytes.size / (double)(b->keys * b->rows), "B/point", "2-4; 6-7");
    buf_release(&b->bytes);
}

int main(void)
{
    static struct batch batches[] = {
        {.what = "1,000 floats x 5 rows", .keys = 1000, .rows = 5, .level = 1},
        {.what = "20 floats x 200 rows", .keys = 20, .rows = 200, .level = 1},
        {.what = "1 float x 32,768 rows", .keys = 1, .rows = 32768, .level = 1},
        {.what = "20 schedules x 200 rows", .keys = 20, .rows = 200, .level = 1, .kind = 2},
        {.what = "20 doubles x 200 rows", .keys = 20, .rows = 200, .level = 1, .kind = 1},
        {.what = "20 floats x 200 rows, not compressed", .keys = 20, .rows = 200},
    };
    for (size_t i = 0; i < sizeof(batches) / sizeof(batches[0]); i++) {
        batch_run(&batches[i]);
    }
    return 0;
}
