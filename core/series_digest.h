/* series_digest - the SHA-256 of all points of a series.
 *
 * It covers what the points are and not how they are stored: step i64, time in us i64 and the bits
 * of the value u64, little-endian, of each point in order.  An auditor computes the same one from
 * exported points.
 * Uses: arena, hash.  Pure; a digest belongs to one thread at a time.
 */
#ifndef CORE_SERIES_DIGEST_H
#define CORE_SERIES_DIGEST_H
#include "hash.h"

struct series_digest;

/* TRACK_NOMEM  the arena's limit, or OpenSSL got no memory.  Closed with the arena. */
track_status series_digest_open(struct arena *arena, struct series_digest **out, track_error *err);

/* Adds points behind those that were added before: columns [count], in order.
 *
 * TRACK_NOMEM  OpenSSL got no memory.
 *
 * Cost:  about 20 ns a point: SHA-256 of 24 bytes (bench/chunk.c).
 * Tests: tests/core/test_series_digest.c
 */
track_status series_digest_add(struct series_digest *d, const int64_t *steps,
                               const int64_t *times_us, const double *values, size_t count,
                               track_error *err);

/* The digest of everything that was added; d is then as after series_digest_open. */
track_status series_digest_end(struct series_digest *d, struct digest *out, track_error *err);
#endif
