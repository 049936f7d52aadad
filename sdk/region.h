/* region - memory that log calls may touch for as long as the process lives.
 *
 * A log call takes no lock, so a thread may still be inside one while another finishes the run.
 * What it touches therefore lies in a region, which goes with the client, or never for a run whose
 * client was made for it.  Pages come from mmap, so that a leak checker in somebody's program has
 * nothing to report.
 * Uses: nothing.  One thread at a time.
 */
#ifndef SDK_REGION_H
#define SDK_REGION_H
#include <stddef.h>

struct region_chunk;

/* Starts zeroed.  Invariant: used_bytes <= chunk_bytes of the newest chunk. */
struct region {
    struct region_chunk *chunks; /* newest first */
    size_t used_bytes;
};

/* Zeroed memory aligned for anything, or NULL when the system has none. */
void *region_alloc(struct region *r, size_t size);

/* Gives all of it back; r is zeroed first, so it may lie within its own memory. */
void region_release(struct region *r);
#endif
