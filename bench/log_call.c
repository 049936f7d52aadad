/* bench/log_call - what a log call costs the training program, spool on the disk of $TMPDIR.
 * Prints rows: a call by handle and by name (median of means over 64 calls), the slowest of a
 * hundred single calls, and the share of its time that a loop of 1,000 steps a second loses when it
 * logs 20 metrics a step. */
#include "../sdk/track.h"
#include "bench.h"

#include <stdlib.h>
#include <unistd.h>

enum { ROUNDS = 4000, CALLS = 64, SINGLES = 400000, STEPS = 2000, METRICS = 20 };

struct subject {
    track_run *run;
    track_metric *metric;
    int64_t step;
    bool by_name;
};

static void log_one(struct subject *s)
{
    if (s->by_name) {
        track_log_metric(s->run, "train/loss", s->step++, 0.5);
    } else {
        track_log_value(s->metric, s->step++, 0.5);
    }
}

static double round_once(void *data)
{
    double from = bench_seconds();
    for (int i = 0; i < CALLS; i++) {
        log_one(data);
    }
    return (bench_seconds() - from) / CALLS;
}

static double clock_once(void *data)
{
    (void)data;
    double from = bench_seconds();
    return bench_seconds() - from;
}

/* Prints p50, p99 and p99.9 of calls. */
static void measure(struct subject *s, const char *what, const char *target)
{
    char label[64];
    double *took = calloc(SINGLES, sizeof(*took));
    double *means = calloc(ROUNDS, sizeof(*means));
    if (!took || !means) {
        exit(1);
    }
    for (int i = 0; i < ROUNDS; i++) {
        means[i] = round_once(s);
    }
    double clock = bench_median(clock_once, NULL, 1000);
    for (int i = 0; i < SINGLES; i++) {
        double from = bench_seconds();
        log_one(s);
        took[i] = bench_seconds() - from - clock;
    }
    qsort(means, ROUNDS, sizeof(*means), bench_compare);
    qsort(took, SINGLES, sizeof(*took), bench_compare);
    snprintf(label, sizeof(label), "log call by %s, p50", what);
    bench_row(label, means[ROUNDS / 2] * 1e9, "ns", target);
    snprintf(label, sizeof(label), "log call by %s, p99", what);
    bench_row(label, took[SINGLES / 100 * 99] * 1e9, "ns", "<= 1000 ns");
    snprintf(label, sizeof(label), "log call by %s, p99.9", what);
    bench_row(label, took[SINGLES / 1000 * 999] * 1e9, "ns", "");
    free(took);
    free(means);
}

/* Share of its time that the loop spends in log calls. */
static void measure_loop(track_run *run)
{
    static const char *const names[METRICS] = {
        "m/0",  "m/1",  "m/2",  "m/3",  "m/4",  "m/5",  "m/6",  "m/7",  "m/8",  "m/9",
        "m/10", "m/11", "m/12", "m/13", "m/14", "m/15", "m/16", "m/17", "m/18", "m/19"};
    double start = bench_seconds(), logging = 0;
    for (int64_t step = 0; step < STEPS; step++) {
        while (bench_seconds() < start + (double)step * 1e-3) { /* the work of a step */
        }
        double from = bench_seconds();
        for (int i = 0; i < METRICS; i++) {
            track_log_metric(run, names[i], step, 1.0 / (double)(step + 1));
        }
        logging += bench_seconds() - from;
    }
    bench_row("20 metrics a step, 1,000 steps/s: time lost",
              logging / (bench_seconds() - start) * 100, "%", "< 1 %");
}

int main(void)
{
    char folder[] = "/var/tmp/track-bench-XXXXXX";
    track_client *client = NULL;
    struct subject s = {0};
    track_options o = track_options_default();
    if (!mkdtemp(folder)) {
        return 1;
    }
    o.spool = folder;
    o.mode = TRACK_MODE_OFFLINE;
    o.quiet = true;
    track_run_options r = track_run_options_default();
    r.no_facts = true;
    if (track_init(&o, &client, NULL) != TRACK_OK ||
        track_start_run(client, &r, &s.run, NULL) != TRACK_OK ||
        track_get_metric(s.run, "train/loss", &s.metric) != TRACK_OK) {
        return 1;
    }
    measure(&s, "handle", "<= 40 ns");
    s.by_name = true;
    measure(&s, "name", "<= 100 ns");
    measure_loop(s.run);
    track_finish_run(&s.run, TRACK_FINISHED, NULL);
    track_close(&client);
    return execlp("rm", "rm", "-rf", folder, (char *)NULL);
}
