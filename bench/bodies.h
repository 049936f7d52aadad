/* bodies - requests of JSON points, made once and then only touched up: each has other steps,
 * times and values, and making it costs 10 ns a point. */
#ifndef BENCH_BODIES_H
#define BENCH_BODIES_H
#include "load.h"

enum { BODY_STEP_DIGITS = 10, BODY_TIME_DIGITS = 16, BODY_VALUE_DIGITS = 6 };

/* A request with `points` points. */
struct body {
    int points, keys; /* a point's key is its number modulo keys */
    char *at;         /* head and body */
    size_t size;
    size_t *steps; /* [points]: where its step stands; time and value behind it */
    uint64_t random;
};

#define BODY_HEAD                                                 \
    "POST /api/v1/runs/%s/points HTTP/1.1\r\nHost: 127.0.0.1\r\n" \
    "Content-Type: application/json\r\nContent-Length: %010zu\r\n\r\n"
#define BODY_POINT                                           \
    "%s{\"key\":\"train/layer%d/loss\",\"step\":1000000000," \
    "\"time_us\":1700000000000000,\"value\":0.123456}"

static inline void body_open(struct body *b, const char *run, int points, int keys)
{
    size_t room = 256 + 128 * (size_t)points;
    *b = (struct body){.points = points, .keys = keys, .random = 88172645463325252u};
    b->at = malloc(room);
    b->steps = calloc((size_t)points, sizeof(*b->steps));
    if (!b->at || !b->steps) {
        peer_die("body");
    }
    size_t head = (size_t)snprintf(b->at, room, BODY_HEAD, run, (size_t)0);
    b->size = head + (size_t)snprintf(b->at + head, room - head, "{\"points\":[");
    for (int i = 0; i < points; i++) {
        int size = snprintf(b->at + b->size, room - b->size, BODY_POINT, i ? "," : "", i % keys);
        b->steps[i] =
            (size_t)(strstr(b->at + b->size, "\"step\":") - b->at) + sizeof("\"step\":") - 1;
        b->size += (size_t)size;
    }
    b->size += (size_t)snprintf(b->at + b->size, room - b->size, "]}");
    char first = b->at[head];
    snprintf(b->at, head + 1, BODY_HEAD, run, b->size - head);
    b->at[head] = first;
}

static inline void body_digits(char *to, uint64_t value, int digits)
{
    for (int i = digits; i-- > 0; value /= 10) {
        to[i] = (char)('0' + value % 10);
    }
}

/* Rows from this step on, 5 ms apart. */
static inline struct load_bytes body_make(struct body *b, int64_t step)
{
    char steps[BODY_STEP_DIGITS], times[BODY_TIME_DIGITS];
    for (int i = 0; i < b->points; i++) {
        char *at = b->at + b->steps[i];
        if (i % b->keys == 0) {
            body_digits(steps, 1000000000u + (uint64_t)step, sizeof(steps));
            body_digits(times, 1700000000000000u + (uint64_t)step * 5000, sizeof(times));
            step++;
        }
        memcpy(at, steps, sizeof(steps));
        memcpy(at += sizeof(steps) + sizeof(",\"time_us\":") - 1, times, sizeof(times));
        at += sizeof(times) + sizeof(",\"value\":0.") - 1;
        b->random ^= b->random << 13;
        b->random ^= b->random >> 7;
        b->random ^= b->random << 17;
        for (uint32_t k = 0, rest = (uint32_t)b->random; k < BODY_VALUE_DIGITS; k++) {
            uint64_t next = (uint64_t)rest * 10;
            at[k] = (char)('0' + (next >> 32));
            rest = (uint32_t)next;
        }
    }
    return (struct load_bytes){b->at, b->size};
}

static inline void body_close(struct body *b)
{
    free(b->at);
    free(b->steps);
}
#endif
