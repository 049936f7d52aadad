/* bench/reads - what charts, dashboards, histories and the page of a project take over HTTP when
 * all points lie in packs and the journal is empty.
 *
 * One run of 10 M points, one of 50 series of 1 M points each, one of 10,000 keys; losses with
 * noise, times 300 ms apart and a little.  Cold: the first request after a restart, when nothing
 * but the kernel knows the files; else the median of requests that follow each other. */
#include "data.h"
#include "kinds.h"
#include "peer.h"

enum {
    LONG = 10 * 1000 * 1000,
    WIDE_SERIES = 50,
    WIDE = 1000 * 1000,
    KEYS = 10000,
    KEY_ROWS = 10,
    ROWS = 32768,     /* of a frame of one series */
    WIDE_ROWS = 4096, /* of a frame of many */
    PAGE = 131072,
    COLD_ROUNDS = 7,
    ROUNDS = 25,
};
#define RUN_LONG "0190a5b0c0de70008000000000000011"
#define RUN_WIDE "0190a5b0c0de70008000000000000012"
#define RUN_KEYS "0190a5b0c0de70008000000000000013"
#define STEP_US  300000

/* A server on the data, and what it is asked. */
struct bench {
    struct peer peer;
    struct peer_link link;
    const char *head, *body;
};

static int64_t time_of(struct kind_source *clock, int64_t step)
{
    return DATA_NOW + step * STEP_US + 1000 * (int64_t)(7 * kind_uniform(clock));
}

static void fill_long(struct data *d)
{
    static struct blocks_point points[ROWS];
    const struct frame_key key = {{(const unsigned char *)"loss", 4}, {NULL, 0}};
    struct kind_source values = {.noise = 1}, clock = {.noise = 2};
    data_run(d, RUN_LONG);
    for (int64_t i = 0; i < LONG;) {
        size_t count = 0;
        for (; count < ROWS && i < LONG; count++, i++) {
            double value = kind_noisy_loss(&values, (size_t)i);
            points[count] = (struct blocks_point){i, time_of(&clock, i), value, 0};
        }
        data_add(d, &(struct blocks_in){points, count, NULL, 0}, &key, 1);
    }
    data_rest(d);
}

static void fill_wide(struct data *d)
{
    static struct blocks_point points[WIDE_SERIES * WIDE_ROWS];
    static struct kind_source values[WIDE_SERIES];
    struct frame_key keys[WIDE_SERIES];
    char names[WIDE_SERIES][24];
    struct kind_source clock = {.noise = 3};
    data_run(d, RUN_WIDE);
    for (uint32_t k = 0; k < WIDE_SERIES; k++) {
        int size = snprintf(names[k], sizeof(names[k]), "loss/%u", k);
        keys[k] = (struct frame_key){{(unsigned char *)names[k], (size_t)size}, {NULL, 0}};
        values[k].noise = k + 1;
    }
    for (int64_t i = 0; i < WIDE;) {
        size_t count = 0;
        for (int row = 0; row < WIDE_ROWS && i < WIDE; row++, i++) {
            int64_t time = time_of(&clock, i);
            for (uint32_t k = 0; k < WIDE_SERIES; k++) {
                double value = kind_noisy_loss(&values[k], (size_t)i);
                points[count++] = (struct blocks_point){i, time, value, k};
            }
        }
        data_add(d, &(struct blocks_in){points, count, NULL, 0}, keys, WIDE_SERIES);
    }
    data_rest(d);
}

static void fill_keys(struct data *d)
{
    static struct blocks_point points[KEYS];
    static struct frame_key keys[KEYS];
    static char names[KEYS][32];
    data_run(d, RUN_KEYS);
    for (size_t i = 0; i < KEYS; i++) {
        int size = snprintf(names[i], sizeof(names[i]), "layer%zu/part%zu/norm", i / 100, i % 100);
        keys[i].name = (struct bytes){(unsigned char *)names[i], (size_t)size};
    }
    for (int64_t row = 0; row < KEY_ROWS; row++) {
        for (uint32_t i = 0; i < KEYS; i++) {
            double value = (double)(float)(1.0 / (double)(1 + row + i));
            points[i] = (struct blocks_point){row, DATA_NOW + row * STEP_US, value, i};
        }
        data_add(d, &(struct blocks_in){points, KEYS, NULL, 0}, keys, KEYS);
    }
    data_rest(d);
}

/* Milliseconds of a request. */
static double ask_once(void *data)
{
    struct bench *b = data;
    double from = bench_seconds();
    peer_ask(&b->link, b->head, b->body, strlen(b->body));
    return 1e3 * (bench_seconds() - from);
}

