/* Shows that digests are those of the standards, however the bytes arrive.
 * How: published vectors, every split of a text, and the CPU's CRC against the table's. */
#include "../../core/hash.h"
#include "../fault.h"
#include "../harness.h"

#include <string.h>

static struct bytes text_of(const char *text)
{
    return (struct bytes){(const unsigned char *)text, strlen(text)};
}

static bool has_hex(const struct digest *digest, const char *want)
{
    char hex[DIGEST_HEX_BYTES + 1];
    hash_encode_hex(digest, hex);
    return strcmp(hex, want) == 0;
}

TEST(hash, knows_the_vectors_of_fips_180)
{
    struct digest digest;
    CHECK(hash_sha256((struct bytes){NULL, 0}, &digest, NULL) == TRACK_OK);
    CHECK(has_hex(&digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    CHECK(hash_sha256(text_of("abc"), &digest, NULL) == TRACK_OK);
    CHECK(has_hex(&digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
}

TEST(hash, takes_content_in_pieces_and_begins_anew)
{
    static const char text[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    AUTO_ARENA arena = ARENA(4096);
    struct hash_sha256 *h;
    CHECK(hash_open(&arena, &h, NULL) == TRACK_OK);
    for (size_t cut = 0; cut < sizeof(text); cut++) {
        struct bytes all = text_of(text);
        struct digest digest;
        CHECK(hash_add(h, (struct bytes){all.at, cut}, NULL) == TRACK_OK);
        CHECK(hash_add(h, (struct bytes){all.at + cut, all.size - cut}, NULL) == TRACK_OK);
        CHECK(hash_end(h, &digest, NULL) == TRACK_OK);
        CHECK(has_hex(&digest, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"));
    }
}

TEST(hash, numbers_series_alike_everywhere)
{
    int64_t plain, ranked, joined;
    CHECK(hash_series(text_of("loss"), text_of(""), &plain, NULL) == TRACK_OK);
    CHECK(hash_series(text_of("loss"), text_of("{\"rank\":1}"), &ranked, NULL) == TRACK_OK);
    CHECK(hash_series(text_of("los"), text_of("s"), &joined, NULL) == TRACK_OK);
    CHECK_INT(plain, 2900153694950819388); /* sha256sum of "loss\0" */
    CHECK(plain != ranked && plain != joined && ranked >= 0 && joined >= 0);
}

TEST(hash, knows_the_crcs_of_rfc_3720)
{
    unsigned char block[32];
    struct bytes all = {block, sizeof(block)};
    memset(block, 0, sizeof(block));
    CHECK(hash_crc32c(0, all) == 0x8a9136aa && hash_crc32c_table(0, all) == 0x8a9136aa);
    memset(block, 0xff, sizeof(block));
    CHECK(hash_crc32c(0, all) == 0x62a8ab43);
    for (unsigned i = 0; i < sizeof(block); i++) {
        block[i] = (unsigned char)i;
    }
    CHECK(hash_crc32c(0, all) == 0x46dd794e);
    CHECK(hash_crc32c(0, text_of("123456789")) == 0xe3069283);
    CHECK(hash_crc32c(7, text_of("")) == 7);
}

TEST(hash, crc_goes_on_at_any_place_with_and_without_the_cpu)
{
    unsigned char noise[100];
    for (size_t i = 0; i < sizeof(noise); i++) {
        noise[i] = (unsigned char)(i * i * 7 + i);
    }
    uint32_t whole = hash_crc32c_table(0, (struct bytes){noise, sizeof(noise)});
    for (size_t cut = 0; cut <= sizeof(noise); cut++) {
        uint32_t head = hash_crc32c(0, (struct bytes){noise, cut});
        CHECK(head == hash_crc32c_table(0, (struct bytes){noise, cut}));
        CHECK(hash_crc32c(head, (struct bytes){noise + cut, sizeof(noise) - cut}) == whole);
    }
}

TEST(hash, reads_hex_of_the_right_length_only)
{
    unsigned char out[2] = {0, 0};
    track_error err = {0};
    CHECK(hash_decode_hex(text_of("aF09"), out, 2, NULL) == TRACK_OK);
    CHECK(out[0] == 0xaf && out[1] == 0x09);
    CHECK(hash_decode_hex(text_of("aF0"), out, 2, &err) == TRACK_INVALID);
    CHECK(strcmp(err.message, "3 hex digits instead of 4") == 0);
    CHECK(hash_decode_hex(text_of("aF0g"), out, 2, &err) == TRACK_INVALID);
    CHECK(strcmp(err.message, "byte 0x67 at 3 is no hex digit") == 0);
    CHECK(hash_decode_hex(text_of("\x10"
                                  "000"),
                          out, 2, &err) == TRACK_INVALID);
    AUTO_BUF b = BUF(4);
    hash_put_hex(&b, (struct bytes){out, 2});
    CHECK(b.size == 4 && memcmp(b.at, "af09", 4) == 0);
}

static track_status open_one(void)
{
    AUTO_ARENA arena = ARENA(4096);
    struct hash_sha256 *h;
    struct digest digest;
    TRY(hash_open(&arena, &h, NULL));
    TRY(hash_add(h, text_of("abc"), NULL));
    return hash_end(h, &digest, NULL);
}

TEST(hash, survives_each_allocation_failing)
{
    CHECK(fault_each(open_one) >= 1);
}

TEST(hash, keeps_the_arenas_limit)
{
    AUTO_ARENA arena = ARENA(8);
    struct hash_sha256 *h;
    CHECK(hash_open(&arena, &h, NULL) == TRACK_NOMEM);
}
