/* Packs in memory: building, decoding, charts, merging and checking 10 M points. */
#include "../core/pack_check.h"
#include "../core/pack_merge.h"
#include "bench.h"

#include <math.h>
#include <string.h>

enum { POINTS = 10 * 1000 * 1000, PARTS = 16, ROUNDS = 15, PIECE = 4096, WIDE = 10000 };

/* Packs that were built, in memory. */
struct bench {
    struct buf bytes[PARTS];
    struct bytes views[PARTS];
    struct pack_dir dirs[PARTS];
    struct pack_input inputs[PARTS];
    size_t count;
    struct arena arena;
    struct pack_tools tools;
    enum bins_x x;
    struct bins_range range;
    uint64_t points;
};

static void need(track_status status, const track_error *err)
{
    if (status != TRACK_OK) {
        fprintf(stderr, "%s\n", err->message);
        exit(1);
    }
}

static track_status keep(void *data, const struct pack_made *pack, track_error *err)
{
    struct bench *b = data;
    (void)err;
    b->bytes[b->count] = (struct buf)BUF(2 * (size_t)PACK_BYTES_MAX);
    for (int i = 0; i < PACK_PARTS; i++) {
        buf_put(&b->bytes[b->count], pack->parts[i].at, pack->parts[i].size);
    }
    b->points += pack->dir->head.points;
    b->count++;
    return TRACK_OK;
}

static struct pack_builder *builder_open(struct bench *b, struct arena *arena, bool digests)
{
    track_error err;
    struct pack_options options = {.digests = digests, .made = keep, .data = b};
    struct pack_builder *out;
    options.head.kind = PACK_POINTS;
    need(pack_build_open(&options, arena, &out, &err), &err);
    return out;
}

static void series_begin(struct pack_builder *to, const char *name)
{
    track_error err;
    struct pack_series s = {0};
    s.name = (struct bytes){(const unsigned char *)name, strlen(name)};
    need(pack_build_series(to, &s, &err), &err);
}

/* Adds points [from..to) of a noisy loss, some 300 ms apart. */
static void series_add(struct pack_builder *to, int64_t from, int64_t end)
{
    static int64_t steps[PIECE], times[PIECE];
    static double values[PIECE];
    uint64_t noise = (uint64_t)from + 1;
    track_error err;
    for (int64_t i = from; i < end;) {
        size_t n = 0;
        for (; n < PIECE && i < end; n++, i++) {
            noise = noise * 6364136223846793005u + 1442695040888963407u;
            steps[n] = i;
            times[n] = 1700000000000000 + i * 300000 + (int64_t)(noise >> 62) * 1000;
            double level = 2.0 / (1.0 + (double)i / 1e5) + 0.3;
            values[n] = (double)(float)(level * (1 + (double)(noise >> 40) / 1e8));
        }
        struct stretch in = {steps, times, values, n};
        need(pack_build_add(to, &in, &err), &err);
    }
}

static void bench_release(struct bench *b)
{
    for (size_t i = 0; i < b->count; i++) {
        buf_release(&b->bytes[i]);
    }
    arena_release(&b->arena);
    b->count = 0;
    b->points = 0;
}

/* Seconds to read all directories. */
static double bench_open(struct bench *b)
{
    track_error err;
    b->arena = (struct arena)ARENA((size_t)1 << 30);
    need(pack_tools_open(&b->arena, &b->tools, &err), &err);
    double start = bench_seconds();
    for (size_t i = 0; i < b->count; i++) {
        b->views[i] = (struct bytes){b->bytes[i].at, b->bytes[i].size};
        b->inputs[i].blob = (struct pack_blob){pack_read_memory, &b->views[i], b->views[i].size};
        need(pack_dir_read(&b->inputs[i].blob, &b->arena, &b->dirs[i], &err), &err);
        b->inputs[i].dir = &b->dirs[i];
    }
    return bench_seconds() - start;
}

/* Builds the series in parts, a pack each. */
static double build(struct bench *b, int parts, bool digests)
{
    double start = bench_seconds();
    for (int i = 0; i < parts; i++) {
        AUTO_ARENA arena = ARENA(64 << 20);
        track_error err;
        struct pack_builder *to = builder_open(b, &arena, digests);
        series_begin(to, "loss");
        series_add(to, (int64_t)POINTS / parts * i, (int64_t)POINTS / parts * (i + 1));
        need(pack_build_end(to, &err), &err);
    }
    return bench_seconds() - start;
}

static double decode_once(void *data)
{
    struct bench *b = data;
    AUTO_ARENA arena = ARENA(64 << 20);
    struct pack_reader *r;
    track_error err;
    double sum = 0, start = bench_seconds();
    need(pack_reader_open(&b->inputs[0].blob, &b->dirs[0], &b->tools, &arena, &r, &err), &err);
    for (size_t i = 0; i < b->dirs[0].chunk_count; i++) {
        struct stretch in;
        need(pack_read_chunk(r, i, &in, &err), &err);
        sum += in.values[0];
    }
    double took = bench_seconds() - start;
    return sum > 0 ? (double)POINTS / took / 1e6 : 0;
}

