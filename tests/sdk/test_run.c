/* Runs and clients without a server: what is taken, what is refused, and what stays in the spool.
 */
#include "../../sdk/run.h"
#include "../fault.h"
#include "../harness.h"
#include "folder.h"

/* An offline client with a spool of its own. */
struct desk {
    struct folder folder;
    track_client *client;
};

static void desk_leave(struct desk *d)
{
    track_close(&d->client);
    folder_remove(&d->folder);
}
#define AUTO_DESK __attribute__((cleanup(desk_leave))) struct desk

static bool desk_open(struct desk *d, track_options o)
{
    if (!folder_make(&d->folder)) {
        return false;
    }
    o.spool = d->folder.path;
    o.mode = o.mode ? o.mode : TRACK_MODE_OFFLINE;
    o.project = "desk";
    o.quiet = true;
    return track_init(&o, &d->client, NULL) == TRACK_OK;
}

static track_run *start(struct desk *d)
{
    track_run *run = NULL;
    track_run_options o = track_run_options_default();
    o.no_facts = true;
    return track_start_run(d->client, &o, &run, NULL) == TRACK_OK ? run : NULL;
}

static size_t spools(const struct desk *d)
{
    AUTO_ARENA arena = ARENA(1 << 20);
    const char *const *paths = NULL;
    size_t count = 0;
    return spool_folder_list(d->folder.path, &arena, &paths, &count, NULL) == TRACK_OK ? count : 99;
}

TEST(run, offline_it_stays_in_the_spool)
{
    AUTO_DESK d = {.folder = {.dir = -1}};
    CHECK(desk_open(&d, track_options_default()));
    track_run *run = start(&d);
    CHECK(run && strlen(track_get_run_id(run)) == 32);
    CHECK(strstr(track_get_run_url(run), "/p/desk/r/"));
    for (int64_t step = 0; step < 1000; step++) {
        CHECK(track_log_metric(run, "loss", step, 1) == TRACK_OK);
    }
    CHECK(track_flush_run(run, 0, NULL) == TRACK_OK);
    CHECK(track_flush_run(run, 10, NULL) == TRACK_UNREACHABLE);
    CHECK(track_finish_run(&run, TRACK_FINISHED, NULL) == TRACK_OK);
    CHECK(run == NULL);
    CHECK_INT(spools(&d), 1);
}

TEST(run, refuses_everything_once_it_is_finished)
{
    AUTO_DESK d = {.folder = {.dir = -1}};
    CHECK(desk_open(&d, track_options_default()));
    track_run *run = start(&d), *copy = run;
    track_metric *m = NULL;
    CHECK(run && track_get_metric(run, "loss", &m) == TRACK_OK);
    CHECK(track_finish_run(&run, TRACK_FINISHED, NULL) == TRACK_OK);
    CHECK(track_log_metric(copy, "loss", 0, 0) == TRACK_CONFLICT);
    CHECK(track_log_metric(copy, "new", 0, 0) == TRACK_CONFLICT);
    CHECK(track_log_value(m, 0, 0) == TRACK_CONFLICT);
    CHECK(track_log_line(copy, TRACK_STDOUT, "x", 1) == TRACK_CONFLICT);
    CHECK(track_set_param(copy, "a", "b") == TRACK_CONFLICT);
    CHECK(track_flush_run(copy, 0, NULL) == TRACK_CONFLICT);
    track_run_errors errors;
    CHECK(track_get_run_errors(copy, &errors) == TRACK_OK);
    CHECK_INT(errors.counts[TRACK_CONFLICT], 5);
}

TEST(run, checks_what_it_is_started_with)
{
    AUTO_DESK d = {.folder = {.dir = -1}};
    CHECK(desk_open(&d, track_options_default()));
    int32_t rank = -1;
    track_run_options bad[6];
    for (size_t i = 0; i < 6; i++) {
        bad[i] = track_run_options_default();
    }
    bad[0].kind = "party";
    bad[1].run_id = "xyz";
    bad[2].project = "";
    bad[3].name = "a\nb";
    bad[4].rank = &rank;
    bad[5].size = 3;
    for (size_t i = 0; i < 6; i++) {
        track_run *run = NULL;
        track_error err = {0};
        CHECK(track_start_run(d.client, &bad[i], &run, &err) == TRACK_INVALID);
        CHECK(run == NULL && err.message[0]);
    }
    CHECK_INT(spools(&d), 0);
}

