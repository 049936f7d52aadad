#include "../core/fail.h"
#include "moment.h"
#include "request.h"
#include "run.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SYNC_ARENA_BYTES = 64 << 20, SYNC_NEWS_MS = 100, SYNC_FAILURES_MAX = 4 };

track_sync_options track_sync_options_default(void)
{
    return (track_sync_options){.size = sizeof(track_sync_options)};
}

/* A sync under way. */
struct sync {
    track_client *client;
    track_sync_options options;
    char run[SPOOL_HEX_BYTES]; /* options.run_id as it stands in a folder's name; "": all */
    struct transport *t;
    int64_t until_ms; /* 0: none */
    int64_t news_ms;
    bool ended;          /* the sink has enough */
    track_status status; /* the first that went wrong */
    track_error error;
};

static uint64_t sync_bytes(int dir)
{
    uint64_t bytes = 0;
    struct stat st;
    for (const char *const *name = (const char *const[]){"ops.trk", "cuts.trk", NULL}; *name;
         name++) {
        bytes += fstatat(dir, *name, &st, 0) == 0 ? (uint64_t)st.st_blocks * 512 : 0;
    }
    return bytes;
}

/* Tells the sink how a spool is doing. */
static void sync_tell(struct sync *s, const struct outbox *o, track_spool_state state,
                      const track_error *error)
{
    bool news = state != TRACK_SPOOL_SENDING || moment_tick_ms() >= s->news_ms;
    if (!s->options.sink || s->ended || !news) {
        return;
    }
    s->news_ms = moment_tick_ms() + SYNC_NEWS_MS;
    uint64_t held = atomic_load(&o->held), held_slot = atomic_load(&o->held_slot);
    uint64_t left = o->dead_end > held_slot ? o->dead_end - held_slot : 0;
    track_spool_info info = {.path = o->folder.path,
                             .url = o->meta.url,
                             .project = o->meta.project,
                             .run_id = o->meta.run,
                             .writer = o->meta.writer,
                             .state = state,
                             .count = held + (state == TRACK_SPOOL_SENT ? 0 : left),
                             .sent = held,
                             .bytes = left * SLOT_BYTES + sync_bytes(o->folder.dir),
                             .error = error};
    s->ended = !s->options.sink(s->options.sink_data, &info);
}

static void sync_note(struct sync *s, track_status status, const track_error *err)
{
    if (status != TRACK_OK && s->status == TRACK_OK) {
        s->status = status;
        s->error = *err;
    }
}

static bool sync_is_late(const struct sync *s)
{
    return s->until_ms && moment_tick_ms() >= s->until_ms;
}

/* Steps until all is sent; failures that pass are tried again a few times. */
static track_status sync_send(struct sync *s, struct outbox *o, track_error *err)
{
    int64_t timeout_ms = s->client->settings.timeout_ms;
    for (int failures = 0; !atomic_load(&o->done) && !s->ended;) {
        if (sync_is_late(s)) {
            return FAIL(err, TRACK_TIMEOUT, "%.150s was not sent in time", o->folder.path);
        }
        track_status status = outbox_step(o, s->t, timeout_ms, err);
        if (status != TRACK_OK && (!status_retry(status) || ++failures >= SYNC_FAILURES_MAX)) {
            return status;
        }
        if (status != TRACK_OK) {
            nanosleep(&(struct timespec){.tv_nsec = 250000000}, NULL);
        }
        sync_tell(s, o, TRACK_SPOOL_SENDING, NULL);
    }
    return TRACK_OK;
}

