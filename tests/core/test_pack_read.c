/* Shows that a chart from packs is the chart of all points, and what it costs to read.
 * How: a series in packs that overlap, each with its pyramid, against all points at once, on steps
 * and times; bytes read for a chart; a blob that fails. */
#include "../../core/pack_read.h"
#include "../harness.h"
#include "packs.h"

#include <stdlib.h>
#include <string.h>

enum { PARTS = 3 };

static struct many whole, part;

/* A pack, open. */
struct opened {
    struct packs made;
    struct bytes bytes;
    struct pack_blob blob;
    struct pack_dir dir;
    struct pack_points points;
    size_t read; /* bytes */
};

static track_status count_read(void *data, uint64_t offset, size_t size, struct bytes *out,
                               track_error *err)
{
    struct opened *o = data;
    o->read += size;
    return pack_read_memory(&o->bytes, offset, size, out, err);
}

static track_status opened_init(struct opened *o, const struct many *points,
                                struct pack_tools *tools, struct arena *arena)
{
    o->made = (struct packs)PACKS;
    TRY(packs_build(points, 1, &o->made));
    o->bytes = packs_get(&o->made, 0);
    o->blob = (struct pack_blob){count_read, o, o->bytes.size};
    TRY(pack_dir_read(&o->blob, arena, &o->dir, NULL));
    TRY(pack_reader_open(&o->blob, &o->dir, tools, arena, &o->points.reader, NULL));
    o->points.series = &o->dir.series[0];
    return TRACK_OK;
}

static bool same_bins(const struct bins *a, const struct bins *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++) {
        struct bin x = a->at[i], y = b->at[i];
        double largest = fmax(fabs(x.min), fabs(x.max));
        bool mean = fabs(x.mean - y.mean) <= largest * 0x1p-40 || (isnan(x.mean) && isnan(y.mean));
        same = mean && x.index == y.index && x.n == y.n && x.nan == y.nan && x.pinf == y.pinf &&
               x.ninf == y.ninf && x.x_first == y.x_first && x.x_last == y.x_last &&
               memcmp(&x.first, &y.first, 2 * sizeof(double)) == 0 &&
               memcmp(&x.min, &y.min, 2 * sizeof(double)) == 0;
    }
    return same;
}

/* Bins of three packs against bins of all points, which ascend in time as well. */
static void check_chart(enum bins_x x, uint32_t count, struct opened *o, struct arena *arena)
{
    struct bins_source sources[PARTS];
    struct bins_grid grid;
    struct bins want, got;
    const int64_t *at = x == BINS_STEP ? whole.steps : whole.times_us;
    bins_grid_fill(x, (struct bins_range){at[0], at[whole.count - 1]}, count, &grid);
    unsigned shift = x == BINS_STEP ? (unsigned)__builtin_ctzll((uint64_t)grid.width) : 0;
    struct bins_range steps = {INT64_MIN, INT64_MAX};
    if (x == BINS_STEP) {
        steps = (struct bins_range){grid.from, grid.to};
    }
    for (size_t i = 0; i < PARTS; i++) {
        const struct pack_series *s = o[i].points.series;
        int level = x == BINS_STEP ? pack_level_find(&o[i].dir, s, shift)
                                   : pack_level_of_count(&o[i].dir, s, steps, count);
        CHECK(pack_bins_source(&o[i].points, level, steps, arena, &sources[i], NULL) == TRACK_OK);
    }
    bins_init(&want, &grid, arena);
    bins_add(&want, at, whole.values, whole.count);
    CHECK(bins_end(&want, NULL) == TRACK_OK);
    bins_init(&got, &grid, arena);
    struct bins_axis axis = {x, 0};
    CHECK_INT(bins_add_sources(&got, axis, sources, PARTS, NULL), TRACK_OK);
    CHECK(bins_end(&got, NULL) == TRACK_OK && same_bins(&want, &got));
}

TEST(pack_read, gives_the_chart_of_all_points)
{
    uint64_t state = 51;
    for (int round = 0; round < 5; round++) {
        AUTO_ARENA arena = ARENA(128 << 20);
        struct opened o[PARTS] = {0};
        struct pack_tools tools;
        many_fill(&whole, 20000, true, &state);
        CHECK(pack_tools_open(&arena, &tools, NULL) == TRACK_OK);
        for (unsigned i = 0; i < PARTS; i++) {
            many_part(&whole, i, PARTS, &state, &part);
            CHECK(opened_init(&o[i], &part, &tools, &arena) == TRACK_OK);
        }
        for (uint32_t count = 1; count <= 4096; count *= 8) {
            check_chart(BINS_STEP, count, o, &arena);
            check_chart(BINS_TIME, count, o, &arena);
        }
        for (unsigned i = 0; i < PARTS; i++) {
            packs_release(&o[i].made);
        }
    }
}

TEST(pack_read, reads_little_for_a_chart)
{
    AUTO_ARENA arena = ARENA(64 << 20);
    struct opened o = {0};
    struct pack_tools tools;
    struct bins_source source;
    struct bins_grid grid;
    struct bins bins;
    uint64_t state = 5;
    whole.count = MANY_MAX;
    for (size_t i = 0; i < MANY_MAX; i++) {
        whole.steps[i] = (int64_t)i;
        whole.times_us[i] = (int64_t)(i * 1000 + many_next(&state) % 900);
        whole.values[i] = (double)many_next(&state) / 1e9;
    }
    CHECK(pack_tools_open(&arena, &tools, NULL) == TRACK_OK);
    track_status status = opened_init(&o, &whole, &tools, &arena);
    size_t opening = o.read;
    o.read = 0;
    bins_grid_fill(BINS_STEP, (struct bins_range){0, MANY_MAX - 1}, 100, &grid);
    bins_init(&bins, &grid, &arena);
    int level = pack_level_find(&o.dir, o.points.series, 8);
    struct bins_range all = {0, MANY_MAX};
    status = status == TRACK_OK ? pack_bins_source(&o.points, level, all, &arena, &source, NULL)
                                : status;
    struct bins_axis axis = {BINS_STEP, 0};
    status = status == TRACK_OK ? bins_add_sources(&bins, axis, &source, 1, NULL) : status;
    size_t size = o.bytes.size;
    packs_release(&o.made);
    CHECK_INT(status, TRACK_OK);
    CHECK_INT(level, 8);
    CHECK(bins_end(&bins, NULL) == TRACK_OK && bins.count == grid.count);
    CHECK(opening < size / 20 && o.read < size / 10);
}

static track_status fail_read(void *data, uint64_t offset, size_t size, struct bytes *out,
                              track_error *err)
{
    struct opened *o = data;
    if (offset >= PACK_HEAD_BYTES && offset < o->bytes.size / 2) {
        return FAIL(err, TRACK_IO, "the disk");
    }
    return pack_read_memory(&o->bytes, offset, size, out, err);
}

TEST(pack_read, passes_on_what_the_blob_says)
{
    AUTO_ARENA arena = ARENA(64 << 20);
    struct opened o = {0};
    struct pack_tools tools;
    struct stretch out;
    uint64_t state = 5;
    many_fill(&whole, 20000, true, &state);
    CHECK(pack_tools_open(&arena, &tools, NULL) == TRACK_OK);
    track_status status = opened_init(&o, &whole, &tools, &arena);
    o.blob.read = fail_read;
    track_status read =
        status == TRACK_OK ? pack_read_chunk(o.points.reader, 0, &out, NULL) : status;
    packs_release(&o.made);
    CHECK(status == TRACK_OK);
    CHECK_INT(read, TRACK_IO);
}
