#include "sign.h"

#include <openssl/evp.h>

static void key_free(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}
#define AUTO_KEY __attribute__((cleanup(key_free))) EVP_PKEY

static void ctx_free(EVP_MD_CTX **ctx)
{
    EVP_MD_CTX_free(*ctx);
}
#define AUTO_CTX __attribute__((cleanup(ctx_free))) EVP_MD_CTX

/* Every key of 32 bytes is one, so nothing but memory can be missing. */
static track_status no_memory(track_error *err)
{
    return FAIL(err, TRACK_NOMEM, "a signature: OpenSSL got no memory");
}

track_status sign_public(const struct sign_seed *seed, struct sign_public *out, track_error *err)
{
    AUTO_KEY *key =
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed->at, sizeof(seed->at));
    size_t size = sizeof(out->at);
    if (!key || EVP_PKEY_get_raw_public_key(key, out->at, &size) != 1) {
        return no_memory(err);
    }
    return TRACK_OK;
}

track_status sign_bytes(const struct sign_seed *seed, struct bytes in, struct signature *out,
                        track_error *err)
{
    AUTO_KEY *key =
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed->at, sizeof(seed->at));
    AUTO_CTX *ctx = EVP_MD_CTX_new();
    size_t size = sizeof(out->at);
    const unsigned char *at = in.size ? in.at : seed->at;
    if (!key || !ctx || EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) != 1 ||
        EVP_DigestSign(ctx, out->at, &size, at, in.size) != 1) {
        return no_memory(err);
    }
    return TRACK_OK;
}

track_status sign_check(const struct sign_public *key, struct bytes in,
                        const struct signature *signature, track_error *err)
{
    AUTO_KEY *public =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key->at, sizeof(key->at));
    AUTO_CTX *ctx = EVP_MD_CTX_new();
    const unsigned char *at = in.size ? in.at : key->at;
    if (!public || !ctx || EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, public) != 1) {
        return no_memory(err);
    }
    if (EVP_DigestVerify(ctx, signature->at, sizeof(signature->at), at, in.size) != 1) {
        return FAIL(err, TRACK_CORRUPT, "the signature is not that of this key for these bytes");
    }
    return TRACK_OK;
}
