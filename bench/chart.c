/* bench/chart - how long a chart of a series of 10 M points takes over HTTP, first and again, and
 * what the server's memory is then. */
#include "../core/blocks.h"
#include "../core/frame.h"
#include "bench.h"
#include "peer.h"

enum { ROWS = 200000, FRAMES = 50 };
#define RUN "0190a5b0c0de70008000000000000002"

static struct peer_link link_ = {.fd = -1};

static void send_frame(int number)
{
    AUTO_ARENA arena = ARENA(FRAME_ARENA_BYTES);
    AUTO_BUF body = BUF(FRAME_BYTES_MAX);
    struct blocks_point *points = malloc(sizeof(*points) * ROWS);
    for (int row = 0; points && row < ROWS; row++) {
        int64_t step = (int64_t)number * ROWS + row;
        float noise = (float)((uint32_t)step * 2654435761u % 1000u) * 1e-4f;
        points[row] =
            (struct blocks_point){step, 1700000000000000 + step * 1000,
                                  (double)(2.0f / (1.0f + 1e-6f * (float)step) + noise), 0};
    }
    struct frame_key key = {.name = {(const unsigned char *)"loss", 4}};
    struct frame f = {.head = {.kind = FRAME_POINTS, .seq = (uint64_t)number}};
    f.head.writer[0] = 9;
    f.head.content_crc = (uint32_t)number + 1;
    f.key_count = number == 0;
    f.keys = &key;
    struct blocks_in in = {.points = points, .point_count = ROWS};
    if (!points || blocks_fill(&in, &arena, &f, NULL) != TRACK_OK ||
        frame_encode(&f, 1, &arena, &body, NULL) != TRACK_OK) {
        peer_die("encode");
    }
    peer_ask(&link_,
             "POST /api/v1/runs/" RUN "/frames HTTP/1.1\r\n"
             "Content-Type: application/x-track-frames",
             body.at, body.size);
    free(points);
}

static double ask_once(void *body)
{
    double from = bench_seconds();
    peer_ask(&link_,
             "POST /api/v1/bins HTTP/1.1\r\nContent-Type: application/json\r\n"
             "Accept: application/x-track-bins",
             body, strlen(body));
    return bench_seconds() - from;
}

static double resident_mb(const struct peer *p)
{
    char path[64], line[256];
    double kib = 0;
    snprintf(path, sizeof(path), "/proc/%d/status", (int)p->pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof(line), file)) {
        kib = strncmp(line, "VmRSS:", 6) == 0 ? strtod(line + 6, NULL) : kib;
    }
    if (file) {
        fclose(file);
    }
    return kib / 1024;
}

int main(void)
{
    static char step[] = "{\"runs\":[\"" RUN "\"],\"keys\":[\"loss\"],\"bins\":1000,"
                         "\"columns\":[\"last\",\"min\",\"max\",\"mean\"]}";
    static char part[] =
        "{\"runs\":[\"" RUN "\"],\"keys\":[\"loss\"],\"bins\":1000,\"from\":5000000,"
        "\"to\":5001000,\"columns\":[\"last\",\"min\",\"max\",\"mean\"]}";
    static char wall[] = "{\"runs\":[\"" RUN "\"],\"keys\":[\"loss\"],\"bins\":1000,\"x\":\"time\","
                         "\"columns\":[\"last\",\"min\",\"max\",\"mean\"]}";
    const char create[] = "{\"project\":\"bench\"}";
    struct peer p;
    peer_start(&p, 18191);
    peer_open(&p, &link_);
    peer_ask(&link_, "PUT /api/v1/runs/" RUN " HTTP/1.1\r\nContent-Type: application/json", create,
             sizeof(create) - 1);
    for (int i = 0; i < FRAMES; i++) {
        send_frame(i);
    }
    bench_row("chart of 10 M points, journal read for the first time", 1e3 * ask_once(step), "ms",
              "");
    bench_row("chart of 10 M points, 1,000 bins, again", 1e3 * bench_median(ask_once, step, 9),
              "ms", "");
    bench_row("chart of 10 M points, wall time", 1e3 * bench_median(ask_once, wall, 9), "ms", "");
    bench_row("zoom to 1,000 raw points of them", 1e3 * bench_median(ask_once, part, 9), "ms", "");
    bench_row("trackd, RSS with 10 M points in its cache", resident_mb(&p), "MB", "");
    peer_end(&p);
    return 0;
}
