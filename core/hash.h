/* hash - SHA-256, CRC32C, and digests as hex text.
 *
 * SHA-256 names content; CRC32C notices damage.  OpenSSL is used here only.
 * Uses: arena, bytes, fail.  Pure; any thread.
 */
#ifndef CORE_HASH_H
#define CORE_HASH_H
#include "arena.h"
#include "bytes.h"

enum { DIGEST_BYTES = 32, DIGEST_HEX_BYTES = 2 * DIGEST_BYTES };

/* A SHA-256. */
struct digest {
    unsigned char at[DIGEST_BYTES];
};

/* SHA-256 of all of in.
 *
 * TRACK_NOMEM  OpenSSL got no memory.
 *
 * Cost:  1.1-1.9 GB/s (bench/calibrate.c).
 * Tests: tests/core/test_hash.c (vectors of FIPS 180-4)
 */
track_status hash_sha256(struct bytes in, struct digest *out, track_error *err);

/* SHA-256 of content that passes in pieces: open, add as often as needed, end once. */
struct hash_sha256;

/* TRACK_NOMEM  the arena's limit, or OpenSSL got no memory.  Closed with the arena. */
track_status hash_open(struct arena *arena, struct hash_sha256 **out, track_error *err);
track_status hash_add(struct hash_sha256 *h, struct bytes in, track_error *err);
/* The digest of everything that was added; h is then as after hash_open. */
track_status hash_end(struct hash_sha256 *h, struct digest *out, track_error *err);

/* The number of a series: the first 8 bytes (big-endian) of SHA-256(name 00 context), top bit 0.
 * Everybody computes the same one without asking anybody.
 *
 *   out  >= 0; set only on TRACK_OK.
 *
 * TRACK_NOMEM  OpenSSL got no memory.
 */
track_status hash_series(struct bytes name, struct bytes context, int64_t *out, track_error *err);

/* CRC32C (Castagnoli) of bytes, going on from crc; 0 begins.  Uses SSE4.2 where the CPU has it.
 *
 * Source: RFC 3720, appendix B.4 (test vectors).
 * Tests:  tests/core/test_hash.c
 */
uint32_t hash_crc32c(uint32_t crc, struct bytes in);

/* The same without help of the CPU: what hash_crc32c does on others.  Apart, to be tested. */
uint32_t hash_crc32c_table(uint32_t crc, struct bytes in);

/* Appends in as lower-case hex. */
void hash_put_hex(struct buf *b, struct bytes in);

/* The 64 lower-case hex digits of a digest and a NUL. */
void hash_encode_hex(const struct digest *digest, char out[DIGEST_HEX_BYTES + 1]);

/* Reads hex digits, in either case, of exactly size bytes.
 *
 *   text  [2 * size].
 *   out   [size]; set only on TRACK_OK.
 *
 * TRACK_INVALID  another length, or a character that is no hex digit; err names its place.
 */
track_status hash_decode_hex(struct bytes text, unsigned char *out, size_t size, track_error *err);
#endif
