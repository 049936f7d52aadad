/* bench - one row of the table of docs/performance.md, and how it was measured.
 *
 * Each bench program is one file with a main that prints rows; bench/run.sh puts the machine above
 * them.  Times are medians of several rounds.  Nothing here fails on a slow machine.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline double bench_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static inline int bench_compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median of what `rounds` (1..1000) calls of once() return. */
static inline double bench_median(double (*once)(void *data), void *data, int rounds)
{
    double took[1000];
    int count = rounds < 1000 ? rounds : 1000;
    for (int i = 0; i < count; i++) {
        took[i] = once(data);
    }
    qsort(took, (size_t)count, sizeof(took[0]), bench_compare);
    return took[count / 2];
}

/* One row: what, figure, unit, target ("" for none). */
static inline void bench_row(const char *what, double figure, const char *unit, const char *target)
{
    printf("| %s | %.4g %s | %s |\n", what, figure, unit, target);
    fflush(stdout);
}
#endif
