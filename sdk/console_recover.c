#include "console.h"
#include "console_tail.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RECOVER_ARENA_BYTES = 64 << 20 };

struct recovery {
    track_client *client; /* offline: what it logs waits with the other spools */
    track_run *run;
    track_stream stream;
    int64_t time_us;
    struct console_tail tail;
};

static void recover_line(void *data, struct bytes text)
{
    const struct recovery *r = data;
    (void)!run_log_line(r->run, r->stream, r->time_us, text);
}

static track_status recover_start(struct recovery *r, const track_client *client,
                                  const struct spool_meta *meta)
{
    track_options o = track_options_default();
    o.url = meta->url;
    o.project = meta->project;
    o.spool = client->settings.value[SETTING_SPOOL];
    o.mode = TRACK_MODE_OFFLINE;
    o.quiet = true;
    track_run_options run = track_run_options_default();
    run.run_id = meta->run;
    run.join = true;
    run.writer = "console";
    run.rank = &(int32_t){0};
    TRY(track_init(&o, &r->client, NULL));
    return track_start_run(r->client, &run, &r->run, NULL);
}

/* Lines of one file; it goes once they are in the new spool. */
static void recover_file(struct recovery *r, int dir, unsigned number)
{
    struct stat st;
    r->tail = (struct console_tail){.fd = -1, .at_fd = -1};
    if (console_tail_open(&r->tail, dir, number, recover_line, r, NULL) != TRACK_OK ||
        fstat(r->tail.fd, &st) != 0) {
        console_tail_close(&r->tail);
        return;
    }
    r->stream = number == 0 ? TRACK_STDOUT : TRACK_STDERR;
    r->time_us = (int64_t)st.st_mtim.tv_sec * 1000000 + st.st_mtim.tv_nsec / 1000000 * 1000;
    console_tail_take(&r->tail, false, r->time_us);
    console_tail_end(&r->tail, dir);
}

static void recover_folder(const struct spool_folder *folder, const track_client *client)
{
    AUTO_ARENA arena = ARENA(RECOVER_ARENA_BYTES);
    struct spool_meta meta;
    if (spool_folder_meta(folder->dir, &arena, &meta, NULL) != TRACK_OK ||
        strcmp(meta.url, client->settings.url) != 0) {
        return;
    }
    struct recovery *r = arena_alloc(&arena, sizeof(*r), _Alignof(struct recovery));
    if (!r) {
        return;
    }
    *r = (struct recovery){.client = NULL};
    if (recover_start(r, client, &meta) == TRACK_OK) {
        recover_file(r, folder->dir, 0);
        recover_file(r, folder->dir, 1);
        (void)!track_finish_run(&r->run, TRACK_FINISHED, NULL); /* as a joiner */
    }
    track_close(&r->client);
}

void console_recover(const track_client *client)
{
    AUTO_ARENA arena = ARENA(RECOVER_ARENA_BYTES);
    const char *const *paths = NULL;
    size_t count = 0;
    if (spool_folder_list(client->settings.value[SETTING_SPOOL], &arena, &paths, &count, NULL) !=
        TRACK_OK) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        char name[SPOOL_PATH_BYTES + 16];
        struct spool_folder folder;
        bool found = false;
        for (int n = 0; n < 2; n++) {
            snprintf(name, sizeof(name), "%s/console%d", paths[i], n);
            found = found || access(name, F_OK) == 0;
        }
        if (found && spool_folder_claim(paths[i], &folder, NULL) == TRACK_OK) {
            recover_folder(&folder, client);
            spool_folder_release(&folder);
        }
    }
}
