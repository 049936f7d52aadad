/* Shows that merging keeps every point, and that final packs carry the digests of their series.
 * How: sealed rows of a real run; packs are decoded again. */
#include "../../server/seal_merge.h"

#include "../../core/series_digest.h"
#include "../../server/seal_run.h"
#include "../harness.h"
#include "sealed.h"

#include <string.h>

enum { ROWS = PACK_FAN_IN };

/* One pack for each point. */
static bool seal_each(struct points *p, int from, int rows)
{
    struct seal_did did;
    struct seal_ask ask = {
        .store = p->f.store, .run_node = sealed_run(&p->f, RUN_A), .now_us = NOW_US};
    for (int i = from; i < from + rows; i++) {
        if (points_add_one(p, i % 3 ? "loss" : "lr", i, i) != TRACK_OK ||
            seal_run(&ask, &did, &p->f.err) != TRACK_OK || did.rows != 1) {
            return false;
        }
    }
    return true;
}

static bool change(struct points *p, enum run_change_kind kind, const char *state)
{
    struct run_change call = {.change = kind,
                              .id = RUN_A,
                              .state = state,
                              .exit_code = RUN_NO_CODE,
                              .now_us = NOW_US + 1};
    call.ticket.arena = &p->f.arena;
    return fixture_wait(&p->f, store_run_change(p->f.store, &call, &p->f.err), &call.ticket) ==
           TRACK_OK;
}

/* Finishes the run; its writers have been silent for long. */
static bool finish(struct points *p)
{
    return change(p, RUN_FINISH, "finished") &&
           store_reap(p->f.store, NOW_US + 3600 * INT64_C(1000000), &p->f.err) == TRACK_OK;
}

static struct merge_ask ask_of(struct points *p)
{
    return (struct merge_ask){
        .store = p->f.store, .run_node = sealed_run(&p->f, RUN_A), .now_us = NOW_US + 1};
}

TEST(seal_merge, makes_one_pack_of_a_level)
{
    POINTS(p);
    size_t merged;
    CHECK(seal_each(&p, 0, ROWS - 1));
    struct merge_ask ask = ask_of(&p);
    CHECK_INT(merge_level(&ask, &merged, &p.f.err), TRACK_OK);
    CHECK(merged == 0 && sealed_packs(&p.f, RUN_A).count == ROWS - 1);
    CHECK(seal_each(&p, ROWS - 1, 2));
    CHECK_INT(merge_level(&ask, &merged, &p.f.err), TRACK_OK);
    CHECK_INT(merged, ROWS);
    struct pack_list packs = sealed_packs(&p.f, RUN_A);
    CHECK_INT(packs.count, 2);
    const struct pack *big = &packs.at[packs.at[0].level ? 0 : 1];
    CHECK(big->level == 1 && big->n == ROWS && big->series == 2 && big->rev == 0);
    struct sealed_points loss = sealed_points(&p.f, RUN_A, "loss");
    CHECK_INT(loss.count, ROWS + 1 - ROWS / 3 - 1);
    for (size_t i = 0; i < loss.count; i++) {
        CHECK(loss.at[i].value == (double)loss.at[i].step && loss.at[i].step % 3);
    }
    CHECK_INT(merge_level(&ask, &merged, &p.f.err), TRACK_OK);
    CHECK_INT(merged, 0);
    CHECK_INT(merge_final(&ask, &merged, &p.f.err), TRACK_OK); /* the run goes on */
    CHECK_INT(merged, 0);
    CHECK(sealed_clean(&p));
}

/* The digest that the directory gives for the series, against one of its points. */
static bool has_digest(struct points *p, const struct pack *pack, const char *name)
{
    AUTO_ARENA arena = ARENA(16 << 20);
    struct bytes bytes = sealed_bytes(&p->f, pack);
    struct pack_blob blob = {pack_read_memory, &bytes, bytes.size};
    struct pack_dir dir;
    struct series_digest *digest;
    struct digest want = {{0}};
    if (pack_dir_read(&blob, &arena, &dir, &p->f.err) != TRACK_OK ||
        series_digest_open(&arena, &digest, &p->f.err) != TRACK_OK) {
        return false;
    }
    struct sealed_points all = sealed_points(&p->f, RUN_A, name);
    for (size_t i = 0; i < all.count; i++) {
        const struct point *at = &all.at[i];
        (void)series_digest_add(digest, &at->step, &at->time_us, &at->value, 1, NULL);
    }
    struct bytes text = {(const unsigned char *)name, strlen(name)};
    const struct pack_series *s = pack_dir_find(&dir, text, (struct bytes){NULL, 0});
    return series_digest_end(digest, &want, NULL) == TRACK_OK && s && s->has_digest &&
           (dir.head.flags & PACK_FINAL) && memcmp(s->digest.at, want.at, sizeof(want.at)) == 0;
}

