/* Shows that the head of a chunk comes back, for every code, and that what it cannot be is refused.
 * How: heads written and read, every cut, fields out of range, a coder without memory. */
#include "../../core/chunk_coder.h"
#include "../../core/chunk_decimal.h"
#include "../fault.h"
#include "../harness.h"

static track_status take(const struct buf *b, size_t size, size_t count, struct chunk_head *out)
{
    struct reader r = {{b->at, size}, false};
    TRY(chunk_take_head(&r, count, out, NULL));
    return reader_end(&r, NULL);
}

TEST(chunk_coder, gives_heads_back)
{
    for (enum chunk_code code = CHUNK_CONSTANT; code < CHUNK_TEXT; code++) {
        AUTO_BUF b = BUF(64);
        struct chunk_head got;
        struct chunk_head head = {code, CHUNK_ZSTD, 3, 0x1122334455667788, 2};
        chunk_put_head(&b, &head, CHUNK_POINTS_MAX);
        CHECK(take(&b, b.size, CHUNK_POINTS_MAX, &got) == TRACK_OK);
        CHECK(got.code == code && got.layout == CHUNK_ZSTD);
        CHECK(code == CHUNK_CONSTANT ? got.width == 1 : got.width == 2);
        CHECK(got.exponent == (chunk_code_is_decimal(code) ? 3 : 0));
        CHECK(got.base == (chunk_code_has_base(code) ? head.base : 0));
        for (size_t cut = 0; cut < b.size; cut++) {
            CHECK(take(&b, cut, CHUNK_POINTS_MAX, &got) == TRACK_INVALID);
        }
        CHECK(take(&b, b.size, CHUNK_POINTS_MAX - 1, &got) == TRACK_INVALID);
    }
}

static track_status take_changed(struct chunk_head head)
{
    AUTO_BUF b = BUF(64);
    struct chunk_head got;
    chunk_put_head(&b, &head, 1);
    return take(&b, b.size, 1, &got);
}

TEST(chunk_coder, refuses_fields_out_of_range)
{
    CHECK(take_changed((struct chunk_head){CHUNK_DECIMAL, 0, 8, 0, 8}) == TRACK_OK);
    CHECK(take_changed((struct chunk_head){CHUNK_DECIMAL, 0, 9, 0, 8}) == TRACK_INVALID);
    CHECK(take_changed((struct chunk_head){CHUNK_DECIMAL, 0, 0, 0, 9}) == TRACK_INVALID);
    CHECK(take_changed((struct chunk_head){CHUNK_F64, 0, 0, 0, 0}) == TRACK_INVALID);
    CHECK(take_changed((struct chunk_head){CHUNK_F32, 0, 0, 0, 5}) == TRACK_INVALID);
    CHECK(take_changed((struct chunk_head){CHUNK_F32_DELTA, 0, 0, 0, 5}) == TRACK_INVALID);
    CHECK(take_changed((struct chunk_head){CHUNK_TEXT, 0, 0, 0, 1}) == TRACK_INVALID);
    CHECK(take_changed((struct chunk_head){CHUNK_CODE_COUNT, 0, 0, 0, 1}) == TRACK_INVALID);
    CHECK(chunk_check_count(0, NULL) == TRACK_INVALID);
    CHECK(chunk_check_count(CHUNK_POINTS_MAX, NULL) == TRACK_OK);
    CHECK(chunk_check_count(CHUNK_POINTS_MAX + 1, NULL) == TRACK_INVALID);
}

static track_status work(void)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    struct chunk_coder *c;
    return chunk_open(&arena, &c, NULL);
}

TEST(chunk_coder, opens_with_memory_only)
{
    AUTO_ARENA small = ARENA(1 << 16);
    struct chunk_coder *c;
    CHECK(chunk_open(&small, &c, NULL) == TRACK_NOMEM);
    CHECK(fault_each(work) >= 3);
}
