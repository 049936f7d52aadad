/* Slots read back as points, keys, texts and lines: whole records only, the torn ones of the dead
 * skipped and counted, damage noticed. */
#include "../../sdk/spool.h"
#include "../../sdk/spool_scan.h"
#include "../harness.h"
#include "folder.h"

enum { SEGMENT = 64 << 10, SLOTS = (SEGMENT - SPOOL_HEAD_BYTES) / SLOT_BYTES };

static const unsigned char ids[2][SPOOL_ID_BYTES] = {{1}, {2}};

static track_status start(struct spool *s, const struct folder *f)
{
    struct spool_options o = {.dir = f->dir,
                              .run = ids[0],
                              .writer = ids[1],
                              .segment_bytes = SEGMENT,
                              .bytes_max = 32 * SEGMENT};
    return spool_init(s, &o, NULL);
}

static void stop(struct spool *s)
{
    spool_close(s);
    spool_release(s);
}

static struct bytes text_of(const char *text)
{
    return (struct bytes){(const unsigned char *)text, strlen(text)};
}

static bool equal(struct bytes got, const char *want)
{
    return got.size == strlen(want) && memcmp(got.at, want, got.size) == 0;
}

static track_status scan(const struct folder *f, struct spool_range range, struct arena *arena,
                         struct spool_batch *out)
{
    struct spool_reader r;
    spool_reader_init(&r, f->dir, SEGMENT);
    track_status status = spool_scan(&r, &range, arena, out, NULL);
    spool_reader_close(&r);
    return status;
}

TEST(spool_scan, reads_every_kind_of_record)
{
    AUTO_FOLDER f = {.dir = -1};
    AUTO_ARENA arena = ARENA(SCAN_ARENA_BYTES);
    CHECK(folder_make(&f));
    struct spool s = {0};
    struct spool_batch b;
    CHECK(start(&s, &f) == TRACK_OK);
    struct slot key = {.tag = slot_tag(SLOT_KEY, 0), .a = 10, .b = 10};
    struct slot point = {.tag = slot_tag(SLOT_POINT, 0), .a = -5, .b = 6, .c = UINT64_C(1) << 63};
    struct slot text = {.tag = slot_tag(SLOT_TEXT, 0), .a = 8, .b = 9, .c = 30};
    struct slot line = {.tag = slot_tag(SLOT_LINE, 1), .a = 0, .b = 2, .c = 3};
    struct slot empty = {.tag = slot_tag(SLOT_LINE, 0), .a = 1, .b = 2, .c = 0};
    CHECK(spool_add(&s, &key, text_of("train/loss{\"rank\":1}")) == TRACK_OK);
    CHECK(spool_add(&s, &point, (struct bytes){0}) == TRACK_OK);
    CHECK(spool_add(&s, &text, text_of("a text that takes two slots 12")) == TRACK_OK);
    CHECK(spool_add(&s, &line, text_of("err")) == TRACK_OK);
    CHECK(spool_add(&s, &empty, (struct bytes){0}) == TRACK_OK);
    CHECK(scan(&f, (struct spool_range){0, 9, false}, &arena, &b) == TRACK_OK);
    CHECK_INT(b.to, 9);
    CHECK(b.key_count == 1 && b.first_key == 0 && equal(b.keys[0].name, "train/loss") &&
          equal(b.keys[0].context, "{\"rank\":1}"));
    CHECK(b.blocks.point_count == 1 && b.blocks.points[0].step == -5);
    uint64_t bits;
    memcpy(&bits, &b.blocks.points[0].value, 8);
    CHECK(bits == UINT64_C(1) << 63); /* -0.0 */
    CHECK(b.blocks.text_count == 1 &&
          equal(b.blocks.texts[0].text, "a text that takes two slots 12"));
    CHECK(b.line_count == 2 && b.lines[0].stream == FRAME_STDERR && equal(b.lines[0].text, "err"));
    CHECK(b.lines[1].text.size == 0 && b.torn == 0);
    stop(&s);
}

