/* series - what charts, tables and commands read of a run's points, texts and lines.
 *
 * Every call reads what was acknowledged before it, decodes nothing twice (tail.h keeps it) and
 * copies its answer into the caller's arena.
 * Uses: tail, store, bins, regex.  Any thread.
 */
#ifndef SERVER_SERIES_H
#define SERVER_SERIES_H
#include "../core/bins_group.h"
#include "../core/bins_real.h"
#include "../core/filter.h"
#include "../core/smooth.h"
#include "store_series.h"
#include "tail.h"

enum {
    SERIES_BINS_MAX = 5000,      /* series of one request for bins */
    SERIES_GROUPS_MAX = 1000,    /* groups of one request, by keys */
    SERIES_JOIN_MAX = 2000000,   /* points of a series over another metric */
    SERIES_POINTS_MAX = 1000000, /* points of one page */
    SERIES_LINES_MAX = 10000,    /* lines of one page */
    SERIES_LIST_MAX = 10000,     /* series of one page */
    SERIES_TEXTS_MAX = 1000,     /* texts of one page */
};

/* A series by name.  context NULL: the one without context, else that of the lowest rank. */
struct series_ref {
    const char *name, *context;
};

/* A series that the caller has in this version. */
struct series_have {
    const char *run;
    int64_t id;
    uint64_t version;
};

/* Runs that are drawn as one. */
struct group_ask {
    const char *name;   /* "" where without is set */
    bool without;       /* its runs lack the value that the others were grouped by */
    const size_t *runs; /* [run_count] indexes of runs of the request */
    size_t run_count;
};

struct bins_ask {
    const char *const *runs; /* [run_count], ids; those that are not there are left out */
    size_t run_count;
    const struct series_ref *keys; /* [key_count] */
    size_t key_count;
    enum bins_x x;
    bool has_from, has_to;
    int64_t from, to;               /* steps or us, both inside */
    struct series_ref x_key;        /* BINS_METRIC: the series that is x, */
    double real_from, real_to;      /* and the range */
    struct smooth_ask smooth;       /* SMOOTH_NONE: smooth of the bins is not filled */
    const struct group_ask *groups; /* [group_count] */
    size_t group_count;
    unsigned stats;                 /* of groups: a mask of bands.h */
    bool members;                   /* with groups: the series of their runs too */
    uint32_t bins;                  /* 1..BINS_MAX */
    unsigned columns;               /* mask of columns.h; a part of the version only */
    const struct series_have *have; /* [have_count] */
    size_t have_count;
};

struct series_bins {
    const char *run;       /* of ask */
    size_t run_at, key_at; /* where they stand in ask */
    const char *name, *context;
    int64_t id;
    uint64_t version;       /* of its points, grid and columns */
    bool exact, unchanged;  /* unchanged: no bins, the caller has them */
    const struct bin *bins; /* [count] */
    size_t count;
    size_t unplaced; /* BINS_METRIC: points where that metric has no number */
};
/* One key of a group: bins of the bins of its runs, of their smoothed values where asked for. */
struct series_group {
    size_t group; /* index in ask */
    const char *name, *context;
    int64_t id; /* of the group's name and the key */
    uint64_t version;
    bool unchanged;
    size_t runs;                  /* that have the series */
    const struct group_bin *bins; /* [count] */
    size_t count;
};
struct bins_answer {
    struct bins_grid grid;            /* width 1 and no bins where there are no points */
    struct real_grid real;            /* BINS_METRIC: in its place */
    const struct series_bins *series; /* [count], runs in the order of ask, keys within */
    size_t count;
    const struct series_group *groups; /* [group_count], groups in the order of ask, keys within */
    size_t group_count;
};

/* Many series of many runs on one grid, and groups of them.
 *
 * A group is calculated from all its runs that have the series; those that are not there or lack it
 * show as the difference of asked and counted.  A caller names a group that it has with "group" as
 * the run.
 *
 * TRACK_INVALID    from > to, bins out of range, no runs or keys, over SERIES_BINS_MAX series or
 *                  SERIES_GROUPS_MAX groups.
 * TRACK_TOO_LARGE  times of over BINS_SORT_MAX points that do not ascend: ask by step, or for a
 *                  smaller range; over SERIES_JOIN_MAX points over a metric; a window of over
 *                  SMOOTH_WINDOW_MAX points.
 * TRACK_NOMEM      the arena's limit: ask for fewer series or bins.
 * and what tail_take says.
 *
 * Cost:  10 ns a point in range; by step, 0.2 us a bucket of packs instead of their points; nothing
 *        for series that are unchanged (bench/series.c).  Smoothed: 12 ns a point of the whole
 *        series at first, of what is shown later on (bench/smooth.c).
 * Tests: tests/server/test_series_bins.c, test_series_smooth.c, test_series_group.c,
 *        test_series_join.c
 */
track_status series_bins(struct tail *t, const struct bins_ask *ask, struct arena *arena,
                         struct bins_answer *out, track_error *err);

