/* search_model - random runs and an evaluator of filters that knows no SQL.
 *
 * What store_search must agree with.  The runs of a world are in the store and in memory alike.
 */
#ifndef TESTS_SERVER_SEARCH_MODEL_H
#define TESTS_SERVER_SEARCH_MODEL_H
#include "../../core/filter.h"
#include "fixture.h"

enum { WORLD_RUNS = 120, WORLD_FACTS = 6, WORLD_SERIES = 4 };

struct world_fact {
    const char *key, *value; /* key NULL: none */
};
struct world_series {
    const char *name, *context; /* name NULL: none */
    double first, last, vmin, vmax, vsum;
    int64_t vmin_step, vmax_step, n, bad;
};
struct world_run {
    char id[33], name[64];
    const char *project, *state, *user, *host, *note, *kind;
    int64_t node, parent; /* index of a run before it, or -1 */
    int64_t created_us, started_us, ended_us, seen_us;
    bool deleted;
    struct world_fact params[WORLD_FACTS], tags[WORLD_FACTS];
    struct world_series series[WORLD_SERIES];
};
struct world {
    struct world_run runs[WORLD_RUNS];
    uint64_t random;
};

uint64_t world_random(struct world *w, uint64_t below);

/* Fills world and store with the same runs of projects a and b. */
track_status world_fill(struct world *w, struct fixture *f);

/* True if the run passes the filter. */
bool world_fits(const struct world *w, const struct filter *filter, const struct world_run *run);

/* The value that a run is sorted by: number is NaN and text NULL where there is none. */
void world_value(const struct world *w, const struct filter_operand *o, const struct world_run *run,
                 double *number, const char **text);

/* What any() or all() is told of a run, whose series have their first and last point at steps 1 and
 * 9, and between them their least and greatest value; or two NaN. */
bool world_history(const struct world_run *run, const struct filter *term);

/* What at(key, step) is told of a run: its last value at step 1, nothing elsewhere. */
const struct world_series *world_series(const struct world_run *run, const char *name);
#endif
