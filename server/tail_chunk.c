#include "tail_chunk.h"

#include <stdlib.h>
#include <string.h>

/* How a column is stored.  Numbers of 32 bits are offsets from the chunk's first step or least
 * time. */
enum step_form { STEPS_AFFINE, STEPS_32, STEPS_64 };
enum time_form { TIMES_AFFINE, TIMES_32_US, TIMES_32_MS, TIMES_64 };
enum value_form { VALUES_SAME, VALUES_32, VALUES_64 };

enum { MS = 1000 };

static uint64_t difference(int64_t a, int64_t b)
{
    return (uint64_t)a - (uint64_t)b;
}

static unsigned char step_form_of(const struct point *p, size_t count)
{
    uint64_t stride = count > 1 ? difference(p[1].step, p[0].step) : 0;
    bool affine = true;
    for (size_t i = 2; affine && i < count; i++) {
        affine = difference(p[i].step, p[i - 1].step) == stride;
    }
    if (affine) {
        return STEPS_AFFINE;
    }
    return difference(p[count - 1].step, p[0].step) <= UINT32_MAX ? STEPS_32 : STEPS_64;
}

/* Also finds the least and the greatest time, and whether they ascend. */
static unsigned char time_form_of(const struct point *p, size_t count, struct tail_chunk *out)
{
    uint64_t stride = count > 1 ? difference(p[1].time_us, p[0].time_us) : 0;
    bool affine = true, ms = true;
    out->time_min_us = out->time_max_us = p[0].time_us;
    out->times_ascend = true;
    for (size_t i = 1; i < count; i++) {
        int64_t now = p[i].time_us;
        out->time_min_us = now < out->time_min_us ? now : out->time_min_us;
        out->time_max_us = now > out->time_max_us ? now : out->time_max_us;
        out->times_ascend = out->times_ascend && now >= p[i - 1].time_us;
        affine = affine && difference(now, p[i - 1].time_us) == stride;
        ms = ms && now % MS == p[0].time_us % MS;
    }
    uint64_t range = difference(out->time_max_us, out->time_min_us);
    if (affine) {
        return TIMES_AFFINE;
    }
    if (range <= UINT32_MAX) {
        return TIMES_32_US;
    }
    return ms && range / MS <= UINT32_MAX ? TIMES_32_MS : TIMES_64;
}

static unsigned char value_form_of(const struct point *p, size_t count)
{
    bool same = true, narrow = true;
    for (size_t i = 0; i < count && (same || narrow); i++) {
        double back = (double)(float)p[i].value;
        same = same && memcmp(&p[i].value, &p[0].value, sizeof(back)) == 0;
        narrow = narrow && memcmp(&p[i].value, &back, sizeof(back)) == 0;
    }
    return same ? VALUES_SAME : narrow ? VALUES_32 : VALUES_64;
}

/* Bytes of a column of count numbers; each begins at a multiple of 8. */
static size_t room_of(size_t count, size_t width)
{
    return (count * width + 7) / 8 * 8;
}

static size_t step_room(const struct tail_chunk *c)
{
    size_t width = c->step_form == STEPS_32 ? 4 : 8;
    return c->step_form == STEPS_AFFINE ? 8 : room_of(c->count, width);
}

static size_t time_room(const struct tail_chunk *c)
{
    size_t width = c->time_form == TIMES_64 ? 8 : 4;
    return c->time_form == TIMES_AFFINE ? 8 : room_of(c->count, width);
}

static size_t value_room(const struct tail_chunk *c)
{
    size_t width = c->value_form == VALUES_32 ? 4 : 8;
    return c->value_form == VALUES_SAME ? 8 : room_of(c->count, width);
}

static void put_steps(const struct tail_chunk *c, const struct point *p, void *to)
{
    uint32_t *narrow = to;
    uint64_t *wide = to;
    if (c->step_form == STEPS_AFFINE) {
        wide[0] = c->count > 1 ? difference(p[1].step, p[0].step) : 0;
        return;
    }
    for (size_t i = 0; i < c->count; i++) {
        if (c->step_form == STEPS_32) {
            narrow[i] = (uint32_t)difference(p[i].step, c->first.step);
        } else {
            wide[i] = (uint64_t)p[i].step;
        }
    }
}

