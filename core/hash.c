#include "hash.h"

#include <openssl/evp.h>
#include <string.h>

struct hash_sha256 {
    EVP_MD_CTX *ctx;
};

track_status hash_sha256(struct bytes in, struct digest *out, track_error *err)
{
    struct digest digest;
    if (EVP_Digest(in.size ? in.at : digest.at, in.size, digest.at, NULL, EVP_sha256(), NULL) !=
        1) {
        return FAIL(err, TRACK_NOMEM, "SHA-256 of %zu bytes: no memory", in.size);
    }
    *out = digest;
    return TRACK_OK;
}

static void hash_close(void *data)
{
    struct hash_sha256 *h = data;
    EVP_MD_CTX_free(h->ctx);
}

static track_status hash_begin(struct hash_sha256 *h, track_error *err)
{
    if (EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL) != 1) {
        return FAIL(err, TRACK_NOMEM, "SHA-256: no memory");
    }
    return TRACK_OK;
}

track_status hash_open(struct arena *arena, struct hash_sha256 **out, track_error *err)
{
    struct hash_sha256 *h = ARENA_NEW(arena, struct hash_sha256);
    if (!h || !arena_defer(arena, hash_close, h)) {
        return FAIL(err, TRACK_NOMEM, "SHA-256: no memory");
    }
    h->ctx = EVP_MD_CTX_new();
    if (!h->ctx) {
        return FAIL(err, TRACK_NOMEM, "SHA-256: no memory");
    }
    TRY(hash_begin(h, err));
    *out = h;
    return TRACK_OK;
}

track_status hash_add(struct hash_sha256 *h, struct bytes in, track_error *err)
{
    if (in.size && EVP_DigestUpdate(h->ctx, in.at, in.size) != 1) {
        return FAIL(err, TRACK_NOMEM, "SHA-256: no memory");
    }
    return TRACK_OK;
}

track_status hash_end(struct hash_sha256 *h, struct digest *out, track_error *err)
{
    struct digest digest;
    if (EVP_DigestFinal_ex(h->ctx, digest.at, NULL) != 1) {
        return FAIL(err, TRACK_NOMEM, "SHA-256: no memory");
    }
    TRY(hash_begin(h, err));
    *out = digest;
    return TRACK_OK;
}

static bool hash_add_series(EVP_MD_CTX *ctx, struct bytes name, struct bytes context)
{
    return EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
           EVP_DigestUpdate(ctx, name.at, name.size) == 1 && EVP_DigestUpdate(ctx, "", 1) == 1 &&
           EVP_DigestUpdate(ctx, context.at, context.size) == 1;
}

