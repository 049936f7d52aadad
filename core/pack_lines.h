/* pack_lines - packs of console lines: TKP1 of kind 2.
 *
 * A pack keeps lines as they arrived: batch by batch (a batch is what one journal row held), so
 * that a line keeps its number in the run.  What a writer sent twice is kept twice; readers show
 * the later one.
 * Layout: schema/formats.md#tkp1-lines
 * Uses:   arena, axis, frame, pack_build, pack_chunk, pack_foot, pack_rows.  A builder belongs to
 *         one thread at a time; a directory to all.
 */
#ifndef CORE_PACK_LINES_H
#define CORE_PACK_LINES_H
#include "frame.h"
#include "pack_build.h"
#include "pack_chunk.h"
#include "pack_foot.h"

enum {
    PACK_LINES_CHUNK_BYTES = 64 << 10, /* of texts; the last one may pass it */
    PACK_LINES_MERGE_MAX = 64,
};

/* Lines that arrived together.  Order of batches: recv_us, writer, seq, from. */
struct pack_batch {
    unsigned char writer[FRAME_WRITER_BYTES];
    int64_t seq;     /* seq_lo of their journal row */
    int64_t recv_us; /* when it arrived */
    uint32_t from;   /* lines of the batch that stand in a pack before */
    uint32_t count;
    /* What its lines give; not read by building. */
    uint32_t stderr_count;
    int64_t index_min, index_max; /* least and greatest number in their writer */
    int64_t time_max_us;
    unsigned char disordered; /* 1: the number of a line is not above those before */
    uint64_t first;           /* number in the pack of its first line */
};

/* -1, 0 or 1: by recv_us, writer, seq, from. */
int pack_lines_compare(const struct pack_batch *a, const struct pack_batch *b);

/* Widens a batch by a line: all but count and first. */
void pack_batch_add(struct pack_batch *batch, const struct frame_line *line, bool first);

/* Up to PACK_CHUNK_POINTS lines that are read together. */
struct pack_lines_chunk {
    uint64_t offset; /* of the blob */
    uint32_t stored, crc;
    uint32_t count, stderr_count;
    int64_t time_min_us, time_max_us;
    uint64_t first; /* number in the pack of its first line */
};

struct pack_lines_dir {
    struct pack_head
        head; /* points: lines; steps: their numbers in their writers; series: writers */
    uint64_t size;
    struct pack_batch *batches;
    struct pack_lines_chunk *chunks;
    size_t batch_count, chunk_count;
};

struct pack_lines_builder;

/*   options  of kind PACK_LINES; digests does not matter.
 *
 * TRACK_NOMEM  the arena's limit (about 1 MiB is needed).  Closed with the arena.
 */
track_status pack_lines_open(const struct pack_options *options, struct arena *arena,
                             struct pack_lines_builder **out, track_error *err);

/* Adds lines [batch->count] of a batch, or some of them: the next ones follow with from set.
 *
 * TRACK_INVALID  it does not come behind the one before.
 * TRACK_NOMEM    no memory.
 * and what made says.
 *
 * Tests: tests/core/test_pack_lines.c
 */
track_status pack_lines_add(struct pack_lines_builder *b, const struct pack_batch *batch,
                            const struct frame_line *lines, track_error *err);

/* Ends, and hands out the last pack; none if there was no line since the one before. */
track_status pack_lines_end(struct pack_lines_builder *b, track_error *err);

/* Reads head and directory, and checks that they fit each other.
 *
 *   arena  holds the directory.
 *
 * TRACK_CORRUPT  not a pack of lines, or damaged.
 * TRACK_NOMEM    the arena's limit.
 * and what the blob says.
 */
track_status pack_lines_dir_read(const struct pack_blob *blob, struct arena *arena,
                                 struct pack_lines_dir *out, track_error *err);

/* Reads the lines of a chunk, in the order of their batches.
 *
 *   arena  holds lines [count of the chunk] and their texts.
 *
 * TRACK_CORRUPT  damaged.  TRACK_NOMEM  the arena's limit.  And what the blob says.
 */
struct pack_lines_ask {
    const struct pack_blob *blob;
    const struct pack_lines_dir *dir;
    struct pack_tools *tools;
};
track_status pack_lines_read(const struct pack_lines_ask *ask, size_t chunk, struct arena *arena,
                             struct frame_line **out, track_error *err);

/* Index of the chunk, or of the batch, that holds a line of the pack. */
size_t pack_lines_chunk_of(const struct pack_lines_dir *d, uint64_t line);
size_t pack_lines_batch_of(const struct pack_lines_dir *d, uint64_t line);

/* Reads everything and checks counts and times.
 *
 * TRACK_CORRUPT  damaged, or the lines are not what the directory says.
 * TRACK_NOMEM    no memory.
 * and what the blob says.
 */
track_status pack_lines_check(const struct pack_blob *blob, struct pack_lines_dir *out,
                              struct arena *arena, track_error *err);

/* Gives all batches of the packs, in order and each once, to a builder that has just been opened.
 *
 *   inputs   [count], at most PACK_LINES_MERGE_MAX.
 *   between  called after each chunk that was read, to let others go first or to stop; NULL:
 * nobody. arena    for work: some MiB.
 *
 * What pack_lines_read and pack_lines_add say, or between.
 */
track_status pack_lines_merge(const struct pack_lines_ask *inputs, size_t count,
                              const struct pack_between *between, struct arena *arena,
                              struct pack_lines_builder *to, track_error *err);
#endif
