/* sign - signatures.
 *
 * Ed25519 (RFC 8032): the ledger, witnesses, auditors.  The signature of the same bytes by the same
 * key is always the same.  OpenSSL is used here and in hash.c only.
 * Uses: bytes, fail.  Pure; any thread.
 */
#ifndef CORE_SIGN_H
#define CORE_SIGN_H
#include "bytes.h"

enum { SIGN_SEED_BYTES = 32, SIGN_PUBLIC_BYTES = 32, SIGN_BYTES = 64 };

/* The secret key. */
struct sign_seed {
    unsigned char at[SIGN_SEED_BYTES];
};

struct sign_public {
    unsigned char at[SIGN_PUBLIC_BYTES];
};

struct signature {
    unsigned char at[SIGN_BYTES];
};

/* The public key of a secret one.
 *
 * TRACK_NOMEM  OpenSSL got no memory; so may what follows.
 *
 * Tests: tests/core/test_sign.c (vectors of RFC 8032)
 */
track_status sign_public(const struct sign_seed *seed, struct sign_public *out, track_error *err);

/* Cost:  40 us. */
track_status sign_bytes(const struct sign_seed *seed, struct bytes in, struct signature *out,
                        track_error *err);

/* TRACK_OK       whoever has the secret key of `key` has signed in.
 * TRACK_CORRUPT  the signature is not that key's, or not of these bytes.
 */
track_status sign_check(const struct sign_public *key, struct bytes in,
                        const struct signature *signature, track_error *err);
#endif
