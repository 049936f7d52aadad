/* Shows that no byte of a pack of lines can change unseen.
 * How: every byte changed in turn, every cut; a pack of points in its place.  Reading what is
 * sound, and merging: test_pack_lines.c. */
#include "../../core/pack_lines.h"
#include "../harness.h"
#include "packs.h"

#include <string.h>

static struct many series[1];

static track_status build(struct packs *p)
{
    AUTO_ARENA arena = ARENA(16 << 20);
    struct pack_options options = packs_options(p);
    struct pack_lines_builder *b;
    struct frame_line lines[100];
    struct pack_batch batch = {.count = 100};
    options.head.kind = PACK_LINES;
    for (int i = 0; i < 100; i++) {
        lines[i] = (struct frame_line){i, i * i, FRAME_STDOUT, {(unsigned char *)"a line", 6}};
    }
    TRY(pack_lines_open(&options, &arena, &b, NULL));
    TRY(pack_lines_add(b, &batch, lines, NULL));
    return pack_lines_end(b, NULL);
}

static track_status check(struct bytes in)
{
    AUTO_ARENA arena = ARENA(16 << 20);
    struct pack_blob blob = packs_blob(&in);
    struct pack_lines_dir dir;
    return pack_lines_check(&blob, &dir, &arena, NULL);
}

TEST(pack_lines_read, sees_every_byte_that_changed_and_every_cut)
{
    AUTO_PACKS p = PACKS;
    CHECK(build(&p) == TRACK_OK);
    struct bytes in = packs_get(&p, 0);
    CHECK_INT(check(in), TRACK_OK);
    for (size_t i = 0; i < in.size; i++) {
        p.bytes.at[i] ^= (unsigned char)(1 << i % 8);
        CHECK_INT(check(in), TRACK_CORRUPT);
        p.bytes.at[i] ^= (unsigned char)(1 << i % 8);
        CHECK_INT(check((struct bytes){in.at, i}), TRACK_CORRUPT);
    }
}

TEST(pack_lines_read, refuses_points_and_points_refuse_lines)
{
    AUTO_PACKS points = PACKS;
    AUTO_PACKS lines = PACKS;
    AUTO_ARENA arena = ARENA(16 << 20);
    struct pack_dir dir;
    uint64_t state = 1;
    many_fill(&series[0], 10, true, &state);
    CHECK(packs_build(series, 1, &points) == TRACK_OK && build(&lines) == TRACK_OK);
    CHECK(check(packs_get(&points, 0)) == TRACK_CORRUPT);
    struct bytes in = packs_get(&lines, 0);
    struct pack_blob blob = packs_blob(&in);
    CHECK(pack_dir_read(&blob, &arena, &dir, NULL) == TRACK_CORRUPT);
}