struct points_ask {
    const char *run; /* id */
    struct series_ref key;
    int64_t from, to;   /* steps, both inside; INT64_MIN, INT64_MAX: all */
    size_t limit;       /* 1..SERIES_POINTS_MAX */
    const char *cursor; /* next of the last page; NULL or "": from the start */
};
struct points_page {
    const char *name, *context;
    const int64_t *steps, *times_us; /* [count] */
    const double *values;            /* [count], bit for bit; as columns_encode_points wants it */
    size_t count;
    const char *next; /* NULL: the last page */
};

/* Raw points of one series in order (step, time, value), each once.
 *
 * TRACK_NOT_FOUND  no such run or series.
 * TRACK_INVALID    limit or cursor.
 * and what tail_take says.
 *
 * Tests: tests/server/test_series.c
 */
track_status series_points(struct tail *t, const struct points_ask *ask, struct arena *arena,
                           struct points_page *out, track_error *err);

/* Whether any point of a series compares so with a number, or whether there are points and all do.
 */
struct history_ask {
    const char *run; /* id */
    struct series_ref key;
    bool all;          /* else any */
    enum filter_op op; /* FILTER_EQ to FILTER_GE; a NaN compares with nothing */
    double number;
    int64_t from, to; /* steps, both inside; INT64_MIN, INT64_MAX: all */
};

/* Asks least and greatest values first: of the series, then of chunks of packs; only chunks that
 * these do not decide, or that reach over from or to, are decoded.
 *
 *   out  false as well where the run has no such series.
 *
 * TRACK_NOT_FOUND  no such run.
 * and what tail_take says.
 *
 * Cost:  50 ns a chunk of 4,096 points; 0.1-0.2 ms for each that is decoded (bench/series.c).
 * Tests: tests/server/test_series_history.c
 */
track_status series_history(struct tail *t, const struct history_ask *ask, bool *out,
                            track_error *err);

struct texts_ask {
    const char *run;
    const char *key;    /* NULL: every key */
    size_t limit;       /* 1..SERIES_TEXTS_MAX */
    const char *cursor; /* as points_ask */
};
struct text_sample {
    const char *name, *context;
    int64_t step, time_us;
    struct bytes text; /* UTF-8 */
};
struct texts_page {
    const struct text_sample *at; /* [count], newest step first */
    size_t count;
    const char *next;
};

/* Text samples.  Statuses as series_points; an unknown key gives none. */
track_status series_texts(struct tail *t, const struct texts_ask *ask, struct arena *arena,
                          struct texts_page *out, track_error *err);

struct lines_ask {
    const char *run;
    int64_t from;      /* number of a line; negative: from the end of the admitted ones */
    size_t limit;      /* 1..SERIES_LINES_MAX */
    int stream;        /* 0 stdout, 1 stderr, -1 both */
    int64_t rank;      /* -1: every rank */
    int64_t since_us;  /* only later lines; INT64_MIN: all */
    const char *q;     /* only lines with this text, ignoring the case of ASCII; NULL: all */
    const char *regex; /* only lines that it matches; NULL: all */
};
struct console_line {
    int64_t n; /* number in the run, by arrival, from 0 */
    int64_t time_us;
    int stream;
    int64_t rank;
    struct bytes text; /* UTF-8 without NUL: other bytes are U+FFFD */
};
struct lines_page {
    const struct console_line *at; /* [count], oldest first */
    size_t count;
    int64_t total; /* lines of the run that stream and rank admit */
    int64_t next;  /* where to go on: from of the next request */
};

/* Console lines.
 *
 * TRACK_NOT_FOUND  no such run.
 * TRACK_INVALID    limit, or a regex that is none or too expensive.
 * TRACK_TIMEOUT    the search took over 2 s.
 * and what tail_take says.
 */
track_status series_lines(struct tail *t, const struct lines_ask *ask, struct arena *arena,
                          struct lines_page *out, track_error *err);

struct tree_ask {
    const char *run;
    const char *prefix; /* "" or NULL: the root; else ends with '/' */
    const char *q;      /* only names with this text, ignoring the case of ASCII; then flat */
    bool flat;          /* every series below prefix in one list */
    size_t limit;       /* 1..SERIES_LIST_MAX, groups and series together */
    const char *cursor;
};
struct tree_group {
    const char *name;   /* one level */
    const char *prefix; /* ends with '/' */
    int64_t n;          /* series below */
};
struct tree_page {
    const struct tree_group *groups; /* [group_count], by name */
    size_t group_count;
    const struct series_row *series; /* [series_count], by name and context */
    const int64_t *ids;              /* [series_count] */
    size_t series_count;
    const char *next;
};

/* The metric tree of a run, one level at a time; series that have only texts are not in it.
 *
 * TRACK_NOT_FOUND  no such run.
 * TRACK_INVALID    prefix, limit or cursor.
 * and what tail_take says.
 */
track_status series_tree(struct tail *t, const struct tree_ask *ask, struct arena *arena,
                         struct tree_page *out, track_error *err);

/* Brings the rows of table series up to date for the runs of a project whose journals have moved
 * on: what a search by metric needs first.  Waits for its tickets.
 *
 *   project_node  0: all projects.
 *
 * What tail_take and the tickets say; a run that was purged meanwhile is passed over.
 *
 * Tests: tests/server/test_series_flush.c
 */
track_status series_flush(struct tail *t, int64_t project_node, track_error *err);

/* The same for one run. */
track_status series_flush_run(struct tail *t, int64_t run_node, track_error *err);
#endif
