/* bench/seal - points a second that leave the journal for packs, that are merged, and the bytes
 * that they take then.
 *
 * One run, 20 loss-like series, frames of 1,024 rows; sealed 8 MiB of frames at a time as the
 * server does, then merged. */
#include "data.h"
#include "kinds.h"
#include "points.h"

enum { KEYS = 20, ROWS = 1024, FRAMES = 600, MIX_ROWS = 400 * ROWS };
#define RUN     "0190a5b0c0de70008000000000000001"
#define RUN_MIX "0190a5b0c0de70008000000000000002"

static void add_frame(struct data *d, struct blocks_point *points, int number)
{
    char names[KEYS][8];
    struct frame_key keys[KEYS] = {0};
    for (int i = 0; i < KEYS; i++) {
        snprintf(names[i], sizeof(names[i]), "k%02d", i);
        keys[i].name = (struct bytes){(const unsigned char *)names[i], 3};
    }
    points_fill(points, number, ROWS, KEYS, DATA_NOW);
    struct blocks_in in = {.points = points, .point_count = (size_t)KEYS * ROWS};
    data_add(d, &in, keys, KEYS);
}

/* Rows of the kinds of columns that trainings log, 300 ms apart and a little. */
static void add_mix(struct data *d, struct blocks_point *points)
{
    static struct kind_source sources[KINDS_MIX];
    struct frame_key keys[KINDS_MIX] = {0};
    struct kind_source clock = {.noise = 7};
    for (uint32_t k = 0; k < KINDS_MIX; k++) {
        sources[k].noise = k + 1;
        keys[k].name = (struct bytes){(const unsigned char *)kinds[k].what, strlen(kinds[k].what)};
    }
    for (size_t from = 0; from < MIX_ROWS; from += ROWS) {
        for (size_t row = 0; row < ROWS; row++) {
            int64_t step = (int64_t)(from + row);
            int64_t time = DATA_NOW + step * 300000 + 1000 * (int64_t)(7 * kind_uniform(&clock));
            for (uint32_t k = 0; k < KINDS_MIX; k++) {
                points[row * KINDS_MIX + k] =
                    (struct blocks_point){step, time, kinds[k].next(&sources[k], (size_t)step), k};
            }
        }
        struct blocks_in in = {.points = points, .point_count = (size_t)KINDS_MIX * ROWS};
        data_add(d, &in, keys, KINDS_MIX);
    }
}

static void play(struct data *d, struct blocks_point *points)
{
    double all = (double)KEYS * ROWS * FRAMES;
    data_run(d, RUN);
    for (int i = 0; i < FRAMES; i++) {
        add_frame(d, points, i);
    }
    bench_row("seal, noisy f32, 20 series", all / data_seal(d) / 1e6, "M points/s", "");
    bench_row("sealed, noisy f32", data_point_bytes(d), "B/point", "3.6");
    data_finish(d);
    bench_row("merge into final packs", all / data_merge(d) / 1e6, "M points/s", "");
    bench_row("final, noisy f32", data_point_bytes(d), "B/point", "3.6");
    data_run(d, RUN_MIX);
    add_mix(d, points);
    data_seal(d);
    bench_row("sealed, mix of ten kinds", data_point_bytes(d), "B/point", "2.5");
    data_finish(d);
    data_merge(d);
    bench_row("final, mix of ten kinds", data_point_bytes(d), "B/point", "2.5");
}

int main(void)
{
    static struct blocks_point points[KEYS * ROWS];
    struct data d;
    data_open(&d);
    play(&d, points);
    store_close(d.store);
    data_remove(d.dir);
    return 0;
}
