/* store_filter_plan - which runs a search looks at, so that few are looked at in vain.
 *
 * Three ways to a page: every run of the project; the runs that an index gives for one term, when
 * they are few; or an index that is in the order of the search, from where the page begins, when
 * many fit.  Indexes are asked first, with a bound.  The whole filter decides in every case: a plan
 * changes how long a search takes and nothing else.
 * Uses: store_filter, store_search.
 */
#ifndef SERVER_STORE_FILTER_PLAN_H
#define SERVER_STORE_FILTER_PLAN_H
#include "store_filter.h"
#include "store_search.h"

enum {
    PLAN_FEW = 2000,   /* runs of a project that are all looked at */
    PLAN_PROBE = 6000, /* rows that an index is asked for to see whether they are few */
};

enum plan_way {
    PLAN_ALL,   /* every run */
    PLAN_TERM,  /* those of an index, for one term */
    PLAN_ORDER, /* those of an index that have what the search is sorted by, in that order */
    PLAN_REST,  /* every run that lacks the number that the search is sorted by */
};

struct plan {
    enum plan_way way;
    const struct filter *term; /* of PLAN_TERM */
    bool exact;                /* every run of the index passes the term */
    const char *column;        /* of PLAN_ORDER: of table series, or of run_param */
    int64_t key;               /* of PLAN_ORDER by a metric */
    bool rest;                 /* of PLAN_ORDER: runs may be left that lack the number */
};

/* What is planned. */
struct plan_ask {
    const struct search *search;
    bool all;     /* every run that fits is wanted, not a page of them */
    bool counted; /* and their order does not matter */
};

/* Plans.
 *
 *   q  gives db, arena, project and now_us.
 *
 * What db_run says; TRACK_NOMEM.
 *
 * Cost:  0.1 ms, and 0.5 ms for each term that many runs fit.
 * Tests: tests/server/test_store_filter_plan.c
 */
track_status plan_find(const struct sql *q, const struct plan_ask *ask, struct plan *out,
                       track_error *err);

/* The plan that takes the runs of one term, or those in the order of the search; false: no index
 * has them.  What fails on the way is in q. */
bool plan_of_term(struct sql *q, const struct filter *term, struct plan *out);
bool plan_of_order(struct sql *q, const struct filter_order *order, struct plan *out);

/* Tells an empty text what the rows of the plan are. */
void plan_apply(const struct plan *plan, struct sql *q);

/* Appends what stands behind FROM: the run is r; of PLAN_ORDER o has the column. */
void sql_put_source(struct sql *q, const struct plan *plan, const struct search *search);
#endif
