/* What coding values as chunks costs, and how many bytes a value takes, for the kinds of columns
 * that trainings log.  The curves are made up; their noise is not. */
#include "../core/chunk.h"
#include "../core/series_digest.h"
#include "bench.h"
#include "kinds.h"

#include <string.h>

enum { CHUNKS = 16, VALUES = CHUNKS * CHUNK_POINTS_MAX, ROUNDS = 41, COLUMN_BYTES = 1 << 20 };

/* One kind of column, as values and as chunks. */
struct column {
    const struct kind *kind;
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
        fprintf(stderr, "%s: other values come back\n", c->kind->what);
        exit(1);
    }
    return VALUES / took / 1e6;
}

static void column_run(struct column *c)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    struct kind_source s = {.noise = 1};
    char what[128];
    if (chunk_open(&arena, &c->coder, NULL) != TRACK_OK) {
        exit(1);
    }
    for (size_t i = 0; i < VALUES; i++) {
        c->values[i] = c->kind->next(&s, i);
    }
    c->bytes = (struct buf)BUF(COLUMN_BYTES);
    snprintf(what, sizeof(what), "chunk, %s: encode", c->kind->what);
    bench_row(what, bench_median(encode_once, c, ROUNDS), "M values/s", "30");
    snprintf(what, sizeof(what), "chunk, %s: decode", c->kind->what);
    bench_row(what, bench_median(decode_once, c, ROUNDS), "M values/s", "100");
    snprintf(what, sizeof(what), "chunk, %s: size (code %u, layout %u)", c->kind->what,
             c->bytes.at[0], c->bytes.at[1]);
    bench_row(what, (double)c->bytes.size / VALUES, "B/value", c->kind->bytes_target);
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
    static struct column columns[KINDS];
    for (size_t i = 0; i < KINDS; i++) {
        columns[i].kind = &kinds[i];
        column_run(&columns[i]);
    }
    bench_row("series digest", bench_median(digest_once, &columns[0], ROUNDS), "M points/s", "");
    return 0;
}
