/* Shows that every reader answers the same whatever was sealed and merged when.
 * How: random points of several writers, late, repeated and of any bits; between them rows leave
 * the journal, packs are merged, the cache goes; each answer is compared with one from all points
 * that were ever sent. */
#include "../harness.h"
#include "readers.h"
#include "sealed.h"

#include <math.h>
#include <string.h>

enum { BATCH_MAX = 3000, MOVES = 40, WRITERS = 3 };

/* A history on its way. */
struct playing {
    struct points *p;
    struct readers all;
    uint64_t random;
    int64_t step[READERS_SERIES]; /* where each is */
    bool wild;                    /* late points, repeats, any bits */
    uint64_t seals, merges;       /* that did something */
    struct blocks_point batch[BATCH_MAX];
};

static struct blocks_point any_point(struct playing *g, const struct blocks_point *before,
                                     size_t count)
{
    static const double special[] = {NAN, INFINITY, -INFINITY, -0.0, 0.0, 1e300, -1e300};
    uint64_t choice = readers_next(&g->random) % 100;
    uint32_t key = (uint32_t)(readers_next(&g->random) % READERS_SERIES);
    int64_t step = g->step[key] += 1 + (int64_t)(readers_next(&g->random) % 3);
    struct blocks_point point = {step, NOW_US + step * 1000, sin((double)step / 50), key};
    if (!g->wild) {
        return point;
    }
    if (choice < 10) {
        point.step -= (int64_t)(readers_next(&g->random) % 3000);
    }
    if (choice % 7 == 0) {
        point.value = special[readers_next(&g->random) % 7];
    }
    if (choice % 11 == 0) {
        point.time_us -= (int64_t)(readers_next(&g->random) % 100000);
    }
    const struct readers *all = &g->all;
    if (choice >= 90 && all->count[key]) {
        const struct point *old = &all->at[key][readers_next(&g->random) % all->count[key]];
        point = (struct blocks_point){old->step, old->time_us, old->value, key};
    }
    return choice == 50 && count ? before[readers_next(&g->random) % count] : point;
}

static track_status send(struct playing *g)
{
    size_t count = 1 + readers_next(&g->random) % BATCH_MAX;
    struct points_batch batch = {.names = readers_names, .name_count = READERS_SERIES};
    for (size_t i = 0; i < count; i++) {
        g->batch[i] = any_point(g, g->batch, i);
    }
    batch.writer = (unsigned char)(g->wild ? readers_next(&g->random) % WRITERS : 0);
    batch.in = (struct blocks_in){g->batch, count, NULL, 0};
    TRY(points_add(g->p, &batch));
    readers_add(&g->all, g->batch, count);
    readers_settle(&g->all);
    return TRACK_OK;
}

static track_status move(struct playing *g)
{
    struct seal_did did;
    size_t merged = 0;
    switch (readers_next(&g->random) % 8) {
    case 0:
    case 1:
        TRY(sealed_seal(g->p, 1 + readers_next(&g->random) % 60000, &did));
        g->seals += did.rows > 0;
        return TRACK_OK;
    case 2:
        TRY(sealed_merge(g->p, &merged));
        g->merges += merged > 0;
        return TRACK_OK;
    case 3:
        return sealed_restart(g->p);
    default:
        return send(g);
    }
}

/* The rest of the journal becomes packs, and these become fewer. */
static track_status seal_all(struct playing *g)
{
    struct seal_did did = {.more = true};
    size_t merged = 1;
    while (did.more || g->seals < PACK_FAN_IN) {
        TRY(did.more ? TRACK_OK : send(g));
        TRY(sealed_seal(g->p, 1, &did));
        g->seals += did.rows > 0;
    }
    while (merged) {
        TRY(sealed_merge(g->p, &merged));
        g->merges += merged > 0;
    }
    return TRACK_OK;
}

static void play(uint64_t seed, bool wild)
{
    POINTS(p);
    static struct playing g;
    g = (struct playing){.p = &p, .random = seed, .wild = wild};
    CHECK(readers_open(&g.all, &p.f));
    for (int i = 0; i < MOVES; i++) {
        track_status status = move(&g);
        CHECK_INT(status, TRACK_OK);
        if (readers_next(&g.random) % 2) {
            CHECK(readers_agree(&p, &g.all, &g.random));
        }
    }
    CHECK(seal_all(&g) == TRACK_OK);
    CHECK_INT(sealed_waiting(&p.f, RUN_A), 0);
    CHECK(readers_agree(&p, &g.all, &g.random));
    CHECK(sealed_restart(&p) == TRACK_OK);
    CHECK(readers_agree(&p, &g.all, &g.random));
    CHECK(g.seals >= PACK_FAN_IN && g.merges > 0);
}

TEST(tail_pack, changes_no_answer)
{
    for (uint64_t seed = 1; seed <= 3; seed++) {
        play(seed, true);
    }
}

TEST(tail_pack, changes_no_answer_where_all_is_in_order)
{
    play(11, false);
    play(12, false);
}