static void put_times(const struct tail_chunk *c, const struct point *p, void *to)
{
    uint32_t *narrow = to;
    uint64_t *wide = to;
    if (c->time_form == TIMES_AFFINE) {
        wide[0] = c->count > 1 ? difference(p[1].time_us, p[0].time_us) : 0;
        return;
    }
    uint64_t unit = c->time_form == TIMES_32_MS ? MS : 1;
    for (size_t i = 0; i < c->count; i++) {
        if (c->time_form == TIMES_64) {
            wide[i] = (uint64_t)p[i].time_us;
        } else {
            narrow[i] = (uint32_t)(difference(p[i].time_us, c->time_min_us) / unit);
        }
    }
}

static void put_values(const struct tail_chunk *c, const struct point *p, void *to)
{
    float *narrow = to;
    double *wide = to;
    size_t count = c->value_form == VALUES_SAME ? 1 : c->count;
    for (size_t i = 0; i < count; i++) {
        if (c->value_form == VALUES_32) {
            narrow[i] = (float)p[i].value;
        } else {
            wide[i] = p[i].value;
        }
    }
}

track_status tail_chunk_encode(const struct point *points, size_t count, struct tail_chunk *out,
                               track_error *err)
{
    struct tail_chunk c = {.first = points[0], .last = points[count - 1]};
    c.count = (uint32_t)count;
    c.step_form = step_form_of(points, count);
    c.time_form = time_form_of(points, count, &c);
    c.value_form = value_form_of(points, count);
    c.bytes = step_room(&c) + time_room(&c) + value_room(&c);
    c.data = malloc(c.bytes);
    if (!c.data) {
        return FAIL(err, TRACK_NOMEM, "%zu points: no memory", count);
    }
    put_steps(&c, points, c.data);
    put_times(&c, points, c.data + step_room(&c));
    put_values(&c, points, c.data + step_room(&c) + time_room(&c));
    *out = c;
    return TRACK_OK;
}

void tail_chunk_release(struct tail_chunk *chunk)
{
    free(chunk->data);
    chunk->data = NULL;
}

/* Offsets of 32 bits, in units, from base. */
static void take_narrow(const void *from, size_t count, int64_t base, uint64_t unit, int64_t *out)
{
    const uint32_t *narrow = from;
    for (size_t i = 0; i < count; i++) {
        out[i] = (int64_t)((uint64_t)base + narrow[i] * unit);
    }
}

static void take_affine(const void *from, size_t count, int64_t base, int64_t *out)
{
    uint64_t stride, now = (uint64_t)base;
    memcpy(&stride, from, sizeof(stride));
    for (size_t i = 0; i < count; i++, now += stride) {
        out[i] = (int64_t)now;
    }
}

static void take_values(const struct tail_chunk *c, const void *from, double *out)
{
    const float *narrow = from;
    const double *wide = from;
    for (size_t i = 0; i < c->count; i++) {
        out[i] = c->value_form == VALUES_32   ? (double)narrow[i]
                 : c->value_form == VALUES_64 ? wide[i]
                                              : wide[0];
    }
}

void tail_chunk_decode(const struct tail_chunk *c, struct tail_window *out)
{
    const unsigned char *steps = c->data, *times = steps + step_room(c);
    if (c->step_form == STEPS_AFFINE) {
        take_affine(steps, c->count, c->first.step, out->steps);
    } else if (c->step_form == STEPS_32) {
        take_narrow(steps, c->count, c->first.step, 1, out->steps);
    } else {
        memcpy(out->steps, steps, c->count * sizeof(int64_t));
    }
    if (c->time_form == TIMES_AFFINE) {
        take_affine(times, c->count, c->first.time_us, out->times_us);
    } else if (c->time_form == TIMES_64) {
        memcpy(out->times_us, times, c->count * sizeof(int64_t));
    } else {
        uint64_t unit = c->time_form == TIMES_32_MS ? MS : 1;
        take_narrow(times, c->count, c->time_min_us, unit, out->times_us);
    }
    take_values(c, times + time_room(c), out->values);
}
