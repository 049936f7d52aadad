/* columns_group - groups of runs in a TKBN, behind its series.
 *
 * Layout:  schema/formats.md#tkbn
 * Uses:    bins_group, columns.  Pure; any thread.
 */
#ifndef CORE_COLUMNS_GROUP_H
#define CORE_COLUMNS_GROUP_H
#include "bins_group.h"
#include "columns.h"

/* One group of runs. */
struct columns_group {
    uint32_t number; /* of the group in the request, or in the order of the answer */
    uint64_t id, version;
    bool unchanged;    /* as above */
    bool without;      /* those without the value that they were grouped by; its name is "" */
    uint32_t asked;    /* runs that it has, */
    uint32_t runs;     /* and of them those that have the series */
    struct bytes name; /* at most 65,535 bytes each */
    struct bytes key, context;
    const struct group_bin *bins; /* [count], by index */
    size_t count;
};

/* Adds a group to an answer, behind all series.
 *
 *   stats  a mask of bands.h.
 *
 * Tests: tests/core/test_columns_group.c
 */
void columns_add_group(struct columns *c, const struct columns_group *group, unsigned stats);
#endif
