#include "smooth.h"

#include "bins.h"

#include <math.h>

void smooth_init(struct smooth *s, const struct smooth_ask *ask, struct arena *arena)
{
    *s = (struct smooth){.ask = ask, .arena = arena, .keep_apart = 1};
    s->keep_one = ask->kind == SMOOTH_EMA ? exp2(ask->keep) : 0;
}

/* What a value weighs so far behind it. */
static double keep_of(struct smooth *s, uint64_t apart)
{
    if (apart == 1) {
        return s->keep_one;
    }
    if (apart != s->apart) {
        s->apart = apart;
        s->keep_apart = exp2(s->ask->keep * (double)apart);
    }
    return s->keep_apart;
}

/* u of point i of a stretch, kept from going back. */
static int64_t u_of(const struct smooth *s, const struct stretch *in, size_t i)
{
    if (s->ask->by == SMOOTH_BY_POINT) {
        return s->mean.u + 1;
    }
    int64_t u = s->ask->by == SMOOTH_BY_STEP ? in->steps[i] : in->times_us[i];
    return s->mean.mass > 0 && u < s->mean.u ? s->mean.u : u;
}

static void mean_add(struct smooth *s, const struct stretch *in)
{
    struct smooth_mean *mean = &s->mean;
    for (size_t i = 0; i < in->count; i++) {
        double value = in->values[i];
        if (!isfinite(value)) {
            continue;
        }
        int64_t u = u_of(s, in, i);
        uint64_t apart = (uint64_t)u - (uint64_t)mean->u;
        mean->mass = mean->mass > 0 ? mean->mass * keep_of(s, apart) + 1 : 1;
        double share = 1 / mean->mass; /* of this value; both terms stay inside double */
        mean->value = mean->value * (1 - share) + value * share;
        mean->u = u;
    }
}

/* Makes the ring twice as large, in order. */
static bool window_grow(struct smooth *s)
{
    size_t room = s->room ? 2 * s->room : 64;
    if (room > SMOOTH_WINDOW_MAX) {
        s->status = TRACK_TOO_LARGE;
        return false;
    }
    int64_t *us = ARENA_ARRAY(s->arena, int64_t, room);
    double *values = ARENA_ARRAY(s->arena, double, room);
    s->sorted = ARENA_ARRAY(s->arena, double, room);
    if (!us || !values || !s->sorted) {
        s->status = TRACK_NOMEM;
        return false;
    }
    for (size_t i = 0; i < s->count; i++) {
        us[i] = s->us[(s->first + i) & (s->room - 1)];
        values[i] = s->values[(s->first + i) & (s->room - 1)];
    }
    s->us = us;
    s->values = values;
    s->room = room;
    s->first = 0;
    return true;
}

static void window_add(struct smooth *s, const struct stretch *in)
{
    for (size_t i = 0; i < in->count && s->status == TRACK_OK; i++) {
        if (!isfinite(in->values[i])) {
            continue;
        }
        int64_t u = u_of(s, in, i);
        s->mean.u = u;
        s->mean.mass = 1;
        while (s->count && (uint64_t)u - (uint64_t)s->us[s->first] >= (uint64_t)s->ask->window) {
            s->first = (s->first + 1) & (s->room - 1);
            s->count--;
        }
        if (s->count == s->room && !window_grow(s)) {
            return;
        }
        size_t at = (s->first + s->count++) & (s->room - 1);
        s->us[at] = u;
        s->values[at] = in->values[i];
    }
}

bool smooth_add(struct smooth *s, const struct stretch *in)
{
    bool any = false;
    for (size_t i = 0; i < in->count && !any; i++) {
        any = isfinite(in->values[i]);
    }
    if (s->ask->kind == SMOOTH_EMA) {
        mean_add(s, in);
    } else {
        window_add(s, in);
    }
    return any;
}

static double window_end(const struct smooth *s, bool least)
{
    double found = s->values[s->first];
    for (size_t i = 1; i < s->count; i++) {
        double value = s->values[(s->first + i) & (s->room - 1)];
        bool better = bins_order(value) < bins_order(found) ? least : !least;
        found = better ? value : found;
    }
    return found;
}

static void swap(double *a, double *b)
{
    double kept = *a;
    *a = *b;
    *b = kept;
}

/* Moves the value of rank `rank` to its place, lesser ones before it.
 * Source: Hoare, Algorithm 65: find, 1961 (middle element as the bound). */
static double select_rank(double *at, size_t count, size_t rank)
{
    size_t low = 0, high = count - 1;
    while (low < high) {
        double bound = at[low + (high - low) / 2];
        size_t i = low, j = high;
        for (;;) {
            for (; at[i] < bound; i++) {
            }
            for (; at[j] > bound; j--) {
            }
            if (i >= j) {
                break;
            }
            swap(&at[i++], &at[j--]);
        }
        low = rank > j ? j + 1 : low;
        high = rank <= j ? j : high;
    }
    return at[rank];
}

static double window_median(const struct smooth *s)
{
    for (size_t i = 0; i < s->count; i++) {
        s->sorted[i] = s->values[(s->first + i) & (s->room - 1)];
    }
    size_t half = s->count / 2;
    double upper = select_rank(s->sorted, s->count, half), lower = upper;
    if (s->count % 2 == 0) {
        lower = s->sorted[0];
        for (size_t i = 1; i < half; i++) {
            lower = fmax(lower, s->sorted[i]);
        }
    }
    return lower / 2 + upper / 2;
}

double smooth_value(const struct smooth *s)
{
    switch (s->ask->kind) {
    case SMOOTH_MEDIAN:
        return window_median(s);
    case SMOOTH_MIN:
    case SMOOTH_MAX:
        return window_end(s, s->ask->kind == SMOOTH_MIN);
    default:
        return s->mean.value;
    }
}

track_status smooth_end(const struct smooth *s, track_error *err)
{
    if (s->status == TRACK_TOO_LARGE) {
        return FAIL(err, TRACK_TOO_LARGE, "over %d points in a window: ask for a smaller one",
                    SMOOTH_WINDOW_MAX);
    }
    return s->status == TRACK_OK ? TRACK_OK
                                 : FAIL(err, TRACK_NOMEM, "smoothing: no memory for a window");
}
