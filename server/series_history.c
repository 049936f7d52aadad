#include "series.h"
#include "tail_source.h"

#include <math.h>

enum { WORK_BYTES = 1 << 30 }; /* what reading one series takes */

/* A question on its way.  any() looks for a point that compares so; all() for one that does not. */
struct judging {
    const struct history_ask *ask;
    enum filter_op op; /* of a point that is looked for */
    int64_t from, to;
    bool seen;  /* a point in range; only all() needs it */
    bool found; /* such a point, in range */
};

static enum filter_op opposite(enum filter_op op)
{
    static const enum filter_op ops[] = {
        [FILTER_EQ] = FILTER_NE, [FILTER_NE] = FILTER_EQ, [FILTER_LT] = FILTER_GE,
        [FILTER_LE] = FILTER_GT, [FILTER_GT] = FILTER_LE, [FILTER_GE] = FILTER_LT,
    };
    return ops[op];
}

static bool compares(const struct judging *j, double value)
{
    return filter_compares(j->op, value, j->ask->number) || (j->ask->all && isnan(value));
}

/* Looks at points themselves. */
static void judge_points(struct judging *j, const struct stretch *in)
{
    for (size_t i = 0; i < in->count && !j->found; i++) {
        bool inside = in->steps[i] >= j->from && in->steps[i] <= j->to;
        j->seen = j->seen || inside;
        j->found = inside && compares(j, in->values[i]);
    }
}

/* True if a point of the bucket is such a one, wherever it lies. */
static bool bucket_has(const struct judging *j, const struct bucket *b)
{
    const struct bucket_values *v = &b->values;
    return (bucket_finite(b) && (compares(j, v->min) || compares(j, v->max))) ||
           (v->pinf && compares(j, INFINITY)) || (v->ninf && compares(j, -INFINITY)) ||
           (v->nan && j->ask->all);
}

/* True if one may be: between the least and the greatest value all may be. */
static bool bucket_may_have(const struct judging *j, const struct bucket *b)
{
    double number = j->ask->number;
    return bucket_has(j, b) || (j->op == FILTER_EQ && bucket_finite(b) && b->values.min <= number &&
                                number <= b->values.max);
}

static bool in_range(const struct judging *j, int64_t step)
{
    return step >= j->from && step <= j->to;
}

/* Decides by a bucket alone; false: its points have to be looked at. */
static bool judge_bucket(struct judging *j, const struct bucket *b)
{
    bool first = in_range(j, b->first.step), last = in_range(j, b->last.step);
    if (b->last.step < j->from || b->first.step > j->to) {
        return true;
    }
    if (b->n == 0) {
        return false;
    }
    j->seen = j->seen || first || last;
    j->found = (first && last && bucket_has(j, b)) || (first && compares(j, b->first.value)) ||
               (last && compares(j, b->last.value));
    return j->found || (!bucket_may_have(j, b) && (j->seen || !j->ask->all));
}

/* Looks at the points of a bucket. */
static track_status judge_read(struct judging *j, const struct bins_source *source,
                               const struct bucket *b, track_error *err)
{
    const struct stretch_source *points = &source->points;
    int64_t to = b->last.step < j->to ? b->last.step : j->to;
    struct stretch in;
    TRY(points->seek(points->data, b->first.step > j->from ? b->first.step : j->from, err));
    do {
        TRY(points->next(points->data, &in, err));
        if (in.count == 0 || in.steps[0] > to) {
            return TRACK_OK;
        }
        judge_points(j, &in);
    } while (!j->found);
    return TRACK_OK;
}

static track_status judge_source(struct judging *j, const struct bins_source *source,
                                 track_error *err)
{
    struct judging own = *j;
    own.to = source->points.step_last < j->to ? source->points.step_last : j->to;
    for (size_t i = 0; i < source->count && !own.found; i++) {
        if (!judge_bucket(&own, &source->at[i])) {
            TRY(judge_read(&own, source, &source->at[i], err));
        }
    }
    j->seen = own.seen;
    j->found = own.found;
    return TRACK_OK;
}

/* What is known of the whole series, as a bucket. */
static struct bucket bucket_of(const struct tail_whole *w)
{
    struct bucket b = {.first = w->first, .last = w->last, .n = 1};
    int64_t bad = w->summary.nan + w->summary.pinf + w->summary.ninf;
    b.values.min = w->summary.min;
    b.values.max = w->summary.max;
    b.values.nan = w->summary.nan > 0;
    b.values.pinf = w->summary.pinf > 0;
    b.values.ninf = w->summary.ninf > 0;
    b.n = b.values.nan + b.values.pinf + b.values.ninf + (w->summary.n > bad);
    return b;
}

static track_status judge_series(struct judging *j, const struct tail_series *s, track_error *err)
{
    AUTO_ARENA arena = ARENA(WORK_BYTES);
    struct tail_ask ask = {.steps = {j->from, j->to}};
    struct tail_reading reading = {.arena = &arena};
    struct tail_sources sources;
    TRY(tail_source_open(s, &ask, &reading, &sources, err));
    for (size_t i = 0; i < sources.count && !j->found; i++) {
        TRY(judge_source(j, &sources.at[i], err));
    }
    return TRACK_OK;
}

track_status series_history(struct tail *t, const struct history_ask *ask, bool *out,
                            track_error *err)
{
    AUTO_TAIL struct tail_run *run = NULL;
    struct judging j = {
        .ask = ask, .op = ask->all ? opposite(ask->op) : ask->op, .from = ask->from, .to = ask->to};
    struct tail_series *s;
    TRY(tail_take(t, ask->run, TAIL_FRESH, &run, err));
    TRY(tail_find(run, ask->key.name, ask->key.context, &s, err));
    if (!s || s->whole.summary.n == 0) {
        *out = false;
        return TRACK_OK;
    }
    struct bucket whole = bucket_of(&s->whole);
    if (!judge_bucket(&j, &whole)) {
        TRY(judge_series(&j, s, err));
    }
    *out = ask->all ? j.seen && !j.found : j.found;
    return TRACK_OK;
}
