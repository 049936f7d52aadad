#include "stretch.h"

#include "bins.h"

#include <math.h>

int point_compare(const struct point *a, const struct point *b)
{
    if (a->step != b->step) {
        return a->step < b->step ? -1 : 1;
    }
    if (a->time_us != b->time_us) {
        return a->time_us < b->time_us ? -1 : 1;
    }
    uint64_t x = bins_order(a->value), y = bins_order(b->value);
    return x < y ? -1 : x > y;
}

static bool point_is_before(const struct stretch *p, size_t i, const struct point *at)
{
    if (p->steps[i] != at->step) {
        return p->steps[i] < at->step;
    }
    struct point point = stretch_get(p, i);
    return point_compare(&point, at) < 0;
}

size_t stretch_before(const struct stretch *p, const struct point *at)
{
    size_t low = 0, high = 1;
    while (high <= p->count && point_is_before(p, high - 1, at)) {
        low = high;
        high *= 2;
    }
    high = high <= p->count ? high - 1 : p->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (point_is_before(p, middle, at)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Takes count points from the front, and gets more when none are left. */
static track_status head_advance(struct stretch_head *h, size_t count, track_error *err)
{
    if (count) {
        h->left = stretch_from(&h->left, count);
    }
    if (h->left.count == 0) {
        TRY(h->source->next(h->source->data, &h->left, err));
    }
    if (h->left.count == 0) {
        return TRACK_OK;
    }
    h->first = stretch_get(&h->left, 0);
    if (h->first.step > h->source->step_last) {
        h->left.count = 0;
    }
    return TRACK_OK;
}

track_status stretch_merge_init(struct stretch_merge *m, const struct stretch_source *sources,
                                struct stretch_head *heads, size_t count, int64_t step,
                                track_error *err)
{
    *m = (struct stretch_merge){.heads = heads, .count = count};
    for (size_t i = 0; i < count; i++) {
        heads[i] = (struct stretch_head){.source = &sources[i]};
        TRY(sources[i].seek(sources[i].data, step, err));
        TRY(head_advance(&heads[i], 0, err));
    }
    return TRACK_OK;
}

/* The source with the least first point, and the least of the others' (NULL: there is none). */
static struct stretch_head *merge_find(struct stretch_merge *m, const struct point **until)
{
    struct stretch_head *least = NULL;
    *until = NULL;
    for (size_t i = 0; i < m->count; i++) {
        struct stretch_head *h = &m->heads[i];
        if (h->left.count == 0) {
            continue;
        }
        if (!least || point_compare(&h->first, &least->first) < 0) {
            *until = least ? &least->first : NULL;
            least = h;
        } else if (!*until || point_compare(&h->first, *until) < 0) {
            *until = &h->first;
        }
    }
    return least;
}

/* How many points of the source come before every other's and are to be seen; at least one. */
static size_t head_run(const struct stretch_head *h, const struct point *until)
{
    size_t count = until ? stretch_before(&h->left, until) : h->left.count;
    int64_t step_last = h->source->step_last;
    if (h->left.steps[h->left.count - 1] > step_last) {
        struct point end = {step_last + 1, INT64_MIN, -INFINITY};
        size_t most = stretch_before(&h->left, &end);
        count = count < most ? count : most;
    }
    return count ? count : 1; /* none: the others begin with the same point */
}

/* Takes what was given out from its source, and repeats of it from the others. */
static track_status merge_advance(struct stretch_merge *m, track_error *err)
{
    struct stretch_head *given = m->given;
    if (!given) {
        return TRACK_OK;
    }
    struct point last = stretch_get(&given->left, m->given_count - 1);
    m->given = NULL;
    TRY(head_advance(given, m->given_count, err));
    for (size_t i = 0; i < m->count; i++) {
        struct stretch_head *h = &m->heads[i];
        while (h->left.count && point_compare(&h->first, &last) <= 0) {
            TRY(head_advance(h, 1, err));
        }
    }
    return TRACK_OK;
}

track_status stretch_merge_next(struct stretch_merge *m, struct stretch *out, track_error *err)
{
    const struct point *until;
    TRY(merge_advance(m, err));
    struct stretch_head *least = merge_find(m, &until);
    if (!least) {
        *out = (struct stretch){0};
        return TRACK_OK;
    }
    m->given = least;
    m->given_count = head_run(least, until);
    *out = least->left;
    out->count = m->given_count;
    return TRACK_OK;
}
