/* track plot: series in the terminal, from the bins that the pages draw too. */
#include "chart.h"
#include "format.h"
#include "runs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { HEIGHT_DEFAULT = 20, WORDS_MAX = 200, BINS_MAX = 4096, CANVAS_BYTES_MAX = 8 << 20 };

struct plot {
    const struct json *runs[WORDS_MAX];
    const char *keys[WORDS_MAX];
    size_t run_count, key_count;
    const char *axis;
    const char *over; /* the metric that is the axis; NULL: none */
    double smooth;
    int64_t height;
};

/* Parts the operands into runs and metrics: a word that names a run is one. */
static track_status part_words(struct cmd *c, struct plot *p, track_error *err)
{
    if (c->args->operand_count > WORDS_MAX) {
        return FAIL(err, TRACK_TOO_LARGE, "plot: over %d words", WORDS_MAX);
    }
    for (size_t i = 0; i < c->args->operand_count; i++) {
        track_error why = {0};
        const char *word = c->args->operands[i];
        track_status status = api_get_run(c, word, &p->runs[p->run_count], NULL, &why);
        if (status == TRACK_OK) {
            p->run_count++;
        } else if (i > 0 && (status == TRACK_NOT_FOUND || status == TRACK_INVALID)) {
            p->keys[p->key_count++] = word;
            c->hint[0] = c->ref[0] = '\0';
        } else {
            return FAIL(err, status, "%s", why.message);
        }
    }
    return p->key_count ? TRACK_OK : FAIL(err, TRACK_INVALID, "plot: no metric is named");
}

/* What stands along x, and how lines are smoothed. */
static void put_ways(struct json_writer *w, const struct plot *p)
{
    if (p->over) {
        json_write_object(w, "x");
        json_write_text(w, "metric", p->over);
        json_write_close(w);
    } else {
        json_write_text(w, "x", p->axis);
    }
    if (p->smooth > 0) {
        json_write_object(w, "smooth");
        json_write_double(w, "weight", p->smooth);
        json_write_close(w);
    }
}

static track_status get_bins(struct cmd *c, const struct plot *p, const struct json **out,
                             track_error *err)
{
    static const char *const columns[] = {"x_first", "mean", "min", "max", "n", "smooth"};
    AUTO_BODY body;
    api_body_init(&body);
    struct json_writer *w = &body.writer;
    json_write_object(w, NULL);
    json_write_array(w, "runs");
    for (size_t i = 0; i < p->run_count; i++) {
        json_write_text(w, NULL, runs_text(p->runs[i], "id"));
    }
    json_write_close(w);
    json_write_array(w, "keys");
    for (size_t i = 0; i < p->key_count; i++) {
        json_write_text(w, NULL, p->keys[i]);
    }
    json_write_close(w);
    put_ways(w, p);
    bool drawn = c->print->mode == PRINT_TABLE; /* else as near to the points as it goes */
    json_write_int(w, "bins",
                   drawn && c->print->width * 2 < BINS_MAX ? c->print->width * 2 : BINS_MAX);
    json_write_array(w, "columns");
    for (size_t i = 0; i < (p->smooth > 0 ? 6u : 5u); i++) {
        json_write_text(w, NULL, columns[i]);
    }
    json_write_close(w);
    json_write_close(w);
    struct api_send send = {"POST", "/api/v1/bins", &body};
    return api_send(c, &send, out, err);
}

static double real_at(const struct json *list, uint32_t i)
{
    double value = (double)NAN;
    if (list && i < list->count && json_get_double(&list->items[i], &value, NULL) != TRACK_OK) {
        return (double)NAN;
    }
    return value;
}

/* A step, a time or a number, as a number. */
static double x_at(const struct json *list, uint32_t i)
{
    int64_t whole = 0;
    bool text = list && i < list->count && list->items[i].kind == JSON_KIND_TEXT;
    return text && json_get_int(&list->items[i], &whole, NULL) == TRACK_OK ? (double)whole
                                                                           : real_at(list, i);
}

static int64_t int_at(const struct json *list, uint32_t i)
{
    int64_t value = 0;
    if (list && i < list->count && json_get_int(&list->items[i], &value, NULL) != TRACK_OK) {
        return 0;
    }
    return value;
}

static const struct json *run_of(const struct plot *p, const char *id)
{
    for (size_t i = 0; i < p->run_count; i++) {
        if (strcmp(runs_text(p->runs[i], "id"), id) == 0) {
            return p->runs[i];
        }
    }
    return NULL;
}

/* "val/loss  6b7c8d9e brave-otter", harmless. */
static const char *legend_of(struct cmd *c, const struct plot *p, const struct json *series)
{
    const char *id = runs_text(series, "run");
    const char *name = api_path(c, "%s  %s %s", runs_text(series, "key"), runs_short_id(id),
                                runs_text(run_of(p, id), "name"));
    AUTO_BUF text = BUF(64 * 1024);
    struct bytes out;
    if (name) {
        format_escape(&text, (struct bytes){(const unsigned char *)name, strlen(name)},
                      FORMAT_SCREEN);
    }
    bool good = buf_end(&text, &out, NULL) == TRACK_OK;
    return good ? arena_text(c->arena, (const char *)out.at, out.size) : NULL;
}

