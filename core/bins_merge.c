#include "bins_merge.h"

#include "bytes.h"

#include <stdlib.h>

/* A bucket of a source. */
struct part {
    const struct bucket *bucket;
    size_t source;
    struct bins_range x; /* of all its points */
    bool read;           /* it does not count as it is */
};

/* A request on its way. */
struct merging {
    struct bins *bins;
    struct bins_axis axis;
    const struct bins_source *sources; /* [count] */
    size_t count;
    struct part *parts; /* [part_count], by x and their first points */
    size_t part_count;
    struct stretch_source *members; /* [count]: room for the sources of a group, */
    struct stretch_head *heads;     /* and what merging them takes */
    size_t *seen;                   /* [count]: the last group that a source was in, from 1 */
    size_t group;
};

int64_t bins_time_since(int64_t time_us, int64_t origin_us)
{
    int64_t since;
    if (__builtin_sub_overflow(time_us, origin_us, &since)) {
        return time_us < 0 ? INT64_MIN : INT64_MAX;
    }
    return since;
}

static bool by_step(const struct merging *m)
{
    return m->axis.x == BINS_STEP;
}

static int64_t grid_number(const struct merging *m, int64_t x)
{
    return bins_number(m->bins->grid->width, x);
}

/* Fills a part; false if nothing of it is to be seen. */
static bool part_fill(const struct merging *m, size_t source, const struct bucket *b,
                      struct part *out)
{
    const struct bins_grid *grid = m->bins->grid;
    int64_t step_last = m->sources[source].points.step_last;
    *out = (struct part){.bucket = b, .source = source};
    if (by_step(m)) {
        out->x = (struct bins_range){b->first.step, b->last.step};
    } else {
        out->x.first = bins_time_since(b->time_min_us, m->axis.origin_us);
        out->x.last = bins_time_since(b->time_max_us, m->axis.origin_us);
        out->read = b->first.time_us != b->time_min_us || b->last.time_us != b->time_max_us;
    }
    out->read = out->read || b->n == 0 || b->last.step > step_last ||
                grid_number(m, out->x.first) != grid_number(m, out->x.last);
    return b->first.step <= step_last && out->x.last >= grid->from && out->x.first <= grid->to;
}

static int part_order(const void *left, const void *right)
{
    const struct part *a = left, *b = right;
    if (a->x.first != b->x.first) {
        return a->x.first < b->x.first ? -1 : 1;
    }
    return point_compare(&a->bucket->first, &b->bucket->first);
}

static track_status merging_nomem(track_error *err)
{
    return FAIL(err, TRACK_NOMEM, "bins: no memory");
}

/* Gathers all parts in order. */
static track_status merging_open(struct merging *m, track_error *err)
{
    struct arena *arena = m->bins->arena;
    size_t room = 0;
    for (size_t i = 0; i < m->count; i++) {
        room += m->sources[i].count;
    }
    m->parts = ARENA_ARRAY(arena, struct part, room + 1);
    m->members = ARENA_ARRAY(arena, struct stretch_source, m->count + 1);
    m->heads = ARENA_ARRAY(arena, struct stretch_head, m->count + 1);
    m->seen = ARENA_ARRAY(arena, size_t, m->count + 1);
    if (!m->parts || !m->members || !m->heads || !m->seen) {
        return merging_nomem(err);
    }
    bool sorted = true;
    for (size_t i = 0; i < m->count; i++) {
        for (size_t j = 0; j < m->sources[i].count; j++) {
            struct part *to = &m->parts[m->part_count];
            if (part_fill(m, i, &m->sources[i].at[j], to)) {
                sorted = sorted && (m->part_count == 0 || part_order(to - 1, to) <= 0);
                m->part_count++;
            }
        }
    }
    if (!sorted) {
        qsort(m->parts, m->part_count, sizeof(*m->parts), part_order);
    }
    return TRACK_OK;
}

/* Parts [from..to) that hang together, and the points that they lie between. */
struct group {
    size_t from, to;
    struct point first, last;
    int64_t x_last;
};

