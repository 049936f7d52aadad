/* Shows that signatures are those of RFC 8032, and that no other passes. */
#include "../../core/hash.h"
#include "../../core/sign.h"
#include "../fault.h"
#include "../harness.h"

#include <string.h>

/* RFC 8032, 7.1, test 3. */
#define SEED   "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7"
#define PUBLIC "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"
#define SIGNED                                                         \
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac" \
    "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"

static const struct bytes message = {(const unsigned char *)"\xaf\x82", 2};

static bool from_hex(const char *hex, unsigned char *out, size_t size)
{
    struct bytes text = {(const unsigned char *)hex, strlen(hex)};
    return hash_decode_hex(text, out, size, NULL) == TRACK_OK;
}

TEST(sign, has_the_vector_of_the_rfc)
{
    struct sign_seed seed;
    struct sign_public key, want_key;
    struct signature signature, want;
    CHECK(from_hex(SEED, seed.at, sizeof(seed.at)) && from_hex(PUBLIC, want_key.at, 32) &&
          from_hex(SIGNED, want.at, 64));
    CHECK(sign_public(&seed, &key, NULL) == TRACK_OK);
    CHECK(memcmp(&key, &want_key, sizeof(key)) == 0);
    CHECK(sign_bytes(&seed, message, &signature, NULL) == TRACK_OK);
    CHECK(memcmp(&signature, &want, sizeof(want)) == 0);
    CHECK(sign_check(&key, message, &signature, NULL) == TRACK_OK);
    struct bytes none = {NULL, 0};
    CHECK(sign_bytes(&seed, none, &signature, NULL) == TRACK_OK);
    CHECK(sign_check(&key, none, &signature, NULL) == TRACK_OK);
}

TEST(sign, believes_nothing_that_was_changed)
{
    struct sign_seed seed;
    struct sign_public key;
    struct signature signature;
    CHECK(from_hex(SEED, seed.at, sizeof(seed.at)));
    CHECK(sign_public(&seed, &key, NULL) == TRACK_OK);
    CHECK(sign_bytes(&seed, message, &signature, NULL) == TRACK_OK);
    for (size_t i = 0; i < 8 * sizeof(signature.at); i++) {
        struct signature bad = signature;
        bad.at[i / 8] ^= (unsigned char)(1 << i % 8);
        CHECK(sign_check(&key, message, &bad, NULL) == TRACK_CORRUPT);
    }
    struct bytes other = {(const unsigned char *)"\xaf\x83", 2};
    CHECK(sign_check(&key, other, &signature, NULL) == TRACK_CORRUPT);
}

static track_status work(void)
{
    struct sign_seed seed = {{1}};
    struct sign_public key;
    struct signature signature;
    TRY(sign_public(&seed, &key, NULL));
    TRY(sign_bytes(&seed, message, &signature, NULL));
    return sign_check(&key, message, &signature, NULL);
}

TEST(sign, survives_each_allocation_failing)
{
    CHECK(fault_each(work) >= 0);
}
