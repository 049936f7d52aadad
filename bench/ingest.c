/* bench/ingest - points a second that trackd takes durably over HTTP, with the clients on the same
 * cores.
 *
 * Binary: two writers encode frames of 20 loss-like series x 1,024 rows and send them; JSON: two
 * clients send bodies of 1,000 points; single: one point a request.  A point counts when its
 * request was answered 200. */
#include "../core/frame.h"
#include "bench.h"
#include "peer.h"
#include "points.h"

#include <pthread.h>

enum { KEYS = 20, ROWS = 1024, WRITERS = 2, FRAMES = 300 };
#define RUN "0190a5b0c0de7000800000000000000"

struct client {
    const struct peer *peer;
    int number;
    int requests;
    struct blocks_point *points; /* [KEYS * ROWS] */
    double seconds;
};

static void create_run(const struct peer *p)
{
    static struct peer_link link;
    const char body[] = "{\"project\":\"bench\"}";
    peer_open(p, &link);
    peer_ask(&link, "PUT /api/v1/runs/" RUN "1 HTTP/1.1\r\nContent-Type: application/json", body,
             sizeof(body) - 1);
    close(link.fd);
}

static void encode(const struct client *c, int number, struct buf *out)
{
    AUTO_ARENA arena = ARENA(FRAME_ARENA_BYTES);
    static const char names[KEYS][8] = {"k00", "k01", "k02", "k03", "k04", "k05", "k06",
                                        "k07", "k08", "k09", "k10", "k11", "k12", "k13",
                                        "k14", "k15", "k16", "k17", "k18", "k19"};
    struct frame_key keys[KEYS];
    for (int i = 0; i < KEYS; i++) {
        keys[i] = (struct frame_key){.name = {(const unsigned char *)names[i], 3}};
    }
    struct frame f = {.head = {.kind = FRAME_POINTS, .seq = (uint64_t)number}};
    f.head.writer[0] = (unsigned char)(c->number + 1);
    f.head.content_crc = (uint32_t)number + 1;
    f.key_count = number ? 0 : KEYS;
    f.keys = keys;
    points_fill(c->points, number, ROWS, KEYS, INT64_C(1700000000000000));
    struct blocks_in in = {.points = c->points, .point_count = (size_t)KEYS * ROWS};
    if (blocks_fill(&in, &arena, &f, NULL) != TRACK_OK ||
        frame_encode(&f, 1, &arena, out, NULL) != TRACK_OK) {
        peer_die("encode");
    }
}

static void *send_frames(void *data)
{
    struct client *c = data;
    struct peer_link *link = malloc(sizeof(*link));
    peer_open(c->peer, link);
    for (int i = 0; i < c->requests; i++) {
        AUTO_BUF body = BUF(FRAME_BYTES_MAX);
        encode(c, i, &body);
        peer_ask(link,
                 "POST /api/v1/runs/" RUN "1/frames HTTP/1.1\r\n"
                 "Content-Type: application/x-track-frames",
                 body.at, body.size);
    }
    close(link->fd);
    free(link);
    return NULL;
}

/* Bodies of `per` points each, made once: the clock of the clients is not measured. */
static size_t json_body(char *out, size_t room, int per, int number)
{
    size_t at = (size_t)snprintf(out, room, "{\"points\":[");
    for (int i = 0; i < per; i++) {
        at += (size_t)snprintf(out + at, room - at,
                               "%s{\"key\":\"json/%d\",\"step\":%d,\"time_us\":17000000%08d,"
                               "\"value\":%.6g}",
                               i ? "," : "", i % 100, number * per + i / 100, number,
                               1.0 / (1 + number + i));
    }
    return at + (size_t)snprintf(out + at, room - at, "]}");
}

static void send_json(struct client *c, int per)
{
    struct peer_link *link = malloc(sizeof(*link));
    char *body = malloc(1 << 20);
    peer_open(c->peer, link);
    for (int i = 0; i < c->requests; i++) {
        size_t size = json_body(body, 1 << 20, per, c->number * 100000 + i);
        peer_ask(link,
                 "POST /api/v1/runs/" RUN "1/points HTTP/1.1\r\nContent-Type: application/json",
                 body, size);
    }
    close(link->fd);
    free(link);
    free(body);
}

static void *send_json_thousands(void *data)
{
    send_json(data, 1000);
    return NULL;
}

static void *send_json_singles(void *data)
{
    send_json(data, 1);
    return NULL;
}

/* Requests a second of all clients together. */
static double measure(const struct peer *p, void *(*work)(void *), int writers, int requests)
{
    struct client clients[64];
    pthread_t threads[64];
    double from = bench_seconds();
    for (int i = 0; i < writers; i++) {
        clients[i] = (struct client){.peer = p, .number = i, .requests = requests};
        clients[i].points = malloc(sizeof(struct blocks_point) * KEYS * ROWS);
        if (!clients[i].points || pthread_create(&threads[i], NULL, work, &clients[i]) != 0) {
            peer_die("thread");
        }
    }
    for (int i = 0; i < writers; i++) {
        pthread_join(threads[i], NULL);
        free(clients[i].points);
    }
    return writers * requests / (bench_seconds() - from);
}

int main(void)
{
    struct peer p;
    peer_start(&p, 18190);
    create_run(&p);
    double frames = measure(&p, send_frames, WRITERS, FRAMES);
    bench_row("ingest, binary frames, durable, encoding included", frames * KEYS * ROWS / 1e6,
              "M points/s", ">= 5");
    double bodies = measure(&p, send_json_thousands, WRITERS, 200);
    bench_row("ingest, JSON bodies of 1,000 points, durable", bodies * 1000 / 1e6, "M points/s",
              ">= 0.4");
    bench_row("ingest, one JSON point a request, 32 clients",
              measure(&p, send_json_singles, 32, 200), "requests/s", "");
    peer_end(&p);
    return 0;
}
