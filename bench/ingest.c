/* bench/ingest - points a second that trackd takes durably over HTTP, with the clients on the same
 * cores.
 *
 * Binary: two writers encode frames of 20 loss-like series x 1,024 rows and send them.  JSON: one
 * thread keeps connections busy, each with one request under way; bodies are touched up, not made
 * anew.  A point counts when its request was answered 200.  Each load runs twice: with points
 * staying in the journal, and with sealing and merging going on. */
#include "bodies.h"
#include "frames.h"
#include "load.h"

enum { FRAMES = 1500 }; /* of each writer */

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
        body_open(&b->body[i], FRAMES_RUN, shape->points, shape->keys);
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
    frames_create_run(&p);
    snprintf(row, sizeof(row), "ingest, binary frames, encoding included%s", what);
    bench_row(row, 1e-6 * FRAMES * FRAMES_WRITERS * FRAMES_POINTS / frames_play(&p, 0, FRAMES),
              "M points/s", "");
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
