/* bench/scan - JSON bodies of points read by server/scan, and by core/json as what is not plain is;
 * one core, without a server. */
#include "../server/scan.h"
#include "../core/json.h"
#include "../core/number.h"
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
    static char texts[POINTS][32];
    struct bytes numbers[POINTS];
    struct body body;
    body_open(&body, "0190a5b0c0de70008000000000000001", POINTS, 100);
    struct load_bytes request = body_make(&body, 0);
    const char *json = strstr(request.at, "\r\n\r\n") + 4;
    b.body =
        (struct bytes){(const unsigned char *)json, request.size - (size_t)(json - request.at)};
    rows("scan, JSON of 1,000 points", bench_median(scan_once, &b, ROUNDS), b.body.size);
    rows("core/json, the same", bench_median(json_once, &b, ROUNDS), b.body.size);
    for (int i = 0; i < POINTS; i++) {
        int size = snprintf(texts[i], sizeof(texts[i]), "%.17g", 1.0 / (i + 3));
        numbers[i] = (struct bytes){(const unsigned char *)texts[i], (size_t)size};
    }
    bench_row("number, 17 digits: decode",
              bench_median(decode_once, numbers, ROUNDS) / POINTS * 1e9, "ns", "");
    body_close(&body);
    return 0;
}
