#include "api_bins.h"

#include "../core/columns_group.h"
#include "../core/name.h"
#include "api_bins_ask.h"
#include "api_parse.h"
#include "render.h"

#include <math.h>
#include <string.h>

enum { BINS_BYTES_MAX = 64 << 20 };

static void add_group(struct columns *c, const struct bins_ask *ask, const struct series_group *s)
{
    const struct group_ask *group = &ask->groups[s->group];
    struct columns_group one = {.number = (uint32_t)s->group,
                                .id = (uint64_t)s->id,
                                .version = s->version,
                                .unchanged = s->unchanged,
                                .without = group->without,
                                .asked = (uint32_t)group->run_count,
                                .runs = (uint32_t)s->runs,
                                .name = bytes_from(group->name),
                                .key = bytes_from(s->name),
                                .context = bytes_from(s->context),
                                .bins = s->bins,
                                .count = s->count};
    columns_add_group(c, &one, ask->stats);
}

static track_status bins_binary(const struct request *rq, const struct bins_ask *ask,
                                const struct bins_answer *answer, struct response *rs,
                                track_error *err)
{
    struct columns columns;
    struct buf *out = request_buf(rq, BINS_BYTES_MAX);
    if (!out) {
        return FAIL(err, TRACK_NOMEM, "no room for an answer");
    }
    columns_init(&columns, &(struct columns_grid){ask->x, &answer->grid, &answer->real},
                 ask->columns, out);
    for (size_t i = 0; i < answer->count; i++) {
        const struct series_bins *s = &answer->series[i];
        struct columns_series one = {.id = (uint64_t)s->id,
                                     .version = s->version,
                                     .unchanged = s->unchanged,
                                     .key = bytes_from(s->name),
                                     .context = bytes_from(s->context),
                                     .bins = s->bins,
                                     .count = s->count};
        one.unplaced = s->unplaced;
        struct uuid id;
        TRY(name_decode_uuid(s->run, &id, err));
        memcpy(one.run, id.byte, sizeof(one.run));
        columns_add(&columns, &one);
    }
    for (size_t i = 0; i < answer->group_count; i++) {
        add_group(&columns, ask, &answer->groups[i]);
    }
    TRY(columns_end(&columns, err));
    rs->type = "application/x-track-bins";
    return buf_end(out, &rs->body, err);
}

static void put_or_null(struct json_writer *w, double value)
{
    if (isnan(value)) {
        json_write_null(w, NULL);
    } else {
        json_write_double(w, NULL, value);
    }
}

/* One value of a column; min, max, mean and smooth are null where nothing is finite. */
static void put_value(struct json_writer *w, enum bins_x x, const struct bin *bin, int column)
{
    const double reals[] = {bin->first, bin->last, bin->min, bin->max, bin->mean};
    const uint32_t counts[] = {bin->n, bin->nan, bin->pinf, bin->ninf};
    if (column <= COLUMN_X_LAST && x == BINS_METRIC) {
        json_write_double(w, NULL, column == COLUMN_X_FIRST ? bin->real_first : bin->real_last);
    } else if (column <= COLUMN_X_LAST) {
        json_write_int(w, NULL, column == COLUMN_X_FIRST ? bin->x_first : bin->x_last);
    } else if (column == COLUMN_SMOOTH) {
        put_or_null(w, bin->smooth);
    } else if (column >= COLUMN_N) {
        json_write_int(w, NULL, counts[column - COLUMN_N]);
    } else if (column >= COLUMN_MIN) {
        put_or_null(w, reals[column - COLUMN_FIRST]);
    } else {
        json_write_double(w, NULL, reals[column - COLUMN_FIRST]);
    }
}

static void put_columns(struct json_writer *w, const struct bins_ask *ask,
                        const struct series_bins *s)
{
    json_write_array(w, "bin");
    for (size_t i = 0; i < s->count; i++) {
        json_write_int(w, NULL, s->bins[i].index);
    }
    json_write_close(w);
    for (int column = 0; column < COLUMN_COUNT; column++) {
        if (!(ask->columns & 1u << column)) {
            continue;
        }
        json_write_array(w, bins_column_names[column]);
        for (size_t i = 0; i < s->count; i++) {
            put_value(w, ask->x, &s->bins[i], column);
        }
        json_write_close(w);
    }
}

