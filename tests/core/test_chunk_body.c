/* Shows that whole numbers come back in each of the three layouts, and that the smallest is taken.
 * How: noise, hardly anything, few numbers, every width, every cut. */
#include "../../core/chunk_body.h"
#include "../harness.h"

#include <string.h>

enum { NUMBERS = 600 };

/* Numbers of width bytes: noise in all of them, or the same but for one in `every`. */
static void fill(uint64_t *out, size_t width, size_t every)
{
    uint64_t noise = 1, all = UINT64_MAX >> (64 - 8 * width);
    for (size_t i = 0; i < NUMBERS; i++) {
        noise = noise * 6364136223846793005u + 1442695040888963407u;
        uint64_t number = (noise ^ noise >> 29) & all;
        out[i] = every == 0 || i % every == 0 ? number : 1;
    }
}

static struct chunk_body *body_open(struct arena *arena, int level)
{
    struct chunk_body *b = ARENA_NEW(arena, struct chunk_body);
    if (!b || zstream_open(arena, &b->z, NULL) != TRACK_OK) {
        return NULL;
    }
    b->level = level;
    return b;
}

/* Reads a body into numbers. */
static track_status take(struct chunk_body *b, unsigned layout, struct reader *r,
                         const struct planes *out)
{
    struct planes_at planes = {.count = out->count, .width = out->width};
    TRY(chunk_body_take(b, layout, r, &planes, NULL));
    planes_join(&planes, out->values);
    return TRACK_OK;
}

/* TRACK_OK if in comes back and no cut is accepted. */
static track_status round_trip(struct chunk_body *b, uint64_t *in, size_t count, size_t width,
                               enum chunk_layout want)
{
    AUTO_BUF out = BUF(1 << 16);
    uint64_t got[NUMBERS];
    enum chunk_layout layout;
    struct planes planes = {in, count, width}, back = {got, count, width};
    TRY(chunk_body_encode(b, &planes, &out, &layout, NULL));
    if (layout != want) {
        return TRACK_CONFLICT;
    }
    for (size_t size = 0; size < out.size; size += out.size / 50 + 1) {
        struct reader cut = {{out.at, size}, false};
        if (take(b, layout, &cut, &back) != TRACK_INVALID) {
            return TRACK_CONFLICT;
        }
    }
    struct reader r = {{out.at, out.size}, false};
    TRY(take(b, layout, &r, &back));
    TRY(reader_end(&r, NULL));
    return memcmp(in, got, count * sizeof(*in)) == 0 ? TRACK_OK : TRACK_CORRUPT;
}

TEST(chunk_body, takes_the_smallest_layout)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    struct chunk_body *b = body_open(&arena, 1);
    CHECK(b != NULL);
    for (size_t width = 1; width <= PLANES_WIDTH_MAX; width++) {
        uint64_t in[NUMBERS];
        fill(in, width, 0);
        CHECK_INT(round_trip(b, in, NUMBERS, width, CHUNK_RAW), TRACK_OK);
        CHECK_INT(round_trip(b, in, 1, width, CHUNK_RAW), TRACK_OK);
        fill(in, width, 200);
        CHECK_INT(round_trip(b, in, NUMBERS, width, width < 3 ? CHUNK_PLANES : CHUNK_ZSTD),
                  TRACK_OK);
    }
    uint64_t half[NUMBERS]; /* noise below, nothing above */
    fill(half, 4, 0);
    CHECK_INT(round_trip(b, half, NUMBERS, 8, CHUNK_PLANES), TRACK_OK);
}

TEST(chunk_body, compresses_nothing_at_level_0)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    struct chunk_body *b = body_open(&arena, 0);
    uint64_t in[NUMBERS];
    CHECK(b != NULL);
    fill(in, 8, 200);
    CHECK_INT(round_trip(b, in, NUMBERS, 8, CHUNK_RAW), TRACK_OK);
    fill(in, 2, 200);
    CHECK_INT(round_trip(b, in, NUMBERS, 8, CHUNK_PLANES), TRACK_OK);
}

TEST(chunk_body, refuses_what_it_is_not)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    struct chunk_body *b = body_open(&arena, 1);
    AUTO_BUF out = BUF(1 << 16);
    AUTO_BUF small = BUF(16);
    uint64_t in[NUMBERS];
    enum chunk_layout layout;
    struct planes planes = {in, NUMBERS, 4};
    CHECK(b != NULL);
    fill(in, 4, 200);
    CHECK(chunk_body_encode(b, &planes, &small, &layout, NULL) == TRACK_TOO_LARGE);
    CHECK(chunk_body_encode(b, &planes, &out, &layout, NULL) == TRACK_OK);
    buf_byte(&out, 0);
    for (unsigned as = 0; as <= CHUNK_LAYOUT_COUNT; as++) {
        struct reader r = {{out.at, out.size}, false};
        CHECK(take(b, as, &r, &planes) == TRACK_INVALID);
    }
}
