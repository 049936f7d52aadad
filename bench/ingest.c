/* bench/ingest - points a second that trackd takes durably over HTTP, with the clients on the same
 * cores.
 *
 * Binary: two writers encode frames of 20 loss-like series x 1,024 rows and send them.  JSON: one
 * thread keeps connections busy, each with one request under way; bodies are touched up, not made
 * anew.  A point counts when its request was answered 200.  Each load runs twice: with points
 * staying in the journal, and with sealing and merging going on. */
#include "../core/frame.h"
#include "bench.h"
#include "bodies.h"
#include "load.h"
#include "peer.h"
#include "points.h"

#include <pthread.h>

enum { KEYS = 20, ROWS = 1024, WRITERS = 2 };
#define RUN "0190a5b0c0de7000800000000000000"

struct client {
    const struct peer *peer;
    int number;
    int requests;
    struct blocks_point *points; /* [KEYS * ROWS] */
};

static void create_run(const struct peer *p)
{
    struct peer_link link;
    const char body[] = "{\"project\":\"bench\"}";
    peer_open(p, &link);
    peer_ask(&link, "PUT /api/v1/runs/" RUN "1 HTTP/1.1\r\nContent-Type: application/json", body,
             sizeof(body) - 1);
    peer_close(&link);
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
    struct peer_link link;
    peer_open(c->peer, &link);
    for (int i = 0; i < c->requests; i++) {
        AUTO_BUF body = BUF(FRAME_BYTES_MAX);
        encode(c, i, &body);
        peer_ask(&link,
                 "POST /api/v1/runs/" RUN "1/frames HTTP/1.1\r\n"
                 "Content-Type: application/x-track-frames",
                 body.at, body.size);
    }
    peer_close(&link);
    return NULL;
}

/* M points a second of the writers together. */
static double frames_rate(const struct peer *p, int requests)
{
    struct client clients[WRITERS];
    pthread_t threads[WRITERS];
    double from = bench_seconds();
    for (int i = 0; i < WRITERS; i++) {
        clients[i] = (struct client){.peer = p, .number = i, .requests = requests};
        clients[i].points = malloc(sizeof(struct blocks_point) * KEYS * ROWS);
        if (!clients[i].points ||
            pthread_create(&threads[i], NULL, send_frames, &clients[i]) != 0) {
            peer_die("thread");
        }
    }
    for (int i = 0; i < WRITERS; i++) {
        pthread_join(threads[i], NULL);
        free(clients[i].points);
    }
    return 1e-6 * WRITERS * KEYS * ROWS * requests / (bench_seconds() - from);
}

/* JSON requests of one shape. */
struct shape {
    const char *name;
    int points, keys, requests;
};

struct bodies {
    const struct shape *shape;
    struct body body[LOAD_CONNECTIONS_MAX];
};

static struct load_bytes next_body(void *data, int connection, int number)
{
    struct bodies *b = data;
    int rows = (b->shape->points + b->shape->keys - 1) / b->shape->keys;
    return body_make(&b->body[connection], (int64_t)number * rows);
}

static void json_rows(const struct peer *p, const struct shape *shape, int connections,
                      const char *seal)
{
    struct bodies *b = calloc(1, sizeof(*b));
    struct load l = {.peer = p,
                     .connections = connections,
                     .requests = shape->requests,
                     .make = next_body,
                     .data = b};
    char what[128];
    b->shape = shape;
    for (int i = 0; i < connections; i++) {
        body_open(&b->body[i], RUN "1", shape->points, shape->keys);
    }
    load_run(&l);
    int n = snprintf(what, sizeof(what), "%s, %d connections%s", shape->name, connections, seal);
    if (shape->points > 1) {
        bench_row(what, 1e-6 * shape->points * shape->requests / l.seconds, "M points/s", "");
    } else {
        bench_row(what, shape->requests / l.seconds, "requests/s", "");
    }
    static const struct {
        const char *name;
        double part;
    } parts[] = {{"p50", 0.5}, {"p99", 0.99}, {"p99.9", 0.999}};
    for (size_t i = 0; i < 3; i++) {
        snprintf(what + n, sizeof(what) - (size_t)n, ": ack %s", parts[i].name);
        bench_row(what, load_ack(&l, parts[i].part), "ms", "");
    }
    snprintf(what + n, sizeof(what) - (size_t)n, ": server's processor");
    bench_row(what, 1e9 * l.cpu_server / shape->requests / shape->points, "ns/point", "");
    for (int i = 0; i < connections; i++) {
        body_close(&b->body[i]);
    }
    free(l.acks_ms);
    free(b);
}

static void play(const char *seal, const char *what)
{
    static const struct shape shapes[] = {
        {"ingest, JSON bodies of 1,000 points", 1000, 100, 20000},
        {"ingest, JSON bodies of 1,000 keys, MLflow-shaped", 1000, 1000, 10000},
        {"ingest, one JSON point a request", 1, 1, 60000},
    };
    struct peer p;
    char row[128];
    peer_start_as(&p, 18190, seal);
    create_run(&p);
    snprintf(row, sizeof(row), "ingest, binary frames, encoding included%s", what);
    bench_row(row, frames_rate(&p, 1500), "M points/s", "");
    for (size_t i = 0; i < 3; i++) {
        json_rows(&p, &shapes[i], 1, what);
        json_rows(&p, &shapes[i], 8, what);
        json_rows(&p, &shapes[i], 64, what);
    }
    peer_end(&p);
}

int main(void)
{
    play("no", "");
    play("yes", ", sealing");
    return 0;
}
