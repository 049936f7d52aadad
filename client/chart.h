/* chart - curves drawn with braille characters.
 *
 * A cell of the terminal holds 2 x 4 dots.  Curves are lines between their points; a point that is
 * not finite ends a line.  Where curves share a cell the later one gives the colour.
 * Uses: arena, bytes, fail.  Pure; any thread.
 */
#ifndef CLIENT_CHART_H
#define CLIENT_CHART_H
#include "../core/arena.h"
#include "../core/bytes.h"

enum { CHART_COLUMNS_MAX = 1000, CHART_ROWS_MAX = 500, CHART_COLOURS = 6 };

/* One curve. */
struct chart_curve {
    const char *name; /* for the legend, harmless text */
    const double *x;  /* [count], ascending */
    const double *y;  /* [count] */
    size_t count;
};

struct chart {
    size_t columns, rows; /* of the whole picture, axes included */
    bool log_y;
    bool colour;
    const char *(*x_label)(double x, char *out); /* out has 40 bytes */
    const struct chart_curve *curves;            /* [count] */
    size_t count;
};

/* Appends the picture: `rows` lines with the values at their left, a line with the ends of the x
 * axis, a line for each curve of the legend.
 *
 *   arena  for the canvas.
 *
 * TRACK_INVALID    fewer than 20 columns or 3 rows, or more than the limits.
 * TRACK_NOT_FOUND  no finite point (with log_y: no positive one).
 * TRACK_NOMEM      the arena's limit.
 *
 * Tests: tests/client/test_chart.c
 */
track_status chart_write(const struct chart *chart, struct arena *arena, struct buf *to,
                         track_error *err);
#endif
