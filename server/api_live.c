#include "api_live.h"

#include "api_parse.h"
#include "clock.h"
#include "stream.h"

#include <string.h>

enum {
    STREAMS_MAX = 256,
    EVENT_BYTES_MAX = 1024, /* of one event as it is sent */
    BEAT_US = 15 * 1000000,
    ANY_PROJECT = -1,
};

/* One open stream. */
struct events {
    struct pump pump; /* first */
    struct live *live;
    uint64_t after; /* place in the ring */
    int64_t project;
    const char *run; /* NULL: any */
    bool begun, known, ended;
    int64_t spoken_us; /* steady */
};

static void put_fields(struct json_writer *w, const char *detail)
{
    while (*detail) {
        size_t size = strcspn(detail, ",");
        json_write_bytes(w, NULL, (struct bytes){(const unsigned char *)detail, size});
        detail += size + (detail[size] == ',');
    }
}

static void put_data(struct buf *out, const struct live_event *event)
{
    struct json_writer w = {.to = out};
    json_write_object(&w, NULL);
    if (event->project >= 0) {
        json_write_int(&w, "project", event->project);
    }
    if (*event->run) {
        json_write_text(&w, "run", event->run);
    }
    if (event->kind == LIVE_POINTS || event->kind == LIVE_RUN) {
        json_write_array(&w, event->kind == LIVE_RUN ? "fields" : "keys");
        put_fields(&w, event->detail);
        json_write_close(&w);
    }
    json_write_close(&w);
}

static void put_event(const struct events *e, struct buf *out, const struct live_event *event)
{
    char id[LIVE_ID_BYTES];
    live_id(e->live, event->counter, id);
    buf_text(out, "id: ");
    buf_text(out, id);
    buf_text(out, "\nevent: ");
    buf_text(out, live_kind_name(event->kind));
    buf_text(out, "\ndata: ");
    put_data(out, event);
    buf_text(out, "\n\n");
}

static bool is_wanted(const struct events *e, const struct live_event *event)
{
    bool project = e->project == ANY_PROJECT || event->project == e->project;
    bool run = !e->run || !*event->run || strcmp(event->run, e->run) == 0;
    return event->kind == LIVE_RESET || (project && run);
}

static void put_begin(struct events *e, struct buf *out)
{
    e->begun = true;
    buf_text(out, "retry: 2000\n\n");
    if (!e->known) {
        put_event(e, out,
                  &(struct live_event){.counter = e->after, .kind = LIVE_RESET, .project = -1});
    }
}

static void put_all(struct events *e, struct buf *out, size_t room)
{
    struct live_event event;
    while (out->size + EVENT_BYTES_MAX <= room && live_read(e->live, &e->after, &event, 1) == 1) {
        if (is_wanted(e, &event)) {
            put_event(e, out, &event);
        }
    }
}

static size_t events_fill(struct pump *pump, unsigned char *to, size_t room, bool ending)
{
    struct events *e = (struct events *)(void *)pump;
    AUTO_BUF out = BUF(room);
    struct bytes said;
    if (ending && e->ended) {
        return 0;
    }
    if (!e->begun) {
        put_begin(e, &out);
    }
    put_all(e, &out, room);
    if (ending) {
        e->ended = true;
        buf_text(&out, "retry: 1000\n\n"); /* the server ends: come back in a second */
    }
    int64_t now_us = clock_steady_us();
    if (out.size == 0 && now_us - e->spoken_us >= BEAT_US) {
        buf_text(&out, ": still here\n\n");
    }
    if (buf_end(&out, &said, NULL) != TRACK_OK || said.size == 0) {
        return 0;
    }
    e->spoken_us = now_us;
    memcpy(to, said.at, said.size);
    return said.size;
}

/* Whose events are asked for. */
static track_status events_select(struct app *app, const struct request *rq, struct events *e,
                                  track_error *err)
{
    const char *project = NULL, *run = NULL;
    struct project found;
    struct run one;
    TRY(parse_query_text(rq, "project", &project, err));
    TRY(parse_query_text(rq, "run", &run, err));
    e->project = ANY_PROJECT;
    if (project) {
        TRY(store_project_get(app->store, project, rq->arena, &found, err));
        e->project = found.number;
    }
    if (run) {
        TRY(store_run_get(app->store, run, rq->arena, &one, err));
        e->run = one.id;
    }
    return TRACK_OK;
}

track_status api_event_stream(struct app *app, struct request *rq, struct response *rs,
                              track_error *err)
{
    struct events *e = ARENA_NEW(rq->arena, struct events);
    struct bytes header = request_header(rq, "Last-Event-ID");
    const char *last =
        header.at ? arena_text(rq->arena, (const char *)header.at, header.size) : NULL;
    if (atomic_load(&app->stats->streams) >= STREAMS_MAX) {
        return FAIL(err, TRACK_BUSY, "%d event streams are open already", STREAMS_MAX);
    }
    if (!e || (header.at && !last)) {
        return FAIL(err, TRACK_NOMEM, "no room for an event stream");
    }
    TRY(parse_query_text(rq, "last", &last, err));
    TRY(events_select(app, rq, e, err));
    e->live = app->live;
    e->known = last && live_place(app->live, last, &e->after);
    if (!e->known) {
        e->after = live_now(app->live);
    }
    e->pump.fill = events_fill;
    e->spoken_us = clock_steady_us();
    rs->pump = &e->pump;
    rs->type = "text/event-stream";
    return TRACK_OK;
}
