#include "chart.h"

#include "format.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LABEL_COLUMNS = 10, COLUMNS_MIN = 20, ROWS_MIN = 3 };

/* Dots of a cell and the curve that drew last. */
struct chart_cell {
    unsigned char dots;
    unsigned char curve;
};

struct canvas {
    const struct chart *chart;
    struct chart_cell *cells; /* [rows][columns] */
    size_t columns, rows;     /* without labels */
    double x0, x1, y0, y1;    /* what the edges mean; y in the scale that is drawn */
};

static double scaled(const struct chart *chart, double y)
{
    return !chart->log_y ? y : y > 0 ? log10(y) : (double)NAN;
}

static void widen(double *least, double *greatest, double value)
{
    *least = value < *least ? value : *least;
    *greatest = value > *greatest ? value : *greatest;
}

/* Finds the edges; false if no point can be drawn. */
static bool find_edges(struct canvas *v)
{
    v->x0 = v->y0 = (double)INFINITY;
    v->x1 = v->y1 = -(double)INFINITY;
    for (size_t i = 0; i < v->chart->count; i++) {
        const struct chart_curve *c = &v->chart->curves[i];
        for (size_t j = 0; j < c->count; j++) {
            double y = scaled(v->chart, c->y[j]);
            if (isfinite(y)) {
                widen(&v->x0, &v->x1, c->x[j]);
                widen(&v->y0, &v->y1, y);
            }
        }
    }
    if (v->x0 > v->x1) {
        return false;
    }
    if (!(v->y1 > v->y0)) { /* a flat curve lies in the middle */
        double room = v->y0 != 0 ? fabs(v->y0) / 2 : 1;
        v->y0 -= room;
        v->y1 += room;
    }
    v->x1 = v->x1 > v->x0 ? v->x1 : v->x0 + 1;
    return true;
}

static void set_dot(struct canvas *v, long x, long y, size_t curve)
{
    static const unsigned char bits[4][2] = {
        {0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    struct chart_cell *cell = &v->cells[(size_t)(y / 4) * v->columns + (size_t)(x / 2)];
    cell->dots |= bits[y % 4][x % 2];
    cell->curve = (unsigned char)(curve % CHART_COLOURS);
}

static void draw_line(struct canvas *v, const long from[2], const long to[2], size_t curve)
{
    long dx = to[0] - from[0], dy = to[1] - from[1];
    long n = labs(dx) > labs(dy) ? labs(dx) : labs(dy);
    for (long i = 0; i <= n; i++) {
        long x = n ? from[0] + (dx * i + (dx < 0 ? -n : n) / 2) / n : from[0];
        long y = n ? from[1] + (dy * i + (dy < 0 ? -n : n) / 2) / n : from[1];
        set_dot(v, x, y, curve);
    }
}

/* Where value lies between two edges, 0..1; halves, since their difference may be no double. */
static double part(double value, double from, double until)
{
    double at = (value / 2 - from / 2) / (until / 2 - from / 2);
    return at >= 0 && at <= 1 ? at : at > 1 ? 1 : 0;
}

static void draw_curve(struct canvas *v, size_t number)
{
    const struct chart_curve *c = &v->chart->curves[number];
    double wide = (double)(2 * v->columns - 1), high = (double)(4 * v->rows - 1);
    long last[2] = {-1, -1};
    for (size_t i = 0; i < c->count; i++) {
        double y = scaled(v->chart, c->y[i]);
        if (!isfinite(y)) {
            last[0] = -1;
            continue;
        }
        long now[2] = {lround(part(c->x[i], v->x0, v->x1) * wide),
                       lround((1 - part(y, v->y0, v->y1)) * high)};
        draw_line(v, last[0] < 0 ? now : last, now, number);
        memcpy(last, now, sizeof(last));
    }
}

static void put_colour(struct buf *to, const struct chart *chart, size_t curve)
{
    static const char *const colours[CHART_COLOURS] = {"\033[34m", "\033[33m", "\033[32m",
                                                       "\033[31m", "\033[35m", "\033[36m"};
    buf_text(to, chart->colour ? colours[curve % CHART_COLOURS] : "");
}

static void put_row(const struct canvas *v, size_t row, struct buf *to)
{
    double down = (double)row / (double)(v->rows - 1);
    double y = v->y1 * (1 - down) + v->y0 * down;
    char number[FORMAT_TEXT_MAX], label[64];
    bool labelled = row == 0 || row + 1 == v->rows || row == v->rows / 2;
    format_real(v->chart->log_y ? pow(10, y) : y, number);
    snprintf(label, sizeof(label), "%*s %s", LABEL_COLUMNS, labelled ? number : "",
             labelled ? "┤" : "│");
    buf_text(to, label);
    const struct chart_cell *line = &v->cells[row * v->columns];
    size_t used = v->columns;
    while (used > 0 && !line[used - 1].dots) {
        used--;
    }
    for (size_t i = 0; i < used; i++) {
        unsigned char braille[3] = {0xe2, (unsigned char)(0xa0 | line[i].dots >> 6),
                                    (unsigned char)(0x80 | (line[i].dots & 0x3f))};
        if (i == 0 || line[i].curve != line[i - 1].curve) {
            put_colour(to, v->chart, line[i].curve);
        }
        buf_put(to, braille, sizeof(braille));
    }
    buf_text(to, v->chart->colour && used ? "\033[0m\n" : "\n");
}

static void put_axis(const struct canvas *v, struct buf *to)
{
    char from[FORMAT_TEXT_MAX], until[FORMAT_TEXT_MAX], line[CHART_COLUMNS_MAX + 64];
    v->chart->x_label(v->x0, from);
    v->chart->x_label(v->x1, until);
    int gap = (int)v->columns - (int)strlen(from);
    snprintf(line, sizeof(line), "%*s %s%*s\n", LABEL_COLUMNS + 1, "", from, gap > 0 ? gap : 1,
             until);
    buf_text(to, line);
}

track_status chart_write(const struct chart *chart, struct arena *arena, struct buf *to,
                         track_error *err)
{
    struct canvas v = {.chart = chart};
    if (chart->columns < COLUMNS_MIN || chart->columns > CHART_COLUMNS_MAX ||
        chart->rows < ROWS_MIN || chart->rows > CHART_ROWS_MAX) {
        return FAIL(err, TRACK_INVALID, "a chart of %zu x %zu characters; %d x %d to %d x %d",
                    chart->columns, chart->rows, COLUMNS_MIN, ROWS_MIN, CHART_COLUMNS_MAX,
                    CHART_ROWS_MAX);
    }
    v.columns = chart->columns - LABEL_COLUMNS - 2;
    v.rows = chart->rows;
    if (!find_edges(&v)) {
        return FAIL(err, TRACK_NOT_FOUND, "no %s point to draw",
                    chart->log_y ? "positive" : "finite");
    }
    v.cells = ARENA_ARRAY(arena, struct chart_cell, v.columns * v.rows);
    if (!v.cells) {
        return FAIL(err, TRACK_NOMEM, "a canvas of %zu x %zu", v.columns, v.rows);
    }
    for (size_t i = 0; i < chart->count; i++) {
        draw_curve(&v, i);
    }
    for (size_t row = 0; row < v.rows; row++) {
        put_row(&v, row, to);
    }
    put_axis(&v, to);
    for (size_t i = 0; i < chart->count; i++) {
        put_colour(to, chart, i);
        buf_text(to, "━━ ");
        buf_text(to, chart->colour ? "\033[0m" : "");
        buf_text(to, chart->curves[i].name);
        buf_byte(to, '\n');
    }
    return TRACK_OK;
}
