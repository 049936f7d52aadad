/* Shows what a body of frames is taken apart into, and that nothing malformed gets through.
 * How: bodies of real frames, cut, flipped and mixed. */
#include "../../server/journal_body.h"

#include "../../core/frame.h"
#include "../../core/hash.h"
#include "../fault.h"
#include "../harness.h"
#include "fixture.h"

#include <string.h>

enum { WORK_BYTES = 8 << 20 };

/* Frames 3..5 of writer 9; frame 3 defines key 7. */
static void fill(struct fixture *f, struct buf *body)
{
    for (uint64_t seq = 3; seq <= 5; seq++) {
        struct bytes one =
            fixture_frame(f, &(struct fixture_frame){.writer = 9,
                                                     .seq = seq,
                                                     .rows = 10,
                                                     .key = 7,
                                                     .content_crc = (uint32_t)seq,
                                                     .defines = seq == 3 ? "val/loss" : NULL});
        buf_put(body, one.at, one.size);
    }
}

TEST(journal_body, takes_frames_apart)
{
    struct fixture f = {.arena = ARENA(64 << 20)};
    AUTO_BUF body = BUF(1 << 20);
    struct body out;
    int64_t series;
    fill(&f, &body);
    track_status status = body_decode((struct bytes){body.at, body.size}, &f.arena, &out, &f.err);
    track_status named = hash_series((struct bytes){(const unsigned char *)"val/loss", 8},
                                     (struct bytes){NULL, 0}, &series, NULL);
    bool good = status == TRACK_OK && named == TRACK_OK && out.count == 3 && out.has_points &&
                !out.has_lines && !out.has_texts && out.step_min == 30 && out.step_max == 59 &&
                out.frames[0].seq == 3 && out.frames[2].content_crc == 5 &&
                out.frames[0].key_count == 1 && out.frames[0].first_key == 7 &&
                out.frames[0].keys[0].series == series && out.frames[1].keys_end == 8 &&
                out.frames[1].count == 10 && out.writer.at[0] == 9;
    arena_release(&f.arena);
    CHECK(good);
}

TEST(journal_body, refuses_each_cut_and_each_flipped_byte)
{
    struct fixture f = {.arena = ARENA(64 << 20)};
    AUTO_BUF body = BUF(1 << 20);
    int passed = 0;
    struct body out;
    fill(&f, &body);
    for (size_t size = 0; size < body.size; size++) {
        AUTO_ARENA work = ARENA(WORK_BYTES);
        track_status status = body_decode((struct bytes){body.at, size}, &work, &out, NULL);
        passed += status == TRACK_OK; /* where a frame ends */
    }
    int flipped = 0;
    for (size_t i = 0; i < body.size; i++) {
        AUTO_ARENA work = ARENA(WORK_BYTES);
        body.at[i] ^= 0x10;
        flipped += body_decode((struct bytes){body.at, body.size}, &work, &out, NULL) == TRACK_OK;
        body.at[i] ^= 0x10;
    }
    arena_release(&f.arena);
    CHECK_INT(passed, 2);
    CHECK_INT(flipped, 0);
}

TEST(journal_body, keeps_to_its_limits)
{
    struct fixture f = {.arena = ARENA(64 << 20)};
    AUTO_BUF body = BUF(BODY_BYTES_MAX + 1024);
    AUTO_ARENA work = ARENA(WORK_BYTES);
    struct body out;
    struct fixture_frame in = {.writer = 1, .rows = 1};
    struct bytes one = fixture_frame(&f, &in);
    for (int i = 0; i <= BODY_FRAMES_MAX; i++) {
        buf_put(&body, one.at, one.size);
    }
    struct bytes all = {body.at, body.size};
    track_status many = body_decode(all, &work, &out, NULL);
    all.size = BODY_BYTES_MAX + 1;
    track_status large = body_decode(all, &work, &out, NULL);
    arena_release(&f.arena);
    CHECK_INT(many, TRACK_TOO_LARGE);
    CHECK_INT(large, TRACK_TOO_LARGE);
}

TEST(journal_body, writes_numbers_so_that_they_sort)
{
    unsigned char a[8], b[8];
    body_put_id(a, 0x0102030405060708);
    body_put_id(b, 0x0102030405060709);
    CHECK(a[0] == 1 && a[7] == 8 && memcmp(a, b, 8) < 0);
}

static struct bytes faulty_body;

static track_status decode_faulty(void)
{
    AUTO_ARENA work = ARENA(WORK_BYTES);
    struct body out;
    return body_decode(faulty_body, &work, &out, NULL);
}

TEST(journal_body, survives_each_allocation_failing)
{
    struct fixture f = {.arena = ARENA(64 << 20)};
    AUTO_BUF body = BUF(1 << 20);
    fill(&f, &body);
    faulty_body = (struct bytes){body.at, body.size};
    int allocations = fault_each(decode_faulty);
    arena_release(&f.arena);
    CHECK(allocations > 3);
}

TEST(journal_body, says_of_a_frame_made_here_what_decoding_says)
{
    AUTO_ARENA arena = ARENA(64 << 20);
    AUTO_BUF out = BUF(FRAME_BYTES_MAX);
    static const int64_t steps[2] = {-3, 9}, times[2] = {1, 2};
    static const double values[2] = {0.5, 1};
    struct frame_key key = {.name = {(const unsigned char *)"loss", 4}};
    struct frame_column column = {.key = 6, .values = values};
    struct frame_block block = {2, 1, steps, times, &column};
    struct frame f = {.head = {.kind = FRAME_POINTS, .seq = 4, .epoch = 2, .count = 2},
                      .first_key = 6,
                      .key_count = 1,
                      .keys = &key,
                      .block_count = 1,
                      .blocks = &block};
    struct body made, decoded;
    CHECK(frame_encode(&f, 0, &arena, &out, NULL) == TRACK_OK);
    struct bytes in = {out.at, out.size};
    CHECK(body_of_frame(&f, in, &arena, &made, NULL) == TRACK_OK);
    CHECK(body_decode(in, &arena, &decoded, NULL) == TRACK_OK);
    CHECK(made.count == 1 && made.epoch == decoded.epoch && made.step_min == -3 &&
          made.step_max == decoded.step_max && made.has_points && !made.has_texts);
    CHECK(made.frames[0].seq == decoded.frames[0].seq && made.frames[0].count == 2 &&
          made.frames[0].keys_end == 7 && made.frames[0].first_key == 6 &&
          made.frames[0].keys[0].series == decoded.frames[0].keys[0].series);
}