TEST(spool_scan, stops_at_a_rewind_and_says_it_when_it_begins_there)
{
    AUTO_FOLDER f = {.dir = -1};
    AUTO_ARENA arena = ARENA(SCAN_ARENA_BYTES);
    CHECK(folder_make(&f));
    struct spool s = {0};
    struct spool_batch b;
    CHECK(start(&s, &f) == TRACK_OK);
    struct slot point = {.tag = slot_tag(SLOT_POINT, 0), .a = 7};
    struct slot back = {.tag = slot_tag(SLOT_REWIND, 0), .a = -3, .b = 9};
    CHECK(spool_add(&s, &point, (struct bytes){0}) == TRACK_OK);
    CHECK(spool_add(&s, &back, (struct bytes){0}) == TRACK_OK);
    CHECK(spool_add(&s, &point, (struct bytes){0}) == TRACK_OK);
    for (int dead = 0; dead < 2; dead++) {
        CHECK(scan(&f, (struct spool_range){0, 3, dead}, &arena, &b) == TRACK_OK);
        CHECK(b.to == 1 && b.blocks.point_count == 1 && !b.rewinds);
        CHECK(scan(&f, (struct spool_range){1, 3, dead}, &arena, &b) == TRACK_OK);
        CHECK(b.to == 1 && b.blocks.point_count == 0 && b.rewinds && b.rewind_step == -3);
        CHECK(scan(&f, (struct spool_range){2, 3, dead}, &arena, &b) == TRACK_OK);
        CHECK(b.to == 3 && b.blocks.point_count == 1 && !b.rewinds && b.torn == 0);
    }
    stop(&s);
}

TEST(spool_scan, reads_a_text_that_crosses_segments)
{
    AUTO_FOLDER f = {.dir = -1};
    AUTO_ARENA arena = ARENA(SCAN_ARENA_BYTES);
    CHECK(folder_make(&f));
    struct spool s = {0};
    struct spool_batch b;
    char *text = arena_alloc(&arena, 3 * SEGMENT + 1, 1);
    CHECK(text && start(&s, &f) == TRACK_OK);
    memset(text, 'x', 3 * SEGMENT);
    struct slot head = {.tag = slot_tag(SLOT_TEXT, 0), .c = 3 * SEGMENT};
    CHECK(spool_add(&s, &head, text_of(text)) == TRACK_OK);
    CHECK(scan(&f, (struct spool_range){0, 1 + slot_more(3 * SEGMENT), false}, &arena, &b) ==
          TRACK_OK);
    CHECK(b.blocks.text_count == 1 && equal(b.blocks.texts[0].text, text));
    stop(&s);
}

