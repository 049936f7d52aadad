/* store_series - one row for each series of a run: what search and sort ask.
 *
 * Derived from the journal; rows of a run are fresh unless run.series_seq is -1, which the
 * transaction of its next frame makes it, so that a crash loses nothing.  Whoever searches by
 * metric first brings the stale runs of the project up to date: store_series_stale names them,
 * series.c folds them, store_series_put stores the rows. See store.h for how reads and writes are
 * called. Uses: store.
 */
#ifndef SERVER_STORE_SERIES_H
#define SERVER_STORE_SERIES_H
#include "store_run.h"

enum { SERIES_ROWS_MAX = 65536, SERIES_PUT_MAX = 1000 };

struct series_row {
    const char *name, *context; /* context "" or JSON with sorted keys */
    int64_t step_scale;
    double first; /* of the least (step, time, value); any double */
    double last;  /* of the greatest */
    int64_t last_step, last_us;
    double vmin, vmax; /* finite ones; NaN: there is none */
    int64_t vmin_step, vmax_step;
    int64_t n, bad; /* points; of them NaN or infinite */
    double vsum;    /* of the finite ones */
    int64_t first_step;
};
struct series_list {
    const struct series_row *at; /* [count], by name and context */
    size_t count;
};

struct series_put {
    struct ticket ticket;
    int64_t run_node;
    int64_t epoch;      /* of the run that the rows hold for */
    int64_t series_seq; /* sum of next_seq that the rows were folded from: the last part makes the
                           run fresh if it is that still */
    bool last_part;
    bool over;                     /* the run has more series than SERIES_ROWS_MAX */
    const struct series_row *rows; /* [count]; replace those of the same series */
    size_t count;                  /* at most SERIES_PUT_MAX */
};
track_status store_series_put(struct store *s, struct series_put *call, track_error *err);

/* Rows of a run as they were last put. */
track_status store_series_list(struct store *s, const char *run, struct arena *arena,
                               struct series_list *out, track_error *err);

/* Runs of a project whose rows are stale.  Cost: theirs alone, however many runs there are.
 *
 *   project_node  0: all projects.
 *   out           [count] run nodes in arena.
 */
struct node_list {
    const int64_t *at;
    size_t count;
};
track_status store_series_stale(struct store *s, int64_t project_node, struct arena *arena,
                                struct node_list *out, track_error *err);

/* Stale runs, up to 1,000, that have ended and have nothing in the journal. */
track_status store_series_rested(struct store *s, struct arena *arena, struct node_list *out,
                                 track_error *err);
#endif