/* Sends, or reports, an open spool. */
static void sync_outbox(struct sync *s, struct outbox *o)
{
    track_error err = {0};
    sync_tell(s, o, TRACK_SPOOL_WAITING, NULL);
    if (s->options.list_only || s->ended) {
        return;
    }
    o->keep = s->options.keep;
    track_status status = sync_send(s, o, &err);
    uint64_t refused = atomic_load(&o->refused);
    if (status == TRACK_OK && (refused > 0 || orphans_is_spent(o))) {
        status = FAIL(&err, TRACK_CONFLICT, "the server refused part of it; see %.120s/refused",
                      o->folder.path);
    }
    sync_note(s, status, &err);
    if (status != TRACK_OK) {
        sync_tell(s, o, TRACK_SPOOL_STUCK, &err);
    } else if (atomic_load(&o->done)) {
        sync_tell(s, o, TRACK_SPOOL_SENT, NULL);
    }
}

/* A spool that a live process sends, or that cannot be opened. */
static void sync_report(struct sync *s, const char *path, track_status status,
                        const track_error *err)
{
    AUTO_ARENA arena = ARENA(SYNC_ARENA_BYTES);
    struct outbox o = {.live = NULL};
    o.arena.limit_bytes = SYNC_ARENA_BYTES;
    size_t size =
        strlen(path) < sizeof(o.folder.path) - 1 ? strlen(path) : sizeof(o.folder.path) - 1;
    memcpy(o.folder.path, path, size);
    o.meta.url = o.meta.project = "";
    o.folder.dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (o.folder.dir >= 0) {
        (void)!spool_folder_meta(o.folder.dir, &arena, &o.meta, NULL);
    }
    sync_tell(s, &o, status == TRACK_BUSY ? TRACK_SPOOL_HELD : TRACK_SPOOL_STUCK,
              status == TRACK_BUSY ? NULL : err);
    if (o.folder.dir >= 0) {
        close(o.folder.dir);
    }
}

static void sync_path(struct sync *s, const char *path)
{
    struct outbox *o = NULL;
    track_error err = {0};
    const char *name = strrchr(path, '/');
    if (s->run[0] && (!name || strncmp(name + 1, s->run, strlen(s->run)) != 0)) {
        return;
    }
    track_status status = orphans_open(path, s->client->settings.url, &o, &err);
    if (status == TRACK_OK) {
        sync_outbox(s, o);
        outbox_close(o);
        free(o);
    } else if (status != TRACK_NOT_FOUND) {
        sync_report(s, path, status, &err);
        bool ours = status != TRACK_BUSY && status != TRACK_CONFLICT; /* another's is no failure */
        sync_note(s, ours ? status : TRACK_OK, &err);
    }
}

static track_status sync_all(struct sync *s, track_error *err)
{
    AUTO_ARENA arena = ARENA(SYNC_ARENA_BYTES);
    const char *const *paths = s->options.paths;
    size_t count = 0;
    if (!paths) {
        TRY(spool_folder_list(s->client->settings.value[SETTING_SPOOL], &arena, &paths, &count,
                              err));
    } else {
        while (paths[count]) {
            count++;
        }
    }
    TRY(transport_open(NULL, &s->t, err));
    for (size_t i = 0; i < count && !s->ended; i++) {
        sync_path(s, paths[i]);
        if (s->status == TRACK_UNREACHABLE || sync_is_late(s)) {
            break; /* the others would fare no better */
        }
    }
    transport_close(s->t);
    return s->status == TRACK_OK ? TRACK_OK : FAIL(err, s->status, "%s", s->error.message);
}

track_status track_sync_spools(track_client *client, const track_sync_options *options,
                               track_error *err)
{
    struct sync s = {.options = track_sync_options_default()};
    track_client *own = NULL;
    if (options) {
        TRY(client_take_options(options, sizeof(s.options), &s.options, err));
    }
    if (s.options.run_id) {
        TRY(run_read_id(s.options.run_id, s.run, err));
    }
    TRY(request_client(client, &s.client, &own, err));
    s.until_ms = s.options.timeout_ms > 0 ? moment_tick_ms() + s.options.timeout_ms : 0;
    track_status status = sync_all(&s, err);
    request_close_client(&own);
    return status;
}
