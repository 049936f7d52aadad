/* frames - writers that encode frames of loss-like points and send them to a peer: what the
 * programs that measure ingest share. */
#ifndef BENCH_FRAMES_H
#define BENCH_FRAMES_H
#include "../core/frame.h"
#include "bench.h"
#include "peer.h"
#include "points.h"

#include <pthread.h>

enum { FRAMES_KEYS = 20, FRAMES_ROWS = 1024, FRAMES_WRITERS = 2 };
#define FRAMES_RUN    "0190a5b0c0de70008000000000000001"
#define FRAMES_POINTS ((int64_t)FRAMES_KEYS * FRAMES_ROWS) /* of a frame */

/* One writer; the writers take turns with the rows. */
struct frames_writer {
    const struct peer *peer;
    int number;
    int from, to;                /* frames to be sent */
    struct blocks_point *points; /* [FRAMES_POINTS] */
};

static inline void frames_create_run(const struct peer *p)
{
    struct peer_link link;
    const char body[] = "{\"project\":\"bench\"}";
    peer_open(p, &link);
    peer_ask(&link, "PUT /api/v1/runs/" FRAMES_RUN " HTTP/1.1\r\nContent-Type: application/json",
             body, sizeof(body) - 1);
    peer_close(&link);
}

static inline void frames_encode(const struct frames_writer *w, int number, struct buf *out)
{
    AUTO_ARENA arena = ARENA(FRAME_ARENA_BYTES);
    char names[FRAMES_KEYS][8];
    struct frame_key keys[FRAMES_KEYS] = {0};
    for (int i = 0; i < FRAMES_KEYS; i++) {
        snprintf(names[i], sizeof(names[i]), "k%02d", i);
        keys[i].name = (struct bytes){(const unsigned char *)names[i], 3};
    }
    struct frame f = {.head = {.kind = FRAME_POINTS, .seq = (uint64_t)number}};
    f.head.writer[0] = (unsigned char)(w->number + 1);
    f.head.content_crc = (uint32_t)number + 1;
    f.key_count = number ? 0 : FRAMES_KEYS;
    f.keys = keys;
    points_fill(w->points, number * FRAMES_WRITERS + w->number, FRAMES_ROWS, FRAMES_KEYS,
                INT64_C(1700000000000000));
    struct blocks_in in = {.points = w->points, .point_count = (size_t)FRAMES_POINTS};
    if (blocks_fill(&in, &arena, &f, NULL) != TRACK_OK ||
        frame_encode(&f, 1, &arena, out, NULL) != TRACK_OK) {
        peer_die("encode");
    }
}

static inline void *frames_send(void *data)
{
    struct frames_writer *w = data;
    struct peer_link link;
    w->points = malloc(sizeof(struct blocks_point) * (size_t)FRAMES_POINTS);
    if (!w->points) {
        peer_die("writer");
    }
    peer_open(w->peer, &link);
    for (int i = w->from; i < w->to; i++) {
        AUTO_BUF body = BUF(FRAME_BYTES_MAX);
        frames_encode(w, i, &body);
        peer_ask(&link,
                 "POST /api/v1/runs/" FRAMES_RUN "/frames HTTP/1.1\r\n"
                 "Content-Type: application/x-track-frames",
                 body.at, body.size);
    }
    peer_close(&link);
    free(w->points);
    return NULL;
}

/* Sends frames from..to of each writer, all at once; seconds. */
static inline double frames_play(const struct peer *p, int from, int to)
{
    struct frames_writer writers[FRAMES_WRITERS];
    pthread_t threads[FRAMES_WRITERS];
    double began = bench_seconds();
    for (int i = 0; i < FRAMES_WRITERS; i++) {
        writers[i] = (struct frames_writer){.peer = p, .number = i, .from = from, .to = to};
        if (pthread_create(&threads[i], NULL, frames_send, &writers[i]) != 0) {
            peer_die("thread");
        }
    }
    for (int i = 0; i < FRAMES_WRITERS; i++) {
        pthread_join(threads[i], NULL);
    }
    return bench_seconds() - began;
}
#endif
