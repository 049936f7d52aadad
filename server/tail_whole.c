#include "tail_whole.h"

#include "tail_pack.h"

#include <math.h>
#include <stdlib.h>

enum { WORK_BYTES = 64 << 20 };

/* Adds the sum of other points to one. */
static void add_sum(struct tail_summary *to, double high, double low)
{
    double sum = to->sum_high + high, part = sum - to->sum_high;
    to->sum_low += (to->sum_high - (sum - part)) + (high - part) + low;
    to->sum_high = sum;
}

/* Adds what lies behind. */
static void add_summary(struct tail_summary *to, const struct tail_summary *in)
{
    if (to->n == 0) {
        *to = *in;
        return;
    }
    to->n += in->n;
    to->nan += in->nan;
    to->pinf += in->pinf;
    to->ninf += in->ninf;
    to->time_min_us = in->time_min_us < to->time_min_us ? in->time_min_us : to->time_min_us;
    to->time_max_us = in->time_max_us > to->time_max_us ? in->time_max_us : to->time_max_us;
    if (in->min < to->min || isnan(to->min)) {
        to->min = in->min;
        to->min_step = in->min_step;
    }
    if (in->max > to->max || isnan(to->max)) {
        to->max = in->max;
        to->max_step = in->max_step;
    }
    add_sum(to, in->sum_high, in->sum_low);
}

/* Adds what lies behind. */
static void add_whole(struct tail_whole *to, const struct tail_whole *in)
{
    if (in->summary.n == 0) {
        return;
    }
    to->first = to->summary.n ? to->first : in->first;
    to->last = in->last;
    add_summary(&to->summary, &in->summary);
}

static struct tail_whole whole_of_chunk(const struct pack_chunk *c)
{
    const struct bucket *b = &c->sum;
    bool finite = bucket_finite(b) > 0;
    struct tail_whole w = {b->first, b->last, {.n = b->n}};
    w.summary.nan = b->values.nan;
    w.summary.pinf = b->values.pinf;
    w.summary.ninf = b->values.ninf;
    w.summary.time_min_us = b->time_min_us;
    w.summary.time_max_us = b->time_max_us;
    w.summary.min = finite ? b->values.min : (double)NAN;
    w.summary.max = finite ? b->values.max : (double)NAN;
    w.summary.min_step = c->min_step;
    w.summary.max_step = c->max_step;
    w.summary.sum_high = ldexp(b->sum.high, b->sum.scale);
    w.summary.sum_low = ldexp(b->sum.low, b->sum.scale);
    return w;
}

static struct tail_whole whole_of_part(const struct tail_part *part)
{
    struct tail_whole w = {.summary = {.n = 0}};
    const struct pack_chunk *chunks = part->pack->dir.chunks + part->series->chunk_from;
    for (size_t i = 0; i < part->series->chunk_count; i++) {
        struct tail_whole chunk = whole_of_chunk(&chunks[i]);
        add_whole(&w, &chunk);
    }
    return w;
}

static struct tail_whole whole_of_chunks(const struct tail_series *s)
{
    struct tail_whole w = {.summary = s->summary};
    if (s->chunk_count) {
        w.first = s->chunks[0].first;
        w.last = s->chunks[s->chunk_count - 1].last;
    }
    return w;
}

/* The first point of a part. */
static struct point part_first(const struct tail_part *part)
{
    return part->pack->dir.chunks[part->series->chunk_from].sum.first;
}

static int part_order(const void *left, const void *right)
{
    struct point a = part_first(left), b = part_first(right);
    return point_compare(&a, &b);
}

/* Adds what should lie behind; false if it does not. */
static bool add_behind(struct tail_whole *to, const struct tail_whole *in)
{
    bool behind = to->summary.n == 0 || point_compare(&to->last, &in->first) < 0;
    add_whole(to, in);
    return behind;
}

/* Puts parts and chunks together; false if some of them do not lie apart. */
static bool whole_fill(struct tail_series *s)
{
    struct tail_whole all = {.summary = {.n = 0}}, chunks = whole_of_chunks(s);
    bool apart = true, wait = chunks.summary.n > 0; /* the chunks come later */
    if (s->part_count > 1) {
        qsort(s->parts, s->part_count, sizeof(*s->parts), part_order);
    }
    for (size_t i = 0; i < s->part_count && apart; i++) {
        struct tail_whole part = whole_of_part(&s->parts[i]);
        if (wait && point_compare(&chunks.first, &part.first) <= 0) {
            apart = add_behind(&all, &chunks);
            wait = false;
        }
        apart = apart && add_behind(&all, &part);
    }
    apart = apart && (!wait || add_behind(&all, &chunks));
    s->whole = all;
    return apart;
}

/* Decodes the points of all parts into memory. */
static track_status parts_decode(struct tail_series *s, track_error *err)
{
    AUTO_ARENA arena = ARENA(WORK_BYTES);
    struct tail_reading reading = {.arena = &arena};
    for (size_t i = 0; i < s->part_count; i++) {
        struct pack_reader *reader;
        TRY(tail_pack_read(s->parts[i].pack, &reading, &reader, err));
        const struct pack_series *series = s->parts[i].series;
        for (size_t c = 0; c < series->chunk_count; c++) {
            struct stretch in;
            TRY(pack_read_chunk(reader, series->chunk_from + c, &in, err));
            struct tail_column column = {in.steps, in.times_us, in.values, in.count};
            TRY(tail_series_add(s, &column, err));
        }
    }
    tail_series_drop_parts(s);
    return tail_series_settle(s, err);
}

track_status tail_whole_get(struct tail_run *run, struct tail_series *s, track_error *err)
{
    track_error why = {0};
    if (s->is_whole) {
        return TRACK_OK;
    }
    TRY(tail_series_settle(s, err));
    if (!whole_fill(s)) {
        track_status status = parts_decode(s, &why);
        if (status != TRACK_OK) {
            return FAIL(err, status, "run %s, series %.100s: %.150s", run->id, s->name,
                        why.message);
        }
        s->whole = whole_of_chunks(s);
    }
    s->is_whole = true;
    return TRACK_OK;
}
