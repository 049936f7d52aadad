/* Shows that no byte of a pack of lines can change unseen.
 * How: every byte changed in turn, every cut; rows that lie, written anew; a pack of points in its
 * place.  Reading what is
 * sound, and merging: test_pack_lines.c. */
#include "../../core/pack_lines_dir.h"
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

/* The pack with a directory of its own, in which one number of the batch is another. */
static track_status lie(struct bytes in, int which, struct buf *out)
{
    AUTO_ARENA arena = ARENA(16 << 20);
    AUTO_BUF foot = BUF(1 << 16);
    struct pack_blob blob = packs_blob(&in);
    struct pack_lines_dir d;
    TRY(pack_lines_dir_read(&blob, &arena, &d, NULL));
    d.batches->stderr_count += which == 1;
    d.batches->index_min -= which == 2;
    d.batches->index_max += which == 3;
    d.batches->time_max_us -= which == 4;
    d.batches->disordered = which == 5;
    uint64_t end = d.chunks[d.chunk_count - 1].offset + d.chunks[d.chunk_count - 1].stored;
    TRY(pack_lines_dir_encode(&d, end, &foot, NULL));
    buf_put(out, in.at, end);
    buf_put(out, foot.at, foot.size);
    return TRACK_OK;
}

TEST(pack_lines_read, sees_batches_that_are_not_what_their_rows_say)
{
    AUTO_PACKS p = PACKS;
    CHECK(build(&p) == TRACK_OK);
    for (int which = 0; which <= 5; which++) {
        AUTO_BUF out = BUF(1 << 20);
        CHECK(lie(packs_get(&p, 0), which, &out) == TRACK_OK);
        CHECK_INT(check((struct bytes){out.at, out.size}), which ? TRACK_CORRUPT : TRACK_OK);
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
