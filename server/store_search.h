/* store_search - runs that a filter selects, sorted, page by page, with the columns of a table.
 *
 *     TRY(search_read(&ask, arena, &search, &mistake, err));     what was asked, parsed
 *     if (search.metrics) TRY(series_flush(...));                rows of table series are fresh
 *     TRY(store_search(store, &search, arena, &page, err));
 *
 * See core/filter.h for the language and store.h for how reads are called.
 * Uses: store, filter, regex.  Any thread.
 */
#ifndef SERVER_STORE_SEARCH_H
#define SERVER_STORE_SEARCH_H
#include "../core/filter.h"
#include "store_run.h"

enum {
    SEARCH_LIMIT_MAX = 1000,
    SEARCH_OFFSET_MAX = 1000000,
    SEARCH_COLUMNS_MAX = 100,
    SEARCH_BUDGET_MS = 200,      /* for ~, over all rows of a page */
    SEARCH_READ_MS = 4000,       /* for at(), any(), all(), likewise */
    SEARCH_READ_RUNS_MAX = 2000, /* whose points these may read */
    SEARCH_CURSOR_BYTES_MAX = 4096,
};

/* Reads one point, for at(key, step).
 *
 *   found  false: the run has no point of this key at this step.
 */
struct search_point {
    const char *run; /* id */
    const char *key;
    int64_t step;
    double value; /* out */
    bool found;   /* out */
};
typedef track_status search_point_fn(void *data, struct search_point *point, track_error *err);

/* Decides one term with any() or all() by the points.
 *
 *   fits  false as well where the run has no such series.
 */
struct search_history {
    const char *run; /* id */
    const struct filter *term;
    bool fits; /* out */
};
typedef track_status search_history_fn(void *data, struct search_history *history,
                                       track_error *err);

/* What is asked. */
struct run_search {
    const char *project;        /* name or ~NUMBER; NULL: every project that is not deleted */
    const char *filter, *order; /* NULL or "": all, newest start first */
    const char *const *columns; /* [column_count] operands */
    size_t column_count;        /* at most SEARCH_COLUMNS_MAX */
    int64_t limit;              /* 0..SEARCH_LIMIT_MAX; 0: the total alone */
    int64_t offset;             /* 0..SEARCH_OFFSET_MAX; 0 with a cursor */
    const char *cursor;         /* next of the last page; NULL: from the start */
    bool total;                 /* count them all */
    bool deleted;               /* the trash instead */
    int64_t now_us;
    int64_t budget_ms;          /* 0: SEARCH_BUDGET_MS and SEARCH_READ_MS */
    search_point_fn *point;     /* NULL: at(), any() and all() are TRACK_UNSUPPORTED */
    search_history_fn *history; /* likewise */
    void *point_data;           /* of both */
};

/* Where a text of the question is wrong. */
struct search_mistake {
    const char *part; /* "filter", "order", "columns"; NULL: none of them */
    size_t index;     /* of columns */
    size_t offset;    /* byte of the text */
};

/* The question, parsed. */
struct search {
    const struct run_search *ask;
    const struct filter *filter;
    struct filter_order order;
    const struct filter_operand *columns; /* [ask->column_count] */
    bool metrics;                         /* table series is read: bring it up to date first */
};

/* Parses a question.
 *
 *   mistake  filled with TRACK_INVALID.
 *
 * TRACK_INVALID  a filter, order or column that is none, a number out of its range, a cursor with
 *                an offset; at() as order or column, argmin() or argmax() as column.
 * TRACK_NOMEM    the arena's limit.
 *
 * Tests: tests/server/test_store_search.c
 */
track_status search_read(const struct run_search *ask, struct arena *arena, struct search *out,
                         struct search_mistake *mistake, track_error *err);

/* One cell: a text, or a number of a metric with its step. */
enum search_cell_kind { CELL_NONE, CELL_TEXT, CELL_METRIC };
struct search_cell {
    enum search_cell_kind kind;
    const char *text;
    double value; /* any double */
    int64_t step;
    enum filter_func how; /* what value is; never FILTER_BEST */
    int64_t bad;          /* points of the series that are NaN or infinite */
};

struct search_row {
    struct run run;            /* without note, kinds of capture, counts and what ended it */
    const char *const *labels; /* [label_count] tags with the empty value */
    size_t label_count;
    const struct search_cell *cells; /* [ask->column_count] */
};

struct search_page {
    const struct search_row *rows; /* [count] */
    size_t count;
    const char *next; /* cursor of the next page; NULL: this is the last */
    int64_t total;    /* of all pages; -1: not asked */
};

/* Searches.
 *
 * TRACK_NOT_FOUND    no such project.
 * TRACK_INVALID      the cursor is of another question, a pattern is too expensive, or at(), any()
 *                    and all() would read the points of over SEARCH_READ_RUNS_MAX runs.
 * TRACK_TIMEOUT      over the read deadline, ~ took longer than budget_ms, or points longer than
 *                    SEARCH_READ_MS.
 * TRACK_UNSUPPORTED  at(), any(), all() without ask->point and ask->history.
 * TRACK_NOMEM        the arena's limit.
 *
 * Cost:  of 100,000 runs the first page by start, parameter or metric in 1-10 ms, by what has no
 *        index in 30-150 ms; their number in 10-100 ms (bench/search.c).
 * Tests: tests/server/test_store_search.c, against an evaluator of its own
 */
track_status store_search(struct store *s, const struct search *search, struct arena *arena,
                          struct search_page *out, track_error *err);
#endif
