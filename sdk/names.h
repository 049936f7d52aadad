/* names - the metrics of a run by name.
 *
 * Read without a lock by every log call; grown by one thread at a time, which the caller sees to.
 * A table that was replaced stays readable, since a log call may still be in it.
 * Uses: bytes, hash, region.
 */
#ifndef SDK_NAMES_H
#define SDK_NAMES_H
#include "../core/bytes.h"
#include "region.h"

#include <stdatomic.h>

struct track_run;

/* One series of a run; never changes once it is in the table. */
struct track_metric {
    struct track_run *run;
    uint32_t number; /* from 0, in order of definition */
    uint32_t hash;
    size_t size;
    char name[]; /* [size] and a NUL */
};

struct names_table;

/* Starts zeroed. */
struct names {
    _Atomic(struct names_table *) table; /* NULL: empty */
    uint32_t count;
};

/* CRC32C of the name, for the calls below. */
uint32_t names_hash(struct bytes name);

/* The metric of this name, or NULL.  Any thread, at any time.  Cost: 10 ns. */
struct track_metric *names_find(const struct names *n, struct bytes name, uint32_t hash);

/* A metric with the next number, which is not in the table yet; NULL when there is no memory. */
struct track_metric *names_make(struct names *n, struct region *region, struct bytes name,
                                uint32_t hash);

/* Puts it there.  False when there is no memory; then nothing changed. */
bool names_add(struct names *n, struct region *region, struct track_metric *metric);
#endif
