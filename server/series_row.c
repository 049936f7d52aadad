#include "series_row.h"

track_status series_row_fill(const struct tail_series *s, struct series_row *out, track_error *err)
{
    if (!s->is_whole || s->whole.summary.n == 0) {
        return BROKEN(err, "series %.160s is not whole, or empty", s->name);
    }
    const struct tail_summary *sum = &s->whole.summary;
    const struct point *first = &s->whole.first, *last = &s->whole.last;
    *out = (struct series_row){
        .name = s->name,
        .context = s->context,
        .first = first->value,
        .first_step = first->step,
        .last = last->value,
        .last_step = last->step,
        .last_us = last->time_us,
        .vmin = sum->min,
        .vmin_step = sum->min_step,
        .vmax = sum->max,
        .vmax_step = sum->max_step,
        .n = sum->n,
        .bad = sum->nan + sum->pinf + sum->ninf,
        .vsum = sum->sum_high + sum->sum_low,
    };
    return TRACK_OK;
}
