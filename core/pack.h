/* pack - what a pack is: TKP1, the sealed points of many series of one run.
 *
 * An immutable blob: a head, then frames (pieces of bytes, each with its CRC), then the directory,
 * which says what series, chunks and pyramid levels lie in them.  pack_build.h makes packs,
 * pack_dir.h reads the directory, pack_read.h the rest.
 * Layout: schema/formats.md#tkp1
 * Uses:   bucket, bytes, hash.  Pure; any thread.
 */
#ifndef CORE_PACK_H
#define CORE_PACK_H
#include "bucket.h"
#include "hash.h"

enum {
    PACK_HEAD_BYTES = 64,
    PACK_FOOT_BYTES = 32,
    PACK_RUN_BYTES = 16,
    PACK_BYTES_MAX = 64 << 20,       /* a pack */
    PACK_POINTS_MAX = 1 << 30,       /* of a pack */
    PACK_CHUNK_POINTS = 4096,        /* of a chunk */
    PACK_ROWS_MAX = 1 << 20,         /* series, chunks, frames, ... of a pack, each */
    PACK_DIRECTORY_MAX = 256 << 20,  /* the directory before compression */
    PACK_SMALL_POINTS = 64,          /* a series of fewer points shares a frame with others, */
    PACK_FRAME_PLAIN_MAX = 64 << 10, /* which holds at most so much before compression */
};

enum pack_kind { PACK_POINTS = 1, PACK_LINES = 2 };
enum pack_flag { PACK_FINAL = 1 };

/* What stands before the content. */
struct pack_head {
    enum pack_kind kind;
    unsigned flags; /* enum pack_flag */
    unsigned char run[PACK_RUN_BYTES];
    uint32_t epoch;
    unsigned level;  /* how often its points were merged, at most 255 */
    uint64_t points; /* from here on set by building, not read by it; or lines */
    int64_t step_first, step_last;
    uint32_t series;
};

/* Bytes of the blob that are read and checked together. */
struct pack_frame {
    uint64_t offset;
    uint32_t stored; /* bytes there */
    uint32_t plain;  /* bytes before compression; 0: not compressed */
    uint32_t crc;    /* of the stored bytes */
};

/* A piece of a frame's plain bytes. */
struct pack_place {
    uint32_t frame, offset, size;
};

enum pack_series_kind {
    PACK_NUMBERS = 0,
    PACK_FLOATS = 1, /* numbers that are printed as floats */
    PACK_TEXTS = 2,
};

/* Whether the digest of a series stands in a pack. */
enum pack_digest {
    PACK_NO_DIGEST = 0,
    PACK_DIGEST = 1,       /* of the points in this pack: all of the series */
    PACK_DIGEST_SPLIT = 2, /* of all points, the first of which are in packs before */
};

/* A series, and where its rows are; they are sorted by name, then context.  One that has numbers
 * and texts is there twice, its texts last. */
struct pack_series {
    struct bytes name, context;
    unsigned char scale;      /* a real step is step / 10^scale */
    unsigned char kind;       /* enum pack_series_kind */
    unsigned char has_digest; /* enum pack_digest */
    struct digest digest;
    size_t chunk_from, block_from;
    uint32_t chunk_count, block_count;
};

/* Steps and times of rows that chunks share. */
struct pack_axis {
    struct pack_place place;
    uint32_t count;
};

/* Values of up to CHUNK_POINTS_MAX points. */
struct pack_chunk {
    struct pack_place place;
    uint32_t axis;
    unsigned char masked;       /* 1: a mask stands before the values: not every row has one */
    struct bucket sum;          /* a text counts as NaN */
    int64_t min_step, max_step; /* the first where it was so; 0 where nothing is finite */
};

/* Buckets of one level of a series' pyramid: pyramid_code.h. */
struct pack_block {
    struct pack_place place;
    unsigned char shift;
    uint32_t count;
    int64_t step_first, step_last;
};

/* The directory. */
struct pack_dir {
    struct pack_head head;
    uint64_t size; /* of the blob */
    struct pack_frame *frames;
    struct pack_series *series;
    struct pack_axis *axes;
    struct pack_chunk *chunks; /* by series, then step */
    struct pack_block *blocks; /* by series, then level (the finest first), then step */
    size_t frame_count, series_count, axis_count, chunk_count, block_count;
};

/* -1, 0 or 1: by name, then context, as bytes; then texts last. */
int pack_compare_names(const struct pack_series *a, const struct pack_series *b);

/* Writes a head; size of the directory does not matter.
 *
 * TRACK_NOMEM, TRACK_TOO_LARGE  as buf_end.
 */
track_status pack_encode_head(const struct pack_head *in, struct buf *out, track_error *err);

/* Reads a head [PACK_HEAD_BYTES].
 *
 * TRACK_CORRUPT  no TKP1, an unknown version, kind or flag, or a wrong CRC.
 *
 * Tests: tests/core/test_pack.c
 */
track_status pack_decode_head(struct bytes in, struct pack_head *out, track_error *err);
#endif
