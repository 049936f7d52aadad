/* pack_merge - several packs of a run as one: series by series, each point once.
 *
 * Uses: arena, pack_build, pack_read, stretch.  Not shared between threads without a hand-over.
 */
#ifndef CORE_PACK_MERGE_H
#define CORE_PACK_MERGE_H
#include "pack_build.h"
#include "pack_read.h"

enum { PACK_MERGE_MAX = 64 };

/* A pack that is merged. */
struct pack_input {
    struct pack_blob blob;
    const struct pack_dir *dir; /* of kind PACK_POINTS */
};

/* Gives all points of the packs to a builder that has just been opened; the caller ends it.
 *
 *   inputs  [count], at most PACK_MERGE_MAX, of one run and epoch; scale and kind of a series are
 * those in the last one that has it. arena   for work: 250 KiB a pack, 16 MiB of texts. between
 * called after each series, to let others go first or to stop; NULL: nobody.
 *
 * TRACK_INVALID  too many, or of several runs or epochs.
 * and what pack_read and pack_build say, or between.
 *
 * Cost:  as building.
 * Tests: tests/core/test_pack_merge.c
 */
track_status pack_merge(const struct pack_input *inputs, size_t count,
                        const struct pack_between *between, struct arena *arena,
                        struct pack_builder *to, track_error *err);
#endif
