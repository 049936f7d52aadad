/* store_names - the names of metrics of a project, each once, and how many runs have it.
 *
 * Rows of table series are read as they lie and put together here: a database would sort all of
 * them twice.
 * Uses: store, store_facet.
 */
#ifndef SERVER_STORE_NAMES_H
#define SERVER_STORE_NAMES_H
#include "db.h"
#include "store_facet.h"

/*   project  its node; runs in the trash do not count.
 *   prefix   of the names.
 *   out      in the arena, by name.
 *
 * TRACK_NOMEM  the arena's limit.
 *
 * Cost:  0.6 us a row of table series (bench/reads.c).
 * Tests: tests/server/test_store_names.c
 */
track_status names_of_project(struct db *db, int64_t project, const char *prefix,
                              struct arena *arena, struct facet_list *out, track_error *err);

/* The most used of names that lie in order, at most limit of them; as many runs: by name.
 * TRACK_NOMEM. */
track_status names_most_used(const struct facet_list *names, size_t limit, struct arena *arena,
                             struct facet_list *out, track_error *err);
#endif
