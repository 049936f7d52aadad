/* Shows projects and runs through their lives, and the data directory's lock.
 * How: a real store in a directory of its own, through its public calls. */
#include "../../server/store_base.h"
#include "../../server/store_run.h"
#include "../harness.h"
#include "fixture.h"

#include <stdio.h>
#include <string.h>

TEST(store, makes_a_run_and_its_project)
{
    FIXTURE(f);
    struct run_put put;
    CHECK_INT(fixture_put(&f, RUN_A, "vision", &put), TRACK_OK);
    CHECK(put.created);
    CHECK(strcmp(put.run.state, "running") == 0 && strcmp(put.run.project_name, "vision") == 0);
    CHECK(strcmp(put.run.name, "fresh-cedar-0") == 0);
    CHECK_INT(fixture_put(&f, RUN_A, "vision", &put), TRACK_OK);
    CHECK(!put.created);
    CHECK_INT(fixture_put(&f, RUN_A, "other", &put), TRACK_CONFLICT);
    CHECK_INT(fixture_put(&f, "nothex", "vision", &put), TRACK_INVALID);
    struct project project;
    CHECK_INT(store_project_get(f.store, "vision", &f.arena, &project, &f.err), TRACK_OK);
    CHECK_INT(project.runs, 1);
    CHECK_INT(store_project_get(f.store, "other", &f.arena, &project, &f.err), TRACK_NOT_FOUND);
}

TEST(store, bounds_its_readers_in_number_and_time)
{
    FIXTURE(f);
    fixture_reopen(&f, &(struct store_options){.readers_max = 1, .read_limit_ms = 50});
    CHECK(f.store);
    struct project project;
    {
        AUTO_READ struct read r = {0};
        CHECK_INT(store_read_begin(f.store, &r, &f.err), TRACK_OK);
        CHECK_INT(store_project_get(f.store, "vision", &f.arena, &project, &f.err), TRACK_TIMEOUT);
    }
    CHECK_INT(store_project_get(f.store, "vision", &f.arena, &project, &f.err), TRACK_NOT_FOUND);
}

TEST(store, reads_a_snapshot_while_others_write)
{
    FIXTURE(f);
    struct run_put put;
    struct run_brief run;
    AUTO_READ struct read before = {0};
    CHECK_INT(fixture_put(&f, RUN_A, "vision", &put), TRACK_OK);
    CHECK_INT(store_read_begin(f.store, &before, &f.err), TRACK_OK);
    CHECK_INT(run_find(before.db, RUN_A, &run, &f.err), TRACK_OK);
    CHECK_INT(fixture_put(&f, RUN_B, "vision", &put), TRACK_OK);
    CHECK_INT(run_find(before.db, RUN_B, &run, &f.err), TRACK_NOT_FOUND);
    AUTO_READ struct read after = {0};
    CHECK_INT(store_read_begin(f.store, &after, &f.err), TRACK_OK);
    CHECK_INT(run_find(after.db, RUN_B, &run, &f.err), TRACK_OK);
}

TEST(store, keeps_only_what_ends_runs_on_a_full_disk)
{
    FIXTURE(f);
    struct run_put put;
    CHECK_INT(fixture_put(&f, RUN_A, "vision", &put), TRACK_OK);
    fixture_reopen(&f, &(struct store_options){.free_bytes_min = INT64_MAX / 2});
    CHECK(f.store);
    CHECK_INT(fixture_put(&f, RUN_B, "vision", &put), TRACK_FULL);
    struct run_change end = {.change = RUN_FINISH,
                             .id = RUN_A,
                             .state = "finished",
                             .exit_code = RUN_NO_CODE,
                             .now_us = NOW_US};
    end.ticket.arena = &f.arena;
    CHECK_INT(fixture_wait(&f, store_run_change(f.store, &end, &f.err), &end.ticket), TRACK_OK);
    CHECK(strcmp(end.run.state, "finished") == 0);
}
