/* Shows that no byte of a pack can change unseen, and that a pack that lies is found out.
 * How: every byte of a pack changed in turn; every cut; directories that are well formed, but do
 * not say what the points give. */
#include "../../core/pack_check.h"
#include "../harness.h"
#include "packs.h"

#include <stdio.h>
#include <string.h>

static struct many series[3];

static track_status check(struct bytes in, struct pack_checked *out)
{
    struct pack_blob blob = packs_blob(&in);
    return pack_check(&blob, NULL, out, NULL);
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

/* What was told. */
struct told {
    size_t count;
    enum pack_loss loss;
    size_t chunk;
    char what[200], series[8];
};

static void tell(void *data, const struct pack_finding *f)
{
    struct told *t = data;
    t->count++;
    t->loss = f->loss;
    t->chunk = f->chunk ? (size_t)f->chunk->sum.first.step : SIZE_MAX;
    snprintf(t->what, sizeof(t->what), "%s", f->what);
    snprintf(t->series, sizeof(t->series), "%.*s", f->series ? (int)f->series->name.size : 0,
             f->series ? (const char *)f->series->name.at : "");
}

TEST(pack_check, names_a_damaged_chunk_and_goes_on)
{
    AUTO_PACKS p = PACKS;
    AUTO_ARENA arena = ARENA(16 << 20);
    struct pack_dir dir;
    struct told told = {0};
    struct pack_checked done;
    struct pack_check_say say = {tell, &told};
    CHECK(build(&p) == TRACK_OK);
    struct bytes in = packs_get(&p, 0);
    struct pack_blob blob = packs_blob(&in);
    CHECK(pack_dir_read(&blob, &arena, &dir, NULL) == TRACK_OK && dir.series[0].chunk_count >= 2);
    const struct pack_chunk *second = &dir.chunks[1];
    p.bytes.at[dir.frames[second->place.frame].offset] ^= 1;
    track_error err = {0};
    CHECK_INT(pack_check(&blob, &say, &done, &err), TRACK_CORRUPT);
    CHECK(told.count == 1 && done.findings == 1 && told.loss == PACK_LOSS_POINTS);
    CHECK(strcmp(told.series, "a") == 0 && strstr(told.what, "chunk 2 of "));
    CHECK(strstr(err.message, "series a: chunk 2 of ") && strstr(err.message, "wrong CRC"));
    CHECK_INT((int64_t)told.chunk, second->sum.first.step);
    CHECK(done.series == 3 && done.points + second->sum.n == dir.head.points);
}

TEST(pack_check, tells_points_from_charts_and_proofs)
{
    static const struct {
        enum lie lie;
        enum pack_loss loss;
    } lies[] = {{LIE_MAX, PACK_LOSS_CHARTS},
                {LIE_NO_PYRAMID, PACK_LOSS_CHARTS},
                {LIE_DIGEST, PACK_LOSS_PROOF}};
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        AUTO_BUF out = BUF(4 << 20);
        struct told told = {0};
        struct pack_checked done;
        struct pack_check_say say = {tell, &told};
        CHECK(build_lie(lies[i].lie, &out) == TRACK_OK);
        struct bytes in = {out.at, out.size};
        struct pack_blob blob = packs_blob(&in);
        CHECK_INT(pack_check(&blob, &say, &done, NULL), TRACK_CORRUPT);
        CHECK(told.count >= 1 && told.loss == lies[i].loss);
    }
}

enum { PARTS_MAX = 12 };

/* A series that fills several packs, as parts. */
struct split {
    struct packs packs;
    struct arena arena;
    struct bytes in[PARTS_MAX];
    struct pack_blob blobs[PARTS_MAX];
    struct pack_dir dirs[PARTS_MAX];
    struct pack_part parts[PARTS_MAX];
    size_t count;
};

static void split_release(struct split *s)
{
    packs_release(&s->packs);
    arena_release(&s->arena);
}

static track_status split_build(struct split *s)
{
    uint64_t state = 8;
    struct pack_builder *b;
    struct pack_options options = packs_options(&s->packs);
    struct pack_series of = packs_series("a", PACK_NUMBERS);
    options.bytes_max = 64 << 10;
    many_fill(&series[0], 16000, false, &state);
    struct stretch all = many_stretch(&series[0]);
    TRY(pack_build_open(&options, &s->arena, &b, NULL));
    TRY(pack_build_series(b, &of, NULL));
    TRY(pack_build_add(b, &all, NULL));
    TRY(pack_build_end(b, NULL));
    for (; s->count < s->packs.count && s->count < PARTS_MAX; s->count++) {
        size_t i = s->count;
        s->in[i] = packs_get(&s->packs, i);
        s->blobs[i] = packs_blob(&s->in[i]);
        TRY(pack_dir_read(&s->blobs[i], &s->arena, &s->dirs[i], NULL));
        s->parts[i] = (struct pack_part){&s->blobs[i], &s->dirs[i], &s->dirs[i].series[0]};
    }
    return TRACK_OK;
}

TEST(pack_check, proves_a_series_of_several_packs)
{
    static struct split s;
    s = (struct split){.packs = PACKS, .arena = ARENA(64 << 20)};
    track_error err = {0};
    CHECK(split_build(&s) == TRACK_OK && s.count >= 3 && s.count == s.packs.count);
    CHECK(s.parts[0].series->has_digest == PACK_NO_DIGEST &&
          s.parts[s.count - 1].series->has_digest == PACK_DIGEST_SPLIT);
    CHECK_INT(pack_check_split(s.parts, s.count, &err), TRACK_OK);
    CHECK_INT(pack_check_split(s.parts + 1, s.count - 1, &err), TRACK_CORRUPT); /* one is missing */
    CHECK_INT(pack_check_split(s.parts, s.count - 1, &err), TRACK_CORRUPT);
    struct pack_part first = s.parts[0];
    s.parts[0] = s.parts[1];
    s.parts[1] = first;
    CHECK_INT(pack_check_split(s.parts, s.count, &err), TRACK_CORRUPT);
    CHECK(strstr(err.message, "not in order"));
    s.parts[1] = s.parts[0];
    s.parts[0] = first;
    s.packs.bytes.at[s.dirs[0].frames[s.dirs[0].chunks[0].place.frame].offset] ^= 1;
    CHECK_INT(pack_check_split(s.parts, s.count, &err), TRACK_CORRUPT);
    split_release(&s);
}
