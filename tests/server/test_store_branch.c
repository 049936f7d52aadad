/* Shows that every reader of a run shows what its rewinds left and what its parents had, whatever
 * was sealed, merged or restarted meanwhile; that a rewind may be sent again; what is refused.
 * How: random frames of several writers, runs and epochs, rewinds and forks between them; each
 * answer is compared with the rule, word by word, over all points that were ever sent. */
#include "../../server/seal_merge.h"
#include "../../server/seal_run.h"
#include "../../server/store_branch.h"
#include "../harness.h"
#include "readers.h"
#include "sealed.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { RUNS = 3, WRITERS = 4, BATCH_MAX = 1500, LOG_MAX = 200000, REWINDS = 60, MOVES = 70 };

static const char *const ids[RUNS] = {RUN_A, RUN_B, "0190a0b0c0d0700080000000000000cc"};

/* A run as the rule sees it. */
struct told {
    bool there;
    int parent; /* -1: none */
    int64_t fork_step, fork_epoch;
    int64_t epoch;
    int64_t cuts[REWINDS + 1]; /* [epoch]: step of the rewind that began it */
    int64_t step;              /* where it is */
};

/* A point as it was sent. */
struct entry {
    int run;
    int64_t epoch;
    struct blocks_point point;
};

struct playing {
    struct points p;
    struct readers want;
    struct told runs[RUNS];
    struct entry *log; /* [count] */
    size_t count;
    uint64_t random;
    struct blocks_point batch[BATCH_MAX];
};

static uint64_t next(struct playing *g, uint64_t below)
{
    return readers_next(&g->random) % below;
}

static track_status put_run(struct playing *g, int run, int parent, int64_t step)
{
    struct run_put put = {.id = ids[run], .project = "points", .now_us = NOW_US};
    put.ticket.arena = &g->p.f.arena;
    g->runs[run] = (struct told){.there = true, .parent = parent};
    if (parent >= 0) {
        put.fork_parent = ids[parent];
        put.fork_step = step;
        g->runs[run].fork_step = step;
        g->runs[run].fork_epoch = g->runs[parent].epoch;
        g->runs[run].step = step;
    }
    return fixture_wait(&g->p.f, store_run_put(g->p.f.store, &put, &g->p.f.err), &put.ticket);
}

static track_status rewind_to(struct playing *g, int run, int64_t step, int64_t epoch,
                              struct run_rewind *out)
{
    *out = (struct run_rewind){.id = ids[run], .step = step, .epoch = epoch, .now_us = NOW_US};
    return fixture_wait(&g->p.f, store_run_rewind(g->p.f.store, out, &g->p.f.err), &out->ticket);
}

/* The rule: does a run that was seen until an epoch show the point? */
static bool is_seen(const struct playing *g, int run, int64_t until, const struct entry *e)
{
    const struct told *r = &g->runs[run];
    bool own = e->run == run;
    bool seen = own ? e->epoch <= until : r->parent >= 0 && e->point.step <= r->fork_step;
    for (int64_t epoch = own ? e->epoch + 1 : 1; epoch <= r->epoch && epoch <= until; epoch++) {
        seen = seen && e->point.step <= r->cuts[epoch];
    }
    return seen && (own || is_seen(g, r->parent, r->fork_epoch, e));
}

static bool agree(struct playing *g)
{
    for (int run = 0; run < RUNS; run++) {
        const struct told *r = &g->runs[run];
        memset(g->want.count, 0, sizeof(g->want.count));
        g->want.run = ids[run];
        for (size_t i = 0; r->there && i < g->count; i++) {
            if (is_seen(g, run, r->epoch, &g->log[i])) {
                readers_add(&g->want, &g->log[i].point, 1);
            }
        }
        readers_settle(&g->want);
        if (r->there && !readers_agree(&g->p, &g->want, &g->random)) {
            return false;
        }
    }
    return true;
}