/* Milliseconds of a chart of 2,000 bins. */
static double chart_once(void *data)
{
    struct bench *b = data;
    AUTO_ARENA arena = ARENA(256 << 20);
    struct bins_source sources[PARTS];
    struct pack_points points[PARTS];
    struct bins_grid grid;
    struct bins bins;
    track_error err;
    double start = bench_seconds();
    bins_grid_fill(b->x, b->range, 2000, &grid);
    struct bins_range steps = {INT64_MIN, INT64_MAX};
    if (b->x == BINS_STEP) {
        steps = (struct bins_range){grid.from, grid.to};
    }
    for (size_t i = 0; i < b->count; i++) {
        const struct pack_dir *d = &b->dirs[i];
        points[i] = (struct pack_points){NULL, &d->series[0], 0};
        need(pack_reader_open(&b->inputs[i].blob, d, &b->tools, &arena, &points[i].reader, &err),
             &err);
        int level =
            b->x == BINS_STEP
                ? pack_level_find(d, &d->series[0], (unsigned)__builtin_ctzll((uint64_t)grid.width))
                : pack_level_of_count(d, &d->series[0], steps, 4 * grid.count / b->count);
        need(pack_bins_source(&points[i], level, steps, &arena, &sources[i], &err), &err);
    }
    bins_init(&bins, &grid, &arena);
    struct bins_axis axis = {b->x, 0};
    need(bins_add_sources(&bins, axis, sources, b->count, &err), &err);
    need(bins_end(&bins, &err), &err);
    return (bench_seconds() - start) * 1e3;
}

static double check_once(struct bench *b)
{
    track_error err;
    struct pack_checked done;
    double start = bench_seconds();
    need(pack_check(&b->inputs[0].blob, NULL, &done, &err), &err);
    return (double)done.points / (bench_seconds() - start) / 1e6;
}

static double merge_once(struct bench *from, struct bench *to)
{
    AUTO_ARENA arena = ARENA(256 << 20);
    track_error err;
    double start = bench_seconds();
    struct pack_builder *out = builder_open(to, &arena, false);
    need(pack_merge(from->inputs, from->count, NULL, &arena, out, &err), &err);
    need(pack_build_end(out, &err), &err);
    return (double)to->points / (bench_seconds() - start) / 1e6;
}

static void charts(struct bench *b, const char *where)
{
    char what[120];
    b->x = BINS_STEP;
    b->range = (struct bins_range){0, POINTS - 1};
    snprintf(what, sizeof(what), "10 M points in %s: 2,000 bins by step", where);
    bench_row(what, bench_median(chart_once, b, ROUNDS), "ms", "2");
    b->range = (struct bins_range){POINTS / 3, POINTS / 3 + 2000 * 128};
    snprintf(what, sizeof(what), "10 M points in %s: 2,000 bins of a part", where);
    bench_row(what, bench_median(chart_once, b, ROUNDS), "ms", "");
    b->x = BINS_TIME;
    b->range = (struct bins_range){1700000000000000, 1700000000000000 + (int64_t)POINTS * 300000};
    snprintf(what, sizeof(what), "10 M points in %s: 2,000 bins by time", where);
    bench_row(what, bench_median(chart_once, b, ROUNDS), "ms", "120");
}

/* Many short series of the same rows. */
static void wide(void)
{
    struct bench b = {0};
    AUTO_ARENA arena = ARENA(64 << 20);
    track_error err;
    double start = bench_seconds();
    struct pack_builder *to = builder_open(&b, &arena, false);
    for (int i = 0; i < WIDE; i++) {
        char name[32];
        snprintf(name, sizeof(name), "layer/%06d/norm", i);
        series_begin(to, name);
        series_add(to, 1000 * i, 1000 * i + 30);
    }
    need(pack_build_end(to, &err), &err);
    bench_row("10,000 series of 30 points: build",
              (double)b.points / (bench_seconds() - start) / 1e6, "M points/s", "");
    bench_row("10,000 series of 30 points: size", (double)b.bytes[0].size / (double)b.points,
              "B/point", "");
    bench_row("10,000 series of 30 points: read the directory", bench_open(&b) * 1e3, "ms", "");
    bench_row("10,000 series of 30 points: the directory in memory",
              (double)b.arena.used_bytes / 1e6, "MB", "");
    bench_release(&b);
}

int main(void)
{
    struct bench one = {0}, parts = {0}, merged = {0};
    double took = build(&one, 1, false);
    bench_row("pack of 10 M points: build", POINTS / took / 1e6, "M points/s", "");
    bench_row("pack of 10 M points: size", (double)one.bytes[0].size / POINTS, "B/point", "3.6");
    bench_row("pack of 10 M points: read the directory", bench_open(&one) * 1e3, "ms", "");
    bench_row("pack of 10 M points: decode", bench_median(decode_once, &one, 5), "M points/s",
              "100");
    charts(&one, "one pack");
    bench_row("pack of 10 M points: check", check_once(&one), "M points/s", "");
    took = build(&parts, PARTS, true);
    bench_row("16 packs: build with digests", POINTS / took / 1e6, "M points/s", "");
    (void)bench_open(&parts);
    charts(&parts, "16 packs");
    bench_row("16 packs: merge", merge_once(&parts, &merged), "M points/s", "");
    bench_release(&one);
    bench_release(&parts);
    bench_release(&merged);
    wide();
    return 0;
}
