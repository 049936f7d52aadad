#include "../core/fail.h"
#include "client.h"
#include "console.h"
#include "moment.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ORPHANS_ARENA_BYTES = 64 << 20, ORPHANS_STEPS_MAX = 1000 };

/* True if the spool at this path belongs to the run. */
static bool orphans_is_of(const char *path, const char *run)
{
    const char *name = strrchr(path, '/');
    return name && strncmp(name + 1, run, SPOOL_HEX_BYTES - 1) == 0;
}

track_status orphans_open(const char *path, const char *url, struct outbox **out, track_error *err)
{
    struct spool_folder folder;
    TRY(spool_folder_claim(path, &folder, err));
    console_recover(&folder);
    struct outbox *o = calloc(1, sizeof(*o));
    track_status status =
        o ? outbox_open(o, &folder, NULL, err) : FAIL(err, TRACK_NOMEM, "no memory for a spool");
    if (status != TRACK_OK) {
        spool_folder_release(&folder);
        free(o);
        return status;
    }
    if (strcmp(o->meta.url, url) != 0) {
        status = FAIL(err, TRACK_CONFLICT, "it is for %.90s: `TRACK_URL=%.90s track sync` sends it",
                      o->meta.url, o->meta.url);
        outbox_close(o);
        free(o);
        return status;
    }
    o->own = true;
    *out = o;
    return TRACK_OK;
}

bool orphans_is_spent(const struct outbox *o)
{
    bool finished = !atomic_load(&o->ended) || o->end.state < 0 || o->finished;
    return o->closed && finished && faccessat(o->folder.dir, "refused", F_OK, 0) == 0;
}

void orphans_take(track_client *client)
{
    AUTO_ARENA arena = ARENA(ORPHANS_ARENA_BYTES);
    const char *const *paths = NULL;
    size_t count = 0, taken = 0;
    const char *root = client->settings.value[SETTING_SPOOL];
    if (spool_folder_list(root, &arena, &paths, &count, NULL) != TRACK_OK) {
        return;
    }
    for (size_t i = 0; i < count && taken < SENDER_ORPHANS_MAX; i++) {
        struct outbox *o = NULL;
        if (orphans_open(paths[i], client->settings.url, &o, NULL) != TRACK_OK) {
            continue;
        }
        if (orphans_is_spent(o)) {
            outbox_close(o);
            free(o);
            continue;
        }
        taken++;
        sender_add(client, o);
    }
}

/* Steps an outbox until it is done or fails. */
static void orphans_send(track_client *client, struct outbox *o, struct transport *t)
{
    for (int i = 0; i < ORPHANS_STEPS_MAX && !atomic_load(&o->done); i++) {
        if (outbox_step(o, t, client->settings.timeout_ms, NULL) != TRACK_OK ||
            atomic_load(&client->stopping)) {
            break;
        }
    }
}

track_status orphans_send_siblings(void *data, struct outbox *mine, track_error *err)
{
    track_client *client = data;
    AUTO_ARENA arena = ARENA(ORPHANS_ARENA_BYTES);
    const char *const *paths = NULL;
    size_t count = 0;
    TRY(spool_folder_list(client->settings.value[SETTING_SPOOL], &arena, &paths, &count, err));
    for (size_t i = 0; i < count; i++) {
        struct outbox *o = NULL;
        bool other =
            orphans_is_of(paths[i], mine->meta.run) && strcmp(paths[i], mine->folder.path) != 0;
        if (other && orphans_open(paths[i], client->settings.url, &o, NULL) == TRACK_OK) {
            orphans_send(client, o,
                         client->transport); /* what fails waits for the next who tries */
            outbox_close(o);
            free(o);
        }
    }
    return TRACK_OK;
}
