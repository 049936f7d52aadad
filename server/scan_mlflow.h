/* scan_mlflow - bodies of MLflow's runs/log-batch and runs/log-metric, read in one pass.
 *
 * As scan.h: what is not quite plain is left to core/json, and what is taken here means the same
 * there.  Members that nobody knows are passed over, as MLflow does; those of logged models and
 * data sets are for others, and so are params, tags and metrics that stand as null.
 * Used by tests and bench/scan.c; the routes of MLflow's API come with that facade.
 * Uses: scan_part.  Pure; any thread.
 */
#ifndef SERVER_SCAN_MLFLOW_H
#define SERVER_SCAN_MLFLOW_H
#include "../core/bytes.h"

#include <stdbool.h>

/* One metric; texts lie in the body. */
struct scan_metric {
    struct bytes key;
    int64_t time_ms; /* >= 0 */
    int64_t step;    /* 0 where it is not said */
    double value;    /* not finite where it stood as a text */
};

/* One param or tag. */
struct scan_pair {
    struct bytes key, value;
};

/* What a batch holds.  The caller sets the rooms; counts are the scanner's. */
struct scan_batch {
    struct bytes run; /* run_id */
    struct scan_metric *metrics;
    struct scan_pair *params, *tags;
    size_t metric_room, param_room, tag_room;
    size_t metric_count, param_count, tag_count;
};

/* Reads {"run_id":...,"metrics":[{"key","value","timestamp","step"}],"params":[{"key","value"}],
 * "tags":[...]}, members in any order; what is in *b is undefined where it answers false.
 *
 * False: not plain, no run_id, or more than a room.
 *
 * Cost:  130 ns a metric of 17 digits (bench/scan.c).
 * Tests: tests/server/test_scan_mlflow.c, tests/fuzz/fuzz_scan_mlflow.c (against core/json)
 */
bool scan_log_batch(struct bytes body, struct scan_batch *b);

/* Reads {"run_id":...,"key":...,"value":...,"timestamp":...,"step":...}; run_uuid may stand for
 * run_id, or say the same. */
bool scan_log_metric(struct bytes body, struct bytes *run, struct scan_metric *out);
#endif