/* A batch at the current epoch, or now and then one that comes late. */
static track_status send(struct playing *g, int run)
{
    struct told *r = &g->runs[run];
    struct points_batch batch = {.names = readers_names, .name_count = READERS_SERIES};
    size_t count = 1 + next(g, BATCH_MAX);
    batch.run = ids[run];
    batch.writer = (unsigned char)(run * WRITERS + (int)next(g, WRITERS));
    batch.epoch = (uint32_t)(next(g, 4) ? r->epoch : (int64_t)next(g, (uint64_t)r->epoch + 1));
    for (size_t i = 0; i < count; i++) {
        int64_t step = next(g, 10) ? r->step++ : (int64_t)next(g, (uint64_t)r->step + 50) - 20;
        double value = next(g, 9) ? sin((double)step / 50) : NAN;
        g->batch[i] = (struct blocks_point){step, NOW_US + step * 1000 + (int64_t)next(g, 3), value,
                                            (uint32_t)next(g, READERS_SERIES)};
        if (g->count && next(g, 12) == 0) { /* a point that was sent before, by whomever */
            g->batch[i] = g->log[next(g, g->count)].point;
        }
        g->log[g->count++] = (struct entry){run, batch.epoch, g->batch[i]};
    }
    batch.in = (struct blocks_in){g->batch, count, NULL, 0};
    return points_add(&g->p, &batch);
}

static track_status rewind_some(struct playing *g, int run)
{
    struct told *r = &g->runs[run];
    struct run_rewind call, again;
    int64_t step = (int64_t)next(g, (uint64_t)r->step + 2) - 1;
    if (r->epoch == REWINDS) {
        return TRACK_OK;
    }
    TRY(rewind_to(g, run, step, r->epoch, &call));
    TRY(rewind_to(g, run, step, r->epoch, &again));
    r->cuts[++r->epoch] = step;
    r->step = step + 1 < 0 ? 0 : step + 1;
    bool good =
        !call.again && again.again && call.new_epoch == r->epoch && again.new_epoch == r->epoch;
    return good ? TRACK_OK : TRACK_CORRUPT;
}

static track_status seal_some(struct playing *g, int run, size_t bytes_max, bool *more)
{
    *more = false;
    for (int64_t epoch = 0; epoch <= g->runs[run].epoch; epoch++) {
        struct seal_did did;
        struct seal_ask ask = {.store = g->p.f.store,
                               .run_node = sealed_run(&g->p.f, ids[run]),
                               .epoch = epoch,
                               .now_us = NOW_US,
                               .bytes_max = bytes_max};
        TRY(seal_run(&ask, &did, &g->p.f.err));
        *more = *more || did.more;
    }
    return TRACK_OK;
}

static track_status merge_some(struct playing *g, int run)
{
    struct merge_ask ask = {
        .store = g->p.f.store, .run_node = sealed_run(&g->p.f, ids[run]), .now_us = NOW_US};
    size_t merged = 1;
    while (merged) {
        TRY(merge_level(&ask, &merged, &g->p.f.err));
    }
    return TRACK_OK;
}

static track_status restart(struct playing *g)
{
    struct tail_options options = {g->p.f.store, 0};
    tail_close(g->p.tail);
    g->p.tail = NULL;
    return tail_open(&options, &g->p.tail, &g->p.f.err);
}

static track_status move(struct playing *g)
{
    bool more;
    int run = (int)next(g, RUNS);
    if (!g->runs[run].there) { /* of one that is there: 1 of 0, 2 of 1 or 0 */
        int parent = run == 2 && g->runs[1].there && next(g, 3) ? 1 : 0;
        return put_run(g, run, parent, (int64_t)next(g, (uint64_t)g->runs[parent].step + 10));
    }
    switch (next(g, 10)) {
    case 0:
        return rewind_some(g, run);
    case 1:
    case 2:
        return seal_some(g, run, 1 + next(g, 40000), &more);
    case 3:
        return merge_some(g, run);
    case 4:
        return restart(g);
    default:
        return send(g, run);
    }
}

static void play(uint64_t seed)
{
    static struct playing g;
    bool more = true;
    g = (struct playing){.random = seed};
    points_open(&g.p, 0);
    CHECK(g.p.tail && readers_open(&g.want, &g.p.f));
    g.log = ARENA_ARRAY(&g.p.f.arena, struct entry, LOG_MAX);
    CHECK(g.log != NULL);
    g.runs[0] = (struct told){.there = true, .parent = -1};
    for (int i = 0; i < MOVES; i++) {
        CHECK_INT(move(&g), TRACK_OK);
        if (next(&g, 4) == 0) {
            CHECK(agree(&g));
        }
    }
    for (int run = 0; run < RUNS; run++) {
        for (more = g.runs[run].there; more;) {
            CHECK(seal_some(&g, run, 1 << 20, &more) == TRACK_OK);
        }
        CHECK(!g.runs[run].there || merge_some(&g, run) == TRACK_OK);
    }
    CHECK(agree(&g));
    CHECK(restart(&g) == TRACK_OK && agree(&g));
    CHECK(sealed_clean(&g.p));
    points_close(&g.p);
}

