/* store_cells - rows of a search: the run and what its columns show.
 *
 * Uses: store_search, store_filter.
 */
#ifndef SERVER_STORE_CELLS_H
#define SERVER_STORE_CELLS_H
#include "store_filter.h"
#include "store_search.h"

/* What all rows share. */
struct cells {
    struct db *db;
    const struct search *search;
    struct arena *arena;
    struct cell_plan *plans; /* one for each column */
};

/* Looks up what the columns need: ids of series, goals.  TRACK_NOMEM; and what db_run says. */
track_status cells_init(struct cells *c, struct db *db, const struct search *search,
                        int64_t project, struct arena *arena, track_error *err);

/* Fills the row of a run. */
track_status cells_fill(const struct cells *c, int64_t node, struct search_row *out,
                        track_error *err);
#endif
