/* What coding values as chunks costs, and how many bytes a value takes, for the kinds of columns
 * that trainings log.  The curves are made up; their noise is not. */
#include "../core/chunk.h"
#include "../core/series_digest.h"
#include "bench.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { CHUNKS = 16, VALUES = CHUNKS * CHUNK_POINTS_MAX, ROUNDS = 41, COLUMN_BYTES = 1 << 20 };

/* A generator of values: its state from one to the next. */
struct source {
    uint64_t noise;
    double level, slow;
};

static double uniform(struct source *s)
{
    s->noise = s->noise * 6364136223846793005u + 1442695040888963407u;
    return (double)(s->noise >> 11) / 9007199254740992.0;
}

static double normal(struct source *s)
{
    return sqrt(-2 * log(1 - uniform(s))) * cos(6.283185307179586 * uniform(s));
}

static double f32(double value)
{
    return (double)(float)value;
}

static double noisy_loss(struct source *s, size_t i)
{
    return f32(2.5 * exp(-(double)i / 20000) + 0.3 + 0.05 * normal(s));
}

static double ema_loss(struct source *s, size_t i)
{
    double loss = noisy_loss(s, i);
    s->slow = i ? 0.99 * s->slow + 0.01 * loss : loss;
    return f32(s->slow);
}

static double cosine_lr(struct source *s, size_t i)
{
    (void)s;
    return f32(3e-4 * 0.5 * (1 + cos(3.141592653589793 * (double)i / 200000)));
}

static double accuracy(struct source *s, size_t i)
{
    return round(1e4 * (0.92 - 0.6 * exp(-(double)i / 15000) + 0.004 * normal(s))) / 1e4;
}

static double batch_share(struct source *s, size_t i)
{
    double k = round(256 * (0.97 - 0.5 * exp(-(double)i / 8000)) + 1.2 * normal(s));
    return k > 256 ? 1 : k / 256;
}

static double gpu_busy(struct source *s, size_t i)
{
    (void)i;
    double u = uniform(s);
    return u < 0.85 ? 97 + floor(3 * uniform(s)) : u < 0.97 ? 90 + floor(8 * uniform(s)) : 40;
}

static double memory_percent(struct source *s, size_t i)
{
    s->level = i == 0 ? 41.2 : uniform(s) < 0.06 ? 41.2 + floor(8 * uniform(s)) / 10 : s->level;
    return round(10 * s->level) / 10;
}

static double epoch(struct source *s, size_t i)
{
    (void)s;
    return (double)(i / 390);
}

static double grad_norm(struct source *s, size_t i)
{
    return f32(0.8 * exp(0.35 * normal(s)) + 2 * exp(-(double)i / 5000));
}

static double full_double(struct source *s, size_t i)
{
    return 2.5 * exp(-(double)i / 20000) + 0.3 + 0.05 * normal(s);
}

static double lr_double(struct source *s, size_t i)
{
    (void)s;
    return 3e-4 * 0.5 * (1 + cos(3.141592653589793 * (double)i / 200000));
}

/* One kind of column, as values and as chunks. */
struct column {
    const char *what;
    double (*next)(struct source *s, size_t i);
    const char *bytes_target;
    struct chunk_coder *coder;
    double values[VALUES], back[CHUNK_POINTS_MAX];
    size_t ends[CHUNKS];
    struct buf bytes;
};

/* Time of this process alone: others on the machine do not count. */
static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double encode_once(void *data)
{
    struct column *c = data;
    double start = cpu_seconds();
    c->bytes.size = 0;
    for (size_t i = 0; i < CHUNKS; i++) {
        track_error err;
        if (chunk_encode(c->coder, c->values + i * CHUNK_POINTS_MAX, CHUNK_POINTS_MAX, 1, &c->bytes,
                         &err) != TRACK_OK) {
            fprintf(stderr, "%s\n", err.message);
            exit(1);
        }
        c->ends[i] = c->bytes.size;
    }
    return VALUES / (cpu_seconds() - start) / 1e6;
}

static double decode_once(void *data)
{
    struct column *c = data;
    double start = cpu_seconds();
    for (size_t i = 0, begin = 0; i < CHUNKS; begin = c->ends[i++]) {
        struct bytes in = {c->bytes.at + begin, c->ends[i] - begin};
        if (chunk_decode(c->coder, in, c->back, CHUNK_POINTS_MAX, NULL) != TRACK_OK) {
            exit(1);
        }
    }
    double took = cpu_seconds() - start;
    if (memcmp(c->back, c->values + VALUES - CHUNK_POINTS_MAX, sizeof(c->back)) != 0) {
        fprintf(stderr, "%s: other values come back\n", c->what);
        exit(1);
    }
    return VALUES / took / 1e6;
}

static void column_run(struct column *c)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    struct source s = {.noise = 1};
    char what[128];
    if (chunk_open(&arena, &c->coder, NULL) != TRACK_OK) {
        exit(1);
    }
    for (size_t i = 0; i < VALUES; i++) {
        c->values[i] = c->next(&s, i);
    }
    c->bytes = (struct buf)BUF(COLUMN_BYTES);
    snprintf(what, sizeof(what), "chunk, %s: encode", c->what);
    bench_row(what, bench_median(encode_once, c, ROUNDS), "M values/s", "30");
    snprintf(what, sizeof(what), "chunk, %s: decode", c->what);
    bench_row(what, bench_median(decode_once, c, ROUNDS), "M values/s", "100");
    snprintf(what, sizeof(what), "chunk, %s: size (code %u, layout %u)", c->what, c->bytes.at[0],
             c->bytes.at[1]);
    bench_row(what, (double)c->bytes.size / VALUES, "B/value", c->bytes_target);
    buf_release(&c->bytes);
}

static double digest_once(void *data)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    const struct column *c = data;
    static int64_t steps[VALUES];
    struct series_digest *d;
    struct digest digest;
    double start = cpu_seconds();
    if (series_digest_open(&arena, &d, NULL) != TRACK_OK ||
        series_digest_add(d, steps, steps, c->values, VALUES, NULL) != TRACK_OK ||
        series_digest_end(d, &digest, NULL) != TRACK_OK) {
        exit(1);
    }
    return VALUES / (cpu_seconds() - start) / 1e6;
}

int main(void)
{
    static struct column columns[] = {
        {.what = "noisy f32 loss", .next = noisy_loss, .bytes_target = "2.71"},
        {.what = "EMA of it", .next = ema_loss, .bytes_target = "1.85"},
        {.what = "cosine lr, f32", .next = cosine_lr, .bytes_target = "0.70"},
        {.what = "accuracy, 4 digits", .next = accuracy, .bytes_target = "1.39"},
        {.what = "k / 256", .next = batch_share, .bytes_target = "0.61"},
        {.what = "GPU busy %", .next = gpu_busy, .bytes_target = "0.59"},
        {.what = "memory %", .next = memory_percent, .bytes_target = "0.25-0.33"},
        {.what = "epoch", .next = epoch, .bytes_target = "0.04"},
        {.what = "grad norm, f32", .next = grad_norm, .bytes_target = "3.17"},
        {.what = "full doubles", .next = full_double, .bytes_target = "6.16"},
        {.what = "cosine lr, double", .next = lr_double, .bytes_target = ""},
    };
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
        column_run(&columns[i]);
    }
    bench_row("series digest", bench_median(digest_once, &columns[0], ROUNDS), "M points/s", "");
    return 0;
}