/* Overwrites bytes of a slot in the first segment. */
static bool damage(const struct folder *f, uint64_t slot, const void *bytes, size_t size)
{
    int fd = openat(f->dir, "00000000.trk", O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && pwrite(fd, bytes, size, SPOOL_HEAD_BYTES + (off_t)slot * SLOT_BYTES) ==
                               (ssize_t)size;
    if (fd >= 0) {
        close(fd);
    }
    return done;
}

TEST(spool_scan, stops_at_what_is_not_published_unless_its_writer_is_dead)
{
    AUTO_FOLDER f = {.dir = -1};
    AUTO_ARENA arena = ARENA(SCAN_ARENA_BYTES);
    CHECK(folder_make(&f));
    struct spool s = {0};
    struct spool_batch b;
    static const unsigned char zero[SLOT_BYTES] = {0};
    CHECK(start(&s, &f) == TRACK_OK);
    for (int64_t i = 0; i < 5; i++) {
        struct slot slot = {.tag = slot_tag(SLOT_POINT, 0), .a = i};
        CHECK(spool_add(&s, &slot, (struct bytes){0}) == TRACK_OK);
    }
    CHECK(damage(&f, 2, zero, sizeof(zero)));
    CHECK(scan(&f, (struct spool_range){0, 5, false}, &arena, &b) == TRACK_OK);
    CHECK(b.to == 2 && b.blocks.point_count == 2 && b.torn == 0);
    CHECK(scan(&f, (struct spool_range){0, 5, true}, &arena, &b) == TRACK_OK);
    CHECK(b.to == 5 && b.blocks.point_count == 4 && b.torn == 1);
    CHECK(b.blocks.points[2].step == 3);
    stop(&s);
}

TEST(spool_scan, skips_a_text_whose_slots_are_damaged)
{
    AUTO_FOLDER f = {.dir = -1};
    AUTO_ARENA arena = ARENA(SCAN_ARENA_BYTES);
    CHECK(folder_make(&f));
    struct spool s = {0};
    struct spool_batch b;
    struct slot head = {.tag = slot_tag(SLOT_TEXT, 0), .c = 30};
    struct slot point = {.tag = slot_tag(SLOT_POINT, 0), .a = 1};
    CHECK(start(&s, &f) == TRACK_OK);
    CHECK(spool_add(&s, &head, text_of("123456789012345678901234567890")) == TRACK_OK);
    CHECK(spool_add(&s, &point, (struct bytes){0}) == TRACK_OK);
    CHECK(damage(&f, 2, "\xff", 1));
    CHECK(scan(&f, (struct spool_range){0, 4, true}, &arena, &b) == TRACK_OK);
    CHECK(b.to == 4 && b.blocks.text_count == 0 && b.blocks.point_count == 1 && b.torn >= 1);
    stop(&s);
}

TEST(spool_scan, content_is_known_by_its_crc)
{
    AUTO_FOLDER f = {.dir = -1};
    AUTO_ARENA arena = ARENA(2 * SCAN_ARENA_BYTES);
    CHECK(folder_make(&f));
    struct spool s = {0};
    struct spool_batch points, again, lines;
    struct slot point = {.tag = slot_tag(SLOT_POINT, 0), .a = 1};
    struct slot line = {.tag = slot_tag(SLOT_LINE, 0), .c = 1};
    CHECK(start(&s, &f) == TRACK_OK);
    CHECK(spool_add(&s, &point, (struct bytes){0}) == TRACK_OK);
    CHECK(spool_add(&s, &line, text_of("x")) == TRACK_OK);
    CHECK(scan(&f, (struct spool_range){0, 1, true}, &arena, &points) == TRACK_OK);
    CHECK(scan(&f, (struct spool_range){0, 3, true}, &arena, &again) == TRACK_OK);
    CHECK(scan(&f, (struct spool_range){1, 3, true}, &arena, &lines) == TRACK_OK);
    CHECK(points.points_content != 0 && points.points_content == again.points_content);
    CHECK(lines.points_content == 0 && lines.lines_content == again.lines_content);
    stop(&s);
}

TEST(spool_scan, refuses_keys_out_of_order_and_lengths_that_cannot_be)
{
    AUTO_FOLDER f = {.dir = -1};
    AUTO_ARENA arena = ARENA(2 * SCAN_ARENA_BYTES);
    CHECK(folder_make(&f));
    struct spool s = {0};
    struct spool_batch b;
    struct slot first = {.tag = slot_tag(SLOT_KEY, 4), .a = 1}, far = first, huge = first;
    far.tag = slot_tag(SLOT_KEY, 6);
    huge.tag = slot_tag(SLOT_TEXT, 0);
    huge.c = UINT64_MAX;
    CHECK(start(&s, &f) == TRACK_OK);
    CHECK(spool_add(&s, &first, text_of("a")) == TRACK_OK);
    CHECK(spool_add(&s, &far, text_of("b")) == TRACK_OK);
    CHECK(spool_add(&s, &huge, (struct bytes){0}) == TRACK_OK);
    CHECK(scan(&f, (struct spool_range){0, 4, true}, &arena, &b) == TRACK_CORRUPT);
    CHECK(scan(&f, (struct spool_range){4, 5, true}, &arena, &b) == TRACK_CORRUPT);
    stop(&s);
}

TEST(spool_scan, finds_where_a_spool_begins_and_ends)
{
    AUTO_FOLDER f = {.dir = -1};
    CHECK(folder_make(&f));
    struct spool s = {0};
    struct spool_reader r;
    uint64_t first = 9, end = 9;
    spool_reader_init(&r, f.dir, SEGMENT);
    CHECK(spool_reader_find(&r, &first, &end, NULL) == TRACK_OK && first == 0 && end == 0);
    CHECK(start(&s, &f) == TRACK_OK);
    CHECK(spool_reader_find(&r, &first, &end, NULL) == TRACK_OK && first == 0 && end == 0);
    for (int64_t i = 0; i < 2 * SLOTS + 3; i++) {
        struct slot slot = {.tag = slot_tag(SLOT_POINT, 0), .a = i};
        CHECK(spool_add(&s, &slot, (struct bytes){0}) == TRACK_OK);
    }
    spool_remove_below(&s, SLOTS);
    CHECK(spool_reader_find(&r, &first, &end, NULL) == TRACK_OK);
    CHECK(first == SLOTS && end == 2 * SLOTS + 3);
    spool_reader_close(&r);
    stop(&s);
}
