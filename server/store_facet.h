/* store_facet - what the runs of a project have in common: keys, values, the tree of metrics.
 *
 * For completion and for choosing columns and charts.  Runs in the trash do not count.  Metrics are
 * those of table series: bring it up to date first (series_flush).
 * Uses: store, store_fact, filter.
 */
#ifndef SERVER_STORE_FACET_H
#define SERVER_STORE_FACET_H
#include "store_fact.h"

enum { FACETS_MAX = 1000 };

enum facet_kind { FACET_PARAM, FACET_TAG, FACET_METRIC };

struct facet {
    const char *text; /* key or value */
    int64_t runs;     /* that have it */
};
struct facet_list {
    const struct facet *at; /* [count] */
    size_t count;
};

/* Of what. */
struct facet_ask {
    const char *project; /* name or ~NUMBER */
    enum facet_kind kind;
    const char
        *field; /* of store_value_list: params.KEY, tags.KEY, status, name, host, user, kind */
    const char *prefix; /* NULL: every text */
    int limit;          /* 1..FACETS_MAX */
};

/* Keys, the most used first.  TRACK_NOT_FOUND: no such project. */
track_status store_key_list(struct store *s, const struct facet_ask *ask, struct arena *arena,
                            struct facet_list *out, track_error *err);

/* Values of one field, likewise.
 *
 * TRACK_INVALID  the field is none of those.
 *
 * Tests: tests/server/test_store_facet.c
 */
track_status store_value_list(struct store *s, const struct facet_ask *ask, struct arena *arena,
                              struct facet_list *out, track_error *err);

/* One level of the tree of metric names, or a flat list. */
struct facet_tree_ask {
    const char *project;
    const char *prefix; /* "" or ends with '/' */
    const char *q; /* only names with this text, ignoring the case of ASCII; then flat; or NULL */
    bool flat;
    size_t limit;      /* 1..FACETS_MAX, groups and metrics together */
    const char *after; /* next of the last page, or NULL */
};
struct facet_group {
    const char *name, *prefix; /* one level; what to ask for its children */
    int64_t n;                 /* names below it */
};
struct facet_tree {
    const struct facet_group *groups; /* [group_count], by name */
    size_t group_count;
    const struct facet *metrics; /* [metric_count], by name */
    size_t metric_count;
    struct metric_def_list defs; /* of the project: what the newest run says */
    const char *next;            /* NULL: the last page */
};

/* TRACK_NOT_FOUND  no such project.
 * TRACK_INVALID    a prefix that does not end with '/'.
 */
track_status store_metric_tree(struct store *s, const struct facet_tree_ask *ask,
                               struct arena *arena, struct facet_tree *out, track_error *err);
#endif
