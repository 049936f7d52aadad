/* pack_read - the points, texts and pyramid levels of a pack.
 *
 * Reads only the frames that are asked for, and checks each by its CRC.
 *
 *     pack_dir_read(&blob, keep, &dir, err)           kept and shared as long as one likes
 *     pack_tools_open(arena, &tools, err)             once a thread
 *     pack_reader_open(&blob, &dir, &tools, arena, &r, err)
 *     s = pack_dir_find(&dir, name, context)
 *     pack_read_chunk(r, s->chunk_from + i, &points, err)
 *
 * Uses: arena, bins_merge, pack_chunk, pack_dir, pyramid_code.  A reader belongs to one thread at a
 *       time.
 */
#ifndef CORE_PACK_READ_H
#define CORE_PACK_READ_H
#include "bins_merge.h"
#include "pack_chunk.h"
#include "pack_dir.h"
#include "pyramid_code.h"

struct pack_reader;

/* All must outlive the reader; two readers may share tools.
 *
 * TRACK_NOMEM  the arena's limit (about 250 KiB are needed).  Closed with the arena.
 */
track_status pack_reader_open(const struct pack_blob *blob, const struct pack_dir *dir,
                              struct pack_tools *tools, struct arena *arena,
                              struct pack_reader **out, track_error *err);

/* Makes it a reader of another pack. */
void pack_reader_turn(struct pack_reader *r, const struct pack_blob *blob,
                      const struct pack_dir *dir);

/* The points of dir->chunks[chunk], of a series of numbers; valid until the next call.
 *
 * TRACK_CORRUPT  damaged: a wrong CRC, or not what the directory says.
 * TRACK_NOMEM    zstd got no memory.
 * and what the blob says; so do all calls below.
 *
 * Cost:  5-10 ns a point (bench/pack.c).
 * Tests: tests/core/test_pack_read.c, tests/fuzz/fuzz_pack.c
 */
track_status pack_read_chunk(struct pack_reader *r, size_t chunk, struct stretch *out,
                             track_error *err);

/* The texts of a chunk; they are in arena, the rest is valid until the next call. */
track_status pack_read_texts(struct pack_reader *r, size_t chunk, struct arena *arena,
                             struct pack_texts *out, track_error *err);

/* The bytes of a piece; valid until the next call. */
track_status pack_read_piece(struct pack_reader *r, const struct pack_place *place,
                             struct bytes *out, track_error *err);

/* The coarsest level of a series with a shift of at most shift_max, or with at least so many
 * buckets in the blocks that reach into a range; -1: there is none. */
int pack_level_find(const struct pack_dir *d, const struct pack_series *s, unsigned shift_max);
int pack_level_of_count(const struct pack_dir *d, const struct pack_series *s,
                        struct bins_range steps, uint64_t buckets);

/* The buckets of a level whose blocks reach into a range of steps, both included.
 *
 *   arena  holds them: 144 bytes each.
 *
 * Cost: 0.1-0.2 us a bucket (bench/pack.c).
 */
struct pack_level_ask {
    const struct pack_series *series;
    unsigned shift;
    struct bins_range steps;
};
track_status pack_read_level(struct pack_reader *r, const struct pack_level_ask *ask,
                             struct arena *arena, struct pyramid_level *out, track_error *err);

/* The points of a series, for stretch_merge: fill reader, series and step_last. */
struct pack_points {
    struct pack_reader *reader;
    const struct pack_series *series;
    size_t next; /* chunk of the series that comes next */
};
struct stretch_source pack_points_source(struct pack_points *p, int64_t step_last);

/* A series for bins_add_sources: its buckets at level (-1: the sums of its chunks), and points.
 *
 *   steps  which matter.
 */
track_status pack_bins_source(struct pack_points *p, int level, struct bins_range steps,
                              struct arena *arena, struct bins_source *out, track_error *err);
#endif
