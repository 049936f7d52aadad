#include "api_metrics.h"

#include "app.h"
#include "store_pack.h"

#include <stdio.h>
#include <string.h>

enum { METRICS_BYTES_MAX = 1 << 20 };

/* # HELP and # TYPE of a family. */
static void family(struct buf *out, const char *name, const char *type, const char *help)
{
    char line[256];
    (void)snprintf(line, sizeof(line), "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
    buf_text(out, line);
}

static void sample(struct buf *out, const char *name, const char *labels, double value)
{
    char line[320];
    (void)snprintf(line, sizeof(line), "%s%s %.17g\n", name, labels, value);
    buf_text(out, line);
}

/* A family of one sample. */
struct metric {
    const char *name, *type, *help;
    double value;
};

static void put_all(struct buf *out, const struct metric *metrics, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        family(out, metrics[i].name, metrics[i].type, metrics[i].help);
        sample(out, metrics[i].name, "", metrics[i].value);
    }
}

static void put_requests(struct buf *out, const struct app *app)
{
    static const char name[] = "track_http_requests_total";
    family(out, name, "counter",
           "Answered requests by row of the route table and class of status.");
    for (size_t i = 0; i < STATS_ROUTES_MAX; i++) {
        const struct route *row = i < app->routes_count ? &app->routes[i] : NULL;
        for (int code = 0; code < STATS_CODES; code++) {
            uint64_t count = atomic_load(&app->stats->requests[i][code]);
            char labels[200];
            if (count > 0) {
                (void)snprintf(
                    labels, sizeof(labels), "{method=\"%s\",route=\"%s\",status=\"%s\"}",
                    row ? row->method : "", row ? row->pattern : "none",
                    (const char *const[]){"cut", "1xx", "2xx", "3xx", "4xx", "5xx"}[code]);
                sample(out, name, labels, (double)count);
            }
        }
    }
}

static void put_times(struct buf *out, struct stats *s)
{
    static const char name[] = "track_http_request_seconds";
    uint64_t sum = 0;
    family(out, name, "histogram", "From the first line of a request to the end of its answer.");
    for (int i = 0; i <= STATS_BUCKETS; i++) {
        char labels[64];
        sum += atomic_load(&s->took[i]);
        if (i < STATS_BUCKETS) {
            (void)snprintf(labels, sizeof(labels), "_bucket{le=\"%g\"}",
                           (double)stats_bucket_us[i] / 1e6);
        }
        sample(out, name, i < STATS_BUCKETS ? labels : "_bucket{le=\"+Inf\"}", (double)sum);
    }
    sample(out, name, "_sum", (double)atomic_load(&s->took_us) / 1e6);
    sample(out, name, "_count", (double)sum);
}

static void put_traffic(struct buf *out, const struct app *app, const struct request *rq)
{
    struct stats *s = app->stats;
    const struct metric metrics[] = {
        {"track_http_connections", "gauge", "Open connections.",
         (double)atomic_load(&s->connections)},
        {"track_http_streams", "gauge", "Open event streams.", (double)atomic_load(&s->streams)},
        {"track_http_cut_total", "counter", "Connections that missed a deadline.",
         (double)atomic_load(&s->cut)},
        {"track_http_received_bytes_total", "counter", "Bytes of bodies received.",
         (double)atomic_load(&s->received_bytes)},
        {"track_http_sent_bytes_total", "counter", "Bytes of bodies sent.",
         (double)atomic_load(&s->sent_bytes)},
        {"track_points_total", "counter", "Points and lines taken in.",
         (double)atomic_load(&s->points)},
        {"track_frame_bytes_total", "counter", "Bytes of frames received.",
         (double)atomic_load(&s->frame_bytes)},
        {"track_repeats_total", "counter", "Bodies of frames that brought nothing new.",
         (double)atomic_load(&s->repeats)},
        {"track_uptime_seconds", "gauge", "Time since the start.",
         (double)(rq->now_us - app->started_us) / 1e6},
    };
    put_all(out, metrics, sizeof(metrics) / sizeof(metrics[0]));
}

