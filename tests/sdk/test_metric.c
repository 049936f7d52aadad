/* Log calls: what is a name, a text, a line; limits; what stands in the spool afterwards. */
#include "../../sdk/run.h"
#include "../harness.h"
#include "folder.h"

struct logged {
    struct folder folder;
    track_client *client;
    track_run *run;
};

static void logged_leave(struct logged *l)
{
    track_close(&l->client);
    folder_remove(&l->folder);
}
#define AUTO_LOGGED __attribute__((cleanup(logged_leave))) struct logged

static bool logged_open(struct logged *l, const int32_t *rank)
{
    track_options o = track_options_default();
    track_run_options r = track_run_options_default();
    if (!folder_make(&l->folder)) {
        return false;
    }
    o.spool = l->folder.path;
    o.mode = TRACK_MODE_OFFLINE;
    o.quiet = true;
    r.no_facts = true;
    r.rank = rank;
    return track_init(&o, &l->client, NULL) == TRACK_OK &&
           track_start_run(l->client, &r, &l->run, NULL) == TRACK_OK;
}

/* What the run's spool holds. */
static track_status logged_read(struct logged *l, struct arena *arena, struct spool_batch *out)
{
    struct spool_reader r;
    struct spool *s = &l->run->spool;
    spool_reader_init(&r, s->dir, l->client->segment_bytes);
    struct spool_range all = {0, atomic_load(&s->next), false};
    track_status status = spool_scan(&r, &all, arena, out, NULL);
    spool_reader_close(&r);
    return status;
}

TEST(metric, rows_handles_and_names_meet_in_one_series)
{
    AUTO_LOGGED l = {.folder = {.dir = -1}};
    AUTO_ARENA arena = ARENA(SCAN_ARENA_BYTES);
    struct spool_batch b;
    track_metric *m = NULL, *again = NULL;
    static const track_value row[] = {{"loss", 3}, {"acc", 4}};
    CHECK(logged_open(&l, NULL));
    CHECK(track_log_metric(l.run, "loss", 0, 1) == TRACK_OK);
    CHECK(track_get_metric(l.run, "loss", &m) == TRACK_OK);
    CHECK(track_get_metric(l.run, "loss", &again) == TRACK_OK && m == again);
    CHECK(track_log_value(m, 1, 2) == TRACK_OK);
    CHECK(track_log_row(l.run, 2, row, 2) == TRACK_OK);
    CHECK(track_log_point(l.run, "loss", -3, 5, 6) == TRACK_OK);
    CHECK(logged_read(&l, &arena, &b) == TRACK_OK);
    CHECK(b.key_count == 2 && b.blocks.point_count == 5);
    const struct blocks_point *p = b.blocks.points;
    CHECK(p[0].key == 0 && p[1].key == 0 && p[2].key == 0 && p[3].key == 1 && p[4].key == 0);
    CHECK(p[2].time_us == p[3].time_us && p[4].step == -3 && p[4].time_us == 5);
    CHECK(b.keys[0].context.size == 0);
}

TEST(metric, a_rank_beyond_zero_stands_in_the_context)
{
    AUTO_LOGGED l = {.folder = {.dir = -1}};
    AUTO_ARENA arena = ARENA(SCAN_ARENA_BYTES);
    struct spool_batch b;
    int32_t rank = 3;
    CHECK(logged_open(&l, &rank));
    CHECK(track_log_metric(l.run, "loss", 0, 1) == TRACK_OK);
    CHECK(logged_read(&l, &arena, &b) == TRACK_OK);
    CHECK(b.key_count == 1 && b.keys[0].context.size == 10 &&
          memcmp(b.keys[0].context.at, "{\"rank\":3}", 10) == 0);
}

TEST(metric, refuses_what_is_no_name)
{
    AUTO_LOGGED l = {.folder = {.dir = -1}};
    AUTO_ARENA arena = ARENA(1 << 16);
    CHECK(logged_open(&l, NULL));
    char *name = arena_alloc(&arena, 2050, 1);
    CHECK(name);
    memset(name, 'x', 2049);
    CHECK(track_log_metric(l.run, name, 0, 0) == TRACK_INVALID);
    name[2048] = '\0';
    CHECK(track_log_metric(l.run, name, 0, 0) == TRACK_OK);
    CHECK(track_log_metric(l.run, "", 0, 0) == TRACK_INVALID);
    CHECK(track_log_metric(l.run, NULL, 0, 0) == TRACK_INVALID);
    CHECK(track_log_metric(l.run, "a\tb", 0, 0) == TRACK_INVALID);
    CHECK(track_log_metric(l.run, "\xc0\x80", 0, 0) == TRACK_INVALID);
    CHECK(track_log_metric(NULL, "a", 0, 0) == TRACK_INVALID);
    CHECK(track_log_value(NULL, 0, 0) == TRACK_INVALID);
    CHECK(track_get_metric(l.run, "a", NULL) == TRACK_INVALID);
    CHECK(track_log_row(l.run, 0, NULL, 1) == TRACK_INVALID);
    static const track_value row[] = {{"", 1}, {"fine", 2}};
    CHECK(track_log_row(l.run, 0, row, 2) == TRACK_INVALID);
    CHECK(track_log_row(l.run, 0, row, 0) == TRACK_OK);
}

TEST(metric, texts_and_lines_have_limits)
{
    AUTO_LOGGED l = {.folder = {.dir = -1}};
    AUTO_ARENA arena = ARENA(SCAN_ARENA_BYTES + (1 << 20));
    struct spool_batch b;
    CHECK(logged_open(&l, NULL));
    char *text = arena_alloc(&arena, FRAME_TEXT_BYTES_MAX + 2, 1);
    CHECK(text);
    memset(text, 't', FRAME_TEXT_BYTES_MAX + 1);
    CHECK(track_log_text(l.run, "samples", 0, text) == TRACK_INVALID);
    CHECK(track_log_text(l.run, "samples", 0, "\xff") == TRACK_INVALID);
    CHECK(track_log_line(l.run, TRACK_STDERR, text, FRAME_LINE_BYTES_MAX + 1) == TRACK_OK);
    text[FRAME_TEXT_BYTES_MAX] = '\0';
    CHECK(track_log_text(l.run, "samples", 0, text) == TRACK_OK);
    CHECK(track_log_line(l.run, TRACK_STDOUT, "", 0) == TRACK_OK);
    CHECK(track_log_line(l.run, (track_stream)9, "x", 1) == TRACK_INVALID);
    CHECK(logged_read(&l, &arena, &b) == TRACK_OK);
    CHECK(b.blocks.text_count == 1 && b.blocks.texts[0].text.size == FRAME_TEXT_BYTES_MAX);
    CHECK(b.line_count == 3 && b.lines[0].text.size == FRAME_LINE_BYTES_MAX);
    CHECK(b.lines[1].text.size == 1 && b.lines[1].index == 1 && b.lines[2].text.size == 0);
}