TEST(store_branch, rewinds_and_forks_change_what_is_seen_and_nothing_else)
{
    for (uint64_t seed = 1; seed <= 4; seed++) {
        play(seed);
    }
}

TEST(store_branch, says_what_was_asked_for)
{
    static struct playing g;
    struct run_rewind call;
    struct run_branch b;
    g = (struct playing){.random = 1};
    points_open(&g.p, 0);
    CHECK(g.p.tail && points_add_one(&g.p, "loss", 100, 1) == TRACK_OK);
    CHECK_INT(rewind_to(&g, 0, 50, -1, &call), TRACK_OK);
    CHECK(call.new_epoch == 1 && !call.again);
    CHECK_INT(rewind_to(&g, 0, 50, -1, &call),
              TRACK_OK); /* who does not say an epoch says it anew */
    CHECK(call.new_epoch == 2);
    CHECK_INT(rewind_to(&g, 0, 50, 0, &call), TRACK_OK); /* another rank */
    CHECK(call.new_epoch == 1 && call.again);
    CHECK_INT(rewind_to(&g, 0, 50, 3, &call), TRACK_INVALID);
    g.runs[0].epoch = 2;
    CHECK_INT(put_run(&g, 1, 0, 40), TRACK_OK);
    CHECK_INT(put_run(&g, 1, 0, 40), TRACK_OK); /* sent again */
    CHECK_INT(put_run(&g, 1, 0, 41), TRACK_CONFLICT);
    CHECK_INT(put_run(&g, 0, 1, 41), TRACK_CONFLICT); /* it is there, and is no fork */
    CHECK_INT(put_run(&g, 2, 2, 0), TRACK_INVALID);
    CHECK(store_run_branch(g.p.f.store, RUN_A, &g.p.f.arena, &b, &g.p.f.err) == TRACK_OK);
    CHECK(!b.parent && b.forks == 1 && b.rewind_count == 2 && b.rewinds[0].epoch == 2);
    CHECK(store_run_branch(g.p.f.store, RUN_B, &g.p.f.arena, &b, &g.p.f.err) == TRACK_OK);
    CHECK(b.parent && strcmp(b.parent, RUN_A) == 0 && b.step == 40 && !b.parent_deleted);
    points_close(&g.p);
}

/* What writer w of rank r is, and one point of it. */
static track_status add_of_rank(struct playing *g, unsigned char w, int64_t rank, int64_t step,
                                uint32_t epoch)
{
    const char *name = "loss";
    struct blocks_point point = {step, NOW_US, 1, 0};
    struct points_batch batch = {.run = RUN_A, .writer = w, .names = &name, .name_count = 1};
    unsigned char id[16];
    memset(id, w + 1, sizeof(id));
    struct journal_writer call = {
        .run = RUN_A, .writer = {id, sizeof(id)}, .rank = rank, .now_us = NOW_US};
    batch.in = (struct blocks_in){&point, 1, NULL, 0};
    batch.epoch = epoch;
    TRY(fixture_wait(&g->p.f, journal_writer(g->p.f.store, &call, &g->p.f.err), &call.ticket));
    return points_add(&g->p, &batch);
}

/* The epoch that a rank's rewind to step 100 gives; it has logged in epoch 0 so far. */
static int64_t rewind_of(struct playing *g, unsigned char w, int64_t epoch)
{
    unsigned char id[16];
    memset(id, w + 1, sizeof(id));
    struct run_rewind call = {.id = RUN_A, .writer = {id, sizeof(id)}, .step = 100, .epoch = epoch};
    track_status status = store_run_rewind(g->p.f.store, &call, &g->p.f.err);
    return fixture_wait(&g->p.f, status, &call.ticket) == TRACK_OK ? call.new_epoch : -1;
}

