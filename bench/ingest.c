/* bench/ingest - points a second that trackd takes durably over HTTP, with the clients on the same
 * cores.
 *
 * Binary: two writers encode frames of 20 loss-like series x 1,024 rows and send them.  JSON: one
 * thread keeps connections busy, each with one request under way; bodies are touched up, not made
 * anew.  A point counts when its request was answered 200.  All of it runs twice: with points
 * staying in the journal, and with sealing and merging going on. */
#include "bodies.h"
#include "frames.h"
#include "load.h"

enum { FRAMES = 2500, SHAPES = 3, LOADS = 3, MODES = 2 };

/* JSON requests of one shape. */
struct shape {
    const char *name;
    int points, keys;
    int requests;              /* of 64 connections: some ten seconds of them */
    const char *target[MODES]; /* of 64 connections */
};

/* How points are kept meanwhile. */
struct mode {
    const char *seal, *name;
    int number;
};

/* One shape sent over some connections. */
struct bodies {
    const struct shape *shape;
    int connections;
    int64_t step; /* of the first row: no two loads log the same */
    struct body body[LOAD_CONNECTIONS_MAX];
};

static struct load_bytes next_body(void *data, int connection, int number)
{
    struct bodies *b = data;
    int rows = (b->shape->points + b->shape->keys - 1) / b->shape->keys;
    return body_make(&b->body[connection], b->step + (int64_t)number * rows);
}

static void ack_rows(const struct load *l, const char *name, const char *target)
{
    static const struct {
        const char *name;
        double part;
    } parts[] = {{"p50", 0.5}, {"p99", 0.99}, {"p99.9", 0.999}};
    char what[160];
    for (size_t i = 0; i < 3; i++) {
        snprintf(what, sizeof(what), "%s: ack %s", name, parts[i].name);
        bench_row(what, load_ack(l, parts[i].part), "ms", i == 1 ? target : "");
    }
}

static void json_rows(const struct peer *p, struct bodies *b, const struct mode *mode)
{
    const struct shape *shape = b->shape;
    bool most = b->connections == LOAD_CONNECTIONS_MAX, one = shape->points == 1;
    struct load l = {.peer = p, .connections = b->connections, .make = next_body, .data = b};
    char what[128], cpu[160];
    int share = most ? 1 : b->connections == 1 ? 16 : 4;
    l.requests = (size_t)(shape->requests / share);
    for (int i = 0; i < b->connections; i++) {
        body_open(&b->body[i], FRAMES_RUN, shape->points, shape->keys);
    }
    load_run(&l);
    double requests = (double)l.requests, rate = requests / l.seconds;
    snprintf(what, sizeof(what), "%s, %d connections%s", shape->name, b->connections, mode->name);
    bench_row(what, one ? rate : rate * shape->points / 1e6, one ? "requests/s" : "M points/s",
              most ? shape->target[mode->number] : "");
    ack_rows(&l, what, most ? "<= 15" : "");
    snprintf(cpu, sizeof(cpu), "%s: server's processor", what);
    bench_row(cpu, 1e9 * l.cpu_server / requests / shape->points, "ns/point", "");
    for (int i = 0; i < b->connections; i++) {
        body_close(&b->body[i]);
    }
    free(l.acks_ms);
}

static void play(const struct mode *mode)
{
    static const struct shape shapes[SHAPES] = {
        {"ingest, JSON bodies of 1,000 points", 1000, 100, 60000, {">= 6.5", ">= 4.5"}},
        {"ingest, JSON bodies of 1,000 keys, MLflow-shaped", 1000, 1000, 24000, {"", ">= 2"}},
        {"ingest, one JSON point a request", 1, 1, 120000, {">= 20000", ">= 20000"}},
    };
    static const int connections[LOADS] = {1, 8, LOAD_CONNECTIONS_MAX};
    static const char *const frames_target[MODES] = {">= 13", ">= 7"};
    struct peer p;
    char row[128];
    peer_start_as(&p, 18190, mode->seal);
    frames_create_run(&p);
    snprintf(row, sizeof(row), "ingest, binary frames, encoding included%s", mode->name);
    bench_row(row, 1e-6 * FRAMES * FRAMES_WRITERS * FRAMES_POINTS / frames_play(&p, 0, FRAMES),
              "M points/s", frames_target[mode->number]);
    for (int i = 0; i < SHAPES * LOADS; i++) {
        struct bodies *b = calloc(1, sizeof(*b));
        if (!b) {
            peer_die("bodies");
        }
        *b = (struct bodies){.shape = &shapes[i / LOADS],
                             .connections = connections[i % LOADS],
                             .step = i * INT64_C(100000000)};
        json_rows(&p, b, mode);
        free(b);
    }
    peer_end(&p);
}

int main(void)
{
    static const struct mode modes[MODES] = {{"no", "", 0}, {"yes", ", sealing", 1}};
    for (int i = 0; i < MODES; i++) {
        play(&modes[i]);
    }
    return 0;
}