static void put_store(struct buf *out, const struct app *app, const struct store_sizes *sizes)
{
    struct writer_counts w;
    struct tail_counts t;
    writer_count(store_writer(app->store), &w);
    tail_count(app->tail, &t);
    const struct metric metrics[] = {
        {"track_commits_total", "counter", "Group commits.", (double)w.groups},
        {"track_writes_total", "counter", "Writes in these commits.", (double)w.tickets},
        {"track_commit_retries_total", "counter", "Commits that were done again.",
         (double)w.retries},
        {"track_commit_seconds_total", "counter", "Time spent in COMMIT.",
         (double)w.commit_us / 1e6},
        {"track_queue_writes", "gauge", "Writes that wait for a commit.", (double)w.queue_tickets},
        {"track_queue_bytes", "gauge", "Their bytes.", (double)w.queue_bytes},
        {"track_database_bytes", "gauge", "Size of the database file.",
         (double)sizes->database_bytes},
        {"track_wal_bytes", "gauge", "Size of its write-ahead log.", (double)sizes->log_bytes},
        {"track_disk_free_bytes", "gauge", "Free space where the data is.",
         (double)sizes->free_bytes},
        {"track_tail_runs", "gauge", "Runs whose points are kept in memory.", (double)t.runs},
        {"track_tail_bytes", "gauge", "Memory that they take.", (double)t.bytes},
        {"track_tail_evicted_total", "counter", "Runs that left it for others.", (double)t.evicted},
    };
    put_all(out, metrics, sizeof(metrics) / sizeof(metrics[0]));
}

/* Without a sealer its families are absent: nothing would be true of them. */
static void put_seal(struct buf *out, const struct app *app, int64_t packs)
{
    struct seal_counts c = {0};
    const struct metric pack = {"track_packs", "gauge", "Packs of all runs.", (double)packs};
    put_all(out, &pack, 1);
    if (!app->seal) {
        return;
    }
    seal_count(app->seal, &c);
    const struct metric metrics[] = {
        {"track_seals_total", "counter", "Times that frames of a run became packs.",
         (double)c.seals},
        {"track_sealed_points_total", "counter", "Points in these frames, repeats included.",
         (double)c.sealed_points},
        {"track_merges_total", "counter", "Times that packs of a run became fewer, or final.",
         (double)c.merges},
        {"track_merged_packs_total", "counter", "Packs that went with that.",
         (double)c.packs_merged},
        {"track_merge_waits_total", "counter", "Times that merging let writes go first.",
         (double)c.yields},
        {"track_seal_errors_total", "counter", "Times that it failed; the log says why.",
         (double)c.failures},
        {"track_journal_rows", "gauge", "Rows of the journal after the sealer's last look.",
         (double)c.journal_rows},
        {"track_journal_bytes", "gauge", "Bytes of frames in them.", (double)c.journal_bytes},
    };
    put_all(out, metrics, sizeof(metrics) / sizeof(metrics[0]));
}

track_status api_metrics_get(struct app *app, struct request *rq, struct response *rs,
                             track_error *err)
{
    struct store_sizes sizes;
    struct buf *out = request_buf(rq, METRICS_BYTES_MAX);
    if (!out) {
        return FAIL(err, TRACK_NOMEM, "no room for the counters");
    }
    int64_t packs;
    TRY(store_measure(app->store, &sizes, err));
    TRY(store_pack_count(app->store, &packs, err));
    put_requests(out, app);
    put_times(out, app->stats);
    put_traffic(out, app, rq);
    put_store(out, app, &sizes);
    put_seal(out, app, packs);
    rs->type = "text/plain; version=0.0.4; charset=utf-8";
    return buf_end(out, &rs->body, err);
}
