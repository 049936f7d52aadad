/* columns - bins and raw points as the binary columns of an answer: TKBN and TKPT.
 *
 * What a chart reads without parsing: arrays that begin at multiples of 8 bytes.
 * Layout:  schema/formats.md#tkbn, #tkpt
 * Uses:    bins, bins_real, bytes.  Pure; any thread.
 */
#ifndef CORE_COLUMNS_H
#define CORE_COLUMNS_H
#include "bins.h"
#include "bins_real.h"
#include "bytes.h"

/* Columns of bins, in the order in which they are written; a set of them is a mask of 1 << column.
 */
enum columns_of_bins {
    COLUMN_X_FIRST,
    COLUMN_X_LAST,
    COLUMN_FIRST,
    COLUMN_LAST,
    COLUMN_MIN,
    COLUMN_MAX,
    COLUMN_MEAN,
    COLUMN_N,
    COLUMN_NAN,
    COLUMN_PINF,
    COLUMN_NINF,
    COLUMN_SMOOTH, /* where smoothing was asked for */
    COLUMN_COUNT,
};
enum { COLUMNS_ALL = (1 << COLUMN_SMOOTH) - 1 };

/* One series of an answer. */
struct columns_series {
    unsigned char run[16]; /* id, binary */
    uint64_t id;           /* of the series */
    uint64_t version;
    bool unchanged;            /* the caller has this version: bins are not written */
    struct bytes key, context; /* at most 65,535 bytes each */
    const struct bin *bins;    /* [count], by index */
    size_t count;
    uint64_t unplaced; /* BINS_METRIC: points where that metric has no number */
};

/* An answer being written; its own affair. */
struct columns {
    struct buf *out; /* empty at first */
    enum bins_x x;
    unsigned mask;
    uint32_t series_count, group_count; /* groups: columns_group.h */
};

/* The grid of a TKBN: one or the other, by x. */
struct columns_grid {
    enum bins_x x;
    const struct bins_grid *whole;
    const struct real_grid *real; /* BINS_METRIC */
};

/* Begins a TKBN: the head.  mask: which columns. */
void columns_init(struct columns *c, const struct columns_grid *grid, unsigned mask,
                  struct buf *out);

void columns_add(struct columns *c, const struct columns_series *series);

/* Ends it; out->at [out->size] is the answer.
 *
 * TRACK_TOO_LARGE  out's limit: ask for fewer series, bins or columns.
 * TRACK_NOMEM      no memory.
 *
 * Tests: tests/core/test_columns.c
 */
track_status columns_end(struct columns *c, track_error *err);

enum {
    COLUMNS_POINT_BYTES = 24,       /* of a TKPT */
    COLUMNS_POINTS_HEAD_MAX = 8192, /* what stands before its columns */
};

/* A page of raw points. */
struct columns_points {
    struct bytes key, context;
    const int64_t *steps, *times_us; /* [count] */
    const double *values;            /* [count] */
    size_t count;
};

/* Writes a TKPT where its columns lie: one behind the other, with COLUMNS_POINTS_HEAD_MAX bytes
 * before them that are the caller's to overwrite.
 *
 *   out  what was written, and the columns.
 *
 * TRACK_TOO_LARGE  names that leave no room.
 * TRACK_NOMEM      no memory.
 *
 * Tests: tests/core/test_columns.c
 */
track_status columns_encode_points(const struct columns_points *in, struct bytes *out,
                                   track_error *err);

/* A TKPT being read as it comes, straight into columns of the caller. */
struct columns_reader {
    int64_t *steps, *times_us; /* [room], or NULL: not wanted */
    double *values;            /* [room], or NULL */
    size_t room;
    size_t count; /* set by columns_read_points as soon as it is known */
    /* its own; zero at first */
    unsigned char head[16];
    uint64_t at, columns_at; /* bytes read; where the columns begin */
};

/* Reads the next part, of any size.
 *
 * TRACK_INVALID    not a TKPT of this version, or more bytes than it says.
 * TRACK_TOO_LARGE  more points than room.
 */
track_status columns_read_points(struct columns_reader *r, struct bytes part, track_error *err);

/* Ends it.
 *
 * TRACK_INVALID  fewer bytes than it says.
 *
 * Tests: tests/core/test_columns.c, tests/fuzz/fuzz_columns.c
 */
track_status columns_read_end(const struct columns_reader *r, track_error *err);
#endif
