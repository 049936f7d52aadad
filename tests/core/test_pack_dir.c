/* Shows that a directory comes back, finds its series, and is small.
 * How: a pack of many small series; every byte of directory and foot changed; series that are there
 * and that are not. */
#include "../../core/pack_dir.h"
#include "../fault.h"
#include "../harness.h"
#include "packs.h"

#include <stdio.h>
#include <string.h>

enum { SERIES = 2000, POINTS = 10 };

/* Series of ten points each, logged by the same rows. */
static track_status build(struct packs *p)
{
    AUTO_ARENA arena = ARENA(64 << 20);
    struct pack_options options = packs_options(p);
    struct pack_builder *b;
    options.digests = false;
    int64_t steps[POINTS];
    double values[POINTS];
    TRY(pack_build_open(&options, &arena, &b, NULL));
    for (int i = 0; i < SERIES; i++) {
        char name[32];
        snprintf(name, sizeof(name), "layer/%06d", i);
        struct pack_series s = packs_series(name, PACK_NUMBERS);
        struct stretch all = {steps, steps, values, POINTS};
        for (int j = 0; j < POINTS; j++) {
            steps[j] = j;
            values[j] = (double)(float)(1.0 / (3 + i + j));
        }
        TRY(pack_build_series(b, &s, NULL));
        TRY(pack_build_add(b, &all, NULL));
    }
    return pack_build_end(b, NULL);
}

TEST(pack_dir, finds_its_series)
{
    AUTO_ARENA arena = ARENA(8 << 20);
    AUTO_PACKS p = PACKS;
    struct pack_dir dir;
    CHECK(build(&p) == TRACK_OK && p.count == 1);
    struct bytes in = packs_get(&p, 0);
    struct pack_blob blob = packs_blob(&in);
    CHECK(pack_dir_read(&blob, &arena, &dir, NULL) == TRACK_OK);
    CHECK(dir.series_count == SERIES && dir.axis_count == 1 && dir.size == in.size);
    CHECK(dir.frame_count < 10); /* small chunks share frames */
    CHECK(in.size < 12 * SERIES * POINTS);
    for (int i = -1; i <= SERIES; i++) {
        char name[32];
        snprintf(name, sizeof(name), "layer/%06d", i);
        struct pack_series s = packs_series(name, PACK_NUMBERS);
        const struct pack_series *found = pack_dir_find(&dir, s.name, s.context);
        CHECK(found == (i < 0 || i == SERIES ? NULL : &dir.series[i]));
        s.context = (struct bytes){(const unsigned char *)"{}", 2};
        CHECK(pack_dir_find(&dir, s.name, s.context) == NULL);
    }
}

TEST(pack_dir, refuses_every_change)
{
    AUTO_PACKS p = PACKS;
    struct pack_dir dir;
    CHECK(build(&p) == TRACK_OK);
    struct bytes in = packs_get(&p, 0);
    struct pack_blob blob = packs_blob(&in);
    for (size_t back = 1; back < 3000; back += back < 40 ? 1 : 29) {
        AUTO_ARENA arena = ARENA(8 << 20);
        p.bytes.at[in.size - back] ^= 16;
        CHECK_INT(pack_dir_read(&blob, &arena, &dir, NULL), TRACK_CORRUPT);
        p.bytes.at[in.size - back] ^= 16;
    }
    AUTO_ARENA small = ARENA(1 << 16);
    CHECK_INT(pack_dir_read(&blob, &small, &dir, NULL), TRACK_NOMEM);
}