static void put_series(struct json_writer *w, const struct bins_ask *ask,
                       const struct series_bins *s)
{
    json_write_object(w, NULL);
    json_write_text(w, "run", s->run);
    json_write_text(w, "key", s->name);
    json_write_text(w, "context", s->context);
    render_number(w, "id", (uint64_t)s->id);
    render_number(w, "version", s->version);
    json_write_bool(w, "exact", s->exact);
    json_write_bool(w, "unchanged", s->unchanged);
    if (ask->x == BINS_METRIC && !s->unchanged) {
        json_write_int(w, "unplaced", (int64_t)s->unplaced);
    }
    if (!s->unchanged) {
        put_columns(w, ask, s);
    }
    json_write_close(w);
}

static void put_group_columns(struct json_writer *w, const struct bins_ask *ask,
                              const struct series_group *s)
{
    json_write_array(w, "bin");
    for (size_t i = 0; i < s->count; i++) {
        json_write_int(w, NULL, s->bins[i].index);
    }
    json_write_close(w);
    json_write_array(w, "n");
    for (size_t i = 0; i < s->count; i++) {
        json_write_int(w, NULL, s->bins[i].n);
    }
    json_write_close(w);
    for (int stat = 0; stat < BANDS_COUNT; stat++) {
        if (ask->stats >> stat & 1) {
            json_write_array(w, bins_stat_names[stat]);
            for (size_t i = 0; i < s->count; i++) {
                put_or_null(w, s->bins[i].stats[stat]);
            }
            json_write_close(w);
        }
    }
}

static void put_group(struct json_writer *w, const struct bins_ask *ask,
                      const struct series_group *s)
{
    const struct group_ask *group = &ask->groups[s->group];
    json_write_object(w, NULL);
    json_write_int(w, "group", (int64_t)s->group);
    if (group->without) {
        json_write_null(w, "name");
    } else {
        json_write_text(w, "name", group->name);
    }
    json_write_text(w, "key", s->name);
    json_write_text(w, "context", s->context);
    render_number(w, "id", (uint64_t)s->id);
    render_number(w, "version", s->version);
    json_write_bool(w, "unchanged", s->unchanged);
    json_write_int(w, "asked", (int64_t)group->run_count);
    json_write_int(w, "runs", (int64_t)s->runs);
    if (!s->unchanged) {
        put_group_columns(w, ask, s);
    }
    json_write_close(w);
}

static void put_grid(struct json_writer *w, const struct bins_ask *ask,
                     const struct bins_answer *answer)
{
    json_write_text(w, "x", bins_x_names[ask->x]);
    if (ask->x == BINS_METRIC) {
        json_write_text(w, "metric", ask->x_key.name);
        json_write_double(w, "width", answer->real.width);
        json_write_double(w, "from", answer->real.from);
        json_write_double(w, "to", answer->real.to);
        return;
    }
    json_write_int(w, "width", answer->grid.width);
    json_write_int(w, "from", answer->grid.from);
    json_write_int(w, "to", answer->grid.to);
}

static track_status bins_json(const struct request *rq, const struct bins_ask *ask,
                              const struct bins_answer *answer, struct response *rs,
                              track_error *err)
{
    struct json_writer w;
    TRY(render_begin(rq, &w, err));
    json_write_object(&w, NULL);
    put_grid(&w, ask, answer);
    json_write_array(&w, "series");
    for (size_t i = 0; i < answer->count; i++) {
        put_series(&w, ask, &answer->series[i]);
    }
    json_write_close(&w);
    if (ask->group_count) {
        json_write_array(&w, "groups");
        for (size_t i = 0; i < answer->group_count; i++) {
            put_group(&w, ask, &answer->groups[i]);
        }
        json_write_close(&w);
    }
    json_write_close(&w);
    return render_end(&w, rs, err);
}

track_status api_bins_get(struct app *app, struct request *rq, struct response *rs,
                          track_error *err)
{
    struct bins_ask ask;
    struct bins_answer answer;
    TRY(bins_ask_parse(rq, &ask, err));
    TRY(series_bins(app->tail, &ask, rq->arena, &answer, err));
    return parse_accepts(rq, "application/x-track-bins") ? bins_binary(rq, &ask, &answer, rs, err)
                                                         : bins_json(rq, &ask, &answer, rs, err);
}