TEST(seal_merge, makes_final_packs_at_the_end)
{
    POINTS(p);
    size_t merged;
    CHECK(seal_each(&p, 0, 3) && finish(&p));
    struct merge_ask ask = ask_of(&p);
    CHECK_INT(merge_final(&ask, &merged, &p.f.err), TRACK_OK);
    CHECK_INT(merged, 3);
    struct pack_list packs = sealed_packs(&p.f, RUN_A);
    CHECK(packs.count == 1 && packs.at[0].rev == 1 && packs.at[0].level == 1);
    CHECK(has_digest(&p, &packs.at[0], "loss") && has_digest(&p, &packs.at[0], "lr"));
    CHECK_INT(merge_final(&ask, &merged, &p.f.err), TRACK_OK);
    CHECK_INT(merged, 0);
    CHECK(change(&p, RUN_REOPEN, NULL) && seal_each(&p, 3, 3) && finish(&p));
    CHECK_INT(merge_final(&ask, &merged, &p.f.err), TRACK_OK);
    CHECK_INT(merged, 3); /* what was final stays as it is */
    packs = sealed_packs(&p.f, RUN_A);
    CHECK(packs.count == 2 && packs.at[0].rev + packs.at[1].rev == 3);
    CHECK_INT(sealed_points(&p.f, RUN_A, "loss").count, 4);
    CHECK(sealed_clean(&p));
}

enum { NOISE = 30000, SMALL_PACK = 64 << 10 };

/* Points of two series that no codec makes smaller, in three packs. */
static bool seal_noise(struct points *p)
{
    static const char *const names[] = {"a", "b"};
    static struct blocks_point at[NOISE];
    struct seal_did did;
    struct seal_ask ask = {
        .store = p->f.store, .run_node = sealed_run(&p->f, RUN_A), .now_us = NOW_US};
    uint64_t state = 7;
    for (int part = 0; part < 3; part++) {
        for (uint32_t i = 0; i < NOISE; i++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            at[i] =
                (struct blocks_point){part * NOISE + (int64_t)i, i, (double)(state >> 11), i % 2};
        }
        struct points_batch batch = {.names = names, .name_count = 2, .in = {at, NOISE, NULL, 0}};
        if (points_add(p, &batch) != TRACK_OK || seal_run(&ask, &did, &p->f.err) != TRACK_OK) {
            return false;
        }
    }
    return true;
}

TEST(seal_merge, splits_final_packs_in_the_middle_of_a_series)
{
    POINTS(p);
    size_t merged, whole = 0, split = 0;
    CHECK(seal_noise(&p) && finish(&p));
    struct merge_ask ask = ask_of(&p);
    ask.bytes_max = SMALL_PACK;
    CHECK_INT(merge_final(&ask, &merged, &p.f.err), TRACK_OK);
    struct pack_list packs = sealed_packs(&p.f, RUN_A);
    CHECK(merged == 3 && packs.count > 5);
    for (size_t i = 0; i < packs.count; i++) {
        AUTO_ARENA arena = ARENA(16 << 20);
        struct bytes bytes = sealed_bytes(&p.f, &packs.at[i]);
        struct pack_blob blob = {pack_read_memory, &bytes, bytes.size};
        struct pack_dir dir;
        CHECK(bytes.size <= SMALL_PACK + (SMALL_PACK / 2) && packs.at[i].rev == 1);
        CHECK_INT(pack_dir_read(&blob, &arena, &dir, &p.f.err), TRACK_OK);
        for (size_t k = 0; k < dir.series_count; k++) {
            whole += dir.series[k].has_digest == PACK_DIGEST;
            split += dir.series[k].has_digest == PACK_DIGEST_SPLIT;
        }
    }
    CHECK(whole == 0 && split == 2);
    CHECK_INT(sealed_points(&p.f, RUN_A, "a").count, 3 * NOISE / 2);
    CHECK(sealed_clean(&p));
}

static track_status refuse(void *data, track_error *err)
{
    ++*(int *)data;
    return FAIL(err, TRACK_CONFLICT, "later");
}

TEST(seal_merge, may_be_stopped_between_series)
{
    POINTS(p);
    size_t merged;
    int calls = 0;
    struct pack_between between = {refuse, &calls};
    CHECK(seal_each(&p, 0, ROWS));
    struct merge_ask ask = ask_of(&p);
    ask.between = &between;
    CHECK_INT(merge_level(&ask, &merged, &p.f.err), TRACK_CONFLICT);
    CHECK(calls == 1 && merged == 0 && sealed_packs(&p.f, RUN_A).count == ROWS);
    CHECK(sealed_clean(&p));
}
