/* Shows that a directory of lines comes back, and one whose parts do not fit is refused.
 * How: written again with one thing changed at a time. */
#include "../../core/pack_lines_dir.h"
#include "../harness.h"
#include "packs.h"

#include <string.h>

enum { LIES = 10 };

/* Directory number lie: 0 is sound. */
static track_status encode(int lie, struct buf *out)
{
    struct pack_batch batches[2] = {{.seq = 1, .recv_us = 10, .count = 3},
                                    {.seq = 2, .recv_us = 10, .from = 1, .count = 2}};
    struct pack_lines_chunk chunks[2] = {
        {.stored = 5, .count = 1, .time_min_us = -5, .time_max_us = 9},
        {.stored = 7, .count = 4, .stderr_count = 4, .time_min_us = 3, .time_max_us = 3}};
    struct pack_lines_dir d = {.batches = batches, .chunks = chunks, .batch_count = 2};
    d.chunk_count = 2;
    d.head.kind = PACK_LINES;
    d.head.points = lie == 1 ? 6 : 5;
    batches[0].recv_us += lie == 2;
    batches[0].count += lie == 3;
    chunks[0].count = lie == 4 ? 0 : 1;
    chunks[0].stderr_count = lie == 5 ? 2 : 0;
    chunks[1].time_max_us -= lie == 6;
    chunks[1].stored += lie == 7;
    batches[0].stderr_count = lie == 8 ? 4 : 0;
    batches[1].index_min = lie == 9 ? 1 : 0;
    struct pack_head head = d.head;
    AUTO_BUF foot = BUF(1 << 16);
    TRY(pack_lines_dir_encode(&d, PACK_HEAD_BYTES + 12, &foot, NULL));
    head.series = d.head.series;
    TRY(pack_encode_head(&head, out, NULL));
    buf_put(out, "twelve bytes", 12);
    buf_put(out, foot.at, foot.size);
    return TRACK_OK;
}

TEST(pack_lines_dir, refuses_each_thing_that_does_not_fit)
{
    for (int lie = 0; lie < LIES; lie++) {
        AUTO_ARENA arena = ARENA(1 << 20);
        AUTO_BUF out = BUF(1 << 16);
        struct pack_lines_dir d;
        CHECK(encode(lie, &out) == TRACK_OK);
        struct bytes in = {out.at, out.size};
        struct pack_blob blob = packs_blob(&in);
        CHECK_INT(pack_lines_dir_read(&blob, &arena, &d, NULL), lie ? TRACK_CORRUPT : TRACK_OK);
        if (lie == 0) {
            CHECK(d.batch_count == 2 && d.batches[1].first == 3 && d.batches[1].from == 1);
            CHECK(d.chunk_count == 2 && d.chunks[1].first == 1 && d.chunks[1].offset == 64 + 5);
        }
    }
}

TEST(pack_lines_dir, orders_batches_by_arrival)
{
    struct pack_batch sorted[5] = {{.recv_us = 1, .seq = 9},
                                   {.recv_us = 2, .seq = 1},
                                   {.recv_us = 2, .seq = 2},
                                   {.recv_us = 2, .seq = 2, .from = 1},
                                   {.writer = {1}, .recv_us = 2}};
    for (int i = 0; i < 5; i++) {
        for (int j = 0; j < 5; j++) {
            CHECK_INT(pack_lines_compare(&sorted[i], &sorted[j]), (i > j) - (i < j));
        }
    }
}
