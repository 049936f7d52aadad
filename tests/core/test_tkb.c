/* Shows that content comes back as it was, at every size around the frame size, and that damage
 * anywhere is noticed.
 * How: golden bytes, both levels, each byte flipped, fault_each for the allocations. */
#include "../../core/tkb.h"
#include "../fault.h"
#include "../harness.h"

#include <stdlib.h>
#include <string.h>

enum { BIG = 2 * TKB_FRAME_BYTES + 100 };

/* Text-like bytes, the same each time. */
static struct bytes sample(size_t size)
{
    static unsigned char at[BIG];
    for (size_t i = 0; i < sizeof(at); i++) {
        at[i] = (unsigned char)((unsigned char)"step loss=0.123\n"[i % 16] + i / 1000 % 3);
    }
    return (struct bytes){at, size};
}

static track_status round_trip(struct bytes in, int level)
{
    AUTO_BUF coded = BUF(2 * BIG);
    AUTO_BUF plain = BUF(BIG);
    TRY(tkb_encode(in, level, &coded, NULL));
    TRY(tkb_decode((struct bytes){coded.at, coded.size}, &plain, NULL));
    bool same = plain.size == in.size && (in.size == 0 || memcmp(plain.at, in.at, in.size) == 0);
    return same ? TRACK_OK : TRACK_CORRUPT;
}

TEST(tkb, gives_content_back)
{
    static const size_t sizes[] = {
        0, 1, 100, TKB_FRAME_BYTES - 1, TKB_FRAME_BYTES, TKB_FRAME_BYTES + 1, BIG};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        CHECK_INT(round_trip(sample(sizes[i]), 0), TRACK_OK);
        CHECK_INT(round_trip(sample(sizes[i]), 3), TRACK_OK);
    }
}

TEST(tkb, has_golden_bytes)
{
    AUTO_BUF coded = BUF(1 << 16);
    CHECK_INT(tkb_encode(sample(40), 0, &coded, NULL), TRACK_OK);
    CHECK_GOLDEN("tkb_raw", ((struct bytes){coded.at, coded.size}));
}

TEST(tkb, makes_text_small)
{
    AUTO_BUF coded = BUF(2 * BIG);
    CHECK_INT(tkb_encode(sample(BIG), 3, &coded, NULL), TRACK_OK);
    CHECK(coded.size < BIG / 20);
}

TEST(tkb, notices_every_flipped_byte)
{
    AUTO_BUF coded = BUF(1 << 16);
    struct bytes in = sample(300);
    CHECK_INT(tkb_encode(in, 3, &coded, NULL), TRACK_OK);
    for (size_t i = 0; i < coded.size; i++) {
        AUTO_BUF plain = BUF(1 << 20);
        coded.at[i] ^= 0x20;
        track_status status = tkb_decode((struct bytes){coded.at, coded.size}, &plain, NULL);
        coded.at[i] ^= 0x20;
        bool other =
            status == TRACK_OK && (plain.size != in.size || memcmp(plain.at, in.at, in.size) != 0);
        /* a frame itself has no CRC: whoever reads a blob knows its SHA-256 */
        CHECK(status == TRACK_CORRUPT || other);
    }
}

TEST(tkb, notices_what_is_cut_off)
{
    AUTO_BUF coded = BUF(1 << 16);
    CHECK_INT(tkb_encode(sample(300), 3, &coded, NULL), TRACK_OK);
    for (size_t size = 0; size < coded.size; size++) {
        AUTO_BUF plain = BUF(1 << 20);
        CHECK_INT(tkb_decode((struct bytes){coded.at, size}, &plain, NULL), TRACK_CORRUPT);
    }
}

TEST(tkb, keeps_within_the_limit_of_its_output)
{
    AUTO_BUF coded = BUF(1 << 16);
    AUTO_BUF small = BUF(299);
    CHECK_INT(tkb_encode(sample(300), 3, &coded, NULL), TRACK_OK);
    CHECK_INT(tkb_decode((struct bytes){coded.at, coded.size}, &small, NULL), TRACK_TOO_LARGE);
    AUTO_BUF head = BUF(64);
    uint64_t most = (uint64_t)TKB_FRAMES_MAX * TKB_FRAME_BYTES;
    CHECK_INT(tkb_encode_head(most, &head, NULL), TRACK_OK);
    CHECK_INT(tkb_encode_head(most + 1, &head, NULL), TRACK_TOO_LARGE);
}

static track_status faulty(void)
{
    return round_trip(sample(300), 3);
}

TEST(tkb, survives_each_allocation_failing)
{
    CHECK(fault_each(faulty) > 0);
}
