/* Log records as slots on disk: what was added is read back, in every way a spool can be made, end
 * and be full. */
#include "../../core/frame.h"
#include "../../sdk/spool.h"
#include "../../sdk/spool_scan.h"
#include "../harness.h"
#include "folder.h"

#include <sys/stat.h>

enum { SMALL = 64 << 10, SMALL_SLOTS = (SMALL - SPOOL_HEAD_BYTES) / SLOT_BYTES };

static const unsigned char ids[2][SPOOL_ID_BYTES] = {{1, 2}, {3, 4}};

static struct spool_options small_options(const struct folder *f)
{
    return (struct spool_options){.dir = f->dir,
                                  .run = ids[0],
                                  .writer = ids[1],
                                  .segment_bytes = SMALL,
                                  .bytes_max = 16 * SMALL};
}

static track_status add_point(struct spool *s, int64_t step)
{
    struct slot slot = {.tag = slot_tag(SLOT_POINT, 7), .a = step, .b = 1000 + step, .c = 1};
    return spool_add(s, &slot, (struct bytes){0});
}

/* Reads all of a spool; false unless it holds steps 0..count-1 of key 7 and nothing else. */
static bool holds_steps(const struct folder *f, uint64_t count)
{
    struct spool_reader r;
    uint64_t next = 0, at = 0, end = 0;
    spool_reader_init(&r, f->dir, SMALL);
    bool same = spool_reader_find(&r, &at, &end, NULL) == TRACK_OK;
    while (same && at < end) {
        AUTO_ARENA arena = ARENA(SCAN_ARENA_BYTES);
        struct spool_batch b;
        struct spool_range range = {at, end, true};
        same = spool_scan(&r, &range, &arena, &b, NULL) == TRACK_OK && b.to > at;
        for (size_t i = 0; same && i < b.blocks.point_count; i++) {
            const struct blocks_point *p = &b.blocks.points[i];
            same = p->step == (int64_t)next && p->time_us == 1000 + p->step && p->key == 7;
            next++;
        }
        at = b.to;
    }
    spool_reader_close(&r);
    return same && next == count;
}

static void check_steps(bool by_write)
{
    AUTO_FOLDER f = {.dir = -1};
    CHECK(folder_make(&f));
    struct spool s = {0};
    struct spool_options o = small_options(&f);
    o.by_write = by_write;
    CHECK(spool_init(&s, &o, NULL) == TRACK_OK);
    const int64_t count = 3 * SMALL_SLOTS + 5; /* into the fourth segment */
    for (int64_t step = 0; step < count; step++) {
        CHECK(add_point(&s, step) == TRACK_OK);
        if (step % 1000 == 0) {
            spool_keep(&s);
        }
    }
    CHECK(spool_flush(&s, NULL) == TRACK_OK);
    CHECK(holds_steps(&f, (uint64_t)count));
    CHECK_INT(spool_bytes(&s) / SMALL, 4);
    spool_close(&s);
    spool_release(&s);
}

TEST(spool, keeps_records_over_many_segments)
{
    check_steps(false);
}

TEST(spool, keeps_them_also_where_it_must_write)
{
    check_steps(true);
}

TEST(spool, is_full_at_its_limit_and_goes_on_when_there_is_room)
{
    AUTO_FOLDER f = {.dir = -1};
    CHECK(folder_make(&f));
    struct spool s = {0};
    struct spool_options o = small_options(&f);
    o.bytes_max = 2 * SMALL;
    CHECK(spool_init(&s, &o, NULL) == TRACK_OK);
    for (int64_t step = 0; step < 2 * SMALL_SLOTS; step++) {
        CHECK(add_point(&s, step) == TRACK_OK);
    }
    CHECK(add_point(&s, 0) == TRACK_FULL);
    CHECK(add_point(&s, 0) == TRACK_FULL);
    CHECK_INT(atomic_load(&s.lost), 2);
    spool_remove_below(&s, SMALL_SLOTS - 1); /* not all of the first segment is held */
    CHECK(add_point(&s, 0) == TRACK_FULL);
    spool_remove_below(&s, SMALL_SLOTS);
    CHECK(faccessat(f.dir, "00000000.trk", F_OK, 0) != 0);
    CHECK(add_point(&s, 2 * SMALL_SLOTS) == TRACK_OK);
    spool_close(&s);
    spool_release(&s);
}