/* True if the part may hold what the group holds, or points that come before some of it. */
static bool group_touches(const struct merging *m, const struct group *g, const struct part *part)
{
    if (!by_step(m) && part->x.first != g->x_last) {
        return part->x.first < g->x_last;
    }
    return point_compare(&part->bucket->first, &g->last) <= 0;
}

static void group_add(struct group *g, const struct part *part)
{
    if (point_compare(&part->bucket->first, &g->first) < 0) {
        g->first = part->bucket->first;
    }
    if (point_compare(&part->bucket->last, &g->last) > 0) {
        g->last = part->bucket->last;
    }
    g->x_last = part->x.last > g->x_last ? part->x.last : g->x_last;
    g->to++;
}

static struct group group_find(const struct merging *m, size_t from)
{
    const struct part *part = &m->parts[from];
    struct group g = {from, from, part->bucket->first, part->bucket->last, part->x.last};
    group_add(&g, part);
    while (g.to < m->part_count && group_touches(m, &g, &m->parts[g.to])) {
        group_add(&g, &m->parts[g.to]);
    }
    return g;
}

/* The points that lie between two, both included. */
static struct stretch stretch_between(struct stretch in, const struct point *first,
                                      const struct point *last)
{
    in = stretch_from(&in, stretch_before(&in, first));
    size_t count = stretch_before(&in, last);
    while (count < in.count) {
        struct point next = stretch_get(&in, count);
        if (point_compare(&next, last) > 0) {
            break;
        }
        count++;
    }
    in.count = count;
    return in;
}

/* Begins reading the points of a group from the sources that have a part in it. */
static track_status group_open(struct merging *m, const struct group *g, struct stretch_merge *out,
                               track_error *err)
{
    size_t count = 0;
    m->group++;
    for (size_t i = g->from; i < g->to; i++) {
        size_t source = m->parts[i].source;
        if (m->seen[source] != m->group) {
            m->seen[source] = m->group;
            m->members[count++] = m->sources[source].points;
        }
    }
    return stretch_merge_init(out, m->members, m->heads, count, g->first.step, err);
}

/* The next points of a group; none: the end. */
static track_status group_next(struct stretch_merge *merge, const struct group *g,
                               struct stretch *out, track_error *err)
{
    for (;;) {
        struct stretch all;
        TRY(stretch_merge_next(merge, &all, err));
        if (all.count == 0) {
            *out = all;
            return TRACK_OK;
        }
        struct point first = stretch_get(&all, 0);
        *out = stretch_between(all, &g->first, &g->last);
        if (out->count || point_compare(&first, &g->last) > 0) {
            return TRACK_OK;
        }
    }
}

static track_status group_read_by_step(struct merging *m, const struct group *g, track_error *err)
{
    struct stretch_merge merge;
    struct stretch in;
    TRY(group_open(m, g, &merge, err));
    do {
        TRY(group_next(&merge, g, &in, err));
        bins_add(m->bins, in.steps, in.values, in.count);
    } while (in.count);
    return TRACK_OK;
}

static int by_time(const void *left, const void *right)
{
    const struct point *a = left, *b = right;
    if (a->time_us != b->time_us) {
        return a->time_us < b->time_us ? -1 : 1;
    }
    return point_compare(a, b);
}

/* Adds points whose times ascend. */
static void times_add(struct merging *m, const struct stretch *in)
{
    enum { PIECE = 256 };
    int64_t x[PIECE];
    if (m->axis.origin_us == 0) {
        bins_add(m->bins, in->times_us, in->values, in->count);
        return;
    }
    for (size_t i = 0, n; i < in->count; i += n) {
        for (n = 0; n < PIECE && i + n < in->count; n++) {
            x[n] = bins_time_since(in->times_us[i + n], m->axis.origin_us);
        }
        bins_add(m->bins, x, in->values + i, n);
    }
}

static bool times_ascend(const struct stretch *in)
{
    bool ascend = true;
    for (size_t i = 1; i < in->count; i++) {
        ascend = ascend && in->times_us[i - 1] <= in->times_us[i];
    }
    return ascend;
}

