#include "watch.h"

#include "devices_doc.h"

#include <stdio.h>
#include <string.h>

enum { DRAIN_MS = 1000, REQUEST_MS = 2000, SETTLE_US = 1000 * 1000 };

static track_mode mode_of(const char *mode)
{
    return mode != NULL && strcmp(mode, "offline") == 0 ? TRACK_MODE_OFFLINE : TRACK_MODE_ONLINE;
}

static track_status clients_open(struct watch *w, const struct watch_request *rq, track_error *err)
{
    track_options o = track_options_default();
    o.url = rq->url;
    o.project = rq->project;
    o.spool = rq->spool;
    o.mode = mode_of(rq->mode);
    o.quiet = true;
    o.drain_ms = DRAIN_MS;
    o.segment_bytes = 256 * 1024; /* a few kB an hour; a trainer's 4 MiB would be waste */
    TRY(track_init(&o, &w->client, err));
    o.timeout_ms = REQUEST_MS;
    return track_init(&o, &w->documents, err);
}

static track_status run_start(struct watch *w, const char *node, const struct watch_request *rq,
                              track_error *err)
{
    static const int32_t first = 0;
    char label[96];
    track_run_options o = track_run_options_default();
    snprintf(label, sizeof label, "agent:%s", node);
    o.project = rq->project;
    o.run_id = w->run_id;
    o.join = true;
    o.no_facts = true;
    o.writer = label;
    o.rank = &first;
    TRY(clients_open(w, rq, err));
    return track_start_run(w->client, &o, &w->run, err);
}

track_status watch_start(struct watch *w, const char *root, const char *node,
                         const struct watch_request *rq, track_error *err)
{
    struct board board = w->board;
    *w = (struct watch){.board = board};
    w->board.count = w->board.next = 0;
    snprintf(w->run_id, sizeof w->run_id, "%s", rq->run);
    track_status status = run_start(w, node, rq, err);
    if (status == TRACK_OK) {
        status = watch_add(w, rq, err);
    }
    if (status != TRACK_OK) {
        watch_finish(w);
        return status;
    }
    w->basis = share_check(root, rq->exclusive);
    cgroup_init(&w->cgroup, root, rq->pid, &w->missing);
    return TRACK_OK;
}

track_status watch_add(struct watch *w, const struct watch_request *rq, track_error *err)
{
    for (size_t i = 0; i < w->subscriber_count; i++) {
        if (w->subscribers[i].pid == rq->pid) {
            w->subscribers[i].start = rq->start;
            return TRACK_OK;
        }
    }
    if (w->subscriber_count == WATCH_SUBSCRIBERS_MAX) {
        return FAIL(err, TRACK_TOO_LARGE, "more than %d processes subscribe run %s",
                    WATCH_SUBSCRIBERS_MAX, w->run_id);
    }
    w->subscribers[w->subscriber_count].pid = rq->pid;
    w->subscribers[w->subscriber_count++].start = rq->start;
    return TRACK_OK;
}

static void subscriber_drop(struct watch *w, size_t at)
{
    w->subscribers[at] = w->subscribers[--w->subscriber_count];
}

bool watch_remove(struct watch *w, int pid)
{
    for (size_t i = 0; i < w->subscriber_count; i++) {
        if (w->subscribers[i].pid == pid) {
            subscriber_drop(w, i);
            break;
        }
    }
    return w->subscriber_count == 0;
}

bool watch_check(struct watch *w, const char *root)
{
    for (size_t i = w->subscriber_count; i > 0; i--) {
        uint64_t start = proc_start(root, w->subscribers[i - 1].pid);
        if (start == 0 ||
            (w->subscribers[i - 1].start != 0 && start != w->subscribers[i - 1].start)) {
            subscriber_drop(w, i - 1);
        }
    }
    return w->subscriber_count == 0;
}

void watch_finish(struct watch *w)
{
    struct board board = w->board;
    if (w->run != NULL && track_finish_run(&w->run, TRACK_FINISHED, NULL) != TRACK_OK) {
        w->run = NULL; /* what is not sent stays in the spool, which the run's owner sends */
    }
    track_close(&w->client);
    track_close(&w->documents);
    *w = (struct watch){.board = board};
}

/* Where a value of a window goes. */
struct out {
    const struct watch *watch;
    const char *node;
    int64_t now_us;
};

/* The step is the second of the run that the sampler has seen, so that any axis can be used. */
static void log_value(void *data, const char *name, double value)
{
    const struct out *o = data;
    char key[256];
    int64_t step = (o->now_us - o->watch->begun_us + 500000) / 1000000;
    snprintf(key, sizeof key, "system/%s/%s", o->node, name);
    if (track_log_point(o->watch->run, key, step, o->now_us, value) != TRACK_OK) {
        return; /* counted in the run, said on stderr by libtrack */
    }
}

/* The host's window is handed out once for each run: it is read without being emptied. */
static void host_flush(const struct board *host, struct out *out)
{
    struct board copy = *host;
    struct board_row rows[WATCH_ROWS_MAX];
    size_t count = host->count < WATCH_ROWS_MAX ? host->count : WATCH_ROWS_MAX;
    memcpy(rows, host->rows, count * sizeof *rows);
    copy.rows = rows;
    copy.count = count;
    board_flush(&copy, log_value, out);
}

void watch_flush(struct watch *w, const char *node, struct board *host, int64_t now_us)
{
    if (w->begun_us == 0) {
        w->begun_us = now_us;
    }
    struct out out = {.watch = w, .node = node, .now_us = now_us};
    host_flush(host, &out);
    board_flush(&w->board, log_value, &out);
}

static struct devices_doc doc_of(const struct watch *w, const char *node, const struct devices *d,
                                 const struct missing *host)
{
    return (struct devices_doc){
        .node = node, .basis = w->basis, .devices = d, .host = host, .run = &w->missing};
}

void watch_tell(struct watch *w, const char *node, const struct devices *d,
                const struct missing *host, int64_t now_us)
{
    if (!d->known || (w->told && w->table_count == d->table_count) || now_us < w->tell_us) {
        return;
    }
    if (w->tell_us == 0) { /* the worker may have more to say at first */
        w->tell_us = now_us + SETTLE_US;
        return;
    }
    struct devices_doc doc = doc_of(w, node, d, host);
    uint32_t count = d->table_count;
    if (devices_doc_put(&doc, w->documents, w->run_id, NULL) == TRACK_OK) {
        w->told = true;
        w->table_count = count;
        w->failures = 0;
        w->tell_us = now_us + SETTLE_US;
        return;
    }
    w->failures = w->failures < 6 ? w->failures + 1 : 6;
    w->tell_us = now_us + ((int64_t)1 << w->failures) * 1000000;
}

void watch_tell_later(struct watch *w, const char *node, const struct devices *d,
                      const struct missing *host)
{
    AUTO_BUF buf = BUF(DEVICES_DOC_BYTES_MAX);
    struct devices_doc doc = doc_of(w, node, d, host);
    struct bytes text;
    if (w->told || !d->known || devices_doc_write(&doc, NULL, &buf, &text, NULL) != TRACK_OK) {
        return;
    }
    buf_byte(&buf, 0);
    w->told = buf.status == TRACK_OK &&
              track_set_document(w->run, "devices", (const char *)buf.at) == TRACK_OK;
}
