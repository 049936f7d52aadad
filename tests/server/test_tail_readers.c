/* Shows that readers of packs serve one request after the other, and are not shared by two.
 * How: what is borrowed and returned in every order; the same pack twice at once; a store whose
 * answers are compared while readers go round. */
#include "../../server/seal_run.h"
#include "../../server/tail_readers.h"
#include "../harness.h"
#include "readers.h"
#include "sealed.h"

enum { POINTS_EACH = 6000 };

static track_status fill_and_seal(struct points *p)
{
    static struct blocks_point points[POINTS_EACH];
    static const char *const names[] = {"a"};
    struct points_batch b = {.names = names, .name_count = 1};
    struct seal_did did;
    for (int64_t i = 0; i < POINTS_EACH; i++) {
        points[i] = (struct blocks_point){i, NOW_US + i, (double)i, 0};
    }
    b.in = (struct blocks_in){points, POINTS_EACH, NULL, 0};
    TRY(points_add(p, &b));
    struct seal_ask ask = {
        .store = p->f.store, .run_node = sealed_run(&p->f, RUN_A), .now_us = NOW_US};
    return seal_run(&ask, &did, &p->f.err);
}

TEST(tail_readers, are_kept_for_the_next_request)
{
    POINTS(p);
    struct tail_readers *a = tail_readers_borrow(p.tail), *b = tail_readers_borrow(p.tail);
    struct tail_readers *c = tail_readers_borrow(p.tail), *none = NULL;
    CHECK(a && b && c && a != b && b != c && a != c);
    struct tail_readers *first = a;
    tail_readers_return(&a);
    CHECK(a == NULL && tail_spare(p.tail)->count == 1);
    tail_readers_return(&b);
    tail_readers_return(&c); /* one too many */
    tail_readers_return(&none);
    CHECK_INT(tail_spare(p.tail)->count, TAIL_READERS_SPARE);
    a = tail_readers_borrow(p.tail);
    b = tail_readers_borrow(p.tail);
    CHECK(a == first || b == first);
    CHECK_INT(tail_spare(p.tail)->count, 0);
    tail_readers_return(&a);
    tail_readers_return(&b);
}

/* The first value that a reader finds in chunk 0 or 1 of its pack; -1: none. */
static double value_of(struct pack_reader *r, size_t chunk)
{
    struct stretch in;
    return pack_read_chunk(r, chunk, &in, NULL) == TRACK_OK ? in.values[0] : -1;
}

TEST(tail_readers, of_one_pack_are_two_when_both_are_needed)
{
    POINTS(p);
    CHECK(fill_and_seal(&p) == TRACK_OK);
    AUTO_TAIL struct tail_run *run = NULL;
    CHECK(tail_take(p.tail, RUN_A, TAIL_FRESH, &run, &p.f.err) == TRACK_OK);
    CHECK_INT(run->pack_count, 1);
    AUTO_ARENA arena = ARENA(16 << 20);
    AUTO_TAIL_READERS readers = tail_readers_borrow(p.tail);
    struct tail_reading reading = {.arena = &arena, .readers = readers};
    struct pack_reader *one, *two, *again;
    CHECK(tail_pack_read(run->packs[0], &reading, &one, &p.f.err) == TRACK_OK);
    CHECK(tail_pack_read(run->packs[0], &reading, &two, &p.f.err) == TRACK_OK);
    CHECK(one != two);
    struct stretch in;
    CHECK(pack_read_chunk(one, 0, &in, NULL) == TRACK_OK);
    CHECK(value_of(two, 1) == 4096 && in.values[0] == 0 && in.values[4095] == 4095);
    tail_readers_rest(readers);
    CHECK(tail_pack_read(run->packs[0], &reading, &again, &p.f.err) == TRACK_OK);
    CHECK(again == one || again == two);
    CHECK(value_of(again, 0) == 0);
}

TEST(tail_readers, are_borrowed_by_a_reading_that_has_none)
{
    POINTS(p);
    CHECK(fill_and_seal(&p) == TRACK_OK);
    AUTO_TAIL struct tail_run *run = NULL;
    CHECK(tail_take(p.tail, RUN_A, TAIL_FRESH, &run, &p.f.err) == TRACK_OK);
    for (int i = 0; i < 3; i++) {
        AUTO_ARENA arena = ARENA(16 << 20);
        struct tail_reading reading = {.arena = &arena};
        struct pack_reader *one;
        CHECK(tail_pack_read(run->packs[0], &reading, &one, &p.f.err) == TRACK_OK);
        CHECK(value_of(one, 1) == 4096);
        CHECK_INT(tail_spare(p.tail)->count, 0);
        arena_release(&arena);
        CHECK_INT(tail_spare(p.tail)->count, 1);
    }
}