/* Adds the points of one part if they come in one go and in order, as they mostly do. */
static track_status part_read_by_time(struct merging *m, const struct group *g, bool *done,
                                      track_error *err)
{
    const struct bucket *b = m->parts[g->from].bucket;
    struct stretch_merge merge;
    struct stretch in;
    TRY(group_open(m, g, &merge, err));
    TRY(group_next(&merge, g, &in, err));
    if (in.count) {
        struct point last = stretch_get(&in, in.count - 1);
        *done = point_compare(&last, &b->last) == 0 && times_ascend(&in);
    }
    if (*done) {
        times_add(m, &in);
    }
    return TRACK_OK;
}

/* Adds points [count] in the order of their times. */
static void points_add_by_time(struct merging *m, struct point *points, size_t count)
{
    bool sorted = true;
    for (size_t i = 1; i < count && sorted; i++) {
        sorted = points[i - 1].time_us <= points[i].time_us;
    }
    if (!sorted) {
        qsort(points, count, sizeof(*points), by_time);
    }
    for (size_t i = 0; i < count; i++) {
        struct stretch one = {&points[i].step, &points[i].time_us, &points[i].value, 1};
        times_add(m, &one);
    }
}

/* The points of one part, appended. */
static track_status part_gather(struct merging *m, size_t part, struct buf *out, track_error *err)
{
    const struct bucket *b = m->parts[part].bucket;
    struct group g = {part, part + 1, b->first, b->last, 0};
    struct stretch_merge merge;
    struct stretch in;
    TRY(group_open(m, &g, &merge, err));
    do {
        TRY(group_next(&merge, &g, &in, err));
        for (size_t i = 0; i < in.count; i++) {
            struct point point = stretch_get(&in, i);
            buf_put(out, &point, sizeof(point));
        }
    } while (in.count);
    return TRACK_OK;
}

/* Leaves each point once; they are sorted. */
static size_t points_unite(struct point *points, size_t count)
{
    size_t kept = count ? 1 : 0;
    for (size_t i = 1; i < count; i++) {
        if (point_compare(&points[i], &points[kept - 1]) != 0) {
            points[kept++] = points[i];
        }
    }
    return kept;
}

static track_status group_read_by_time(struct merging *m, const struct group *g, track_error *err)
{
    AUTO_BUF gathered = BUF(BINS_SORT_MAX * sizeof(struct point));
    struct bytes all;
    bool done = false;
    if (g->to == g->from + 1) {
        TRY(part_read_by_time(m, g, &done, err));
    }
    if (done) {
        return TRACK_OK;
    }
    for (size_t i = g->from; i < g->to; i++) {
        TRY(part_gather(m, i, &gathered, err));
    }
    if (gathered.status == TRACK_TOO_LARGE) {
        return FAIL(err, TRACK_TOO_LARGE,
                    "over %d points with times in disorder: ask by step, or for a smaller range",
                    BINS_SORT_MAX);
    }
    TRY(buf_end(&gathered, &all, err));
    struct point *points = (struct point *)gathered.at;
    size_t count = all.size / sizeof(*points);
    if (g->to - g->from > 1) {
        qsort(points, count, sizeof(*points), by_time);
        count = points_unite(points, count);
    }
    points_add_by_time(m, points, count);
    return TRACK_OK;
}

track_status bins_add_sources(struct bins *b, struct bins_axis axis,
                              const struct bins_source *sources, size_t count, track_error *err)
{
    struct merging m = {.bins = b, .axis = axis, .sources = sources, .count = count};
    TRY(merging_open(&m, err));
    struct group g;
    for (size_t i = 0; i < m.part_count && b->status == TRACK_OK; i = g.to) {
        const struct part *part = &m.parts[i];
        g = group_find(&m, i);
        if (g.to == i + 1 && !part->read) {
            bins_add_bucket(b, part->x, part->bucket);
        } else if (by_step(&m)) {
            TRY(group_read_by_step(&m, &g, err));
        } else {
            TRY(group_read_by_time(&m, &g, err));
        }
    }
    return TRACK_OK;
}
