/* Shows that no byte of a pack can change unseen, and that a pack that lies is found out.
 * How: every byte of a pack changed in turn; every cut; directories that are well formed, but do
 * not say what the points give. */
#include "../../core/pack_check.h"
#include "../harness.h"
#include "packs.h"

#include <string.h>

static struct many series[3];

static track_status check(struct bytes in, struct pack_checked *out)
{
    struct pack_blob blob = packs_blob(&in);
    return pack_check(&blob, out, NULL);
}

static track_status build(struct packs *p)
{
    uint64_t state = 3;
    many_fill(&series[0], 5000, true, &state);
    many_fill(&series[1], 40, true, &state);
    many_fill(&series[2], 300, false, &state);
    return packs_build(series, 3, p);
}

TEST(pack_check, counts_what_it_looked_at)
{
    AUTO_PACKS p = PACKS;
    struct pack_checked done;
    CHECK(build(&p) == TRACK_OK && check(packs_get(&p, 0), &done) == TRACK_OK);
    CHECK_INT(done.points, series[0].count + series[1].count + series[2].count);
    CHECK(done.series == 3 && done.digests == 3 && done.chunks >= 4 && done.blocks >= 1);
    CHECK(done.head.epoch == 3 && done.head.level == 1 && done.head.kind == PACK_POINTS);
}

TEST(pack_check, sees_every_byte_that_changed_and_every_cut)
{
    AUTO_PACKS p = PACKS;
    struct pack_checked done;
    CHECK(build(&p) == TRACK_OK);
    struct bytes in = packs_get(&p, 0);
    for (size_t i = 0; i < in.size; i += i < 64 || i + 200 > in.size ? 1 : 37) {
        p.bytes.at[i] ^= (unsigned char)(1 << i % 8);
        CHECK_INT(check(in, &done), TRACK_CORRUPT);
        p.bytes.at[i] ^= (unsigned char)(1 << i % 8);
    }
    for (size_t cut = 0; cut < in.size; cut += 101) {
        CHECK_INT(check((struct bytes){in.at, cut}, &done), TRACK_CORRUPT);
    }
    CHECK(check(in, &done) == TRACK_OK);
}

/* What is wrong in a directory that is written again. */
enum lie {
    LIE_NONE,
    LIE_MAX,
    LIE_MIN_STEP,
    LIE_SUM,
    LIE_TIME,
    LIE_NAN,
    LIE_DIGEST,
    LIE_NO_PYRAMID,
    LIE_COUNT
};

static void lie_tell(struct pack_dir *d, enum lie lie)
{
    struct pack_chunk *c = &d->chunks[0];
    c->sum.values.max = lie == LIE_MAX ? nextafter(c->sum.values.max, INFINITY) : c->sum.values.max;
    c->min_step += lie == LIE_MIN_STEP;
    c->sum.sum.high = lie == LIE_SUM ? nextafter(c->sum.sum.high, 0) : c->sum.sum.high;
    c->sum.time_max_us += lie == LIE_TIME;
    c->sum.values.nan -= lie == LIE_NAN;
    d->series[1].digest.at[5] ^= lie == LIE_DIGEST;
    if (lie == LIE_NO_PYRAMID) {
        d->block_count = d->series[0].block_count = 0;
    }
}

/* The pack with another directory. */
static track_status build_lie(enum lie lie, struct buf *out)
{
    AUTO_PACKS p = PACKS;
    AUTO_ARENA arena = ARENA(16 << 20);
    struct pack_dir dir;
    TRY(build(&p));
    struct bytes in = packs_get(&p, 0);
    struct pack_blob blob = packs_blob(&in);
    TRY(pack_dir_read(&blob, &arena, &dir, NULL));
    uint64_t end = PACK_HEAD_BYTES;
    for (size_t i = 0; i < dir.frame_count; i++) {
        end += dir.frames[i].stored;
    }
    lie_tell(&dir, lie);
    buf_put(out, in.at, (size_t)end);
    return pack_dir_encode(&dir, end, out, NULL);
}

TEST(pack_check, finds_every_lie)
{
    for (int lie = LIE_NONE; lie < LIE_COUNT; lie++) {
        AUTO_BUF out = BUF(4 << 20);
        struct pack_checked done;
        CHECK(build_lie((enum lie)lie, &out) == TRACK_OK);
        track_status status = check((struct bytes){out.at, out.size}, &done);
        CHECK_INT(status, lie == LIE_NONE ? TRACK_OK : TRACK_CORRUPT);
    }
}
