/* Shows projects and runs through their lives, and the data directory's lock.
 * How: a real store in a directory of its own, through its public calls. */
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
