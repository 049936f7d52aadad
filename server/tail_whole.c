#include "tail_whole.h"

#include "tail_readers.h"

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

/* Reads what is visible of a chunk. */
static track_status read_visible(const struct tail_part *part, struct pack_reader *reader,
                                 size_t chunk, struct stretch *out, track_error *err)
{
    TRY(pack_read_chunk(reader, part->series->chunk_from + chunk, out, err));
    while (out->count && out->steps[out->count - 1] > part->step_last) {
        out->count--;
    }
    return TRACK_OK;
}

/* The sum of a chunk that is visible in part. */
static track_status cut_chunk(const struct tail_part *part, size_t chunk, struct tail_whole *out,
                              track_error *err)
{
    AUTO_ARENA arena = ARENA(WORK_BYTES);
    struct tail_reading reading = {.arena = &arena};
    struct pack_reader *reader;
    struct pack_chunk cut = {.sum = {.n = 0}};
    struct stretch in;
    TRY(tail_pack_read(part->pack, &reading, &reader, err));
    TRY(read_visible(part, reader, chunk, &in, err));
    bucket_add(&cut.sum, &in);
    for (size_t i = in.count; i > 0; i--) {
        double value = in.values[i - 1];
        cut.min_step = value == cut.sum.values.min ? in.steps[i - 1] : cut.min_step;
        cut.max_step = value == cut.sum.values.max ? in.steps[i - 1] : cut.max_step;
    }
    *out = whole_of_chunk(&cut);
    return TRACK_OK;
}

static track_status whole_of_part(const struct tail_part *part, struct tail_whole *out,
                                  track_error *err)
{
    const struct pack_chunk *chunks = part->pack->dir.chunks + part->series->chunk_from;
    *out = (struct tail_whole){.summary = {.n = 0}};
    for (size_t i = 0; i < part->series->chunk_count; i++) {
        struct tail_whole chunk = whole_of_chunk(&chunks[i]);
        if (chunk.first.step > part->step_last) {
            break;
        }
        TRY(chunk.last.step > part->step_last ? cut_chunk(part, i, &chunk, err) : TRACK_OK);
        add_whole(out, &chunk);
    }
    return TRACK_OK;
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

/* Puts parts and chunks together; *out: they lie apart. */
static track_status whole_fill(struct tail_series *s, bool *out, track_error *err)
{
    struct tail_whole all = {.summary = {.n = 0}}, chunks = whole_of_chunks(s);
    bool apart = true, wait = chunks.summary.n > 0; /* the chunks come later */
    if (s->part_count > 1) {
        qsort(s->parts, s->part_count, sizeof(*s->parts), part_order);
    }
    for (size_t i = 0; i < s->part_count && apart; i++) {
        struct tail_whole part;
        TRY(whole_of_part(&s->parts[i], &part, err));
        if (wait && point_compare(&chunks.first, &part.first) <= 0) {
            apart = add_behind(&all, &chunks);
            wait = false;
        }
        apart = apart && add_behind(&all, &part);
    }
    apart = apart && (!wait || add_behind(&all, &chunks));
    s->whole = all;
    *out = apart;
    return TRACK_OK;
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
        struct stretch in = {.count = 1};
        for (size_t c = 0; c < series->chunk_count && in.count; c++) {
            TRY(read_visible(&s->parts[i], reader, c, &in, err));
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
    bool apart = true;
    if (s->is_whole) {
        return TRACK_OK;
    }
    TRY(tail_series_settle(s, err));
    track_status status = whole_fill(s, &apart, &why);
    if (status == TRACK_OK && !apart) {
        status = parts_decode(s, &why);
        s->whole = whole_of_chunks(s);
    }
    if (status != TRACK_OK) {
        return FAIL(err, status, "run %s, series %.100s: %.150s", run->id, s->name, why.message);
    }
    s->is_whole = true;
    return TRACK_OK;
}
