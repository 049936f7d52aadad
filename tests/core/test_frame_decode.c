/* Shows that bytes which are no good frame are refused, with a reason, and nothing else happens.
 * How: every cut, every byte changed with and without a renewed CRC, the head's numbers one by
 * one. */
#include "../harness.h"
#include "frames.h"

#include <string.h>

/* Frame f as bytes, to be damaged. */
static track_status encode(struct frame f, struct buf *out)
{
    AUTO_ARENA arena = ARENA(FRAME_ARENA_BYTES);
    return frame_encode(&f, 1, &arena, out, NULL);
}

static track_status decode(const struct buf *b, size_t size, track_error *err)
{
    AUTO_ARENA arena = ARENA(FRAME_ARENA_BYTES);
    struct frame out;
    return frame_decode((struct bytes){b->at, size}, &arena, &out, err);
}

TEST(frame_decode, refuses_every_cut_and_a_byte_too_many)
{
    AUTO_BUF b = BUF(4096);
    CHECK(encode(frames_points(), &b) == TRACK_OK);
    size_t size = b.size;
    buf_byte(&b, 0);
    for (size_t cut = 0; cut <= size + 1; cut++) {
        CHECK_INT(decode(&b, cut, NULL), cut == size ? TRACK_OK : TRACK_INVALID);
    }
}

TEST(frame_decode, notices_every_changed_byte)
{
    AUTO_BUF b = BUF(4096);
    CHECK(encode(frames_points(), &b) == TRACK_OK);
    for (size_t i = 0; i < b.size; i++) {
        b.at[i] ^= 0x40;
        track_status status = decode(&b, b.size, NULL);
        CHECK(status == TRACK_INVALID || (i >= 8 && i < 12 && status == TRACK_TOO_LARGE));
        b.at[i] ^= 0x40;
    }
}

TEST(frame_decode, survives_every_byte_that_the_crc_covers)
{
    struct frame (*const kinds[])(void) = {frames_points, frames_lines, frames_heartbeat};
    for (size_t kind = 0; kind < 3; kind++) {
        AUTO_BUF b = BUF(4096);
        CHECK(encode(kinds[kind](), &b) == TRACK_OK);
        for (size_t i = 16; i < b.size; i++) {
            for (unsigned change = 1; change < 256; change += 31) {
                b.at[i] ^= (unsigned char)change;
                frames_renew_crc(b.at, b.size);
                track_status status = decode(&b, b.size, NULL);
                CHECK(status == TRACK_OK || status == TRACK_INVALID || status == TRACK_TOO_LARGE);
                b.at[i] ^= (unsigned char)change;
            }
        }
    }
}

/* What decoding says after one byte of the head of a good frame is set, its CRC renewed. */
static const char *message_after(size_t at, unsigned char value, track_error *err)
{
    AUTO_BUF b = BUF(4096);
    *err = (track_error){0};
    if (encode(frames_points(), &b) == TRACK_OK) {
        b.at[at] = value;
        if (at >= 12) {
            frames_renew_crc(b.at, b.size);
        }
        err->status = decode(&b, b.size, err);
    }
    return err->message;
}

TEST(frame_decode, says_what_is_wrong)
{
    track_error err;
    CHECK(strcmp(message_after(0, 'X', &err), "does not begin with TKF1, so it is not a frame") ==
          0);
    CHECK(strcmp(message_after(4, 2, &err), "version 2 of TKF1; this build reads version 1") == 0);
    CHECK(strcmp(message_after(10, 0x20, &err), "a frame of 2097344 bytes, at most 1048576") == 0 ||
          err.status == TRACK_TOO_LARGE);
    CHECK(strcmp(message_after(44, 8, &err), "7 points in the blocks, 8 in the head") == 0);
    CHECK(strstr(message_after(46, 8, &err), "at most 262144 in 16777216") != NULL);
    CHECK(err.status == TRACK_TOO_LARGE);
    CHECK(strcmp(message_after(70, 1, &err), "bytes 68 to 71 of a frame are not zero") == 0);
}

TEST(frame_decode, takes_a_body_of_frames_apart)
{
    AUTO_BUF b = BUF(8192);
    struct frame_head head;
    struct frame second = frames_lines();
    second.head.seq = 8;
    CHECK(encode(frames_points(), &b) == TRACK_OK);
    size_t first = b.size;
    CHECK(encode(second, &b) == TRACK_OK);
    CHECK(frame_decode_head((struct bytes){b.at, b.size}, &head, NULL) == TRACK_OK);
    CHECK(head.size == first && head.seq == 7 && head.count == 7 && head.kind == FRAME_POINTS);
    CHECK(head.content_crc == 0xfeedc0de && head.writer[15] == 15);
    struct bytes rest = {b.at + first, b.size - first};
    CHECK(frame_decode_head(rest, &head, NULL) == TRACK_OK);
    CHECK(head.size == rest.size && head.seq == 8 && head.count == 2);
    CHECK(frame_decode_head((struct bytes){b.at, first - 1}, &head, NULL) == TRACK_INVALID);
}

/* A value area that claims its 16 MiB for a text of zeros: decompressed within the limits. */
TEST(frame_decode, is_not_blown_up_by_a_small_frame)
{
    static unsigned char zeros[FRAME_TEXT_BYTES_MAX];
    static struct bytes texts[65];
    static int64_t rows[65];
    memset(zeros, ' ', sizeof(zeros));
    for (size_t i = 0; i < 65; i++) {
        texts[i] = (struct bytes){zeros, sizeof(zeros)};
    }
    struct frame_column column = {0, NULL, texts};
    struct frame_block block = {63, 1, rows, rows, &column};
    struct frame f = {.head = {.kind = FRAME_POINTS}, .block_count = 1, .blocks = &block};
    AUTO_BUF b = BUF(1 << 20);
    CHECK(encode(f, &b) == TRACK_OK && b.size < 4096);
    CHECK(decode(&b, b.size, NULL) == TRACK_OK);
    block.rows = 65;
    CHECK(encode(f, &b) == TRACK_TOO_LARGE);
}
