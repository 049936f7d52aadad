/* pack_axes - the axes of a pack being made, found again by the series that share them.
 *
 * Series that were logged by the same rows have the same steps and times: the first one makes the
 * axes, those that follow use them, with a mask where they lack rows.
 * Uses: arena, axis_rows, pack_area, zstream.  Not shared between threads without a hand-over.
 */
#ifndef CORE_PACK_AXES_H
#define CORE_PACK_AXES_H
#include "axis_rows.h"
#include "pack_area.h"

struct pack_axes;

/* TRACK_NOMEM  the arena's limit (about 1 MiB is needed).  Closed with the arena. */
track_status pack_axes_open(struct arena *arena, struct zstream *z, struct pack_axes **out,
                            track_error *err);

/* Forgets all axes: for the next pack. */
void pack_axes_clear(struct pack_axes *a);

/* The rows of a chunk. */
struct pack_axes_use {
    uint32_t axis;
    size_t count; /* points of the chunk */
    size_t rows;  /* of its axis */
    bool masked;
    unsigned char mask[AXIS_MASK_BYTES];
};

/* Finds an axis for the first ones of points, or makes one of all of them.
 *
 *   points  1..AXIS_ROWS_MAX; the series' next ones, as many as there are up to that.
 *   last    axis of the series' chunk before; UINT32_MAX: none.
 *
 * TRACK_NOMEM, TRACK_TOO_LARGE  no memory.
 *
 * Tests: tests/core/test_pack_axes.c
 */
track_status pack_axes_find(struct pack_axes *a, const struct axis_rows *points, uint32_t last,
                            struct pack_axes_use *out, track_error *err);

/* The rows of an axis; valid until the next call. */
track_status pack_axes_get(struct pack_axes *a, uint32_t axis, struct axis_rows *out,
                           track_error *err);

size_t pack_axes_size(const struct pack_axes *a); /* bytes of all */
size_t pack_axes_count(const struct pack_axes *a);

/* Puts all axes into an empty area, which is flushed.
 *
 *   out  [pack_axes_count]; their places are not settled.
 */
track_status pack_axes_put(struct pack_axes *a, struct pack_area *area, struct pack_axis *out,
                           track_error *err);
#endif
