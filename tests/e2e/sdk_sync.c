/* sdk_sync - sends what is in the spools, as `track sync` does: prints one line for each spool. */
#include <track.h>

#include <stdio.h>

static bool news(void *data, const track_spool_info *s)
{
    (void)data;
    static const char *const words[] = {"waiting", "held", "sending", "sent", "stuck"};
    if (s->state != TRACK_SPOOL_SENDING) {
        printf("%s %s %llu/%llu %s\n", words[s->state], s->run_id, (unsigned long long)s->sent,
               (unsigned long long)s->count, s->error ? s->error->message : "");
        fflush(stdout);
    }
    return true;
}

int main(void)
{
    track_error err = {TRACK_OK, 0, NULL, ""};
    track_sync_options o = track_sync_options_default();
    o.sink = news;
    o.timeout_ms = 60000;
    track_status status = track_sync_spools(NULL, &o, &err);
    printf("status %d %s\n", (int)status, err.message);
    return status == TRACK_OK ? 0 : 1;
}
