/* Shows that each rule of frame.h is enforced, before anything is written.
 * How: a good frame with one thing wrong at a time. */
#include "../../core/frame_check.h"
#include "../harness.h"
#include "frames.h"

#include <string.h>

static unsigned char long_text[FRAME_TEXT_BYTES_MAX + 1];

TEST(frame_check, accepts_good_frames)
{
    struct frame points = frames_points(), lines = frames_lines(), beat = frames_heartbeat();
    CHECK(frame_check(&points, NULL) == TRACK_OK && frame_count(&points) == 7);
    CHECK(frame_check(&lines, NULL) == TRACK_OK && frame_count(&lines) == 2);
    CHECK(frame_check(&beat, NULL) == TRACK_OK && frame_count(&beat) == 0);
}

TEST(frame_check, refuses_a_wrong_head)
{
    struct frame f = frames_points();
    f.head.kind = 4;
    CHECK(frame_check(&f, NULL) == TRACK_INVALID);
    f.head.kind = 0;
    CHECK(frame_check(&f, NULL) == TRACK_INVALID);
    f = frames_points();
    f.head.flags = 8;
    CHECK(frame_check(&f, NULL) == TRACK_INVALID);
    f = frames_points();
    f.head.seq = INT64_MAX;
    CHECK(frame_check(&f, NULL) == TRACK_OK);
    f.head.seq++;
    CHECK(frame_check(&f, NULL) == TRACK_INVALID);
}

TEST(frame_check, refuses_parts_of_another_kind)
{
    struct frame points = frames_points(), lines = frames_lines();
    points.head.kind = FRAME_LINES;
    CHECK(frame_check(&points, NULL) == TRACK_INVALID);
    points.head.kind = FRAME_HEARTBEAT;
    CHECK(frame_check(&points, NULL) == TRACK_INVALID);
    lines.head.kind = FRAME_POINTS;
    CHECK(frame_check(&lines, NULL) == TRACK_INVALID);
    lines = frames_lines();
    lines.line_count = 0;
    CHECK(frame_check(&lines, NULL) == TRACK_INVALID);
}

/* A frame with one definition. */
static track_status check_key(const char *name, struct bytes context, uint32_t number)
{
    struct frame_key key = {{(const unsigned char *)name, strlen(name)}, context};
    struct frame f = {.head = {.kind = FRAME_POINTS}, .first_key = number, .key_count = 1};
    f.keys = &key;
    return frame_check(&f, NULL);
}

TEST(frame_check, refuses_bad_definitions)
{
    struct bytes none = {NULL, 0}, object = {(const unsigned char *)"{}", 2};
    struct bytes word = {(const unsigned char *)"rank", 4},
                 tab = {(const unsigned char *)"{\t}", 3};
    CHECK(check_key("loss", none, 0) == TRACK_OK);
    CHECK(check_key("", none, 0) == TRACK_OK); /* the rest of a row */
    CHECK(check_key("lo\nss", none, 0) == TRACK_INVALID);
    CHECK(check_key("lo\xffss", none, 0) == TRACK_INVALID);
    CHECK(check_key("loss", object, 0) == TRACK_OK);
    CHECK(check_key("loss", word, 0) == TRACK_INVALID);
    CHECK(check_key("loss", tab, 0) == TRACK_INVALID);
    CHECK(check_key("loss", none, FRAME_KEY_NUMBER_MAX - 1) == TRACK_OK);
    CHECK(check_key("loss", none, FRAME_KEY_NUMBER_MAX) == TRACK_INVALID);
}

/* A frame with one column of one row. */
static track_status check_one(struct frame_column column, unsigned flags)
{
    static const int64_t zero = 0;
    struct frame_block block = {1, 1, &zero, &zero, &column};
    struct frame f = {.head = {.kind = FRAME_POINTS, .flags = flags}, .block_count = 1};
    f.blocks = &block;
    return frame_check(&f, NULL);
}

TEST(frame_check, refuses_bad_columns)
{
    double one = 1;
    memset(long_text, 'x', sizeof(long_text));
    struct bytes good = {long_text, FRAME_TEXT_BYTES_MAX}, over = {long_text, sizeof(long_text)};
    struct bytes bad = {(const unsigned char *)"\xc0", 1};
    CHECK(check_one((struct frame_column){0, &one, NULL}, 0) == TRACK_OK);
    CHECK(check_one((struct frame_column){0, &one, NULL}, FRAME_SELF) == TRACK_INVALID);
    CHECK(check_one((struct frame_column){FRAME_KEY_NUMBER_MAX, &one, NULL}, 0) == TRACK_INVALID);
    CHECK(check_one((struct frame_column){0, NULL, NULL}, 0) == TRACK_INVALID);
    CHECK(check_one((struct frame_column){0, &one, &good}, 0) == TRACK_INVALID);
    CHECK(check_one((struct frame_column){0, NULL, &good}, 0) == TRACK_OK);
    CHECK(check_one((struct frame_column){0, NULL, &over}, 0) == TRACK_TOO_LARGE);
    CHECK(check_one((struct frame_column){0, NULL, &bad}, 0) == TRACK_INVALID);
}

TEST(frame_check, refuses_blocks_that_are_empty_or_too_many)
{
    struct frame_block block = {0, 1, NULL, NULL, NULL};
    struct frame f = {.head = {.kind = FRAME_POINTS}, .block_count = 1, .blocks = &block};
    CHECK(frame_check(&f, NULL) == TRACK_INVALID);
    block = (struct frame_block){1, 0, NULL, NULL, NULL};
    CHECK(frame_check(&f, NULL) == TRACK_INVALID);
    block = (struct frame_block){SIZE_MAX, 2, NULL, NULL, NULL};
    CHECK(frame_check(&f, NULL) == TRACK_TOO_LARGE);
    f.block_count = FRAME_BLOCKS_MAX + 1;
    CHECK(frame_check(&f, NULL) == TRACK_TOO_LARGE);
    f.block_count = 0;
    f.key_count = FRAME_KEYS_MAX + 1;
    CHECK(frame_check(&f, NULL) == TRACK_TOO_LARGE);
}

static track_status check_line(struct frame_line line)
{
    struct frame f = {.head = {.kind = FRAME_LINES}, .line_count = 1, .lines = &line};
    return frame_check(&f, NULL);
}

TEST(frame_check, refuses_bad_lines)
{
    struct bytes good = {long_text, FRAME_LINE_BYTES_MAX}, over = {long_text, good.size + 1};
    CHECK(check_line((struct frame_line){0, 0, FRAME_STDOUT, good}) == TRACK_OK);
    CHECK(check_line((struct frame_line){0, 0, FRAME_STDOUT, over}) == TRACK_TOO_LARGE);
    CHECK(check_line((struct frame_line){-1, 0, FRAME_STDOUT, good}) == TRACK_INVALID);
    CHECK(check_line((struct frame_line){0, 0, FRAME_STDERR + 1, good}) == TRACK_INVALID);
}