track_status hash_series(struct bytes name, struct bytes context, int64_t *out, track_error *err)
{
    struct digest digest;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool done =
        ctx && hash_add_series(ctx, name, context) && EVP_DigestFinal_ex(ctx, digest.at, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    if (!done) {
        return FAIL(err, TRACK_NOMEM, "SHA-256 of a series name: no memory");
    }
    uint64_t id = 0;
    for (int i = 0; i < 8; i++) {
        id = id << 8 | digest.at[i];
    }
    *out = (int64_t)(id & INT64_MAX);
    return TRACK_OK;
}

/* Entry i: i divided by the polynomial 0x1edc6f41, bits reversed. */
static const uint32_t crc_table[256] = {
    0x00000000, 0xf26b8303, 0xe13b70f7, 0x1350f3f4, 0xc79a971f, 0x35f1141c, 0x26a1e7e8, 0xd4ca64eb,
    0x8ad958cf, 0x78b2dbcc, 0x6be22838, 0x9989ab3b, 0x4d43cfd0, 0xbf284cd3, 0xac78bf27, 0x5e133c24,
    0x105ec76f, 0xe235446c, 0xf165b798, 0x030e349b, 0xd7c45070, 0x25afd373, 0x36ff2087, 0xc494a384,
    0x9a879fa0, 0x68ec1ca3, 0x7bbcef57, 0x89d76c54, 0x5d1d08bf, 0xaf768bbc, 0xbc267848, 0x4e4dfb4b,
    0x20bd8ede, 0xd2d60ddd, 0xc186fe29, 0x33ed7d2a, 0xe72719c1, 0x154c9ac2, 0x061c6936, 0xf477ea35,
    0xaa64d611, 0x580f5512, 0x4b5fa6e6, 0xb93425e5, 0x6dfe410e, 0x9f95c20d, 0x8cc531f9, 0x7eaeb2fa,
    0x30e349b1, 0xc288cab2, 0xd1d83946, 0x23b3ba45, 0xf779deae, 0x05125dad, 0x1642ae59, 0xe4292d5a,
    0xba3a117e, 0x4851927d, 0x5b016189, 0xa96ae28a, 0x7da08661, 0x8fcb0562, 0x9c9bf696, 0x6ef07595,
    0x417b1dbc, 0xb3109ebf, 0xa0406d4b, 0x522bee48, 0x86e18aa3, 0x748a09a0, 0x67dafa54, 0x95b17957,
    0xcba24573, 0x39c9c670, 0x2a993584, 0xd8f2b687, 0x0c38d26c, 0xfe53516f, 0xed03a29b, 0x1f682198,
    0x5125dad3, 0xa34e59d0, 0xb01eaa24, 0x42752927, 0x96bf4dcc, 0x64d4cecf, 0x77843d3b, 0x85efbe38,
    0xdbfc821c, 0x2997011f, 0x3ac7f2eb, 0xc8ac71e8, 0x1c661503, 0xee0d9600, 0xfd5d65f4, 0x0f36e6f7,
    0x61c69362, 0x93ad1061, 0x80fde395, 0x72966096, 0xa65c047d, 0x5437877e, 0x4767748a, 0xb50cf789,
    0xeb1fcbad, 0x197448ae, 0x0a24bb5a, 0xf84f3859, 0x2c855cb2, 0xdeeedfb1, 0xcdbe2c45, 0x3fd5af46,
    0x7198540d, 0x83f3d70e, 0x90a324fa, 0x62c8a7f9, 0xb602c312, 0x44694011, 0x5739b3e5, 0xa55230e6,
    0xfb410cc2, 0x092a8fc1, 0x1a7a7c35, 0xe811ff36, 0x3cdb9bdd, 0xceb018de, 0xdde0eb2a, 0x2f8b6829,
    0x82f63b78, 0x709db87b, 0x63cd4b8f, 0x91a6c88c, 0x456cac67, 0xb7072f64, 0xa457dc90, 0x563c5f93,
    0x082f63b7, 0xfa44e0b4, 0xe9141340, 0x1b7f9043, 0xcfb5f4a8, 0x3dde77ab, 0x2e8e845f, 0xdce5075c,
    0x92a8fc17, 0x60c37f14, 0x73938ce0, 0x81f80fe3, 0x55326b08, 0xa759e80b, 0xb4091bff, 0x466298fc,
    0x1871a4d8, 0xea1a27db, 0xf94ad42f, 0x0b21572c, 0xdfeb33c7, 0x2d80b0c4, 0x3ed04330, 0xccbbc033,
    0xa24bb5a6, 0x502036a5, 0x4370c551, 0xb11b4652, 0x65d122b9, 0x97baa1ba, 0x84ea524e, 0x7681d14d,
    0x2892ed69, 0xdaf96e6a, 0xc9a99d9e, 0x3bc21e9d, 0xef087a76, 0x1d63f975, 0x0e330a81, 0xfc588982,
    0xb21572c9, 0x407ef1ca, 0x532e023e, 0xa145813d, 0x758fe5d6, 0x87e466d5, 0x94b49521, 0x66df1622,
    0x38cc2a06, 0xcaa7a905, 0xd9f75af1, 0x2b9cd9f2, 0xff56bd19, 0x0d3d3e1a, 0x1e6dcdee, 0xec064eed,
    0xc38d26c4, 0x31e6a5c7, 0x22b65633, 0xd0ddd530, 0x0417b1db, 0xf67c32d8, 0xe52cc12c, 0x1747422f,
    0x49547e0b, 0xbb3ffd08, 0xa86f0efc, 0x5a048dff, 0x8ecee914, 0x7ca56a17, 0x6ff599e3, 0x9d9e1ae0,
    0xd3d3e1ab, 0x21b862a8, 0x32e8915c, 0xc083125f, 0x144976b4, 0xe622f5b7, 0xf5720643, 0x07198540,
    0x590ab964, 0xab613a67, 0xb831c993, 0x4a5a4a90, 0x9e902e7b, 0x6cfbad78, 0x7fab5e8c, 0x8dc0dd8f,
    0xe330a81a, 0x115b2b19, 0x020bd8ed, 0xf0605bee, 0x24aa3f05, 0xd6c1bc06, 0xc5914ff2, 0x37faccf1,
    0x69e9f0d5, 0x9b8273d6, 0x88d28022, 0x7ab90321, 0xae7367ca, 0x5c18e4c9, 0x4f48173d, 0xbd23943e,
    0xf36e6f75, 0x0105ec76, 0x12551f82, 0xe03e9c81, 0x34f4f86a, 0xc69f7b69, 0xd5cf889d, 0x27a40b9e,
    0x79b737ba, 0x8bdcb4b9, 0x988c474d, 0x6ae7c44e, 0xbe2da0a5, 0x4c4623a6, 0x5f16d052, 0xad7d5351,
};

uint32_t hash_crc32c_table(uint32_t crc, struct bytes in)
{
    crc = ~crc;
    for (size_t i = 0; i < in.size; i++) {
        crc = crc >> 8 ^ crc_table[(crc ^ in.at[i]) & 255];
    }
    return ~crc;
}

#if defined(__x86_64__)
/* The CPU's own instruction, 8 bytes at a time. */
__attribute__((target("sse4.2"))) static uint32_t crc_sse42(uint32_t crc, struct bytes in)
{
    uint64_t wide = ~crc;
    size_t i = 0;
    for (; i + 8 <= in.size; i += 8) {
        uint64_t word;
        memcpy(&word, in.at + i, sizeof(word));
        wide = __builtin_ia32_crc32di(wide, word);
    }
    crc = (uint32_t)wide;
    for (; i < in.size; i++) {
        crc = __builtin_ia32_crc32qi(crc, in.at[i]);
    }
    return ~crc;
}

uint32_t hash_crc32c(uint32_t crc, struct bytes in)
{
    return __builtin_cpu_supports("sse4.2") ? crc_sse42(crc, in) : hash_crc32c_table(crc, in);
}
#else
uint32_t hash_crc32c(uint32_t crc, struct bytes in)
{
    return hash_crc32c_table(crc, in);
}
#endif

static const char hex_digits[] = "0123456789abcdef";

void hash_put_hex(struct buf *b, struct bytes in)
{
    for (size_t i = 0; i < in.size; i++) {
        char two[2] = {hex_digits[in.at[i] >> 4], hex_digits[in.at[i] & 15]};
        buf_put(b, two, sizeof(two));
    }
}

void hash_encode_hex(const struct digest *digest, char out[DIGEST_HEX_BYTES + 1])
{
    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        out[2 * i] = hex_digits[digest->at[i] >> 4];
        out[2 * i + 1] = hex_digits[digest->at[i] & 15];
    }
    out[DIGEST_HEX_BYTES] = '\0';
}

/* 0..15, or -1. */
static int hex_value(unsigned char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

track_status hash_decode_hex(struct bytes text, unsigned char *out, size_t size, track_error *err)
{
    if (text.size != 2 * size) {
        return FAIL(err, TRACK_INVALID, "%zu hex digits instead of %zu", text.size, 2 * size);
    }
    for (size_t i = 0; i < text.size; i++) {
        if (hex_value(text.at[i]) < 0) {
            return FAIL(err, TRACK_INVALID, "byte 0x%02x at %zu is no hex digit", text.at[i], i);
        }
    }
    for (size_t i = 0; i < size; i++) {
        out[i] = (unsigned char)(hex_value(text.at[2 * i]) << 4 | hex_value(text.at[2 * i + 1]));
    }
    return TRACK_OK;
}