TEST(run, takes_options_of_other_versions)
{
    struct {
        track_options known;
        uint64_t later;
    } o = {.known = track_options_default()};
    track_client *client = NULL;
    o.known.size = sizeof(o);
    o.known.quiet = true;
    CHECK(track_init(&o.known, &client, NULL) == TRACK_OK);
    track_close(&client);
    CHECK(client == NULL);
    o.later = 1;
    track_error err;
    CHECK(track_init(&o.known, &client, &err) == TRACK_INVALID);
    CHECK(strstr(err.message, "beyond"));
    o.known.size = offsetof(track_options, mode); /* an older caller */
    CHECK(track_init(&o.known, &client, NULL) == TRACK_OK);
    track_close(&client);
    track_close(NULL);
}

TEST(run, has_as_many_names_as_it_may)
{
    AUTO_DESK d = {.folder = {.dir = -1}};
    track_options o = track_options_default();
    o.names_max = 2;
    CHECK(desk_open(&d, o));
    track_run *run = start(&d);
    CHECK(run);
    CHECK(track_log_metric(run, "a", 0, 0) == TRACK_OK);
    CHECK(track_log_metric(run, "b", 0, 0) == TRACK_OK);
    CHECK(track_log_metric(run, "c", 0, 0) == TRACK_FULL);
    CHECK(track_log_metric(run, "a", 1, 0) == TRACK_OK);
    CHECK(track_finish_run(&run, TRACK_FINISHED, NULL) == TRACK_OK);
}

TEST(run, limits_its_spool)
{
    AUTO_DESK d = {.folder = {.dir = -1}};
    track_options o = track_options_default();
    o.segment_bytes = 64 << 10;
    o.spool_bytes_max = 64 << 10;
    CHECK(desk_open(&d, o));
    track_run *run = start(&d);
    CHECK(run);
    track_status status = TRACK_OK;
    int64_t step = 0;
    for (; step < 5000 && status == TRACK_OK; step++) {
        status = track_log_metric(run, "loss", step, 0);
    }
    track_run_errors errors;
    CHECK(status == TRACK_FULL && step > 1500);
    CHECK(track_get_run_errors(run, &errors) == TRACK_OK && errors.lost == 1);
    CHECK(errors.last.status == TRACK_FULL);
    CHECK(track_finish_run(&run, TRACK_FINISHED, NULL) == TRACK_OK);
}

TEST(run, is_ended_as_a_joiner_when_its_client_closes)
{
    AUTO_DESK d = {.folder = {.dir = -1}};
    CHECK(desk_open(&d, track_options_default()));
    track_run *run = start(&d);
    CHECK(run && track_log_metric(run, "loss", 0, 0) == TRACK_OK);
    track_close(&d.client);
    CHECK_INT(spools(&d), 1);
}

TEST(run, off_it_drops_everything)
{
    AUTO_DESK d = {.folder = {.dir = -1}};
    track_options o = track_options_default();
    o.mode = TRACK_MODE_OFF;
    CHECK(desk_open(&d, o));
    track_run *run = start(&d);
    CHECK(run && track_log_metric(run, "loss", 0, 0) == TRACK_OK);
    CHECK(track_set_param(run, "a", "b") == TRACK_OK);
    CHECK(track_flush_run(run, 100, NULL) == TRACK_OK);
    CHECK(track_finish_run(&run, TRACK_FINISHED, NULL) == TRACK_OK);
    CHECK_INT(spools(&d), 0);
}

static track_status init_and_close(void)
{
    track_client *client = NULL;
    track_options o = track_options_default();
    o.quiet = true;
    track_status status = track_init(&o, &client, NULL);
    track_close(&client);
    return status;
}

TEST(run, a_client_is_made_whole_or_not_at_all)
{
    CHECK(fault_each(init_and_close) > 0);
}
