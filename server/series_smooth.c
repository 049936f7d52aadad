#include "series_smooth.h"

#include "tail_marks.h"
#include "tail_source.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WORK_BYTES = 1 << 30 };

/* A way through the points of a series, in their order. */
struct pass {
    struct bins *bins;
    struct bins_axis axis;
    struct arena *arena;
    struct smooth smooth;
    struct tail_series *series;
    struct tail_marks *marks; /* NULL: none are kept */
    bool note;                /* marks are added */
    bool fill;                /* values are put into bins */
    bool may_stop;            /* nothing behind the bins matters */
    int64_t fill_x;           /* bins before it are filled already */
    size_t bin;               /* of bins, that may come next */
    int64_t count;            /* points that went by, those before the mark too */
    int64_t time_last;
    bool disorder; /* some times went back */
};

static int64_t x_at(const struct pass *p, const struct stretch *in, size_t i)
{
    return p->axis.x == BINS_STEP ? in->steps[i]
                                  : bins_time_since(in->times_us[i], p->axis.origin_us);
}

/* How many points of a stretch, whose x ascend, are at most last; at least 1. */
static size_t count_to(const struct pass *p, const struct stretch *in, int64_t last)
{
    size_t low = 1, high = 2;
    while (high <= in->count && x_at(p, in, high - 1) <= last) {
        low = high;
        high *= 2;
    }
    high = high <= in->count ? high - 1 : in->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (x_at(p, in, middle) <= last) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void pass_fill(struct pass *p, uint32_t index)
{
    struct bins *bins = p->bins;
    while (p->bin < bins->count && bins->at[p->bin].index < index) {
        p->bin++;
    }
    if (p->bin < bins->count && bins->at[p->bin].index == index) {
        bins->at[p->bin].smooth = smooth_value(&p->smooth);
    }
}

/* Keeps the mean behind the last point of a piece. */
static void pass_mark(struct pass *p, const struct stretch *piece)
{
    struct tail_marks *m = p->marks;
    struct tail_mark mark = {stretch_get(piece, piece->count - 1), p->smooth.mean};
    if ((int64_t)m->count == p->count / TAIL_MARK_POINTS - 1) {
        m->disorder = m->disorder || p->disorder;
        tail_marks_add(p->series, m, &mark);
    }
}

static void pass_see_times(struct pass *p, const struct stretch *in)
{
    int64_t last = p->time_last;
    bool disorder = p->disorder;
    for (size_t i = 0; i < in->count; i++) {
        disorder = disorder || in->times_us[i] < last;
        last = in->times_us[i];
    }
    p->time_last = last;
    p->disorder = disorder;
}

/* Adds points; false once the bins are full and nothing behind them matters. */
static bool pass_add(struct pass *p, struct stretch in)
{
    pass_see_times(p, &in);
    while (in.count) {
        int64_t last;
        uint32_t index = bins_place(p->bins->grid, x_at(p, &in, 0), &last);
        if (p->may_stop && index == UINT32_MAX && last == INT64_MAX) {
            return false;
        }
        struct stretch piece = in;
        piece.count = count_to(p, &in, last);
        int64_t room = TAIL_MARK_POINTS - p->count % TAIL_MARK_POINTS;
        piece.count = (int64_t)piece.count < room ? piece.count : (size_t)room;
        bool any = smooth_add(&p->smooth, &piece);
        if (p->fill && any && index != UINT32_MAX) {
            pass_fill(p, index);
        }
        p->count += (int64_t)piece.count;
        if (p->note && p->count % TAIL_MARK_POINTS == 0) {
            pass_mark(p, &piece);
        }
        in = stretch_from(&in, piece.count);
    }
    return true;
}

/* The points of a stretch behind a mark. */
static struct stretch stretch_behind(struct stretch in, const struct point *mark)
{
    in = stretch_from(&in, stretch_before(&in, mark));
    if (in.count) {
        struct point first = stretch_get(&in, 0);
        in = point_compare(&first, mark) == 0 ? stretch_from(&in, 1) : in;
    }
    return in;
}

/* Begins behind mark number `mark` (SIZE_MAX: at the start) and reads on. */
static track_status pass_run(struct pass *p, size_t mark, track_error *err)
{
    AUTO_ARENA arena = ARENA(WORK_BYTES);
    struct tail_ask ask = {.steps = {INT64_MIN, INT64_MAX}};
    struct tail_reading reading = {.arena = &arena};
    struct tail_sources sources;
    struct stretch_merge merge;
    struct stretch in;
    struct tail_mark from = {.at = {0}};
    bool skip = mark != SIZE_MAX;
    if (skip) {
        from = p->marks->at[mark];
        p->smooth.mean = from.mean;
        p->count = (int64_t)(mark + 1) * TAIL_MARK_POINTS;
        p->time_last = from.at.time_us;
        ask.steps.first = from.at.step;
    }
    TRY(tail_source_open(p->series, &ask, &reading, &sources, err));
    TRY(tail_source_merge(&sources, ask.steps.first, &merge, err));
    for (;;) {
        TRY(stretch_merge_next(&merge, &in, err));
        if (in.count == 0) {
            return TRACK_OK;
        }
        in = skip ? stretch_behind(in, &from.at) : in;
        skip = skip && in.count == 0;
        if (!pass_add(p, in)) {
            return TRACK_OK;
        }
    }
}

static void pass_begin(struct pass *p, const struct smooth_ask *ask)
{
    smooth_init(&p->smooth, ask, p->arena);
    p->count = 0;
    p->bin = 0;
    p->time_last = INT64_MIN;
    p->disorder = false;
}

static void bins_forget(struct pass *p)
{
    p->fill_x = p->bins->grid->from;
    for (size_t i = 0; i < p->bins->count; i++) {
        p->bins->at[i].smooth = (double)NAN;
    }
}

/* Fills what the last answer knew. */
static void bins_recall(struct pass *p)
{
    const struct bins_grid *grid = p->bins->grid;
    uint32_t covered = tail_marks_fill(p->marks, p->axis, p->bins);
    if (covered == grid->count) {
        p->fill_x = grid->to;
    } else if (covered) {
        p->fill_x = (grid->number + covered) * grid->width;
    }
}

static int by_time(const void *left, const void *right)
{
    const struct point *a = left, *b = right;
    if (a->time_us != b->time_us) {
        return a->time_us < b->time_us ? -1 : 1;
    }
    return point_compare(a, b);
}

/* All points of a series. */
static track_status points_gather(const struct tail_series *s, struct buf *out, track_error *err)
{
    AUTO_ARENA arena = ARENA(WORK_BYTES);
    struct tail_ask ask = {.steps = {INT64_MIN, INT64_MAX}};
    struct tail_reading reading = {.arena = &arena};
    struct tail_sources sources;
    struct stretch_merge merge;
    struct stretch in;
    TRY(tail_source_open(s, &ask, &reading, &sources, err));
    TRY(tail_source_merge(&sources, INT64_MIN, &merge, err));
    do {
        TRY(stretch_merge_next(&merge, &in, err));
        for (size_t i = 0; i < in.count; i++) {
            struct point point = stretch_get(&in, i);
            buf_put(out, &point, sizeof(point));
        }
    } while (in.count);
    return TRACK_OK;
}

/* The same for a time axis when times go back: points are sorted first. */
static track_status pass_run_sorted(struct pass *p, track_error *err)
{
    AUTO_BUF gathered = BUF(BINS_SORT_MAX * sizeof(struct point));
    struct bytes all;
    if (p->series->whole.summary.n > BINS_SORT_MAX) {
        return FAIL(err, TRACK_TOO_LARGE,
                    "smoothing over time: over %d points with times in disorder: ask by step",
                    BINS_SORT_MAX);
    }
    TRY(points_gather(p->series, &gathered, err));
    TRY(buf_end(&gathered, &all, err));
    struct point *points = (struct point *)(void *)gathered.at;
    size_t count = all.size / sizeof(*points);
    qsort(points, count, sizeof(*points), by_time);
    p->note = false;
    p->fill = p->may_stop = true;
    for (size_t i = 0; i < count; i++) {
        struct stretch one = {&points[i].step, &points[i].time_us, &points[i].value, 1};
        if (!pass_add(p, one)) {
            break;
        }
    }
    return TRACK_OK;
}

/* The last mark before the bins that are to be filled; SIZE_MAX: none. */
static size_t mark_before_bins(const struct pass *p)
{
    size_t found = SIZE_MAX;
    for (size_t i = 0; p->marks && i < p->marks->count; i++) {
        const struct point *at = &p->marks->at[i].at;
        struct stretch one = {&at->step, &at->time_us, &at->value, 1};
        if (x_at(p, &one, 0) >= p->fill_x) {
            break;
        }
        found = i;
    }
    return found;
}

/* Reads what came since the last mark, and all if the marks turn out to be of other points. */
static track_status marks_follow(struct pass *p, const struct smooth_ask *ask, track_error *err)
{
    size_t last = p->marks->count ? p->marks->count - 1 : SIZE_MAX;
    bins_recall(p);
    p->note = true;
    p->fill = last == mark_before_bins(p);
    TRY(pass_run(p, last, err));
    if (p->count != p->series->whole.summary.n && last != SIZE_MAX) {
        tail_marks_clear(p->marks);
        bins_forget(p);
        pass_begin(p, ask);
        p->fill = true;
        TRY(pass_run(p, SIZE_MAX, err));
    }
    p->disorder = p->disorder || p->marks->disorder;
    return TRACK_OK;
}

static track_status pass_all(struct pass *p, const struct smooth_ask *ask, track_error *err)
{
    bool by_step = p->axis.x == BINS_STEP;
    bool filled = true;
    if (p->marks) {
        TRY(marks_follow(p, ask, err));
        filled = p->fill;
    } else {
        p->fill = true;
        p->may_stop = by_step;
        TRY(pass_run(p, SIZE_MAX, err));
    }
    if (p->disorder && !by_step) {
        bins_forget(p);
        pass_begin(p, ask);
        return pass_run_sorted(p, err);
    }
    if (!filled) {
        pass_begin(p, ask);
        p->fill = p->may_stop = true;
        p->note = false;
        TRY(pass_run(p, mark_before_bins(p), err));
    }
    if (p->marks) {
        tail_marks_keep(p->series, p->marks, p->axis, p->bins);
    }
    return TRACK_OK;
}

track_status series_smooth(const struct smooth_ask *ask, struct bins_axis axis,
                           struct tail_series *s, struct bins *bins, track_error *err)
{
    AUTO_ARENA arena = ARENA(WORK_BYTES);
    struct pass p = {.bins = bins, .axis = axis, .arena = &arena, .series = s};
    bins_forget(&p);
    pass_begin(&p, ask);
    if (bins->count == 0) {
        return TRACK_OK;
    }
    if (ask->kind == SMOOTH_EMA && s->whole.summary.n > 2 * TAIL_MARK_POINTS) {
        p.marks = tail_marks_get(s, ask);
    }
    TRY(pass_all(&p, ask, err));
    return smooth_end(&p.smooth, err);
}