static track_status fill_curve(struct cmd *c, const struct plot *p, const struct json *series,
                               struct chart_curve *out, track_error *err)
{
    const struct json *x = json_find(series, "x_first");
    const struct json *y = json_find(series, p->smooth > 0 ? "smooth" : "mean");
    uint32_t count = x && x->kind == JSON_KIND_ARRAY ? x->count : 0;
    double *xs = ARENA_ARRAY(c->arena, double, count + 1u);
    double *ys = ARENA_ARRAY(c->arena, double, count + 1u);
    const char *name = legend_of(c, p, series);
    if (!xs || !ys || !name) {
        return FAIL(err, TRACK_NOMEM, "a curve of %u points", (unsigned)count);
    }
    for (uint32_t i = 0; i < count; i++) {
        xs[i] = x_at(x, i);
        ys[i] = real_at(y, i);
    }
    *out = (struct chart_curve){name, xs, ys, count};
    return TRACK_OK;
}

static const char *label_step(double x, char *out)
{
    return format_count((int64_t)x, out);
}

static const char *label_time(double x, char *out)
{
    return format_time((int64_t)x, out);
}

static const char *label_relative(double x, char *out)
{
    return format_duration((int64_t)x, out);
}

static const char *label_metric(double x, char *out)
{
    return format_real(x, out);
}

static track_status draw(struct cmd *c, const struct plot *p, const struct json *list,
                         track_error *err)
{
    struct chart_curve *curves = ARENA_ARRAY(c->arena, struct chart_curve, list->count + 1u);
    AUTO_BUF text = BUF(CANVAS_BYTES_MAX);
    struct bytes out;
    if (!curves) {
        return FAIL(err, TRACK_NOMEM, "%u curves", (unsigned)list->count);
    }
    for (uint32_t i = 0; i < list->count; i++) {
        TRY(fill_curve(c, p, &list->items[i], &curves[i], err));
    }
    struct chart chart = {.columns = (size_t)c->print->width,
                          .rows = (size_t)p->height,
                          .log_y = args_has(c->args, "log"),
                          .colour = c->print->colour,
                          .x_label = p->over             ? label_metric
                                     : p->axis[0] == 's' ? label_step
                                     : p->axis[0] == 't' ? label_time
                                                         : label_relative,
                          .curves = curves,
                          .count = list->count};
    TRY(chart_write(&chart, c->arena, &text, err));
    TRY(buf_end(&text, &out, err));
    fwrite(out.at, 1, out.size, c->print->out);
    return print_end(c->print, err);
}

static track_status list_points(struct cmd *c, const struct plot *p, const struct json *list,
                                track_error *err)
{
    static const struct column columns[] = {
        {"run", "RUN", COLUMN_ID}, {"key", "METRIC", 0},   {"x", "X", 0},
        {"mean", "MEAN", 0},       {"min", "MIN", 0},      {"max", "MAX", 0},
        {"n", "POINTS", 0},        {"smooth", "SMOOTH", 0}};
    struct table_spec spec = {"points", "point", columns, p->smooth > 0 ? 8 : 7};
    struct table t;
    TRY(table_init(&t, c->print, c->arena, &spec, err));
    for (uint32_t i = 0; i < list->count; i++) {
        const struct json *s = &list->items[i], *x = json_find(s, "x_first");
        for (uint32_t j = 0; x && j < x->count; j++) {
            struct cell cells[] = {cell_member(s, "run", CELL_TEXT),
                                   cell_member(s, "key", CELL_TEXT),
                                   p->over ? CELL(CELL_REAL, real, real_at(x, j))
                                           : CELL(CELL_INT, number, int_at(x, j)),
                                   CELL(CELL_REAL, real, real_at(json_find(s, "mean"), j)),
                                   CELL(CELL_REAL, real, real_at(json_find(s, "min"), j)),
                                   CELL(CELL_REAL, real, real_at(json_find(s, "max"), j)),
                                   CELL(CELL_INT, number, int_at(json_find(s, "n"), j)),
                                   CELL(CELL_REAL, real, real_at(json_find(s, "smooth"), j))};
            TRY(table_add(&t, cells, err));
        }
    }
    return table_write(&t, err);
}

static track_status read_options(struct cmd *c, struct plot *p, track_error *err)
{
    const char *axis = args_find(c->args, "x"), *smooth = args_find(c->args, "smooth");
    char *end = NULL;
    p->axis = axis ? axis : "step";
    p->over = args_find(c->args, "over");
    p->height = HEIGHT_DEFAULT;
    p->smooth = smooth ? strtod(smooth, &end) : 0;
    if (smooth && (*end || end == smooth || !(p->smooth >= 0 && p->smooth <= 0.999))) {
        return FAIL(err, TRACK_INVALID, "plot: --smooth is 0 to 0.999, not \"%.40s\"", smooth);
    }
    return args_get_int(c->args, "height", (int64_t[]){3, CHART_ROWS_MAX}, &p->height, err);
}

track_status cmd_plot(struct cmd *c, track_error *err)
{
    struct plot *p = ARENA_NEW(c->arena, struct plot);
    const struct json *bins, *list;
    if (!p) {
        return FAIL(err, TRACK_NOMEM, "a plot");
    }
    TRY(read_options(c, p, err));
    TRY(part_words(c, p, err));
    TRY(get_bins(c, p, &bins, err));
    TRY(json_need_array(bins, "series", &list, err));
    if (list->count == 0) {
        return FAIL(err, TRACK_NOT_FOUND, "plot: the run%s no metric \"%.120s\"",
                    p->run_count > 1 ? "s have" : " has", p->keys[0]);
    }
    return c->print->mode == PRINT_TABLE ? draw(c, p, list, err) : list_points(c, p, list, err);
}
