/* Documents of a run: which names and texts are taken. */
#include "../../sdk/track.h"
#include "../harness.h"

#include <stdlib.h>
#include <string.h>

TEST(document, takes_json_under_a_plain_name)
{
    track_run *run;
    char name[66];
    memset(name, 'n', 65);
    name[65] = '\0';
    setenv("TRACK_MODE", "off", 1);
    setenv("TRACK_QUIET", "1", 1);
    CHECK(track_start_run(NULL, NULL, &run, NULL) == TRACK_OK);
    CHECK(track_set_document(run, "plan", "{\"a\":[1,2]}") == TRACK_OK);
    CHECK(track_set_document(run, "plan", "7") == TRACK_OK);
    CHECK(track_set_document(run, "plan", "{a}") == TRACK_INVALID);
    CHECK(track_set_document(run, "", "7") == TRACK_INVALID);
    CHECK(track_set_document(run, ".x", "7") == TRACK_INVALID);
    CHECK(track_set_document(run, "a/b", "7") == TRACK_INVALID);
    CHECK(track_set_document(run, name, "7") == TRACK_INVALID);
    name[64] = '\0';
    CHECK(track_set_document(run, name, "7") == TRACK_OK);
    CHECK(track_set_document(run, NULL, "7") == TRACK_INVALID);
    CHECK(track_set_document(NULL, "plan", "7") == TRACK_INVALID);
    CHECK(track_finish_run(&run, TRACK_FINISHED, NULL) == TRACK_OK);
    unsetenv("TRACK_MODE");
    unsetenv("TRACK_QUIET");
}
