#include "agent.h"

#include <string.h>
#include <unistd.h>

enum { REQUEST_BYTES_MAX = 64 * 1024 };

static struct watch *watch_find(const struct agent *a, const char *run_id)
{
    for (size_t i = 0; i < PROCS_RUNS_MAX; i++) {
        struct watch *w = agent_watch(a, i);
        if (w != NULL && strcmp(w->run_id, run_id) == 0) {
            return w;
        }
    }
    return NULL;
}

/* A free place; its memory is taken when it is used first, and kept. */
static track_status watch_make(struct agent *a, struct watch **out, track_error *err)
{
    size_t i = 0;
    while (i < PROCS_RUNS_MAX && agent_watch(a, i) != NULL) {
        i++;
    }
    if (i == PROCS_RUNS_MAX) {
        return FAIL(err, TRACK_TOO_LARGE, "%d runs are sampled already", PROCS_RUNS_MAX);
    }
    if (a->watches[i] == NULL) {
        struct watch *w = ARENA_NEW(a->arena, struct watch);
        if (w == NULL) {
            return FAIL(err, TRACK_NOMEM, "a run to sample");
        }
        TRY(board_init(&w->board, a->arena, WATCH_ROWS_MAX, err));
        a->watches[i] = w;
    }
    *out = a->watches[i];
    return TRACK_OK;
}

static track_status subscribe(struct agent *a, const struct watch_request *rq, struct watch **out,
                              track_error *err)
{
    struct watch *w = watch_find(a, rq->run);
    *out = w;
    if (w != NULL) {
        return watch_add(w, rq, err);
    }
    TRY(watch_make(a, &w, err));
    TRY(watch_start(w, a->options.root, a->node, rq, err));
    devices_want_lists(&a->devices);
    agent_say(a, "run %s is sampled for process %d", w->run_id, rq->pid);
    *out = w;
    return TRACK_OK;
}

void agent_leave(struct agent *a, struct watch *w)
{
    int64_t now_us = agent_clock_us(CLOCK_REALTIME);
    devices_check(&a->devices, agent_clock_us(CLOCK_MONOTONIC));
    devices_drain(&a->devices, &a->board);
    watch_flush(w, a->node, &a->board, now_us);
    w->tell_us = w->tell_us == 0 || w->failures == 0 ? 1 : w->tell_us;
    watch_tell(w, a->node, &a->devices, &a->missing, now_us);
    watch_tell_later(w, a->node, &a->devices, &a->missing);
    watch_finish(w);
}

static void unsubscribe(struct agent *a, const struct watch_request *rq)
{
    struct watch *w = watch_find(a, rq->run);
    if (w != NULL && watch_remove(w, rq->pid)) {
        agent_say(a, "run %s is not sampled any more", w->run_id);
        agent_leave(a, w);
    }
}

static void write_status(struct agent *a, struct json_writer *w)
{
    json_write_text(w, "node", a->node);
    json_write_int(w, "pid", getpid());
    json_write_text(w, "version", TRACK_VERSION);
    json_write_int(w, "devices", a->devices.table.count);
    json_write_int(w, "worker", a->devices.worker);
    json_write_array(w, "runs");
    for (size_t i = 0; i < PROCS_RUNS_MAX; i++) {
        const struct watch *watch = agent_watch(a, i);
        if (watch != NULL) {
            json_write_text(w, NULL, watch->run_id);
        }
    }
    json_write_close(w);
}

static track_status work(struct agent *a, const struct agent_request *rq, struct json_writer *w,
                         track_error *err)
{
    char label[AGENT_NODE_MAX + 8];
    struct watch *watch = NULL;
    snprintf(label, sizeof label, "agent:%s", a->node);
    if (rq->op == AGENT_SUBSCRIBE) {
        TRY(subscribe(a, &rq->watch, &watch, err));
    } else if (rq->op == AGENT_UNSUBSCRIBE) {
        unsubscribe(a, &rq->watch);
    }
    json_write_bool(w, "ok", true);
    json_write_text(w, "writer", label);
    if (watch != NULL) {
        json_write_text(w, "basis", share_name(watch->basis));
    }
    if (rq->op == AGENT_STATUS) {
        write_status(a, w);
    }
    return TRACK_OK;
}

size_t agent_answer(struct agent *a, struct bytes packet, int peer_pid, char *out)
{
    AUTO_ARENA arena = ARENA(REQUEST_BYTES_MAX);
    AUTO_BUF buf = BUF(AGENT_PACKET_MAX);
    struct json_writer w = {.to = &buf};
    struct agent_request rq;
    struct bytes text;
    track_error err = {0};
    json_write_object(&w, NULL);
    track_status status = agent_read(packet, a->options.root, peer_pid, &arena, &rq, &err);
    if (status == TRACK_OK) {
        status = work(a, &rq, &w, &err);
    }
    if (status != TRACK_OK) {
        json_write_bool(&w, "ok", false);
        json_write_text(&w, "code", status_wire(status));
        json_write_text(&w, "message", err.message);
        agent_say(a, "refused: %s", err.message);
    }
    json_write_close(&w);
    if (json_end(&w, &text, NULL) != TRACK_OK) {
        return 0;
    }
    memcpy(out, text.at, text.size);
    return text.size;
}
