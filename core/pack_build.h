/* pack_build - packs from the points of many series.
 *
 *     pack_build_open(&options, arena, &b, err)
 *     for each series, by name, then context, numbers before texts:
 *         pack_build_series(b, &series, err)
 *         pack_build_add(b, &points, err)       as often as needed, in order, each point once
 *     pack_build_end(b, err)
 *
 * A pack that is full is handed out, and the next one begins: in the middle of a series if need be.
 * So only one pack is in memory, whatever there is to be packed.
 * Layout: schema/formats.md#tkp1
 * Uses:   arena, pack_area, pack_axes, pack_chunk, pack_dir, pyramid_code, series_digest.  Not
 *         shared between threads without a hand-over.
 */
#ifndef CORE_PACK_BUILD_H
#define CORE_PACK_BUILD_H
#include "arena.h"
#include "pack.h"

enum { PACK_PARTS = 7 };

/* Called while packs are merged, to let others go first or to stop. */
struct pack_between {
    track_status (*call)(void *data, track_error *err);
    void *data;
};

/* A pack that is ready: its bytes are the parts, one behind the other. */
struct pack_made {
    const struct pack_head *head;
    const struct pack_dir *dir;         /* NULL: a pack of lines */
    const struct pack_lines_dir *lines; /* NULL: a pack of points */
    struct bytes parts[PACK_PARTS];
    uint64_t size;
};

struct pack_options {
    struct pack_head head; /* kind, flags, run, epoch and level */
    bool digests;          /* of every series: for the last level */
    size_t bytes_max;      /* of a pack; 0: PACK_BYTES_MAX.  Small ones are for tests. */
    /* Gets every pack, valid until it returns; what it returns ends building if it is not OK. */
    track_status (*made)(void *data, const struct pack_made *pack, track_error *err);
    void *data;
};

struct pack_builder;

/* TRACK_NOMEM  the arena's limit (about 3 MiB are needed; the pack lies beside it).  Closed with
 *              the arena. */
track_status pack_build_open(const struct pack_options *options, struct arena *arena,
                             struct pack_builder **out, track_error *err);

/* Begins a series: name, context, scale and kind are read, and kept.
 *
 * TRACK_INVALID  it does not come behind the one before.
 * and what pack_build_add says.
 */
track_status pack_build_series(struct pack_builder *b, const struct pack_series *series,
                               track_error *err);

/* Adds points to it, in order and each once: to one of numbers, or of texts.
 *
 * TRACK_INVALID    they are not behind those before.
 * TRACK_TOO_LARGE  a text of some 15 MiB.
 * TRACK_NOMEM      no memory.
 * and what made says.  Nothing but closing is possible then.
 *
 * Cost:  40-60 ns a point (bench/pack.c).
 * Tests: tests/core/test_pack_build.c
 */
track_status pack_build_add(struct pack_builder *b, const struct stretch *in, track_error *err);
track_status pack_build_add_texts(struct pack_builder *b, const struct stretch *at,
                                  const struct bytes *texts, track_error *err);

/* Ends, and hands out the last pack; none if there was no point since the one before. */
track_status pack_build_end(struct pack_builder *b, track_error *err);
#endif
