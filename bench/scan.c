/* bench/scan - JSON bodies of points read by server/scan, and by core/json as what is not plain is;
 * one core, without a server. */
#include "../server/scan.h"
#include "../core/json.h"
#include "../core/number.h"
#include "../server/scan_mlflow.h"
#include "../server/scan_wandb.h"
#include "bench.h"
#include "bodies.h"

enum { POINTS = 1000, ROUNDS = 101 };

struct bench {
    struct bytes body;
    struct scan_point points[POINTS];
};

static double scan_once(void *data)
{
    struct bench *b = data;
    double from = bench_seconds();
    if (scan_points(b->body, b->points, POINTS) != POINTS) {
        peer_die("scan");
    }
    return bench_seconds() - from;
}

/* A log-batch of 1,000 metrics, and a row of 1,000 cells, as the clients write them. */
static struct bytes other_body(char *out, size_t room, bool batch)
{
    size_t size = (size_t)snprintf(out, room, batch ? "{\"run_id\":\"a\",\"metrics\":[" : "{");
    for (int i = 0; i < POINTS; i++) {
        size += (size_t)snprintf(out + size, room - size,
                                 batch ? "%s{\"key\": \"train/layer%d/loss\", \"value\": %.17g, "
                                         "\"timestamp\": 1700000000000, \"step\": 1234}"
                                       : "%s\"train/layer%d/loss\":%.17g",
                                 i ? "," : "", i, 1.0 / (i + 3));
    }
    size += (size_t)snprintf(out + size, room - size, batch ? "]}" : "}");
    return (struct bytes){(const unsigned char *)out, size};
}

static double batch_once(void *data)
{
    static struct scan_metric metrics[POINTS];
    struct scan_batch b = {.metrics = metrics, .metric_room = POINTS};
    double from = bench_seconds();
    if (!scan_log_batch(*(const struct bytes *)data, &b) || b.metric_count != POINTS) {
        peer_die("log-batch");
    }
    return bench_seconds() - from;
}

static double row_once(void *data)
{
    static struct scan_cell cells[SCAN_CELLS_MAX];
    struct scan_row row = {.cells = cells};
    double from = bench_seconds();
    if (!scan_row(*(const struct bytes *)data, &row) || row.count != POINTS) {
        peer_die("row");
    }
    return bench_seconds() - from;
}

static double json_once(void *data)
{
    const struct bench *b = data;
    AUTO_ARENA arena = ARENA(16 << 20);
    const struct json *root;
    double from = bench_seconds();
    if (json_read(b->body, NULL, &arena, &root, NULL) != TRACK_OK) {
        peer_die("json");
    }
    return bench_seconds() - from;
}

static double decode_once(void *data)
{
    const struct bytes *texts = data;
    double from = bench_seconds(), value = 0;
    for (int i = 0; i < POINTS; i++) {
        if (!number_decode(texts[i], &value)) {
            peer_die("number");
        }
    }
    return bench_seconds() - from;
}

static void rows(const char *what, double seconds, size_t bytes)
{
    char row[80];
    snprintf(row, sizeof(row), "%s", what);
    bench_row(row, POINTS / seconds / 1e6, "M points/s", "");
    snprintf(row, sizeof(row), "%s: text", what);
    bench_row(row, (double)bytes / seconds / 1e6, "MB/s", "");
}

int main(void)
{
    static struct bench b;
    static char texts[POINTS][32], text[POINTS * 128];
    struct bytes numbers[POINTS];
    struct body body;
    body_open(&body, "0190a5b0c0de70008000000000000001", POINTS, 100);
    struct load_bytes request = body_make(&body, 0);
    const char *json = strstr(request.at, "\r\n\r\n") + 4;
    b.body =
        (struct bytes){(const unsigned char *)json, request.size - (size_t)(json - request.at)};
    rows("scan, JSON of 1,000 points", bench_median(scan_once, &b, ROUNDS), b.body.size);
    rows("core/json, the same", bench_median(json_once, &b, ROUNDS), b.body.size);
    for (int batch = 1; batch >= 0; batch--) {
        struct bytes other = other_body(text, sizeof(text), batch);
        rows(batch ? "scan, MLflow's log-batch of 1,000 keys" : "scan, W&B's row of 1,000 keys",
             bench_median(batch ? batch_once : row_once, &other, ROUNDS), other.size);
    }
    for (int i = 0; i < POINTS; i++) {
        int size = snprintf(texts[i], sizeof(texts[i]), "%.17g", 1.0 / (i + 3));
        numbers[i] = (struct bytes){(const unsigned char *)texts[i], (size_t)size};
    }
    bench_row("number, 17 digits: decode",
              bench_median(decode_once, numbers, ROUNDS) / POINTS * 1e9, "ns", "");
    body_close(&body);
    return 0;
}