TEST(store_branch, ranks_go_back_together)
{
    static struct playing g;
    g = (struct playing){.random = 1};
    points_open(&g.p, 0);
    CHECK(add_of_rank(&g, 0, 0, 150, 0) == TRACK_OK && add_of_rank(&g, 1, 1, 150, 0) == TRACK_OK);
    CHECK_INT(rewind_of(&g, 0, 0), 1);
    CHECK(add_of_rank(&g, 0, 0, 120, 1) == TRACK_OK);
    CHECK_INT(rewind_of(&g, 1, 1), 1); /* it was slow to say so, and knows of epoch 1 */
    CHECK_INT(rewind_of(&g, 1, 1), 1);
    CHECK_INT(rewind_of(&g, 0, 1), 2); /* rank 0 has logged behind it: again */
    CHECK_INT(rewind_of(&g, 1, 1), 2);
    CHECK(add_of_rank(&g, 1, 1, 130, 2) == TRACK_OK);
    CHECK_INT(rewind_of(&g, 1, 2), 3);
    points_close(&g.p);
}

TEST(store_branch, a_line_of_forks_has_an_end)
{
    static struct playing g;
    struct run_put put;
    char id[33], last[33] = RUN_A;
    track_status status = TRACK_OK;
    points_open(&g.p, 0);
    CHECK(g.p.tail && points_add_one(&g.p, "loss", 1, 1) == TRACK_OK);
    for (int i = 1; i <= BRANCH_MAX; i++) {
        snprintf(id, sizeof(id), "0190a0b0c0d0700080000000000000%02x", i);
        put = (struct run_put){.id = id, .project = "points", .fork_parent = last, .fork_step = 9};
        put.ticket.arena = &g.p.f.arena;
        status = fixture_wait(&g.p.f, store_run_put(g.p.f.store, &put, &g.p.f.err), &put.ticket);
        CHECK_INT(status, i < BRANCH_MAX ? TRACK_OK : TRACK_CONFLICT);
        if (i < BRANCH_MAX) {
            memcpy(last, id, sizeof(last));
        }
    }
    struct points_ask ask = {.run = last, .key = {"loss", NULL}, .to = 9, .limit = 10};
    struct points_page page;
    CHECK(series_points(g.p.tail, &ask, &g.p.f.arena, &page, &g.p.f.err) == TRACK_OK);
    CHECK(page.count == 1 && page.steps[0] == 1);
    points_close(&g.p);
}

/* Texts at steps 1..4, one a frame. */
static track_status add_texts(struct points *p, const char *run, unsigned char writer)
{
    const char *name = "sample";
    for (int64_t step = 1; step <= 4; step++) {
        struct blocks_text text = {.step = step, .time_us = NOW_US + step};
        text.text = (struct bytes){(const unsigned char *)"abcd" + step - 1, 1};
        struct points_batch batch = {.run = run, .writer = writer, .names = &name, .name_count = 1};
        batch.in = (struct blocks_in){NULL, 0, &text, 1};
        TRY(points_add(p, &batch));
    }
    return TRACK_OK;
}

static size_t texts_of(struct points *p, const char *run)
{
    struct texts_ask ask = {.run = run, .limit = 100};
    struct texts_page page;
    bool good = series_texts(p->tail, &ask, &p->f.arena, &page, &p->f.err) == TRACK_OK;
    return good ? page.count : 99;
}

TEST(store_branch, texts_follow_the_rule)
{
    static struct playing g;
    struct run_rewind call;
    bool more;
    g = (struct playing){.random = 1};
    points_open(&g.p, 0);
    CHECK(add_texts(&g.p, RUN_A, 0) == TRACK_OK && put_run(&g, 1, 0, 3) == TRACK_OK);
    CHECK_INT(texts_of(&g.p, RUN_A), 4);
    CHECK_INT(texts_of(&g.p, RUN_B), 3);
    CHECK(rewind_to(&g, 0, 2, 0, &call) == TRACK_OK && rewind_to(&g, 1, 1, 0, &call) == TRACK_OK);
    CHECK_INT(texts_of(&g.p, RUN_A), 2);
    CHECK_INT(texts_of(&g.p, RUN_B), 1);
    CHECK(seal_some(&g, 0, 1 << 20, &more) == TRACK_OK);
    CHECK_INT(texts_of(&g.p, RUN_A), 2);
    CHECK_INT(texts_of(&g.p, RUN_B), 1);
    CHECK(sealed_waiting(&g.p.f, RUN_A) == 0 && restart(&g) == TRACK_OK);
    CHECK_INT(texts_of(&g.p, RUN_A), 2);
    CHECK_INT(texts_of(&g.p, RUN_B), 1);
    points_close(&g.p);
}
