/* bench/grow - what a point costs while more and more are stored, sealing and merging included.
 *
 *     bench_grow [POINTS [FILE.svg]]      20,000,000 points; 1,000,000,000 for docs/
 *
 * Two writers send binary frames to one run until 1, 2, 5, 10, 20, 50... million points are there.
 * After each of these the program waits until the server has nothing left to do; the processor time
 * that all of that took, over the points that came, is what a point costs there.  The wall time is
 * that of sending.  With a file the figures are drawn as well. */
#include "frames.h"

#include <ftw.h>
#include <math.h>
#include <stdbool.h>

enum {
    IDLE_S = 12, /* longer than the pauses of sealing and merging */
    PHASES_MAX = 32,
    WIDTH = 640,
    HEIGHT = 320,
    LEFT = 56,
    RIGHT = 32,
    TOP = 40,
    BOTTOM = 48,
};
#define DEFAULT_POINTS 20000000.0
#define IDLE_SHARE     0.02 /* of a core: less is rest */

/* What happened until so many points were there. */
struct phase {
    double points;          /* stored at its end */
    double wall_ns, cpu_ns; /* a point that came in it */
    double rss_mb, db_mb, blobs_mb;
};

struct growth {
    struct phase at[PHASES_MAX];
    int count;
};

/* Waits until the server rests. */
static void wait_idle(const struct peer *p)
{
    double cpu = peer_cpu_seconds(p);
    for (int rested = 0; rested < IDLE_S;) {
        usleep(1000000);
        double now = peer_cpu_seconds(p);
        rested = now - cpu <= IDLE_SHARE ? rested + 1 : 0;
        cpu = now;
    }
}

static double rss_mb(const struct peer *p)
{
    char path[64], line[256];
    double kb = 0;
    snprintf(path, sizeof(path), "/proc/%d/status", (int)p->pid);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof(line), f)) {
        (void)sscanf(line, "VmHWM: %lf", &kb);
    }
    if (f) {
        fclose(f);
    }
    return kb / 1024;
}

static double dir_bytes; /* nftw has no argument for its caller */

static int add_size(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)path, (void)type, (void)at;
    dir_bytes += 512.0 * (double)st->st_blocks;
    return 0;
}

/* Megabytes on disk below a path of the data directory. */
static double disk_mb(const struct peer *p, const char *name)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", p->data, name);
    dir_bytes = 0;
    (void)nftw(path, add_size, 16, FTW_PHYS);
    return dir_bytes / 1e6;
}

static struct phase phase_play(const struct peer *p, int from, int to)
{
    double cpu = peer_cpu_seconds(p), wall = frames_play(p, from, to);
    double came = (double)(to - from) * FRAMES_WRITERS * (double)FRAMES_POINTS;
    wait_idle(p);
    return (struct phase){
        .points = (double)to * FRAMES_WRITERS * (double)FRAMES_POINTS,
        .wall_ns = wall / came * 1e9,
        .cpu_ns = (peer_cpu_seconds(p) - cpu) / came * 1e9,
        .rss_mb = rss_mb(p),
        .db_mb = disk_mb(p, "track.db") + disk_mb(p, "track.db-wal"),
        .blobs_mb = disk_mb(p, "blobs"),
    };
}

static void phase_row(const struct phase *f)
{
    char what[96];
    snprintf(what, sizeof(what), "%.3g M points stored: sending", f->points / 1e6);
    bench_row(what, f->wall_ns, "ns/point", "");
    snprintf(what, sizeof(what), "%.3g M points stored: server's processor", f->points / 1e6);
    bench_row(what, f->cpu_ns, "ns/point", "");
    snprintf(what, sizeof(what), "%.3g M points stored: packs, database, most RSS",
             f->points / 1e6);
    printf("| %s | %.4g MB, %.4g MB, %.4g MB |  |\n", what, f->blobs_mb, f->db_mb, f->rss_mb);
    fflush(stdout);
}

/* 1, 2, 5, 10... million. */
static double next_mark(double mark)
{
    double lead = mark;
    while (lead >= 10) {
        lead /= 10;
    }
    return lead > 1.5 && lead < 3 ? mark * 2.5 : mark * 2;
}

static void grow(const struct peer *p, double points, struct growth *g)
{
    double frame = FRAMES_WRITERS * (double)FRAMES_POINTS;
    int from = 0;
    for (double mark = 1e6; from * frame < points && g->count < PHASES_MAX;
         mark = next_mark(mark)) {
        int to = (int)((mark < points ? mark : points) / frame + 0.999);
        g->at[g->count] = phase_play(p, from, to);
        phase_row(&g->at[g->count++]);
        from = to;
    }
}

