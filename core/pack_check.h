/* pack_check - whether a pack holds what it says.
 *
 * Everything is read: every CRC, every point; sums, levels and digests are computed again from the
 * points and compared bit for bit.  What is damaged is named, and the rest is looked at all the
 * same.
 * Uses: arena, pack_base, pack_read.  Pure; any thread.
 */
#ifndef CORE_PACK_CHECK_H
#define CORE_PACK_CHECK_H
#include "pack_read.h"

/* What was looked at. */
struct pack_checked {
    struct pack_head head;
    int64_t time_min_us, time_max_us; /* as its directory says */
    uint64_t points;                  /* or lines */
    size_t series, chunks, blocks, digests;
    size_t findings;
};

/* What a finding takes away. */
enum pack_loss {
    PACK_LOSS_NOTHING, /* bytes that nothing uses */
    PACK_LOSS_POINTS,  /* they cannot be read */
    PACK_LOSS_CHARTS,  /* points are whole; what was computed of them is wrong */
    PACK_LOSS_PROOF,   /* either points or their digest are not what was packed */
};

struct pack_finding {
    const struct pack_series *series; /* NULL: the pack as a whole */
    const struct pack_chunk *chunk;   /* NULL: all of the series */
    const char *what;                 /* with numbers; valid until the call returns */
    enum pack_loss loss;
};

/* Gets every finding. */
struct pack_check_say {
    void (*fn)(void *data, const struct pack_finding *finding);
    void *data;
};

/*   say  NULL: nobody is told.
 *   out  set on TRACK_CORRUPT too; what could not be read is not counted.  A digest of a series
 *        that does not begin in this pack is not looked at: see pack_check_split.
 *
 * TRACK_CORRUPT  damaged, or something is not what the points give; err is the first finding.
 * TRACK_NOMEM    no memory.
 * and what the blob says.
 *
 * Cost:  25-40 ns a point (bench/pack.c).
 * Tests: tests/core/test_pack_check.c
 */
track_status pack_check(const struct pack_blob *blob, const struct pack_check_say *say,
                        struct pack_checked *out, track_error *err);

/* A part of a series that fills more than one pack. */
struct pack_part {
    const struct pack_blob *blob;
    const struct pack_dir *dir;
    const struct pack_series *series; /* of dir */
};

/* The digest of such a series, which the last part has.
 *
 *   parts  [count], in order.
 *
 * TRACK_CORRUPT  parts are missing or damaged, or the points are others.
 * TRACK_NOMEM    no memory.
 * and what the blobs say.
 */
track_status pack_check_split(const struct pack_part *parts, size_t count, track_error *err);
#endif