static void restart(struct bench *b)
{
    peer_close(&b->link);
    peer_stop(&b->peer);
    peer_serve(&b->peer, "no");
    peer_open(&b->peer, &b->link);
}

static double ask_cold(void *data)
{
    restart(data);
    return ask_once(data);
}

/* Rows of a request: after a restart, and again. */
static void measure(struct bench *b, const char *what, const char *target_cold, const char *target)
{
    char row[128];
    snprintf(row, sizeof(row), "%s, after a restart", what);
    bench_row(row, bench_median(ask_cold, b, COLD_ROUNDS), "ms", target_cold);
    (void)ask_once(b);
    bench_row(what, bench_median(ask_once, b, ROUNDS), "ms", target);
}

static void measure_charts(struct bench *b)
{
    static char wide[4096];
    b->head = "POST /api/v1/bins HTTP/1.1\r\nContent-Type: application/json\r\n"
              "Accept: application/x-track-bins";
    b->body = "{\"runs\":[\"" RUN_LONG "\"],\"keys\":[\"loss\"],\"bins\":2000,"
              "\"columns\":[\"last\",\"min\",\"max\",\"mean\"]}";
    measure(b, "at rest: chart of 10 M points, 2,000 bins", "25", "2");
    b->body = "{\"runs\":[\"" RUN_LONG "\"],\"keys\":[\"loss\"],\"bins\":2000,\"x\":\"time\","
              "\"columns\":[\"last\",\"min\",\"max\",\"mean\"]}";
    measure(b, "at rest: chart of 10 M points by time", "", "120");
    b->body = "{\"runs\":[\"" RUN_LONG "\"],\"keys\":[\"loss\"],\"bins\":1000,\"from\":5000000,"
              "\"to\":5000999,\"columns\":[\"last\",\"min\",\"max\",\"mean\"]}";
    measure(b, "at rest: zoom to 1,000 raw points", "", "");
    int at = snprintf(wide, sizeof(wide), "{\"runs\":[\"" RUN_WIDE "\"],\"bins\":1000,\"keys\":[");
    for (int k = 0; k < WIDE_SERIES; k++) {
        at += snprintf(wide + at, sizeof(wide) - (size_t)at, "%s\"loss/%d\"", k ? "," : "", k);
    }
    snprintf(wide + at, sizeof(wide) - (size_t)at,
             "],\"columns\":[\"last\",\"min\",\"max\",\"mean\"]}");
    b->body = wide;
    measure(b, "at rest: dashboard of 50 series of 1 M points", "", "15");
}

/* Milliseconds of reading all points of the long series, page by page. */
static double history_once(void *data)
{
    struct bench *b = data;
    char head[256];
    double from = bench_seconds();
    for (int step = 0; step < LONG; step += PAGE) {
        snprintf(head, sizeof(head),
                 "GET /api/v1/runs/" RUN_LONG "/points?key=loss&from=%d&limit=%d HTTP/1.1\r\n"
                 "Accept: application/x-track-points",
                 step, PAGE);
        peer_ask(&b->link, head, "", 0);
    }
    return 1e3 * (bench_seconds() - from);
}

static double history_cold(void *data)
{
    restart(data);
    return history_once(data);
}

static void measure_project(struct bench *b)
{
    b->body = "";
    b->head = "GET /api/v1/projects/bench/series HTTP/1.1";
    measure(b, "at rest: project of 10,000 keys, its metric tree", "", "10");
    b->head = "GET /api/v1/projects/bench/keys?kind=metric HTTP/1.1";
    measure(b, "at rest: project of 10,000 keys, names for columns", "", "10");
    b->head = "POST /api/v1/runs/search HTTP/1.1\r\nContent-Type: application/json";
    b->body = "{\"project\":\"bench\"}";
    measure(b, "at rest: project of 10,000 keys, its table of runs", "", "10");
    b->head = "GET /api/v1/runs/" RUN_KEYS "/series HTTP/1.1";
    b->body = "";
    measure(b, "at rest: run of 10,000 keys, its metric tree", "", "10");
}

int main(void)
{
    struct bench b = {.peer = {.port = 18192}, .link = {.fd = -1}};
    struct data d;
    data_open(&d);
    fill_long(&d);
    fill_wide(&d);
    fill_keys(&d);
    store_close(d.store);
    memcpy(b.peer.data, d.dir, sizeof(b.peer.data));
    peer_serve(&b.peer, "no");
    peer_open(&b.peer, &b.link);
    measure_charts(&b);
    bench_row("at rest: 10 M points of history, after a restart", bench_median(history_cold, &b, 3),
              "ms", "300");
    bench_row("at rest: 10 M points of history", bench_median(history_once, &b, 5), "ms", "300");
    measure_project(&b);
    peer_close(&b.link);
    peer_end(&b.peer);
    return 0;
}
