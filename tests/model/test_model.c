/* Shows that no acknowledged point is lost or doubled and no byte that a row names is gone, however
 * the parts of the server get in each other's way; and that each safeguard is needed for that.
 * How: the model of model.h, random schedules from fixed seeds.  MODEL_SCHEDULES=20000 for more. */
#include "../../server/db_schema.h"
#include "../harness.h"
#include "../server/fixture.h"
#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SCHEDULES = 150, MUTANT_SCHEDULES = 2000, SEED = 1 };

struct place {
    char dir[64], path[96];
    struct db *db;
    struct world world;
    track_error err;
};

/* Nothing is ever committed, so any file system is quick enough. */
static void place_open(struct place *p)
{
    snprintf(p->dir, sizeof(p->dir), "/tmp/track-model-XXXXXX");
    if (!mkdtemp(p->dir)) {
        return;
    }
    snprintf(p->path, sizeof(p->path), "%s/track.db", p->dir);
    if (db_open(&db_sqlite, p->path, true, &p->db, &p->err) == TRACK_OK &&
        db_migrate(p->db, db_migrations, NOW_US, &p->err) != TRACK_OK) {
        db_close(p->db);
        p->db = NULL;
    }
}

static void place_close(struct place *p)
{
    db_close(p->db);
    fixture_remove(p->dir);
}

#define PLACE(p)                                                \
    __attribute__((cleanup(place_close))) struct place p = {0}; \
    place_open(&(p));                                           \
    CHECK(p.db)

/* Plays schedules until one goes wrong; how many it took, or 0: none did. */
static int play(struct place *p, enum without without, int schedules, struct model_counts *sum)
{
    for (int i = 0; i < schedules; i++) {
        struct world *w = &p->world;
        if (model_play(p->db, without, (uint64_t)(SEED + i), w, &p->err) != TRACK_OK) {
            model_violate(w, "%s", p->err.message);
        }
        if (w->violation[0]) {
            return i + 1;
        }
        int *to = (int *)sum;
        for (size_t k = 0; k < sizeof(*sum) / sizeof(int); k++) {
            to[k] += ((const int *)&w->counts)[k];
        }
    }
    return 0;
}

TEST(model, loses_and_doubles_nothing)
{
    PLACE(p);
    const char *more = getenv("MODEL_SCHEDULES");
    int schedules = more ? (int)strtol(more, NULL, 10) : SCHEDULES;
    struct model_counts sum = {0};
    int wrong = play(&p, WITHOUT_NOTHING, schedules, &sum);
    if (wrong) {
        test_fail(__FILE__, __LINE__, "schedule %d: %s", wrong, p.world.violation);
        return;
    }
    /* Everything that the model is about has happened. */
    CHECK(sum.appended > schedules && sum.repeated > 0 && sum.sealed > schedules);
    CHECK(sum.settled > 0 && sum.merged > schedules && sum.collected > 0 && sum.removed > 0);
    CHECK(sum.read > 0 && sum.named > schedules && sum.refused > 0 && sum.killed > 0);
    CHECK(sum.unknown > 0);
    if (more) {
        printf("model: %d schedules, %d frames, %d seals, %d merges, %d refused\n", schedules,
               sum.appended, sum.sealed, sum.merged, sum.refused);
    }
}

static void notice(enum without without)
{
    PLACE(p);
    struct model_counts sum = {0};
    int took = play(&p, without, MUTANT_SCHEDULES, &sum);
    if (getenv("MODEL_SCHEDULES")) {
        printf("model: without %d noticed in schedule %d: %s\n", (int)without, took,
               p.world.violation);
    }
    CHECK(took > 0);
}

TEST(model, needs_the_watermark)
{
    notice(WITHOUT_WATERMARK);
}

TEST(model, needs_an_answer_to_acknowledge)
{
    notice(WITHOUT_COMMIT);
}

TEST(model, needs_the_row_count_of_a_seal)
{
    notice(WITHOUT_SEAL_COUNT);
}

TEST(model, needs_the_row_count_of_a_merge)
{
    notice(WITHOUT_MERGE_COUNT);
}

TEST(model, needs_one_transaction_for_rows_and_pack)
{
    notice(WITHOUT_ONE_TRANSACTION);
}

TEST(model, needs_the_loose_row_when_it_adopts)
{
    notice(WITHOUT_INTENT);
}

TEST(model, needs_the_loose_row_before_the_bytes)
{
    notice(WITHOUT_INTENT_FIRST);
}

TEST(model, needs_locations_that_are_used_once)
{
    notice(WITHOUT_UNIQUE_LOCATION);
}

TEST(model, needs_to_remember_bytes_that_were_not_needed)
{
    notice(WITHOUT_LOSER);
}

TEST(model, needs_to_look_for_references)
{
    notice(WITHOUT_REFERENCES);
}

TEST(model, needs_the_grace_of_blobs)
{
    notice(WITHOUT_BLOB_GRACE);
}

TEST(model, needs_the_grace_of_bytes)
{
    notice(WITHOUT_OBJECT_GRACE);
}

TEST(model, needs_bytes_to_go_before_their_row)
{
    notice(WITHOUT_BYTES_FIRST);
}