TEST(spool, takes_nothing_after_its_end)
{
    AUTO_FOLDER f = {.dir = -1};
    CHECK(folder_make(&f));
    struct spool s = {0};
    struct spool_options o = small_options(&f);
    uint64_t slots = 0;
    CHECK(spool_init(&s, &o, NULL) == TRACK_OK);
    CHECK(add_point(&s, 0) == TRACK_OK);
    spool_end(&s, 100, &slots);
    CHECK_INT(slots, 1);
    CHECK(add_point(&s, 1) == TRACK_CONFLICT);
    spool_close(&s);
    CHECK(add_point(&s, 1) == TRACK_CONFLICT);
    spool_release(&s);
}

TEST(spool, says_what_the_disk_refuses)
{
    AUTO_FOLDER f = {.dir = -1};
    CHECK(folder_make(&f));
    struct spool s = {0};
    struct spool_options o = small_options(&f);
    track_error err;
    CHECK(folder_write(&f, "00000000.trk", "somebody else's"));
    CHECK(spool_init(&s, &o, &err) == TRACK_IO);
    CHECK(strstr(err.message, "File exists"));
    spool_release(&s);
}

TEST(spool, off_takes_everything_and_keeps_nothing)
{
    struct spool s = {0};
    uint64_t slots = 0;
    spool_init_off(&s);
    CHECK(add_point(&s, 0) == TRACK_OK);
    spool_keep(&s);
    CHECK(spool_flush(&s, NULL) == TRACK_OK);
    spool_end(&s, 0, &slots);
    CHECK(add_point(&s, 0) == TRACK_CONFLICT);
    spool_close(&s);
    spool_release(&s);
}

struct adder {
    struct spool *spool;
    uint32_t key;
};

enum { ADDERS = 4, ADDS = 20000 };

static void *add_many(void *data)
{
    struct adder *a = data;
    for (int64_t i = 0; i < ADDS; i++) {
        struct slot slot = {.tag = slot_tag(SLOT_POINT, a->key), .a = i};
        if (spool_add(a->spool, &slot, (struct bytes){0}) != TRACK_OK) {
            return a;
        }
    }
    return NULL;
}

TEST(spool, keeps_the_order_of_each_thread)
{
    AUTO_FOLDER f = {.dir = -1};
    CHECK(folder_make(&f));
    struct spool s = {0};
    struct spool_options o = small_options(&f);
    pthread_t threads[ADDERS];
    struct adder adders[ADDERS];
    o.bytes_max = UINT64_C(1) << 30;
    CHECK(spool_init(&s, &o, NULL) == TRACK_OK);
    for (uint32_t i = 0; i < ADDERS; i++) {
        adders[i] = (struct adder){&s, i};
        pthread_create(&threads[i], NULL, add_many, &adders[i]);
    }
    bool failed = false;
    for (int i = 0; i < ADDERS; i++) {
        void *bad = NULL;
        pthread_join(threads[i], &bad);
        failed |= bad != NULL;
    }
    CHECK(!failed);
    int64_t next[ADDERS] = {0};
    struct spool_reader r;
    spool_reader_init(&r, f.dir, SMALL);
    for (uint64_t at = 0; at < ADDERS * ADDS;) {
        AUTO_ARENA arena = ARENA(SCAN_ARENA_BYTES);
        struct spool_batch b;
        struct spool_range range = {at, ADDERS * ADDS, false};
        CHECK(spool_scan(&r, &range, &arena, &b, NULL) == TRACK_OK && b.to > at);
        for (size_t i = 0; i < b.blocks.point_count; i++) {
            CHECK_INT(b.blocks.points[i].step, next[b.blocks.points[i].key]++);
        }
        at = b.to;
    }
    spool_reader_close(&r);
    spool_close(&s);
    spool_release(&s);
}
