/* bench/memory - memory of trackd under full load, and when the load has gone.
 *
 * Two writers send frames of 20 series x 1,024 rows to runs that end one after the other; sealing
 * and merging go on. */
#include "../core/frame.h"
#include "bench.h"
#include "peer.h"
#include "points.h"

#include <pthread.h>

enum { KEYS = 20, ROWS = 1024, WRITERS = 2, RUNS = 6, FRAMES = 600, IDLE_S = 100, PORT = 18191 };

struct client {
    const struct peer *peer;
    int number;
    struct blocks_point *points; /* [KEYS * ROWS] */
};

/* A line of /proc/PID/status in MB. */
static double status_mb(const struct peer *p, const char *name)
{
    char path[64], text[4096];
    snprintf(path, sizeof(path), "/proc/%d/status", (int)p->pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = read(fd, text, sizeof(text) - 1);
    close(fd);
    text[size > 0 ? size : 0] = '\0';
    const char *at = strstr(text, name);
    return at ? strtod(at + strlen(name), NULL) / 1024 : 0;
}

static void run_path(char *out, size_t size, int writer, int run)
{
    snprintf(out, size, "/api/v1/runs/0190a5b0c0de70008000000000%06d", writer * 1000 + run);
}

static void ask(struct peer_link *link, const char *method, const char *path, const char *body)
{
    char head[256];
    snprintf(head, sizeof(head), "%s %s HTTP/1.1\r\nContent-Type: application/json", method, path);
    peer_ask(link, head, body, strlen(body));
}

static void encode(const struct client *c, int run, int number, struct buf *out)
{
    AUTO_ARENA arena = ARENA(FRAME_ARENA_BYTES);
    char names[KEYS][8];
    struct frame_key keys[KEYS] = {0};
    struct frame f = {.head = {.kind = FRAME_POINTS, .seq = (uint64_t)number}};
    for (int i = 0; i < KEYS; i++) {
        snprintf(names[i], sizeof(names[i]), "k%02d", i);
        keys[i].name = (struct bytes){(const unsigned char *)names[i], 3};
    }
    f.head.writer[0] = (unsigned char)(c->number + 1);
    f.head.writer[1] = (unsigned char)run;
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

static void send_run(const struct client *c, struct peer_link *link, int run)
{
    char path[128], to[256], head[256], body[128];
    run_path(path, sizeof(path), c->number, run);
    ask(link, "PUT", path, "{\"project\":\"bench\"}");
    snprintf(head, sizeof(head),
             "POST %s/frames HTTP/1.1\r\nContent-Type: application/x-track-frames", path);
    for (int i = 0; i < FRAMES; i++) {
        AUTO_BUF frame = BUF(FRAME_BYTES_MAX);
        encode(c, run, i, &frame);
        peer_ask(link, head, frame.at, frame.size);
    }
    snprintf(to, sizeof(to), "%s/writers/%02x%02x%028d/close", path, c->number + 1, run, 0);
    snprintf(body, sizeof(body), "{\"last_seq\":%d,\"points\":%d}", FRAMES - 1,
             FRAMES * KEYS * ROWS);
    ask(link, "POST", to, body);
    snprintf(to, sizeof(to), "%s/finish", path);
    ask(link, "POST", to, "{\"state\":\"finished\"}");
}

static void *send_runs(void *data)
{
    struct client *c = data;
    struct peer_link *link = malloc(sizeof(*link));
    peer_open(c->peer, link);
    for (int run = 0; run < RUNS; run++) {
        send_run(c, link, run);
    }
    close(link->fd);
    free(link);
    return NULL;
}

static void load(const struct peer *p)
{
    struct client clients[WRITERS];
    pthread_t threads[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        clients[i] = (struct client){.peer = p, .number = i};
        clients[i].points = malloc(sizeof(struct blocks_point) * KEYS * ROWS);
        if (!clients[i].points || pthread_create(&threads[i], NULL, send_runs, &clients[i]) != 0) {
            peer_die("thread");
        }
    }
    for (int i = 0; i < WRITERS; i++) {
        pthread_join(threads[i], NULL);
        free(clients[i].points);
    }
}

int main(void)
{
    struct peer p;
    char what[128];
    peer_start_as(&p, PORT, "yes");
    load(&p);
    snprintf(what, sizeof(what), "trackd, largest RSS while %d M points come in",
             WRITERS * RUNS * FRAMES * KEYS * ROWS / 1000000);
    bench_row(what, status_mb(&p, "VmHWM:"), "MB", "<= 256 MB");
    for (int i = 0; getenv("MEMORY_TRACE") && i < IDLE_S; i += 10) {
        fprintf(stderr, "%d s later: %.1f MB\n", i, status_mb(&p, "VmRSS:"));
        usleep(10000000);
    }
    if (!getenv("MEMORY_TRACE")) {
        usleep(IDLE_S * 1000000u);
    }
    snprintf(what, sizeof(what), "trackd, RSS %d s later", IDLE_S);
    bench_row(what, status_mb(&p, "VmRSS:"), "MB", "<= 32 MB");
    peer_end(&p);
    return 0;
}
