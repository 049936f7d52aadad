#include "many.h"

#include <math.h>
#include <stdlib.h>

uint64_t many_next(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 24;
}

static double any_value(uint64_t *state)
{
    static const double special[] = {NAN, -NAN, INFINITY, -INFINITY, -0.0, 0.0, 5e-324, 1e300};
    uint64_t choice = many_next(state) % 60;
    if (choice < sizeof(special) / sizeof(special[0])) {
        return special[choice];
    }
    return (double)(many_next(state) % 2000) / 7 - 100;
}

static int point_order(const void *a, const void *b)
{
    return point_compare(a, b);
}

void many_sort(struct many *m)
{
    static struct point points[MANY_MAX];
    for (size_t i = 0; i < m->count; i++) {
        points[i] = (struct point){m->steps[i], m->times_us[i], m->values[i]};
    }
    if (m->count) {
        qsort(points, m->count, sizeof(*points), point_order);
    }
    size_t kept = 0;
    for (size_t i = 0; i < m->count; i++) {
        if (i == 0 || point_compare(&points[i], &points[i - 1]) != 0) {
            m->steps[kept] = points[i].step;
            m->times_us[kept] = points[i].time_us;
            m->values[kept++] = points[i].value;
        }
    }
    m->count = kept;
}

void many_fill(struct many *m, size_t count, bool ascend, uint64_t *state)
{
    int64_t step = (int64_t)(many_next(state) % 5000) - 4000;
    int64_t time = (int64_t)(many_next(state) % 1000000) * 1000;
    int64_t stride = (int64_t)1 << many_next(state) % 12;
    for (m->count = 0; m->count < count; m->count++) {
        m->steps[m->count] = step;
        m->times_us[m->count] = time;
        m->values[m->count] = any_value(state);
        step += many_next(state) % 8 ? stride : (int64_t)(many_next(state) % 3) * stride;
        step += many_next(state) % 1000 == 0 ? 300 * stride : 0;
        time += (int64_t)(many_next(state) % 900) * 1000;
        time -= !ascend && many_next(state) % 100 == 0 ? 5000000 : 0;
    }
    many_sort(m);
}

struct stretch many_stretch(const struct many *m)
{
    return (struct stretch){m->steps, m->times_us, m->values, m->count};
}

void many_part(const struct many *from, unsigned part, unsigned parts, uint64_t *state,
               struct many *out)
{
    out->count = 0;
    for (size_t i = 0; i < from->count; i++) {
        /* most points lie in the part of their place, some in another one, or in two */
        bool here = i * parts / from->count == part;
        if (here || many_next(state) % 50 == 0) {
            out->steps[out->count] = from->steps[i];
            out->times_us[out->count] = from->times_us[i];
            out->values[out->count++] = from->values[i];
        }
    }
}

static track_status source_seek(void *data, int64_t step, track_error *err)
{
    struct many_source *s = data;
    (void)err;
    for (s->at = 0; s->at < s->from->count && s->from->steps[s->at] < step;) {
        s->at++;
    }
    s->at -= s->at < 3 ? s->at : 3; /* some way before it */
    return TRACK_OK;
}

static track_status source_next(void *data, struct stretch *out, track_error *err)
{
    struct many_source *s = data;
    (void)err;
    struct stretch all = many_stretch(s->from);
    *out = stretch_from(&all, s->at);
    out->count = out->count < s->piece ? out->count : s->piece;
    s->at += out->count;
    s->given += out->count;
    return TRACK_OK;
}

struct stretch_source many_source(struct many_source *s)
{
    return (struct stretch_source){source_seek, source_next, s, INT64_MAX};
}
