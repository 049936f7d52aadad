/* pack_base - what the parts of the builder of packs share.
 *
 * Uses: pack_area, pack_axes, pack_build, pack_chunk, pyramid.
 */
#ifndef CORE_PACK_BASE_H
#define CORE_PACK_BASE_H
#include "pack_area.h"
#include "pack_axes.h"
#include "pack_build.h"
#include "pack_chunk.h"
#include "pyramid.h"
#include "series_digest.h"

/* Points that wait for their chunk: count of them from start on. */
struct pack_pending {
    int64_t steps[2 * PACK_CHUNK_POINTS], times_us[2 * PACK_CHUNK_POINTS];
    double values[2 * PACK_CHUNK_POINTS];
    size_t text_sizes[PACK_CHUNK_POINTS];
    size_t start, count;
};

/* A builder.  A series is open iff any is set. */
struct pack_builder {
    struct pack_options options;
    struct pack_tools tools;
    struct pack_axes *axes;
    struct series_digest *digest;
    struct pack_area chunks, blocks;
    struct buf series_rows, chunk_rows, block_rows; /* tables of the directory */
    struct buf names;                               /* of the series of this pack */
    struct buf texts;                               /* that wait, one behind the other */
    struct buf piece;                               /* a chunk or block being coded */
    struct buf name, name_before;                   /* name NUL context of the open series */
    struct pack_series series;                      /* the open one; its names lie in name */
    struct pack_pending *pending;
    struct pack_window *window;
    struct pyramid_count count; /* of the open series in this pack */
    struct point last;          /* of the open series */
    uint32_t last_axis;
    bool any, any_point;
    bool split; /* it has points in packs before */
};

/* What the directory says about the points of a chunk, which is zero so far; texts as NaN. */
void pack_base_describe(const struct stretch *in, struct pack_chunk *out);

/* Adds the pyramid of the open series: its chunks in this pack are decoded again. */
track_status pack_base_levels(struct pack_builder *b, track_error *err);

/* Ends the pack and hands it out; all is empty then. */
track_status pack_base_emit(struct pack_builder *b, track_error *err);
#endif
