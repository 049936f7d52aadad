/* frame - one batch of a writer as bytes: TKF1.
 *
 * What a sender makes of the points or console lines it has gathered, what the server journals, and
 * what readers decode again.  One struct serves both ways: frame_encode turns a struct frame into
 * bytes, frame_decode turns bytes into a struct frame whose parts lie in an arena.
 * blocks.h makes the blocks of a frame from points in the order they were logged.
 * Layout:  schema/formats.md#tkf1
 * Uses:    arena, axis, bytes, hash, limits, name, planes, zstream.  Pure; any thread.
 */
#ifndef CORE_FRAME_H
#define CORE_FRAME_H
#include "arena.h"
#include "bytes.h"

enum {
    FRAME_HEAD_BYTES = 72,
    FRAME_BYTES_MAX = 1 << 20,      /* a frame as bytes */
    FRAME_POINTS_MAX = 1 << 18,     /* points, or lines, of a frame */
    FRAME_PLAIN_MAX = 16 << 20,     /* values and texts before compression, bytes */
    FRAME_KEYS_MAX = 65535,         /* definitions of a frame */
    FRAME_BLOCKS_MAX = 65535,       /* blocks of a frame */
    FRAME_KEY_NUMBER_MAX = 1 << 28, /* a writer's key numbers are smaller */
    FRAME_TEXT_BYTES_MAX = 1 << 18, /* a text sample */
    FRAME_LINE_BYTES_MAX = 1 << 16, /* a console line */
    FRAME_ARENA_BYTES = 64 << 20,   /* no frame needs more to be decoded or encoded */
    FRAME_WRITER_BYTES = 16,
};

enum frame_kind { FRAME_POINTS = 1, FRAME_LINES = 2, FRAME_HEARTBEAT = 3 };

enum frame_flag {
    FRAME_SYNC = 1,   /* summaries of its series are up to date when it is acknowledged */
    FRAME_SELF = 2,   /* every key it uses is defined in it */
    FRAME_GAP_OK = 4, /* seq may be ahead of the expected one */
};

enum frame_stream { FRAME_STDOUT = 0, FRAME_STDERR = 1 };

/* What stands before the content.  size and count are set by decoding, and not read by encoding. */
struct frame_head {
    enum frame_kind kind;
    unsigned flags; /* enum frame_flag */
    unsigned char writer[FRAME_WRITER_BYTES];
    uint64_t seq; /* number of the frame among those of its writer, at most INT64_MAX */
    uint32_t epoch;
    uint32_t content_crc; /* of what the frame was made from, as its sender defines it: the same
                             for the same content, however encoded */
    int64_t step_base;    /* decoding adds it to every step (modulo 2^64) */
    size_t size;          /* of the whole frame, bytes */
    size_t count;         /* points or lines */
};

/* A series as it is called: the definition of one key number. */
struct frame_key {
    struct bytes name; /* a key (name_check_key); empty only for the rest of a row as JSON text */
    struct bytes context; /* empty, or a JSON object with sorted keys */
};

/* One series in a block: numbers or texts, one for each row. */
struct frame_column {
    uint32_t key;              /* the writer's number of the series, < FRAME_KEY_NUMBER_MAX */
    const double *values;      /* [rows], any bits; NULL for texts */
    const struct bytes *texts; /* [rows], UTF-8, each at most FRAME_TEXT_BYTES_MAX; NULL for
                                  numbers */
};

/* Rows that share steps and times: columns x rows points, none missing. */
struct frame_block {
    size_t rows;             /* >= 1 */
    size_t column_count;     /* >= 1 */
    const int64_t *steps;    /* [rows] */
    const int64_t *times_us; /* [rows], since 1970-01-01 UTC */
    const struct frame_column *columns;
};

/* One line of a console.  Its text is what the program wrote: any bytes, colours and all. */
struct frame_line {
    int64_t index; /* number of the line in its writer, >= 0 */
    int64_t time_us;
    enum frame_stream stream;
    struct bytes text; /* without the end of line */
};

/* A frame.  POINTS may have keys and blocks, LINES have lines, a HEARTBEAT has neither. */
struct frame {
    struct frame_head head;
    uint32_t first_key; /* number of keys[0]; the others follow */
    size_t key_count;
    const struct frame_key *keys;
    size_t block_count;
    const struct frame_block *blocks;
    size_t line_count;
    const struct frame_line *lines;
};

/* Appends the frame as bytes.
 *
 *   in     what to encode.  A column whose values all survive float is stored as float; every
 *          value comes back bit for bit.
 *   level  of zstd; 1 is right for the network, 0 compresses nothing and costs no time.
 *   arena  for work; what is taken from it is not needed afterwards.
 *   out    gets head.size bytes, at most FRAME_BYTES_MAX, more.
 *
 * TRACK_INVALID    a rule of the structs above is broken; err says which.
 * TRACK_TOO_LARGE  more points, keys or bytes than the limits above: make two frames of it.
 * TRACK_NOMEM      the arena's limit, or zstd got no memory.
 *
 * Cost:  20-35 ns a point in frames of 1,000 points and more (bench/frame.c).
 * Tests: tests/core/test_frame.c
 */
track_status frame_encode(const struct frame *in, int level, struct arena *arena, struct buf *out,
                          track_error *err);

/* Gives a whole frame its place: seq, epoch and step_base, and the CRC that goes with them.  For
 * who makes a frame before it is known where it stands.
 *
 * Tests: tests/core/test_frame.c
 */
struct frame_place {
    uint64_t seq;
    uint32_t epoch;
    int64_t step_base;
};
void frame_move(unsigned char *frame, size_t size, const struct frame_place *to);

/* Decodes the head of the frame that in begins with, and checks the CRC over all of it: enough to
 * take a body of several frames apart and to journal them.
 *
 *   in   [>= out->size]; may go on behind the frame.
 *
 * TRACK_INVALID    cut short, no TKF1, an unknown version, kind or flag, or a wrong CRC; err says
 *                  which, and what to do.
 * TRACK_TOO_LARGE  it says that it is larger than FRAME_BYTES_MAX or has too many points.
 *
 * Tests: tests/core/test_frame_decode.c
 */
track_status frame_decode_head(struct bytes in, struct frame_head *out, track_error *err);

/* Decodes a frame and checks everything in it, so that no later reader meets a bad one.
 *
 *   in     exactly one frame; must outlive out, which borrows names from it.
 *   arena  holds the rest of out; FRAME_ARENA_BYTES are always enough.
 *   out    set only on TRACK_OK.
 *
 * TRACK_INVALID    as frame_decode_head; bytes left over; a key, text or number out of range.
 * TRACK_TOO_LARGE  as frame_decode_head, or larger than the limits above when decompressed.
 * TRACK_NOMEM      the arena's limit, or zstd got no memory.
 *
 * Cost:  5-14 ns a point (bench/frame.c).
 * Tests: tests/core/test_frame_decode.c, tests/fuzz/fuzz_frame.c
 */
track_status frame_decode(struct bytes in, struct arena *arena, struct frame *out,
                          track_error *err);
#endif
