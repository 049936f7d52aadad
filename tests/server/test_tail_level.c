/* Shows that charts are the same whether their buckets were read or kept, and that no more is kept
 * than may be.
 * How: two packs of a run whose times go back and forth, charts of any axis and zoom again and
 * again. */
#include "../../server/seal_run.h"
#include "../../server/tail_level.h"
#include "../harness.h"
#include "readers.h"
#include "sealed.h"

#include <math.h>

enum { PACKS = 2, BATCH = 4000, BATCHES = 10, ROUNDS = 12 };

static track_status seal(struct points *p)
{
    struct seal_did did = {.more = true};
    struct seal_ask ask = {
        .store = p->f.store, .run_node = sealed_run(&p->f, RUN_A), .now_us = NOW_US};
    while (did.more) {
        TRY(seal_run(&ask, &did, &p->f.err));
    }
    return TRACK_OK;
}

/* Points of a few series, some steps apart; now and then a time is earlier than the one before. */
static track_status send(struct points *p, struct readers *all, uint64_t *random, int64_t *step)
{
    static struct blocks_point batch[BATCH];
    struct points_batch b = {.names = readers_names, .name_count = READERS_SERIES};
    for (size_t i = 0; i < BATCH; i++) {
        uint64_t choice = readers_next(random) % 100;
        *step += (int64_t)(readers_next(random) % 3);
        batch[i] = (struct blocks_point){*step, NOW_US + *step * 700, sin((double)*step / 90), 0};
        batch[i].time_us -= choice < 10 ? (int64_t)(readers_next(random) % 90000) : 0;
        batch[i].value = choice == 20 ? NAN : choice == 21 ? -INFINITY : batch[i].value;
        batch[i].key = choice % 50 == 0 ? 1 : 0;
    }
    b.in = (struct blocks_in){batch, BATCH, NULL, 0};
    TRY(points_add(p, &b));
    readers_add(all, batch, BATCH);
    readers_settle(all);
    return TRACK_OK;
}

/* Bytes that are kept of RUN_A. */
static size_t kept(struct points *p)
{
    AUTO_TAIL struct tail_run *run = NULL;
    return tail_take(p->tail, RUN_A, TAIL_AS_IS, &run, &p->f.err) == TRACK_OK ? run->levels.bytes
                                                                              : SIZE_MAX;
}

TEST(tail_level, changes_no_chart)
{
    POINTS(p);
    struct readers all;
    uint64_t random = 5;
    int64_t step = -30000;
    CHECK(readers_open(&all, &p.f));
    for (int pack = 0; pack < PACKS; pack++) {
        for (int i = 0; i < BATCHES; i++) {
            CHECK(send(&p, &all, &random, &step) == TRACK_OK);
        }
        CHECK(seal(&p) == TRACK_OK);
    }
    CHECK_INT(sealed_waiting(&p.f, RUN_A), 0);
    for (int i = 0; i < ROUNDS; i++) {
        CHECK(readers_agree(&p, &all, &random));
    }
    size_t bytes = kept(&p);
    CHECK(bytes > 0 && bytes < (size_t)1 << 20);
    CHECK(send(&p, &all, &random, &step) == TRACK_OK); /* some points lie in the journal again */
    CHECK(readers_agree(&p, &all, &random));
    CHECK(seal(&p) == TRACK_OK);
    CHECK(readers_agree(&p, &all, &random));
}

TEST(tail_level, is_forgotten_when_there_was_not_room_for_all)
{
    POINTS(p);
    struct readers all;
    uint64_t random = 6;
    int64_t step = 0;
    CHECK(readers_open(&all, &p.f));
    for (int i = 0; i < BATCHES; i++) {
        CHECK(send(&p, &all, &random, &step) == TRACK_OK);
    }
    CHECK(seal(&p) == TRACK_OK);
    CHECK_INT(kept(&p), 0);
    while (kept(&p) == 0) { /* some charts are finer than what is kept */
        CHECK(readers_agree(&p, &all, &random));
    }
    struct tail_run *run = NULL;
    CHECK(tail_take(p.tail, RUN_A, TAIL_AS_IS, &run, &p.f.err) == TRACK_OK);
    run->levels.full = true;
    tail_give(&run);
    CHECK_INT(kept(&p), 0);
    CHECK(readers_agree(&p, &all, &random));
}
