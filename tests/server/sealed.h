/* sealed - what is in the packs of a run, for tests.
 *
 * Uses: points, pack_read.
 */
#ifndef TESTS_SERVER_SEALED_H
#define TESTS_SERVER_SEALED_H
#include "../../core/pack_read.h"
#include "../../server/seal_merge.h"
#include "../../server/seal_run.h"
#include "../../server/store_pack.h"
#include "points.h"

/* Node of a run; 0: there is none. */
int64_t sealed_run(struct fixture *f, const char *run);

/* Packs of a run, oldest first. */
struct pack_list sealed_packs(struct fixture *f, const char *run);

/* Bytes of a pack. */
struct bytes sealed_bytes(struct fixture *f, const struct pack *p);

/* Points of a series in all packs of a run, sorted, with what several packs hold as often as that.
 */
struct sealed_points {
    struct point *at; /* [count] */
    size_t count;
    size_t packs; /* that have some */
};
struct sealed_points sealed_points(struct fixture *f, const char *run, const char *name);

/* Rows in the journal of a run. */
int64_t sealed_waiting(struct fixture *f, const char *run);

/* Seals some rows of RUN_A; merges a level of its packs, *merged: how many. */
track_status sealed_seal(struct points *p, size_t bytes_max, struct seal_did *did);
track_status sealed_merge(struct points *p, size_t *merged);

/* Forgets what was decoded, as a restart does. */
track_status sealed_restart(struct points *p);

/* `trackd check` finds nothing.  Closes store and tail, and opens them again. */
bool sealed_clean(struct points *p);
#endif
