/* The console of a run: what is printed arrives where it went before, and becomes lines.
 * How: descriptors 1 and 2 are files of the test while a run without a server logs them. */
#include "../../sdk/run.h"
#include "../fault.h"
#include "../harness.h"
#include "folder.h"

struct desk {
    struct folder folder;
    track_client *client;
    int before[2]; /* what 1 and 2 are outside of the test */
};

/* 1 and 2 are what they are outside of the test. */
static void desk_give_back(struct desk *d)
{
    for (int i = 0; i < 2; i++) {
        if (d->before[i] >= 0) {
            dup2(d->before[i], 1 + i);
            close(d->before[i]);
        }
        d->before[i] = -1;
    }
}

static void desk_leave(struct desk *d)
{
    desk_give_back(d);
    track_close(&d->client);
    folder_remove(&d->folder);
}
#define AUTO_DESK __attribute__((cleanup(desk_leave))) struct desk
#define DESK                                        \
    {                                               \
        .folder = {.dir = -1}, .before = { -1, -1 } \
    }

/* Descriptor 1 + i becomes a new file of the folder. */
static bool desk_take(struct desk *d, int i, const char *name)
{
    fflush(NULL);
    d->before[i] = fcntl(1 + i, F_DUPFD_CLOEXEC, 10);
    int fd = openat(d->folder.dir, name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    bool done = fd >= 0 && d->before[i] >= 0 && dup2(fd, 1 + i) == 1 + i;
    close(fd);
    return done;
}

static bool desk_open(struct desk *d)
{
    track_options o = track_options_default();
    if (!folder_make(&d->folder)) {
        return false;
    }
    o.spool = d->folder.path;
    o.mode = TRACK_MODE_OFFLINE;
    o.project = "desk";
    o.quiet = true;
    return track_init(&o, &d->client, NULL) == TRACK_OK && desk_take(d, 0, "out") &&
           desk_take(d, 1, "err");
}

static track_run *start(const struct desk *d, bool join)
{
    track_run *run = NULL;
    track_run_options o = track_run_options_default();
    o.no_facts = true;
    o.join = join;
    o.run_id = join ? "0123456789abcdef0123456789abcdef" : NULL;
    return track_start_run(d->client, &o, &run, NULL) == TRACK_OK ? run : NULL;
}

static bool put(int fd, const char *text)
{
    return write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

static bool has(const struct desk *d, const char *name, const char *text)
{
    char found[256] = "";
    int fd = openat(d->folder.dir, name, O_RDONLY | O_CLOEXEC);
    ssize_t n = read(fd, found, sizeof(found) - 1);
    close(fd);
    return n == (ssize_t)strlen(text) && strcmp(found, text) == 0;
}

static bool add_slots(void *data, const track_spool_info *spool)
{
    *(uint64_t *)data += spool->count;
    return true;
}

/* Slots in the spools, once their runs have ended. */
static uint64_t slots_of(const struct desk *d)
{
    uint64_t slots = 0;
    track_sync_options o = track_sync_options_default();
    o.list_only = true;
    o.sink = add_slots;
    o.sink_data = &slots;
    return track_sync_spools(d->client, &o, NULL) == TRACK_OK ? slots : 0;
}

TEST(console, passes_on_and_keeps)
{
    AUTO_DESK d = DESK;
    CHECK(desk_open(&d));
    track_run *run = start(&d, false);
    CHECK(run && put(1, "before\n"));
    CHECK(track_log_console(run, NULL) == TRACK_OK);
    CHECK(put(1, "a\nb") && put(2, "x\n"));
    CHECK(track_finish_run(&run, TRACK_FINISHED, NULL) == TRACK_OK);
    CHECK(put(1, "after\n"));
    desk_give_back(&d);
    CHECK(has(&d, "out", "before\na\nbafter\n") && has(&d, "err", "x\n"));
    CHECK_INT(slots_of(&d), 2 * 3); /* a slot and one for its text each */
}

TEST(console, is_one_run_at_a_time)
{
    AUTO_DESK d = DESK;
    track_error err = {0};
    CHECK(desk_open(&d));
    track_run *run = start(&d, false), *other = start(&d, false);
    CHECK(track_log_console(run, NULL) == TRACK_OK);
    CHECK(track_log_console(run, &err) == TRACK_CONFLICT);
    CHECK(track_log_console(other, &err) == TRACK_CONFLICT && strstr(err.message, "already"));
    CHECK(track_finish_run(&run, TRACK_FINISHED, NULL) == TRACK_OK);
    CHECK(track_log_console(other, NULL) == TRACK_OK);
    CHECK(track_finish_run(&other, TRACK_FINISHED, NULL) == TRACK_OK);
}

TEST(console, ends_with_the_client)
{
    AUTO_DESK d = DESK;
    CHECK(desk_open(&d));
    CHECK(track_log_console(start(&d, false), NULL) == TRACK_OK && put(1, "a\n"));
    track_close(&d.client);
    CHECK(put(1, "b\n") && has(&d, "out", "a\nb\n"));
}

TEST(console, of_a_descriptor_that_became_another_is_left_alone)
{
    AUTO_DESK d = DESK;
    CHECK(desk_open(&d));
    track_run *run = start(&d, false);
    CHECK(track_log_console(run, NULL) == TRACK_OK);
    int fd = openat(d.folder.dir, "mine", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    CHECK(dup2(fd, 1) == 1);
    close(fd);
    CHECK(track_finish_run(&run, TRACK_FINISHED, NULL) == TRACK_OK);
    CHECK(put(1, "mine\n") && has(&d, "mine", "mine\n") && has(&d, "out", ""));
}

TEST(console, refuses_what_it_cannot_log)
{
    AUTO_DESK d = DESK;
    track_error err = {0};
    CHECK(desk_open(&d));
    CHECK(track_log_console(NULL, NULL) == TRACK_INVALID);
    track_run *joined = start(&d, true), *run = start(&d, false);
    CHECK(track_log_console(joined, &err) == TRACK_CONFLICT && strstr(err.message, "joined"));
    close(1);
    close(2);
    track_status closed = track_log_console(run, &err);
    desk_give_back(&d);
    CHECK_INT(closed, TRACK_NOT_FOUND);
    CHECK(strstr(err.message, "closed"));
    track_run *kept = run;
    CHECK(track_finish_run(&run, TRACK_FINISHED, NULL) == TRACK_OK);
    CHECK(track_log_console(kept, &err) == TRACK_CONFLICT && strstr(err.message, "finished"));
}

static struct desk *work_desk;

static track_status log_console_anew(void)
{
    track_run *run = start(work_desk, false);
    if (!run) {
        return TRACK_NOMEM;
    }
    track_status status = track_log_console(run, NULL);
    bool printed = put(1, "x");
    track_status finished = track_finish_run(&run, TRACK_FINISHED, NULL);
    return !printed ? TRACK_IO : status != TRACK_OK ? status : finished;
}

TEST(console, survives_without_memory)
{
    AUTO_DESK d = DESK;
    CHECK(desk_open(&d));
    work_desk = &d;
    CHECK(fault_each(log_console_anew) > 0);
}