/* Dearest over cheapest phase, in per cent above it. */
static double spread(const struct growth *g, bool cpu)
{
    double least = 1e18, most = 0;
    for (int i = 0; i < g->count; i++) {
        double ns = cpu ? g->at[i].cpu_ns : g->at[i].wall_ns;
        least = ns < least ? ns : least;
        most = ns > most ? ns : most;
    }
    return (most / least - 1) * 100;
}

struct plot {
    FILE *out;
    const struct growth *g;
    double x_from, x_to, y_to; /* powers of ten of points; ns */
};

static double plot_x(const struct plot *p, double points)
{
    return LEFT + (log10(points) - p->x_from) / (p->x_to - p->x_from) * (WIDTH - LEFT - RIGHT);
}

static double plot_y(const struct plot *p, double ns)
{
    return HEIGHT - BOTTOM - ns / p->y_to * (HEIGHT - TOP - BOTTOM);
}

static void plot_line(const struct plot *p, bool cpu, const char *colour, const char *name)
{
    fprintf(p->out, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"", colour);
    for (int i = 0; i < p->g->count; i++) {
        const struct phase *f = &p->g->at[i];
        fprintf(p->out, "%.1f,%.1f ", plot_x(p, f->points),
                plot_y(p, cpu ? f->cpu_ns : f->wall_ns));
    }
    fprintf(p->out, "\"/>\n<text x=\"%d\" y=\"%d\" fill=\"%s\">%s</text>\n", LEFT + 8,
            TOP - (cpu ? 22 : 6), colour, name);
}

static void plot_axes(const struct plot *p)
{
    for (int i = 0; i <= 4; i++) {
        double ns = p->y_to * i / 4;
        fprintf(p->out,
                "<path stroke=\"#8884\" d=\"M%d %.1fH%d\"/><text x=\"%d\" y=\"%.1f\" "
                "text-anchor=\"end\" fill=\"#777\">%.0f ns</text>\n",
                LEFT, plot_y(p, ns), WIDTH - RIGHT, LEFT - 6, plot_y(p, ns) + 4, ns);
    }
    for (int e = (int)p->x_from; e <= (int)p->x_to; e++) {
        double points = pow(10, e);
        fprintf(p->out,
                "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\" fill=\"#777\">%g M</text>\n",
                plot_x(p, points), HEIGHT - BOTTOM + 20, points / 1e6);
    }
    fprintf(p->out,
            "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\" fill=\"#777\">points stored</text>\n",
            (LEFT + WIDTH) / 2, HEIGHT - 8);
}

static void plot_write(const struct growth *g, const char *path)
{
    struct plot p = {.out = fopen(path, "we"), .g = g, .x_from = 6, .x_to = 9};
    if (!p.out) {
        peer_die(path);
    }
    for (int i = 0; i < g->count; i++) {
        double ns = g->at[i].cpu_ns > g->at[i].wall_ns ? g->at[i].cpu_ns : g->at[i].wall_ns;
        p.y_to = ns > p.y_to ? ns : p.y_to;
    }
    p.y_to = ceil(p.y_to / 40 * 1.2) * 40;
    fprintf(p.out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
            "font-family=\"sans-serif\" font-size=\"12\">\n",
            WIDTH, HEIGHT);
    plot_axes(&p);
    plot_line(&p, true, "#0b7285", "processor time of the server, sealing and merging included");
    plot_line(&p, false, "#d9480f", "time of sending, clients on the same cores");
    fprintf(p.out, "</svg>\n");
    if (fclose(p.out) != 0) {
        peer_die(path);
    }
}

int main(int count, char **words)
{
    struct peer p;
    struct growth g = {.count = 0};
    double points = count > 1 ? strtod(words[1], NULL) : DEFAULT_POINTS;
    peer_start_as(&p, 18195, "yes");
    frames_create_run(&p);
    grow(&p, points, &g);
    bench_row("points stored, dearest over cheapest: sending", spread(&g, false), "%", "<= 25");
    bench_row("points stored, dearest over cheapest: processor", spread(&g, true), "%", "<= 25");
    if (count > 2) {
        plot_write(&g, words[2]);
    }
    peer_end(&p);
    return 0;
}
